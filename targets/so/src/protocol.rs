//! What a drill and the process that holds its plug-in say to each other: a request, then its reply, each as JSON behind its length.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use halfopen_target::{Call, CallId, Event, Missing, Time};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Octets of the longest message: room for any packet or buffer of a script, as numbers in text.
const LONGEST: u32 = 256 << 20;

/// The first message: what to load.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Begin {
    /// Nothing is to be run: only look whether the library is a plug-in.
    pub(crate) is_trial: bool,
    /// The shared library.
    pub(crate) library: PathBuf,
    /// What its init function is given.
    pub(crate) flags: String,
    /// Scripts' files lie below the machine's /tmp, which is to be seen.
    pub(crate) keeps_tmp: bool,
}

/// What a drill asks for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Deliver this packet.
    Inject(Vec<u8>),
    /// Start this call.
    Call(CallId, Call),
    /// Give what happens until then.
    Wait(Time),
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// What has happened, and the time.
    Happened(Time, Vec<Event>),
    /// The plug-in lacks what was asked for.
    Lacks(Missing),
    /// It could not be done.
    Failed(String),
}

/// Writes one message.
pub(crate) fn send(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    let length = u32::try_from(text.len())
        .ok()
        .filter(|length| *length <= LONGEST)
        .ok_or_else(|| io::Error::other("the message is too long"))?;
    let mut octets = length.to_le_bytes().to_vec();
    octets.extend(text);
    to.write_all(&octets)
}

/// Reads one message; `None` when the other end has gone.
pub(crate) fn receive<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_le_bytes(length);
    if length > LONGEST {
        return Err(io::Error::other("the message is too long"));
    }
    let mut text = vec![0; length as usize];
    from.read_exact(&mut text)?;
    Ok(Some(serde_json::from_slice(&text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_the_way() {
        let mut wire = Vec::new();
        let request = Request::Wait(Time::from_micros(7));
        send(&mut wire, &request).expect("memory takes everything");
        let back: Option<Request> = receive(&mut wire.as_slice()).expect("a whole message");
        assert!(matches!(back, Some(Request::Wait(at)) if at == Time::from_micros(7)));
    }

    #[test]
    fn an_end_between_messages_is_the_end_and_one_inside_is_an_error() {
        let none: Option<Request> = receive(&mut [].as_slice()).expect("the end");
        assert!(none.is_none());
        let cut: io::Result<Option<Request>> = receive(&mut [9, 0, 0, 0, b'"'].as_slice());
        assert!(cut.is_err());
    }

    #[test]
    fn a_length_beyond_all_measure_is_refused() {
        let long: io::Result<Option<Request>> = receive(&mut [0xff; 8].as_slice());
        assert!(long.is_err());
    }
}
