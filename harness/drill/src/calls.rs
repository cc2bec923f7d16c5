//! Calls in flight: what they change in the bindings, and whether they ended as the script says.

use halfopen_script::tree::{Action, CallSpec, Event, ExpressionKind};
use halfopen_target::{Address, Call, Descriptor, Duration, Errno, Output, Returned, Time, posix};

use crate::bindings::Bindings;
use crate::judge::result_text;
use crate::lower::{ExpectedOutput, Lowered};
use crate::outputs::{self, TimeScale};
use crate::payload;
use crate::verdict::FailureKind;

/// A call from its start until it is judged.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    event: usize,
    started: Time,
    drift: Duration,
    lowered: Lowered,
    /// The script's number for the descriptor that the call will give.
    gives: Option<i64>,
    /// Octets that the stack's application had written before this call, for calls that write.
    written_before: usize,
    ended: Option<(Time, usize, Returned)>,
}

impl Running {
    /// A call that starts now.
    pub(crate) fn start(
        event: usize,
        started: Time,
        spec: Option<&CallSpec>,
        lowered: Lowered,
        bindings: &mut Bindings,
    ) -> Self {
        let gives = spec
            .and_then(|spec| spec.result.as_ref())
            .and_then(|result| match result.kind {
                ExpressionKind::Ellipsis => None,
                _ => halfopen_script::evaluate(result).ok(),
            })
            .filter(|fd| *fd >= 0);
        if let (Call::SendFile { .. } | Call::Splice { .. }, Some(fd)) =
            (&lowered.call, lowered.descriptor)
            && let Some(flow) = bindings.flow_of(fd)
        {
            flow.foreign = true;
        }
        let mut written_before = 0;
        if let (Some(Address::Inet(remote)), Some(fd)) =
            (connects_to(&lowered.call), lowered.descriptor)
        {
            bindings.note_connect(fd, remote.port());
        }
        if let (Call::Send { buffers, .. }, Some(fd)) = (&lowered.call, lowered.descriptor)
            && let Some(flow) = bindings.flow_of(fd)
        {
            written_before = flow.written.len();
            for buffer in buffers {
                flow.written.extend(buffer);
            }
        }
        Self {
            event,
            started,
            drift: Duration::ZERO,
            lowered,
            gives,
            written_before,
            ended: None,
        }
    }

    pub(crate) const fn event(&self) -> usize {
        self.event
    }

    pub(crate) const fn started(&self) -> Time {
        self.started
    }

    /// How late our stimuli were in all when the call began.
    pub(crate) const fn drift(&self) -> Duration {
        self.drift
    }

    /// Takes note of that.
    pub(crate) const fn set_drift(&mut self, drift: Duration) {
        self.drift = drift;
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.lowered.call.name()
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    pub(crate) fn finish(&mut self, at: Time, entry: usize, returned: Returned) {
        self.ended = Some((at, entry, returned));
    }

    pub(crate) fn ended(&self) -> Option<(Time, usize, &Returned)> {
        self.ended
            .as_ref()
            .map(|(at, entry, returned)| (*at, *entry, returned))
    }

    /// The descriptor that a successful `socket` or `accept` gives, as script and target number it.
    pub(crate) fn given(&self) -> Option<(i64, Descriptor)> {
        let (_, _, returned) = self.ended()?;
        let target = i32::try_from(returned.result.ok()?).ok()?;
        match self.lowered.call {
            Call::Socket { .. }
            | Call::Accept { .. }
            | Call::EpollCreate { .. }
            | Call::Open { .. } => Some((self.gives?, Descriptor(target))),
            _ => None,
        }
    }
}

impl Running {
    /// The descriptors that a successful `pipe` gives, as script and target number them.
    fn given_ends(&self) -> Option<[(i64, Descriptor); 2]> {
        let (_, _, returned) = self.ended()?;
        let expected = self
            .lowered
            .outputs
            .iter()
            .find_map(|output| match output {
                ExpectedOutput::Descriptors(numbers) => Some(*numbers),
                _ => None,
            })?;
        let ends = returned.outputs.iter().find_map(|output| match output {
            Output::Descriptors(ends) => Some(*ends),
            _ => None,
        })?;
        Some([(expected[0], ends[0]), (expected[1], ends[1])])
    }
}

/// Where a call opens a connection to: `connect`, and a call that sends with its SYN (RFC 7413).
const fn connects_to(call: &Call) -> Option<Address> {
    match call {
        Call::Connect { address, .. } => Some(*address),
        Call::Send { address, flags, .. } if *flags & posix::MSG_FASTOPEN != 0 => *address,
        _ => None,
    }
}

/// Whether a `connect` to `address` that ended so leaves a socket that may connect anew: one to no family at all leaves the connection
/// that there is, and one that tells of an attempt's failure leaves that.
const fn leaves_connection(address: Address, result: Result<i64, Errno>) -> bool {
    match (address, result) {
        (Address::Unspecified, result) => result.is_ok(),
        (_, Err(errno)) => matches!(
            errno,
            Errno::ECONNREFUSED | Errno::ECONNABORTED | Errno::ECONNRESET | Errno::ETIMEDOUT
        ),
        (_, Ok(_)) => false,
    }
}

/// Takes note of what an ended call changes.
pub(crate) fn note_return(bindings: &mut Bindings, running: &Running) {
    let Some((_, _, returned)) = running.ended() else {
        return;
    };
    if let Some((script, target)) = running.given() {
        bindings.bind_descriptor(script, target, returned.connection);
        if matches!(running.lowered.call, Call::Socket { .. }) {
            bindings.note_socket();
        }
        for output in &returned.outputs {
            if let Output::Address(peer) = output {
                bindings.note_accept(script, peer.port());
            }
        }
    }
    for (script, target) in running.given_ends().into_iter().flatten() {
        bindings.bind_descriptor(script, target, None);
    }
    if let (Some(fd), Call::Connect { address, .. }) =
        (running.lowered.descriptor, &running.lowered.call)
        && leaves_connection(*address, returned.result)
    {
        bindings.note_disconnect(fd);
    }
    let (Some(fd), Ok(value)) = (running.lowered.descriptor, returned.result) else {
        if let (Some(fd), Call::Send { .. }) = (running.lowered.descriptor, &running.lowered.call)
            && let Some(flow) = bindings.flow_of(fd)
        {
            flow.written.truncate(running.written_before);
        }
        return;
    };
    match &running.lowered.call {
        Call::Listen { .. } => bindings.note_listen(),
        Call::Close { .. } => bindings.close_descriptor(fd),
        Call::Send { .. } => {
            let taken = usize::try_from(value).unwrap_or(0);
            if let Some(flow) = bindings.flow_of(fd) {
                flow.written.truncate(running.written_before + taken);
            }
        }
        _ => {}
    }
}

/// How an ended call differs from what the script says.
pub(crate) fn compare(
    event: &Event,
    running: &Running,
    returned: &Returned,
    bindings: &mut Bindings,
    scale: &TimeScale,
) -> Option<FailureKind> {
    let Action::Call(spec) = &event.action else {
        return None;
    };
    compare_result(spec, running, returned)
        .or_else(|| outputs::compare(running.name(), &running.lowered.outputs, returned, scale))
        .or_else(|| compare_stream(running, returned, bindings))
}

fn compare_result(spec: &CallSpec, running: &Running, returned: &Returned) -> Option<FailureKind> {
    let result = spec.result.as_ref()?;
    let expected = match &result.kind {
        ExpressionKind::Ellipsis => return None,
        _ => halfopen_script::evaluate(result).ok()?,
    };
    let same = match (&spec.errno, returned.result) {
        (Some((name, _)), Err(errno)) => expected == -1 && Errno::from_name(name) == Some(errno),
        (Some(_), Ok(_)) => false,
        (None, Err(_)) => expected == -1,
        // A descriptor's number is the target's own; the script's only names it.
        (None, Ok(value)) if running.given().is_some() => expected >= 0 && value >= 0,
        (None, Ok(value)) => expected == value,
    };
    if same {
        return None;
    }
    let expected = match &spec.errno {
        Some((name, _)) => format!("{expected} {name}"),
        None => expected.to_string(),
    };
    Some(FailureKind::Return {
        call: spec.name.clone(),
        expected,
        observed: result_text(returned.result),
    })
}

/// What went wrong with a shell command or a sysctl, in words.
pub(crate) fn command_failure(running: &Running, returned: &Returned) -> String {
    let what = match &running.lowered.call {
        Call::Sysctl { name, value } => format!("{name}={value}: "),
        _ => String::new(),
    };
    let printed = returned.outputs.iter().find_map(|output| match output {
        Output::Text(text) if !text.trim().is_empty() => Some(format!(": {}", text.trim())),
        _ => None,
    });
    match returned.result {
        Ok(status) => format!("{what}exit status {status}{}", printed.unwrap_or_default()),
        Err(errno) => format!("{what}{errno} ({})", errno.text()),
    }
}

/// The last line that a command printed, if it printed any.
pub(crate) fn last_line_printed(returned: &Returned) -> Option<&str> {
    returned.outputs.iter().find_map(|output| match output {
        Output::Text(text) => text.trim().lines().next_back(),
        _ => None,
    })
}

/// Every octet that the application reads must be the one that the tester sent at that place.
fn compare_stream(
    running: &Running,
    returned: &Returned,
    bindings: &mut Bindings,
) -> Option<FailureKind> {
    let Call::Receive { flags, .. } = &running.lowered.call else {
        return None;
    };
    let special = posix::MSG_OOB | posix::MSG_PEEK | posix::MSG_TRUNC;
    let flow = bindings.flow_of(running.lowered.descriptor?)?;
    let data = returned.outputs.iter().find_map(|output| match output {
        Output::Data(data) => Some(data),
        _ => None,
    })?;
    if flags & special != 0 || flow.urgent {
        return None;
    }
    let start = flow.read;
    flow.read = start.wrapping_add(data.len() as u32);
    let wrong = data
        .iter()
        .zip(0u32..)
        .position(|(octet, i)| *octet != payload::inbound_octet(start.wrapping_add(i)))?;
    Some(FailureKind::Output {
        call: running.name().to_owned(),
        argument: "the octets read".to_owned(),
        expected: "the octets of the segments, in order".to_owned(),
        observed: format!(
            "another octet at offset {} of the stream",
            start as usize + wrong
        ),
    })
}
