//! State changes of full sockets as the kernel itself reports them: the trace event `sock:inet_sock_set_state`.
//!
//! The event is machine-wide and needs privilege, so one observer serves all drills of the process; a drill asks for the steps of the
//! connections it knows by their ends. Request sockets and TIME-WAIT are no full sockets: for them sock_diag stays the witness.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use halfopen_target::State;

use super::Tuple;
use crate::sys::perf::{Record, Ring};
use crate::sys::tracefs;

const EVENT: &str = "events/sock/inet_sock_set_state";
/// Steps of one connection that are kept until a drill asks for them.
const MOST_STEPS: usize = 64;

/// One change of a full socket's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// When, in nanoseconds of CLOCK_MONOTONIC.
    pub(crate) at: i64,
    pub(crate) from: State,
    pub(crate) to: State,
    /// Which socket, so that two with the same ends in different namespaces are not taken for one.
    socket: u64,
}

/// The observer of this process.
#[derive(Debug)]
pub(crate) struct Tracepoint {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    rings: Vec<Ring>,
    layout: Layout,
    /// Steps of the connections that drills watch.
    watched: BTreeMap<Tuple, Vec<Step>>,
}

impl Tracepoint {
    /// The observer, where the machine and the user's rights let it be.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        static SHARED: OnceLock<Option<Arc<Tracepoint>>> = OnceLock::new();
        SHARED
            .get_or_init(|| Self::open().ok().map(Arc::new))
            .clone()
    }

    /// Opens the event on every processor.
    pub(crate) fn open() -> io::Result<Self> {
        let root = tracefs::open()?;
        let number = tracefs::read(&root, &format!("{EVENT}/id"))?;
        let number = number.trim().parse().map_err(io::Error::other)?;
        let format = tracefs::read(&root, &format!("{EVENT}/format"))?;
        let layout = Layout::parse(&format).ok_or_else(|| {
            io::Error::other("the event inet_sock_set_state has other fields on this kernel")
        })?;
        let online = std::fs::read_to_string("/sys/devices/system/cpu/online")?;
        let rings = processors(&online)
            .into_iter()
            .map(|processor| Ring::open(number, processor))
            .collect::<io::Result<_>>()?;
        Ok(Self {
            inner: Mutex::new(Inner {
                rings,
                layout,
                watched: BTreeMap::new(),
            }),
        })
    }

    /// Keeps the steps of the connection with these ends from now on.
    pub(crate) fn watch(&self, tuple: Tuple) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.drain();
        inner.watched.entry(tuple).or_default();
    }

    /// No longer keeps them.
    pub(crate) fn forget(&self, tuple: &Tuple) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.watched.remove(tuple);
    }

    /// The steps since the last time, in their order; none where two sockets had these ends.
    pub(crate) fn take(&self, tuple: &Tuple) -> Vec<Step> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.drain();
        let mut steps = inner
            .watched
            .get_mut(tuple)
            .map(std::mem::take)
            .unwrap_or_default();
        let first = steps.first().map(|step| step.socket);
        if steps.iter().any(|step| Some(step.socket) != first) {
            steps.clear();
        }
        steps
    }
}

impl Inner {
    fn drain(&mut self) {
        let mut found = Vec::new();
        for ring in &mut self.rings {
            for record in ring.read() {
                match record {
                    Record::Sample(at, event) => {
                        let at = i64::try_from(at).unwrap_or(i64::MAX);
                        found.extend(self.layout.step(at, &event));
                    }
                    // What is left may have gaps: sock_diag alone is right then.
                    Record::Lost => self.watched.values_mut().for_each(Vec::clear),
                }
            }
        }
        found.sort_by_key(|(_, step)| step.at);
        for (tuple, step) in found {
            if let Some(steps) = self.watched.get_mut(&tuple)
                && steps.len() < MOST_STEPS
            {
                steps.push(step);
            }
        }
    }
}

/// Numbers like `0-3,5`.
fn processors(list: &str) -> Vec<i32> {
    list.trim()
        .split(',')
        .filter_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(first.parse::<i32>().ok()?..=last.parse::<i32>().ok()?)
        })
        .flatten()
        .collect()
}

/// Where the event's fields are: offset and size, from its `format` file, since they differ between kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    socket: (usize, usize),
    from: (usize, usize),
    to: (usize, usize),
    local_port: (usize, usize),
    remote_port: (usize, usize),
    family: (usize, usize),
    local_v4: (usize, usize),
    remote_v4: (usize, usize),
    local_v6: (usize, usize),
    remote_v6: (usize, usize),
}

impl Layout {
    fn parse(format: &str) -> Option<Self> {
        let field = |name: &str| {
            format.lines().find_map(|line| {
                let (declaration, rest) = line.trim().strip_prefix("field:")?.split_once(';')?;
                let declared = declaration.rsplit([' ', '*']).next()?;
                let declared = declared.split('[').next()?;
                let number = |label: &str| {
                    let (_, rest) = rest.split_once(label)?;
                    rest.split(';').next()?.trim().parse::<usize>().ok()
                };
                (declared == name).then_some((number("offset:")?, number("size:")?))
            })
        };
        Some(Self {
            socket: field("skaddr")?,
            from: field("oldstate")?,
            to: field("newstate")?,
            local_port: field("sport")?,
            remote_port: field("dport")?,
            family: field("family")?,
            local_v4: field("saddr")?,
            remote_v4: field("daddr")?,
            local_v6: field("saddr_v6")?,
            remote_v6: field("daddr_v6")?,
        })
    }

    /// The step that an event tells of, and whose it is.
    fn step(&self, at: i64, event: &[u8]) -> Option<(Tuple, Step)> {
        let number = |place| number(event, place);
        let ip = |v4: (usize, usize), v6: (usize, usize)| -> Option<IpAddr> {
            if number(self.family)? == libc::AF_INET as u64 {
                let octets: [u8; 4] = event.get(v4.0..v4.0 + 4)?.try_into().ok()?;
                Some(IpAddr::from(octets))
            } else {
                let octets: [u8; 16] = event.get(v6.0..v6.0 + 16)?.try_into().ok()?;
                Some(IpAddr::from(octets).to_canonical())
            }
        };
        let port = |place| u16::try_from(number(place)?).ok();
        let tuple = Tuple {
            local: (ip(self.local_v4, self.local_v6)?, port(self.local_port)?),
            remote: (ip(self.remote_v4, self.remote_v6)?, port(self.remote_port)?),
        };
        let step = Step {
            at,
            from: state(number(self.from)?)?,
            to: state(number(self.to)?)?,
            socket: number(self.socket)?,
        };
        Some((tuple, step))
    }
}

fn number(event: &[u8], (at, size): (usize, usize)) -> Option<u64> {
    let part = event.get(at..at.checked_add(size)?)?;
    Some(match size {
        1 => u64::from(*part.first()?),
        2 => u64::from(u16::from_ne_bytes(part.try_into().ok()?)),
        4 => u64::from(u32::from_ne_bytes(part.try_into().ok()?)),
        8 => u64::from_ne_bytes(part.try_into().ok()?),
        _ => return None,
    })
}

/// The kernel's numbers of states (linux/tcp_states.h).
const fn state(number: u64) -> Option<State> {
    Some(match number {
        1 => State::Established,
        2 => State::SynSent,
        3 => State::SynReceived,
        4 => State::FinWait1,
        5 => State::FinWait2,
        6 => State::TimeWait,
        7 => State::Closed,
        8 => State::CloseWait,
        9 => State::LastAck,
        10 => State::Listen,
        11 => State::Closing,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: &str = "name: inet_sock_set_state\nID: 1\nformat:\n\
        \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n\
        \tfield:const void * skaddr;\toffset:8;\tsize:8;\tsigned:0;\n\
        \tfield:int oldstate;\toffset:16;\tsize:4;\tsigned:1;\n\
        \tfield:int newstate;\toffset:20;\tsize:4;\tsigned:1;\n\
        \tfield:__u16 sport;\toffset:24;\tsize:2;\tsigned:0;\n\
        \tfield:__u16 dport;\toffset:26;\tsize:2;\tsigned:0;\n\
        \tfield:__u16 family;\toffset:28;\tsize:2;\tsigned:0;\n\
        \tfield:__u8 saddr[4];\toffset:32;\tsize:4;\tsigned:0;\n\
        \tfield:__u8 daddr[4];\toffset:36;\tsize:4;\tsigned:0;\n\
        \tfield:__u8 saddr_v6[16];\toffset:40;\tsize:16;\tsigned:0;\n\
        \tfield:__u8 daddr_v6[16];\toffset:56;\tsize:16;\tsigned:0;\n";

    #[test]
    fn fields_are_where_the_format_says() {
        let layout = Layout::parse(FORMAT).expect("a known format");
        assert_eq!(layout.socket, (8, 8));
        assert_eq!(layout.local_v6, (40, 16));
        assert_eq!(Layout::parse("field:int oldstate; offset:1; size:4;"), None);
    }

    #[test]
    fn an_event_is_a_step_of_one_connection() {
        let layout = Layout::parse(FORMAT).expect("a known format");
        let mut event = vec![0; 72];
        event[16] = 4;
        event[20] = 5;
        event[24..26].copy_from_slice(&8080u16.to_ne_bytes());
        event[26..28].copy_from_slice(&20_000u16.to_ne_bytes());
        event[28] = 2;
        event[32..36].copy_from_slice(&[192, 168, 0, 1]);
        event[36..40].copy_from_slice(&[192, 0, 2, 1]);
        let (tuple, step) = layout.step(9, &event).expect("a step");
        assert_eq!(tuple.local, (IpAddr::from([192, 168, 0, 1]), 8080));
        assert_eq!(tuple.remote, (IpAddr::from([192, 0, 2, 1]), 20_000));
        assert_eq!((step.from, step.to), (State::FinWait1, State::FinWait2));
        for length in 0..40 {
            assert_eq!(layout.step(9, &event[..length]).map(|_| ()), None);
        }
    }

    #[test]
    fn lists_of_processors_are_read() {
        assert_eq!(processors("0-2,5\n"), [0, 1, 2, 5]);
        assert_eq!(processors("0"), [0]);
        assert!(processors("").is_empty());
    }
}
