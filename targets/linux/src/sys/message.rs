//! `sendmsg` and `recvmsg`, through which every call that reads or writes goes.
#![expect(
    unsafe_code,
    reason = "message headers with any buffers and flags need the C interface"
)]

use std::io;
use std::os::fd::RawFd;

use halfopen_posix::{
    RawAddress, Received as ReceivedControl, buffer_vector, encode_control, message_header,
    received_control,
};
use halfopen_target::ControlMessage;

use super::check_size;

/// Sends the buffers as one message.
pub(crate) fn send(
    fd: RawFd,
    buffers: &[Vec<u8>],
    flags: i32,
    address: Option<&RawAddress>,
    control: &[ControlMessage],
) -> io::Result<usize> {
    let parts = buffers
        .iter()
        .map(|buffer| (buffer.as_ptr().cast_mut(), buffer.len()));
    let mut vector = buffer_vector(parts);
    let mut room = encode_control(control);
    let length = size_of_val(room.as_slice());
    let header = message_header(&mut vector, address, &mut room, length);
    // SAFETY: the header's pointers describe `buffers`, `address` and `room`, which outlive the call; it only reads them.
    check_size(unsafe { libc::sendmsg(fd, &raw const header, flags) })
}

/// What a message brought.
pub(crate) struct Received {
    /// The octets, over all buffers.
    pub(crate) data: Vec<u8>,
    /// How many the call says it brought; more than there are with `MSG_TRUNC`.
    pub(crate) count: usize,
    /// `msg_flags`.
    pub(crate) flags: i32,
    /// The control messages.
    pub(crate) control: Vec<ReceivedControl>,
}

/// Sends from, or receives to, a buffer of `length` octets at NULL.
pub(crate) fn at_null(
    fd: RawFd,
    writes: bool,
    length: usize,
    flags: i32,
    address: Option<&RawAddress>,
) -> io::Result<usize> {
    let mut vector = buffer_vector(std::iter::once((std::ptr::null_mut(), length)));
    let address = address.filter(|_| writes);
    let mut header = message_header(&mut vector, address, &mut [], 0);
    // SAFETY: the kernel checks the pointers of buffers and refuses one that leads nowhere.
    check_size(unsafe {
        if writes {
            libc::sendmsg(fd, &raw const header, flags)
        } else {
            libc::recvmsg(fd, &raw mut header, flags)
        }
    })
}

/// Receives into buffers of these sizes.
pub(crate) fn receive(
    fd: RawFd,
    sizes: &[usize],
    flags: i32,
    control: usize,
) -> io::Result<Received> {
    let mut buffers: Vec<Vec<u8>> = sizes.iter().map(|size| vec![0; *size]).collect();
    let parts = buffers
        .iter_mut()
        .map(|buffer| (buffer.as_mut_ptr(), buffer.len()));
    let mut vector = buffer_vector(parts);
    let mut room = vec![0u64; control.div_ceil(8)];
    let mut header = message_header(&mut vector, None, &mut room, control);
    // SAFETY: the header's pointers describe `buffers` and `room`, which outlive the call.
    let count = check_size(unsafe { libc::recvmsg(fd, &raw mut header, flags) })?;
    let mut data = buffers.concat();
    data.truncate(count);
    Ok(Received {
        data,
        count,
        flags: header.msg_flags,
        // SAFETY: the kernel filled `room`, to which the header still points.
        control: unsafe { received_control(&header) },
    })
}
