//! Control messages of `sendmsg` and `recvmsg` (cmsg(3)): values to octets and back.
#![expect(unsafe_code, reason = "walking a control buffer needs the C interface")]

use halfopen_target::{ControlData, ControlMessage, Errno, Time};

/// A received control message, as octets.
#[derive(Clone, Debug)]
pub struct Received {
    level: i32,
    kind: i32,
    octets: Vec<u8>,
}

impl Received {
    /// The message as a value; `at_wall` makes a time of the drill of a timestamp, which is nanoseconds of CLOCK_REALTIME.
    pub fn into_message(self, at_wall: impl FnOnce(i64) -> Time) -> ControlMessage {
        let Self {
            level,
            kind,
            octets,
        } = self;
        let is_error = matches!(
            (level, kind),
            (libc::SOL_IP, libc::IP_RECVERR) | (libc::SOL_IPV6, libc::IPV6_RECVERR)
        );
        let int = <[u8; 4]>::try_from(octets.as_slice()).map(i32::from_ne_bytes);
        let data = match int {
            _ if is_error => extended_error(&octets),
            _ if (level, kind) == (libc::SOL_SOCKET, libc::SCM_TIMESTAMPING) => {
                let at = software_timestamp(&octets).map(at_wall);
                Some(ControlData::Timestamp(at))
            }
            Ok(value) => Some(ControlData::Int(value)),
            Err(_) => None,
        };
        ControlMessage {
            level,
            kind,
            data: data.unwrap_or(ControlData::Bytes(octets)),
        }
    }
}

/// The messages in the control buffer of a header that `recvmsg` filled in.
///
/// # Safety
/// The header's control pointer and length describe a buffer that `recvmsg` filled in and that is still there.
pub unsafe fn received_control(header: &libc::msghdr) -> Vec<Received> {
    let mut found = Vec::new();
    // SAFETY: the caller says that the control buffer is there.
    let mut control = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !control.is_null() {
        // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR give headers that lie whole inside of the buffer.
        let message = unsafe { &*control };
        // SAFETY: takes an integer only.
        let before_data = unsafe { libc::CMSG_LEN(0) } as usize;
        let length = (message.cmsg_len as usize).saturating_sub(before_data);
        // SAFETY: `recvmsg` wrote `cmsg_len` octets from the header on.
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
#[must_use]
pub fn encode_control(messages: &[ControlMessage]) -> Vec<u64> {
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
fn extended_error(octets: &[u8]) -> Option<ControlData> {
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
fn software_timestamp(octets: &[u8]) -> Option<i64> {
    let word = |at: usize| Some(i64::from_ne_bytes(octets.get(at..at + 8)?.try_into().ok()?));
    let (seconds, nanos) = (word(0)?, word(8)?);
    (seconds != 0 || nanos != 0).then(|| seconds * 1_000_000_000 + nanos)
}
