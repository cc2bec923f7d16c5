//! The host over a scripted stack: what does not depend on any real TCP.

mod fake;

use halfopen_target::posix::*;
use halfopen_target::{
    Address, AddressMode, Call, Descriptor, Duration, Errno, EventKind, Observer, OptionValue,
    Returned, Setup, State, Target, TargetError, Time, Transition,
};

use crate::{Failure, Host, Key, StackEvent, StackOption};
use fake::{Fake, status};

fn host() -> Host<Fake> {
    let mut host = Host::new(Fake::default());
    host.reset(&Setup::defaults(AddressMode::V4))
        .expect("the fake resets");
    host
}

/// Everything that is ready now.
fn events(host: &mut Host<Fake>) -> Vec<EventKind> {
    let now = host.now();
    let mut all = Vec::new();
    while let Some(event) = host.next_event(now).expect("the fake responds") {
        assert_eq!(event.at, now);
        all.push(event.kind);
    }
    all
}

/// What a call that ends at once returned.
fn call(host: &mut Host<Fake>, call: Call) -> Returned {
    let id = host.call(call).expect("the host takes the call");
    let ends = events(host).into_iter().find_map(|kind| match kind {
        EventKind::Returned { call, returned } if call == id => Some(returned),
        _ => None,
    });
    ends.expect("the call ends at once")
}

fn socket(host: &mut Host<Fake>) -> Descriptor {
    let returned = call(
        host,
        Call::Socket {
            domain: AF_INET,
            kind: SOCK_STREAM,
            protocol: 0,
        },
    );
    let fd = returned.result.expect("a socket opens");
    Descriptor(i32::try_from(fd).expect("a descriptor"))
}

fn connect(fd: Descriptor) -> Call {
    let address = Address::Inet("192.0.2.1:80".parse().expect("an endpoint"));
    Call::Connect { fd, address }
}

fn bind(fd: Descriptor, port: u16) -> Call {
    let address = Address::Inet(([192, 168, 0, 1], port).into());
    Call::Bind { fd, address }
}

fn transition(connection: Key, from: State, to: State) -> StackEvent {
    StackEvent::Transition {
        connection,
        from,
        to,
    }
}

#[test]
fn transitions_come_before_packets_and_packets_before_the_calls_return() {
    let mut host = host();
    let fd = socket(&mut host);
    host.stack.packets.push_back(vec![1]);
    let opened = transition(Key(1), State::Closed, State::SynSent);
    host.stack.events.push_back(opened);
    host.stack.set(Key(1), status(State::Established));
    let id = host.call(connect(fd)).expect("the host takes the call");
    let kinds = events(&mut host);
    assert!(matches!(kinds[0], EventKind::Transition(_)));
    assert_eq!(kinds[1], EventKind::Outbound(vec![1]));
    let returned = Returned::value(0);
    assert_eq!(kinds[2..], [EventKind::Returned { call: id, returned }]);
}

#[test]
fn a_socket_keeps_its_identity_through_every_open() {
    let mut host = host();
    let created = call(
        &mut host,
        Call::Socket {
            domain: AF_INET,
            kind: SOCK_STREAM | SOCK_NONBLOCK,
            protocol: 0,
        },
    );
    let identity = created.connection.expect("a socket has an identity");
    for key in [Key(1), Key(2)] {
        host.stack.set(key, status(State::SynSent));
        host.call(connect(Descriptor(3)))
            .expect("the host takes it");
        host.stack
            .events
            .push_back(transition(key, State::SynSent, State::Closed));
        host.stack.set(key, status(State::Closed));
        host.inject(&[]).expect("the fake takes it");
        let seen = events(&mut host).into_iter().find_map(|kind| match kind {
            EventKind::Transition(Transition {
                connection,
                observer,
                ..
            }) => Some((connection, observer)),
            _ => None,
        });
        assert_eq!(seen, Some((identity, Observer::Stack)));
        let again = call(&mut host, connect(Descriptor(3)));
        assert_eq!(again.result, Err(Errno::ECONNABORTED));
    }
}

#[test]
fn an_error_belongs_to_the_connection_on_which_it_happened() {
    let mut host = host();
    let (first, second) = (socket(&mut host), socket(&mut host));
    for (fd, key) in [(first, Key(1)), (second, Key(2))] {
        host.stack.set(key, status(State::Established));
        assert_eq!(call(&mut host, connect(fd)).result, Ok(0));
        host.stack
            .events
            .push_back(transition(key, State::SynSent, State::Established));
    }
    host.stack.events.push_back(StackEvent::Error {
        connection: Key(2),
        failure: Failure::Reset,
        fatal: true,
    });
    host.inject(&[]).expect("the fake takes it");
    events(&mut host);
    let mut error = |fd| {
        let asked = Call::GetSockOpt {
            fd,
            level: SOL_SOCKET,
            name: SO_ERROR,
            length: 4,
        };
        call(&mut host, asked).outputs
    };
    let shows = |errno| vec![halfopen_target::Output::Option(OptionValue::Int(errno))];
    assert_eq!(error(first), shows(0));
    assert_eq!(error(second), shows(Errno::ECONNRESET.0));
    assert_eq!(error(second), shows(0));
}

#[test]
fn a_stack_that_sends_without_end_is_stopped() {
    let mut host = host();
    host.stack.floods = true;
    let stopped = host.inject(&[]);
    assert!(matches!(stopped, Err(TargetError::Unresponsive(_))));
}

#[test]
fn a_stack_whose_deadline_never_moves_is_stopped() {
    let mut host = host();
    host.stack.deadline = Some(Time::from_micros(5));
    host.stack.deadline_sticks = true;
    assert_eq!(
        host.next_event(Time::from_micros(4)).expect("not due"),
        None
    );
    let stopped = host.next_event(Time::from_micros(10));
    assert!(matches!(stopped, Err(TargetError::Unresponsive(_))));
}

#[test]
fn a_deadline_in_the_past_fires_now() {
    let mut host = host();
    assert_eq!(host.next_event(Time::from_micros(50)).expect("quiet"), None);
    host.stack.deadline = Some(Time::from_micros(20));
    assert_eq!(
        host.next_event(Time::from_micros(50)).expect("it fires"),
        None
    );
    assert_eq!(host.stack.timeouts, [Time::from_micros(50)]);
}

#[test]
fn the_stacks_deadline_and_the_calls_come_in_order_of_time() {
    let mut host = host();
    host.stack.deadline = Some(Time::from_micros(2_000));
    let poll = Call::Poll {
        fds: Vec::new(),
        timeout: 1,
    };
    let id = host.call(poll).expect("the host takes it");
    let event = host.next_event(Time::MAX).expect("it responds");
    let event = event.expect("the poll ends");
    assert_eq!(event.at, Time::from_micros(1_000));
    assert!(matches!(event.kind, EventKind::Returned { call, .. } if call == id));
    assert!(host.stack.timeouts.is_empty());
    let later = Time::from_micros(3_000);
    assert_eq!(host.next_event(later).expect("quiet"), None);
    assert_eq!(host.stack.timeouts, [Time::from_micros(2_000)]);
}

#[test]
fn an_option_that_the_stack_cannot_do_does_not_exist() {
    let mut host = host();
    host.stack.unsupported = Some(StackOption::Cork(true));
    let fd = socket(&mut host);
    let set = |name| Call::SetSockOpt {
        fd,
        level: IPPROTO_TCP,
        name,
        value: OptionValue::Int(1),
        length: None,
    };
    assert_eq!(
        call(&mut host, set(TCP_CORK)).result,
        Err(Errno::ENOPROTOOPT)
    );
    assert_eq!(call(&mut host, set(TCP_NODELAY)).result, Ok(0));
}

#[test]
fn options_set_before_open_go_with_it_and_later_ones_at_once() {
    let mut host = host();
    let fd = socket(&mut host);
    let set = |name, value| Call::SetSockOpt {
        fd,
        level: IPPROTO_TCP,
        name,
        value: OptionValue::Int(value),
        length: None,
    };
    assert_eq!(call(&mut host, set(TCP_NODELAY, 1)).result, Ok(0));
    assert!(host.stack.set_options.is_empty());
    host.stack.set(Key(1), status(State::Established));
    assert_eq!(call(&mut host, connect(fd)).result, Ok(0));
    assert_eq!(host.stack.opened_with, [StackOption::NoDelay(true)]);
    assert_eq!(call(&mut host, set(TCP_KEEPIDLE, 9)).result, Ok(0));
    let idle = StackOption::KeepIdle(Duration::from_secs(9));
    assert_eq!(host.stack.set_options, [(Key(1), idle)]);
}

#[test]
fn without_a_choice_of_the_stack_the_host_chooses_ports_by_the_seed() {
    let chosen = |seed| {
        let mut host = Host::new(Fake::default());
        let setup = Setup {
            seed,
            ..Setup::defaults(AddressMode::V4)
        };
        host.reset(&setup).expect("the fake resets");
        let fd = socket(&mut host);
        host.call(connect(fd)).expect("the host takes it");
        let other = socket(&mut host);
        host.call(connect(other)).expect("the host takes it");
        host.stack.opened_from.clone()
    };
    let first = chosen(1);
    assert!(first.iter().all(|port| (32_768..=60_999).contains(port)));
    assert_ne!(first[0], first[1]);
    assert_eq!(first, chosen(1));
    assert_ne!(first, chosen(2));
}

#[test]
fn a_port_of_the_stacks_choice_is_not_one_that_is_bound() {
    let mut host = host();
    let fd = socket(&mut host);
    assert_eq!(call(&mut host, bind(fd, 7_000)).result, Ok(0));
    host.stack.port_choices = vec![7_001, 7_000];
    let other = socket(&mut host);
    assert_eq!(call(&mut host, bind(other, 0)).result, Ok(0));
    let third = socket(&mut host);
    assert_eq!(
        call(&mut host, bind(third, 7_001)).result,
        Err(Errno::EADDRINUSE)
    );
}

#[test]
fn a_reset_needs_the_family_that_the_setup_asks_for() {
    let mut host = Host::new(Fake::default());
    let refused = host.reset(&Setup::defaults(AddressMode::V6));
    assert!(
        matches!(refused, Err(TargetError::Missing(_))),
        "the fake has no IPv6"
    );
}

#[test]
fn a_timeout_is_told_by_what_disturbed_the_connection_before() {
    let mut host = host();
    let fd = socket(&mut host);
    let call_id = host.call(connect(fd)).expect("the host takes it");
    let key = Key(1);
    let error = |failure, fatal| StackEvent::Error {
        connection: key,
        failure,
        fatal,
    };
    let unreachable = Failure::Unreachable(crate::Unreachable::Host);
    host.stack.events.push_back(error(unreachable, false));
    host.inject(&[]).expect("the fake takes it");
    assert_eq!(events(&mut host), [], "the call goes on");
    host.stack.events.push_back(error(Failure::TimedOut, true));
    host.stack.set(key, status(State::Closed));
    host.inject(&[]).expect("the fake takes it");
    let end = EventKind::Returned {
        call: call_id,
        returned: Returned::error(Errno::EHOSTUNREACH),
    };
    assert_eq!(events(&mut host), [end]);
}
