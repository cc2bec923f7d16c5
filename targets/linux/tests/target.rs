//! The target on the running kernel. These need the right to make network namespaces; without it they fail and say so.

use std::sync::Arc;
use std::time::Duration;

use halfopen_linux::{LinuxTarget, Pool, available};
use halfopen_target::{
    Address, AddressMode, Call, CallId, Descriptor, Errno, Event, EventKind, Returned, Setup,
    State, Target, posix,
};

fn target() -> LinuxTarget {
    if let Err(error) = available() {
        panic!("this machine does not allow the linux target: {error}");
    }
    LinuxTarget::new(Arc::new(Pool::new()))
}

/// Makes a call and takes its end, which must be there at once.
fn call(target: &mut LinuxTarget, call: Call) -> Returned {
    let id = target.call(call).expect("the call starts");
    returned(target, id).expect("the call ends at once")
}

fn returned(target: &mut LinuxTarget, id: CallId) -> Option<Returned> {
    let now = target.now();
    while let Some(Event { kind, .. }) = target.next_event(now).expect("an event") {
        if let EventKind::Returned { call, returned } = kind
            && call == id
        {
            return Some(returned);
        }
    }
    None
}

fn listener(target: &mut LinuxTarget, setup: &Setup) -> Descriptor {
    let made = call(
        target,
        Call::Socket {
            domain: posix::AF_INET,
            kind: posix::SOCK_STREAM,
            protocol: posix::IPPROTO_TCP,
        },
    );
    let number = made.result.expect("a socket");
    let fd = Descriptor(i32::try_from(number).expect("a descriptor"));
    let address = Address::Inet((setup.local_ip, 8080).into());
    assert_eq!(call(target, Call::Bind { fd, address }).result, Ok(0));
    assert_eq!(call(target, Call::Listen { fd, backlog: 1 }).result, Ok(0));
    fd
}

#[test]
fn a_descriptor_that_is_not_the_drills_own_never_reaches_the_kernel() {
    let mut target = target();
    target
        .reset(&Setup::defaults(AddressMode::V4))
        .expect("a drill");
    // Descriptor 1 is this process's standard output.
    for number in [-1, 0, 1, 2, 9999] {
        let fd = Descriptor(number);
        let closed = call(&mut target, Call::Close { fd });
        assert_eq!(closed.result, Err(Errno::EBADF), "{number}");
    }
}

#[test]
fn a_call_that_blocks_is_interrupted_when_the_drill_ends() {
    let mut target = target();
    let setup = Setup::defaults(AddressMode::V4);
    target.reset(&setup).expect("a drill");
    let fd = listener(&mut target, &setup);
    let id = target
        .call(Call::Accept { fd, flags: 0 })
        .expect("the call starts");
    assert_eq!(returned(&mut target, id), None);
    // Both end the drill; neither may wait for a connection that never comes.
    target.reset(&setup).expect("the next drill");
    drop(target);
}

#[test]
fn nothing_of_one_drill_shows_in_the_next() {
    let mut target = target();
    let setup = Setup::defaults(AddressMode::V4);
    for _ in 0..20 {
        target.reset(&setup).expect("a drill");
        assert!(target.now().as_micros() < 5_000_000);
        // The port of the last drill's listener is free again.
        let fd = listener(&mut target, &setup);
        let until = target.now() + Duration::from_millis(1);
        let next = target.next_event(until).expect("no error");
        assert_eq!(next.map(|event| event.kind), None);
        assert_eq!(call(&mut target, Call::Close { fd }).result, Ok(0));
    }
}

#[test]
fn a_listener_shows_its_transitions() {
    let mut target = target();
    let setup = Setup::defaults(AddressMode::V6);
    target.reset(&setup).expect("a drill");
    let made = target
        .call(Call::Socket {
            domain: posix::AF_INET6,
            kind: posix::SOCK_STREAM,
            protocol: posix::IPPROTO_TCP,
        })
        .expect("the call starts");
    let made = returned(&mut target, made).expect("a socket");
    let fd = Descriptor(i32::try_from(made.result.expect("a socket")).expect("a descriptor"));
    let address = Address::Inet((setup.local_ip, 8080).into());
    assert_eq!(call(&mut target, Call::Bind { fd, address }).result, Ok(0));
    target
        .call(Call::Listen { fd, backlog: 1 })
        .expect("the call starts");
    let now = target.now();
    let mut seen = Vec::new();
    while let Some(event) = target.next_event(now).expect("an event") {
        if let EventKind::Transition(transition) = event.kind {
            seen.push((transition.from, transition.to));
        }
    }
    assert_eq!(seen, [(State::Closed, State::Listen)]);
}
