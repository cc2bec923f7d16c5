//! Message headers of `sendmsg` and `recvmsg`, and the vectors of buffers that these and others take.
#![expect(
    unsafe_code,
    reason = "a message header has fields that only the C library names"
)]

use crate::RawAddress;

/// The vector of these buffers, each given by where it lies and how long it is. It points to them.
pub fn buffer_vector(parts: impl Iterator<Item = (*mut u8, usize)>) -> Vec<libc::iovec> {
    parts
        .map(|(pointer, length)| libc::iovec {
            iov_base: pointer.cast(),
            iov_len: length,
        })
        .collect()
}

/// The header of a message over a vector of buffers, to an address if there is one, with the first `control_length` octets of `control`
/// for control messages. It points to all of them.
pub fn message_header(
    vector: &mut [libc::iovec],
    address: Option<&RawAddress>,
    control: &mut [u64],
    control_length: usize,
) -> libc::msghdr {
    // SAFETY: msghdr is plain data, for which all zeros is a value.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = vector.as_mut_ptr();
    header.msg_iovlen = vector.len() as _;
    if let Some(address) = address {
        let (pointer, length) = address.parts();
        header.msg_name = pointer.cast_mut().cast();
        header.msg_namelen = length;
    }
    if control_length > 0 {
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = control_length.min(size_of_val(control)) as _;
    }
    header
}
