//! Control messages of `sendmsg` and `recvmsg` (cmsg(3)): values to octets and back.
#![expect(unsafe_code, reason = "walking a control buffer needs the C interface")]

use halfopen_target::{ControlData, ControlMessage, Errno};

/// A received control message; a timestamp is still the kernel's.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) level: i32,
    pub(crate) kind: i32,
    pub(crate) octets: Vec<u8>,
}

/// The messages in the control buffer of a header that `recvmsg` filled in.
pub(crate) fn received(header: &libc::msghdr) -> Vec<Received> {
    let mut found = Vec::new();
    // SAFETY: the kernel filled the control buffer that the header still points to.
    let mut control = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !control.is_null() {
        // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR give headers that lie whole inside of the buffer.
        let message = unsafe { &*control };
        // SAFETY: takes an integer only.
        let before_data = unsafe { libc::CMSG_LEN(0) } as usize;
        let length = (message.cmsg_len as usize).saturating_sub(before_data);
        // SAFETY: the kernel wrote `cmsg_len` octets from the header on.
        let octets = unsafe { std::slice::from_raw_parts(libc::CMSG_DATA(control), length) };
        found.push(Received {
            level: message.cmsg_level,
            kind: message.cmsg_type,
            octets: octets.to_vec(),
        });
        // SAFETY: as above.
        control = unsafe { libc::CMSG_NXTHDR(header, control) };
    }
    found
}

/// The control buffer for `sendmsg`: 8-octet words, since the headers in it are aligned to that.
pub(crate) fn encode(messages: &[ControlMessage]) -> Vec<u64> {
    let mut octets: Vec<u8> = Vec::new();
    for message in messages {
        let data = match &message.data {
            ControlData::Int(value) => value.to_ne_bytes().to_vec(),
            ControlData::Bytes(bytes) => bytes.clone(),
            // Only the kernel writes the others.
            _ => Vec::new(),
        };
        // SAFETY: takes an integer only.
        let length = unsafe { libc::CMSG_LEN(data.len() as u32) } as usize;
        octets.extend(length.to_ne_bytes());
        octets.extend(message.level.to_ne_bytes());
        octets.extend(message.kind.to_ne_bytes());
        octets.extend(data);
        octets.resize(octets.len().next_multiple_of(8), 0);
    }
    octets
        .chunks_exact(8)
        .map(|word| u64::from_ne_bytes(word.try_into().unwrap_or_default()))
        .collect()
}

/// `struct sock_extended_err` (linux/errqueue.h): errno, origin, type, code, pad, info, data.
pub(crate) fn extended_error(octets: &[u8]) -> Option<ControlData> {
    let word = |at: usize| Some(u32::from_ne_bytes(octets.get(at..at + 4)?.try_into().ok()?));
    Some(ControlData::ExtendedError {
        errno: Errno(word(0)?.cast_signed()),
        origin: *octets.get(4)?,
        kind: *octets.get(5)?,
        code: *octets.get(6)?,
        info: word(8)?,
        data: word(12)?,
    })
}

/// The software timestamp of a `struct scm_timestamping`, in nanoseconds of CLOCK_REALTIME; `None` when it is not set.
pub(crate) fn software_timestamp(octets: &[u8]) -> Option<i64> {
    let word = |at: usize| Some(i64::from_ne_bytes(octets.get(at..at + 8)?.try_into().ok()?));
    let (seconds, nanos) = (word(0)?, word(8)?);
    (seconds != 0 || nanos != 0).then(|| seconds * 1_000_000_000 + nanos)
}
