//! From the reference stack's values to the host's, and back.

use halfopen_host::{
    CallError, Failure, Key, Received, StackEvent, StackOption, Status, Unreachable,
};
use halfopen_reference::{
    Config, ConnectionError, ConnectionId, ConnectionOption, DropReason, Event, Instant,
    SourceRoute, UserError,
};
use halfopen_target::{State, Time};

pub(crate) const fn instant(time: Time) -> Instant {
    Instant(time.as_micros())
}

pub(crate) const fn time(instant: Instant) -> Time {
    Time::from_micros(instant.as_micros())
}

pub(crate) const fn key(id: ConnectionId) -> Key {
    Key(id.0)
}

pub(crate) const fn connection(key: Key) -> ConnectionId {
    ConnectionId(key.0)
}

pub(crate) const fn state(state: halfopen_reference::State) -> State {
    use halfopen_reference::State as From;
    match state {
        From::Closed => State::Closed,
        From::Listen => State::Listen,
        From::SynSent => State::SynSent,
        From::SynReceived => State::SynReceived,
        From::Established => State::Established,
        From::FinWait1 => State::FinWait1,
        From::FinWait2 => State::FinWait2,
        From::CloseWait => State::CloseWait,
        From::Closing => State::Closing,
        From::LastAck => State::LastAck,
        From::TimeWait => State::TimeWait,
    }
}

/// An event as the host takes it; none for what a socket does not show.
pub(crate) fn event(event: Event) -> Option<StackEvent> {
    match event {
        Event::Transition {
            connection,
            from,
            to,
            ..
        } => Some(StackEvent::Transition {
            connection: key(connection),
            from: state(from),
            to: state(to),
        }),
        Event::Error {
            connection,
            error,
            fatal,
            ..
        } => Some(StackEvent::Error {
            connection: key(connection),
            failure: failure(error)?,
            fatal,
        }),
        Event::Dropped { reason, .. } => Some(StackEvent::Dropped {
            reason: drop_reason(reason).to_owned(),
        }),
        Event::Spawned { .. } | Event::Urgent { .. } => None,
    }
}

/// Reaching R1 is advice for the layers below (RFC 9293 SHLD-9); no socket call tells of it.
const fn failure(error: ConnectionError) -> Option<Failure> {
    use halfopen_reference::Unreachable as From;
    Some(match error {
        ConnectionError::InsufficientResources => Failure::InsufficientResources,
        ConnectionError::KeepAliveTimedOut
        | ConnectionError::TimedOut
        | ConnectionError::UserTimeout => Failure::TimedOut,
        ConnectionError::Refused => Failure::Refused,
        ConnectionError::Reset => Failure::Reset,
        ConnectionError::RetransmissionsExcessive => return None,
        ConnectionError::Unreachable(what) => Failure::Unreachable(match what {
            From::AdministrativelyProhibited => Unreachable::AdministrativelyProhibited,
            From::Host => Unreachable::Host,
            From::Network => Unreachable::Network,
            From::ParameterProblem => Unreachable::ParameterProblem,
            From::Port => Unreachable::Port,
            From::Protocol => Unreachable::Protocol,
            From::SourceRoute => Unreachable::SourceRoute,
            From::TimeExceeded => Unreachable::TimeExceeded,
        }),
    })
}

const fn drop_reason(reason: DropReason) -> &'static str {
    match reason {
        DropReason::AckOutOfRange => "acknowledgment out of range",
        DropReason::BacklogFull => "backlog is full",
        DropReason::BadDataOffset => "bad data offset",
        DropReason::BadIpHeader => "bad IP header",
        DropReason::BadIpChecksum => "bad IP checksum",
        DropReason::BadIcmpChecksum => "bad ICMP checksum",
        DropReason::BadTcpChecksum => "bad TCP checksum",
        DropReason::BroadcastOrMulticast => "sent to a broadcast or multicast address",
        DropReason::Fragment => "IP fragment",
        DropReason::IcmpNotOurs => "ICMP error about nothing in flight",
        DropReason::IcmpIgnored => "ICMP message of no use",
        DropReason::InvalidSource => "source cannot be a host",
        DropReason::MissingTimestamp => "timestamps option is missing",
        DropReason::NoAck => "no ACK bit",
        DropReason::NoConnection => "no connection",
        DropReason::NoUse => "nothing that this state can use",
        DropReason::NotForUs => "not addressed to this stack",
        DropReason::NotTcp => "not TCP",
        DropReason::OutOfWindow => "outside of the receive window",
        DropReason::Paws => "old timestamp",
        DropReason::RstNotExact => "RST is not exactly at RCV.NXT",
        DropReason::RstOutOfWindow => "RST outside of the window",
        DropReason::SourceRouted => "came by a source route",
        DropReason::SynOnConnection => "SYN on a synchronized connection",
        DropReason::TextNotTaken => "text cannot be taken",
        DropReason::TooManyConnections => "too many connections",
        DropReason::Truncated => "truncated",
        DropReason::UnknownIpVersion => "unknown IP version",
    }
}

pub(crate) const fn call_error(error: UserError) -> CallError {
    match error {
        UserError::ConnectionAlreadyExists => CallError::AlreadyExists,
        UserError::ConnectionClosing => CallError::Closing,
        // Why a connection ended is told by an event.
        UserError::Aborted(_) | UserError::ConnectionDoesNotExist => CallError::DoesNotExist,
        UserError::InsufficientResources => CallError::InsufficientResources,
        UserError::LocalInvalid => CallError::LocalInvalid,
        UserError::NotSupported => CallError::NotSupported,
        UserError::RemoteInvalid | UserError::RemoteUnspecified => CallError::RemoteInvalid,
    }
}

pub(crate) fn received(found: halfopen_reference::Received) -> Received {
    match found {
        halfopen_reference::Received::Data(data) => Received::Data(data),
        halfopen_reference::Received::WouldBlock => Received::WouldBlock,
        halfopen_reference::Received::EndOfStream => Received::EndOfStream,
    }
}

pub(crate) fn status(status: &halfopen_reference::Status) -> Status {
    Status {
        ready_to_accept: status.ready_to_accept,
        receive_queued: status.receive_queued,
        end_of_stream: status.end_of_stream,
        send_queued: status.send_queued,
        unsent: status.unsent,
        send_free: status.send_free,
        writable: status.writable,
        urgent_ahead: status.urgent_ahead,
        snd_mss: status.snd_mss,
        path_mtu: status.path_mtu,
        ..Status::new(
            state(status.state),
            status.local.into(),
            status.remote.map(Into::into),
        )
    }
}

pub(crate) fn option(option: StackOption, config: &Config) -> ConnectionOption {
    match option {
        StackOption::Cork(on) => ConnectionOption::Cork(on),
        StackOption::FastOpen(pending) => ConnectionOption::FastOpen(pending),
        StackOption::FastOpenKeys(key, old) => ConnectionOption::FastOpenKeys(key, old),
        StackOption::FastOpenWithoutCookie(on) => ConnectionOption::FastOpenWithoutCookie(on),
        StackOption::FinWait2Timeout(span) => ConnectionOption::FinWait2Timeout(Some(span)),
        StackOption::KeepAlive(on) => ConnectionOption::KeepAlive(on),
        StackOption::KeepCount(count) => ConnectionOption::KeepCount(count),
        StackOption::KeepIdle(span) => ConnectionOption::KeepIdle(span),
        StackOption::KeepInterval(span) => ConnectionOption::KeepInterval(span),
        StackOption::MaxSegment(u16::MAX) => ConnectionOption::MaxSegment(config.mss),
        StackOption::MaxSegment(mss) => ConnectionOption::MaxSegment(Some(mss)),
        StackOption::NoDelay(on) => ConnectionOption::NoDelay(on),
        StackOption::PathMtuDiscovery(on) => ConnectionOption::PathMtuDiscovery(on),
        StackOption::QuickAck(on) => ConnectionOption::QuickAck(on),
        StackOption::ReceiveBuffer(octets) => ConnectionOption::ReceiveBuffer(octets),
        StackOption::SendBuffer(octets) => ConnectionOption::SendBuffer(octets),
        StackOption::SourceRoute(route) => ConnectionOption::SourceRoute(
            route.and_then(|route| SourceRoute::new(route.strict, route.hops())),
        ),
        StackOption::SynRetries(count) => ConnectionOption::SynRetries(count),
        StackOption::TrafficClass(class) => ConnectionOption::DiffServ(class),
        StackOption::Ttl(ttl) => ConnectionOption::Ttl(ttl),
        StackOption::UnsentLimit(octets) => ConnectionOption::UnsentLimit(octets),
        StackOption::UserTimeout(span) => {
            ConnectionOption::UserTimeout(span.or(config.user_timeout))
        }
        StackOption::WindowClamp(octets) => ConnectionOption::WindowClamp(octets),
    }
}
