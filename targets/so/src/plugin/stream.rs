//! Calls that move octets: each by the entry of its own name, since a plug-in may treat them differently.

use std::ffi::{c_int, c_void};
use std::io;

use halfopen_posix::{RawAddress, buffer_vector, encode_control, message_header, received_control};
use halfopen_target::{Call, CallName, ControlMessage, Output, Returned};

use super::absent;
use super::call::{Attempt, Place, through};

/// The result of a call that gives how many octets it moved.
pub(super) fn moved(result: isize) -> Attempt<Returned> {
    Ok(Returned::value(size(result)? as i64))
}

fn size(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// Makes a call that moves octets.
pub(super) fn attempt(place: &Place<'_>, call: &Call) -> Attempt<Returned> {
    match call {
        Call::Receive {
            name,
            fd,
            buffers,
            flags,
            control,
        } => {
            let fd = place.descriptors.number(*fd)?;
            let mut room: Vec<Vec<u8>> = buffers.iter().map(|size| vec![0; *size]).collect();
            match name {
                CallName::Recvmsg => receive_message(place, fd, room, *flags, *control),
                _ => {
                    let count = receive(place, *name, fd, &mut room, *flags)?;
                    let mut data = room.concat();
                    data.truncate(count);
                    let mut returned = Returned::value(count as i64);
                    returned.outputs.push(Output::Data(data));
                    Ok(returned)
                }
            }
        }
        Call::Send {
            name,
            fd,
            buffers,
            flags,
            address,
            control,
        } => {
            let fd = place.descriptors.number(*fd)?;
            let address = address.as_ref().map(RawAddress::from);
            let buffers = if flags & libc::MSG_ZEROCOPY == 0 {
                buffers.as_slice()
            } else {
                // The stack sends from where they lie, for as long as it likes: as long as the process lives.
                buffers.clone().leak()
            };
            send(place, *name, fd, buffers, *flags, address.as_ref(), control)
        }
        Call::NullBuffer {
            name,
            fd,
            length,
            flags,
            address,
        } => {
            let fd = place.descriptors.number(*fd)?;
            let address = address.as_ref().map(RawAddress::from);
            let part = (std::ptr::null_mut(), *length);
            moved(if name.writes() {
                send_part(place, *name, fd, part, *flags, address.as_ref())?
            } else {
                receive_part(place, *name, fd, part, *flags)?
            })
        }
        other => Err(absent(other.name()).into()),
    }
}

/// Where a buffer lies, and how long it is.
type Part = (*mut c_void, usize);

fn receive(
    place: &Place<'_>,
    name: CallName,
    fd: c_int,
    room: &mut [Vec<u8>],
    flags: c_int,
) -> Attempt<usize> {
    if name == CallName::Readv {
        let vector = buffer_vector(room.iter_mut().map(|part| (part.as_mut_ptr(), part.len())));
        let count = vector.len() as c_int;
        return Ok(size(through!(place, readv(fd, vector.as_ptr(), count)))?);
    }
    let part = room.first_mut().map_or((std::ptr::null_mut(), 0), |part| {
        (part.as_mut_ptr().cast(), part.len())
    });
    Ok(size(receive_part(place, name, fd, part, flags)?)?)
}

fn receive_part(
    place: &Place<'_>,
    name: CallName,
    fd: c_int,
    (pointer, length): Part,
    flags: c_int,
) -> Attempt<isize> {
    Ok(match name {
        CallName::Recv => through!(place, recv(fd, pointer, length, flags)),
        CallName::Recvfrom => {
            let (from, from_length) = (std::ptr::null_mut(), std::ptr::null_mut());
            through!(
                place,
                recvfrom(fd, pointer, length, flags, from, from_length)
            )
        }
        _ => through!(place, read(fd, pointer, length)),
    })
}

fn receive_message(
    place: &Place<'_>,
    fd: c_int,
    mut room: Vec<Vec<u8>>,
    flags: c_int,
    control: usize,
) -> Attempt<Returned> {
    let mut vector = buffer_vector(room.iter_mut().map(|part| (part.as_mut_ptr(), part.len())));
    let mut control_room = vec![0u64; control.div_ceil(8)];
    let mut header = message_header(&mut vector, None, &mut control_room, control);
    let count = size(through!(place, recvmsg(fd, &raw mut header, flags)))?;
    // A plug-in that touches no control messages leaves the room's whole size as their length, over zeros.
    let is_written = control_room.iter().any(|word| *word != 0);
    let messages = if is_written {
        // SAFETY: the plug-in filled the room, to which the header still points.
        unsafe { received_control(&header) }
    } else {
        Vec::new()
    };
    let mut data = room.concat();
    data.truncate(count);
    let mut returned = Returned::value(count as i64);
    returned.outputs.push(Output::Data(data));
    returned
        .outputs
        .push(Output::MessageFlags(header.msg_flags));
    let messages = messages
        .into_iter()
        .map(|message| message.into_message(place.at_wall));
    returned.outputs.push(Output::Control(messages.collect()));
    Ok(returned)
}

fn send(
    place: &Place<'_>,
    name: CallName,
    fd: c_int,
    buffers: &[Vec<u8>],
    flags: c_int,
    address: Option<&RawAddress>,
    control: &[ControlMessage],
) -> Attempt<Returned> {
    let parts = buffers
        .iter()
        .map(|part| (part.as_ptr().cast_mut(), part.len()));
    match name {
        CallName::Writev => {
            let vector = buffer_vector(parts);
            let count = vector.len() as c_int;
            moved(through!(place, writev(fd, vector.as_ptr(), count)))
        }
        CallName::Sendmsg => {
            let mut vector = buffer_vector(parts);
            let mut room = encode_control(control);
            let length = size_of_val(room.as_slice());
            let header = message_header(&mut vector, address, &mut room, length);
            moved(through!(place, sendmsg(fd, &raw const header, flags)))
        }
        _ => {
            let part = buffers.first().map_or((std::ptr::null_mut(), 0), |part| {
                (part.as_ptr().cast_mut().cast(), part.len())
            });
            moved(send_part(place, name, fd, part, flags, address)?)
        }
    }
}

fn send_part(
    place: &Place<'_>,
    name: CallName,
    fd: c_int,
    (pointer, length): Part,
    flags: c_int,
    address: Option<&RawAddress>,
) -> Attempt<isize> {
    let pointer = pointer.cast_const();
    Ok(match name {
        CallName::Send => through!(place, send(fd, pointer, length, flags)),
        CallName::Sendto => {
            let (to, to_length) = address.map_or((std::ptr::null(), 0), RawAddress::parts);
            through!(place, sendto(fd, pointer, length, flags, to, to_length))
        }
        _ => through!(place, write(fd, pointer, length)),
    })
}
