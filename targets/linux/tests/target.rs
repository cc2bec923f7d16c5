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
        while let Some(event) = target.next_event(until).expect("no error") {
            // A busy machine is not the last drill's doing.
            assert!(matches!(event.kind, EventKind::Stalled(_)), "{event:?}");
        }
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

/// A segment from the tester with these flags, without options or payload.
fn segment(setup: &Setup, flags: u8, seq: u32, ack: u32) -> Vec<u8> {
    use pnet::packet::ip::IpNextHeaderProtocols;
    use pnet::packet::ipv4::{self, MutableIpv4Packet};
    use pnet::packet::tcp::{self, MutableTcpPacket};
    let (std::net::IpAddr::V4(from), std::net::IpAddr::V4(to)) = (setup.remote_ip, setup.local_ip)
    else {
        panic!("the test is for IPv4");
    };
    let mut octets = vec![0; 40];
    let (ip, body) = octets.split_at_mut(20);
    let mut tcp = MutableTcpPacket::new(body).expect("room");
    tcp.set_source(30_000);
    tcp.set_destination(8080);
    tcp.set_sequence(seq);
    tcp.set_acknowledgement(ack);
    tcp.set_data_offset(5);
    tcp.set_flags(flags);
    tcp.set_window(65_535);
    let sum = tcp::ipv4_checksum(&tcp.to_immutable(), &from, &to);
    tcp.set_checksum(sum);
    let mut header = MutableIpv4Packet::new(ip).expect("room");
    header.set_version(4);
    header.set_header_length(5);
    header.set_total_length(40);
    header.set_ttl(64);
    header.set_next_level_protocol(IpNextHeaderProtocols::Tcp);
    header.set_source(from);
    header.set_destination(to);
    let sum = ipv4::checksum(&header.to_immutable());
    header.set_checksum(sum);
    octets
}

/// The transitions and the last packet that came by now.
fn gather(target: &mut LinuxTarget) -> (Vec<(State, State)>, Option<Vec<u8>>) {
    let (mut transitions, mut last) = (Vec::new(), None);
    let until = target.now() + Duration::from_millis(20);
    while let Some(event) = target.next_event(until).expect("no error") {
        match event.kind {
            EventKind::Transition(seen) => transitions.push((seen.from, seen.to)),
            EventKind::Outbound(packet) => last = Some(packet),
            _ => {}
        }
    }
    (transitions, last)
}

#[test]
fn two_transitions_of_one_segment_are_seen_where_the_machine_lets_it() {
    const FIN: u8 = 0x01;
    const SYN: u8 = 0x02;
    const ACK: u8 = 0x10;
    let sees_each_step = halfopen_linux::diagnose()
        .iter()
        .any(|finding| finding.what == "state transitions" && finding.is_ok);
    let mut target = target();
    let setup = Setup::defaults(AddressMode::V4);
    target.reset(&setup).expect("a drill");
    listener(&mut target, &setup);
    target.inject(&segment(&setup, SYN, 0, 0)).expect("a SYN");
    let (_, reply) = gather(&mut target);
    let reply = reply.expect("a SYN-ACK");
    let isn = u32::from_be_bytes([reply[24], reply[25], reply[26], reply[27]]);
    let fin = segment(&setup, FIN | ACK, 1, isn.wrapping_add(1));
    target.inject(&fin).expect("a FIN");
    let (transitions, _) = gather(&mut target);
    if sees_each_step {
        let steps = [
            (State::SynReceived, State::Established),
            (State::Established, State::CloseWait),
        ];
        assert_eq!(transitions, steps);
    } else {
        assert_eq!(transitions, [(State::SynReceived, State::CloseWait)]);
    }
}

#[test]
fn what_a_command_starts_ends_with_the_drill() {
    let mut target = target();
    let setup = Setup::defaults(AddressMode::V4);
    target.reset(&setup).expect("a drill");
    // A number of its own finds the process again among all.
    let mark = format!("98765.{}", std::process::id());
    let text = format!("sleep {mark} & echo started");
    let id = target.call(Call::Command { text }).expect("it starts");
    let until = target.now() + Duration::from_secs(10);
    let mut ended = false;
    while !ended && let Some(event) = target.next_event(until).expect("no error") {
        ended = matches!(event.kind, EventKind::Returned { call, .. } if call == id);
    }
    assert!(ended, "a command in the background is not waited for");
    // It may be started and not yet be the program that it becomes.
    assert!(becomes(&mark, true));
    drop(target);
    assert!(becomes(&mark, false));
}

/// Whether, within a while, a process runs with this argument, or none does.
fn becomes(argument: &str, running: bool) -> bool {
    let begin = std::time::Instant::now();
    while is_running(argument) != running {
        if begin.elapsed() > Duration::from_secs(10) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Whether a process runs with this argument.
fn is_running(argument: &str) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return false;
    };
    processes.flatten().any(|process| {
        std::fs::read(process.path().join("cmdline")).is_ok_and(|line| {
            line.split(|octet| *octet == 0)
                .any(|a| a == argument.as_bytes())
        })
    })
}

#[test]
fn commands_configure_an_in_process_stack() {
    let inner = Box::new(Recorder::default());
    let settings = Arc::clone(&inner.settings);
    let mut target = halfopen_linux::WithShell::new(inner, Arc::new(Pool::new()));
    target
        .reset(&Setup::defaults(AddressMode::V4))
        .expect("a drill");
    let text = "sysctl -q net.ipv4.tcp_sack=0; ip link show tun0 >/dev/null".to_owned();
    let id = target.call(Call::Command { text }).expect("it runs");
    let event = target.next_event(target.now()).expect("no error");
    let Some(EventKind::Returned { call, returned }) = event.map(|event| event.kind) else {
        panic!("the command did not end");
    };
    assert_eq!((call, returned.result), (id, Ok(0)));
    let set = settings.lock().expect("no panic").clone();
    assert_eq!(set, [("net.ipv4.tcp_sack".to_owned(), "0".to_owned())]);
}

#[test]
fn commands_see_what_an_in_process_stack_has_counted_but_not_its_connections() {
    let mut target =
        halfopen_linux::WithShell::new(Box::new(Recorder::default()), Arc::new(Pool::new()));
    target
        .reset(&Setup::defaults(AddressMode::V4))
        .expect("a drill");
    let text = "grep -q 'TcpExt: PAWSEstab' $PROC_NET_NETSTAT && grep -q '^Tcp: 5$' $PROC_NET_SNMP";
    let text = text.to_owned();
    target.call(Call::Command { text }).expect("it runs");
    let event = target.next_event(target.now()).expect("no error");
    let Some(EventKind::Returned { returned, .. }) = event.map(|event| event.kind) else {
        panic!("the command did not end");
    };
    assert_eq!(returned.result, Ok(0));
    let text = "grep -q :1F90 /proc/net/tcp".to_owned();
    let refused = target.call(Call::Command { text });
    assert!(
        matches!(refused, Err(halfopen_target::TargetError::Missing(_))),
        "{refused:?}"
    );
}

/// A stack that only takes note of its settings.
#[derive(Default)]
struct Recorder {
    settings: Arc<std::sync::Mutex<Vec<(String, String)>>>,
    ended: Vec<CallId>,
}

impl Target for Recorder {
    fn capabilities(&self) -> &halfopen_target::Capabilities {
        static ALL: std::sync::OnceLock<halfopen_target::Capabilities> = std::sync::OnceLock::new();
        ALL.get_or_init(|| {
            let clock = halfopen_target::ClockKind::Virtual;
            halfopen_target::Capabilities::all("recorder", "a test", clock)
        })
    }

    fn reset(&mut self, _: &Setup) -> Result<(), halfopen_target::TargetError> {
        Ok(())
    }

    fn now(&self) -> halfopen_target::Time {
        halfopen_target::Time::ZERO
    }

    fn inject(&mut self, _: &[u8]) -> Result<(), halfopen_target::TargetError> {
        Ok(())
    }

    fn call(&mut self, call: Call) -> Result<CallId, halfopen_target::TargetError> {
        if let Call::Sysctl { name, value } = call {
            self.settings.lock().expect("no panic").push((name, value));
        }
        let id = CallId(self.ended.len() as u64);
        self.ended.push(id);
        Ok(id)
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        vec![("TcpOutRsts", 5), ("TcpExtPAWSEstab", 2)]
    }

    fn next_event(
        &mut self,
        _: halfopen_target::Time,
    ) -> Result<Option<Event>, halfopen_target::TargetError> {
        Ok(self.ended.pop().map(|call| Event {
            at: halfopen_target::Time::ZERO,
            kind: EventKind::Returned {
                call,
                returned: Returned::value(0),
            },
        }))
    }
}
