//! A peer on a string: builds segments with relative numbers, prints what comes back the same way.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;
use std::println;

use crate::segment::{Codepoint, Flags, OutboundSegment};
use crate::wire::{
    self, AccEcnOption, Inbound, Leniency, SackBlocks, TcpOptions, TimestampsOption,
};
use crate::{
    Config, ConnectionId, ConnectionOptions, DropReason, Endpoint, Event, Instant, Received,
    SendFlags, Seq, Stack, State,
};

/// The peer's initial sequence number; near the end, so that every test crosses the wrap.
pub(super) const IRS: Seq = Seq(u32::MAX - 2);
pub(super) const LOCAL: Endpoint = Endpoint::new(IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1)), 8080);
pub(super) const REMOTE: Endpoint = Endpoint::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 40_000);
pub(super) const LOCAL_V6: Endpoint =
    Endpoint::new(IpAddr::V6(Ipv6Addr::new(0xfd3d, 0, 0, 0, 0, 0, 0, 1)), 8080);
pub(super) const REMOTE_V6: Endpoint = Endpoint::new(
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
    40_000,
);

/// A segment of the peer: SEG.SEQ relative to its SYN, SEG.ACK relative to ours.
#[derive(Clone, Debug)]
pub(super) struct Seg {
    flags: Flags,
    seq: u32,
    ack: u32,
    wnd: u16,
    up: u16,
    options: TcpOptions,
    text: Vec<u8>,
    class: u8,
}

/// A segment with these flags (`S`, `F`, `R`, `P`, `U`, `A`), at 1, acknowledging 1, window 65535.
pub(super) fn seg(flags: &str) -> Seg {
    let has = |flag| flags.contains(flag);
    Seg {
        flags: Flags {
            fin: has('F'),
            syn: has('S'),
            rst: has('R'),
            psh: has('P'),
            ack: has('A'),
            urg: has('U'),
            ece: has('E'),
            cwr: has('W'),
            ae: has('N'),
        },
        seq: 1,
        ack: 1,
        wnd: 65_535,
        up: 0,
        options: TcpOptions::default(),
        text: Vec::new(),
        class: 0,
    }
}

impl Seg {
    pub(super) fn seq(self, seq: i64) -> Self {
        Self {
            seq: seq as u32,
            ..self
        }
    }
    pub(super) fn ack(self, ack: i64) -> Self {
        Self {
            ack: ack as u32,
            ..self
        }
    }
    pub(super) fn wnd(self, wnd: u16) -> Self {
        Self { wnd, ..self }
    }
    pub(super) fn up(self, up: u16) -> Self {
        Self { up, ..self }
    }
    pub(super) fn text(self, text: impl AsRef<[u8]>) -> Self {
        Self {
            text: text.as_ref().to_vec(),
            ..self
        }
    }
    pub(super) fn zeros(self, len: usize) -> Self {
        Self {
            text: alloc::vec![0; len],
            ..self
        }
    }
    pub(super) fn mss(mut self, mss: u16) -> Self {
        self.options.mss = Some(mss);
        self
    }
    pub(super) fn scale(mut self, shift: u8) -> Self {
        self.options.window_scale = Some(shift);
        self
    }
    pub(super) fn sack_permitted(mut self) -> Self {
        self.options.sack_permitted = true;
        self
    }
    pub(super) fn sack(mut self, edges: &[(u32, u32)], iss: Seq) -> Self {
        for (left, right) in edges {
            let (left, right) = (iss.wrapping_add(*left), iss.wrapping_add(*right));
            self.options.sack.push(left, right);
        }
        self
    }
    /// Octets that arrived with CE, as Accurate ECN counts them.
    pub(super) fn ceb(mut self, ceb: u32) -> Self {
        self.options.acc_ecn = Some(AccEcnOption {
            e0b: Some(1),
            ceb: Some(ceb),
            e1b: Some(1),
        });
        self
    }
    pub(super) fn class(self, class: u8) -> Self {
        Self { class, ..self }
    }
    pub(super) fn ts(mut self, val: u32, ecr: u32) -> Self {
        self.options.timestamps = Some(TimestampsOption { val, ecr });
        self
    }
}

/// A stack, one connection or listener of interest, and the peer's view of it.
#[derive(Debug)]
pub(super) struct Harness {
    pub(super) stack: Stack,
    pub(super) now: Instant,
    pub(super) id: ConnectionId,
    pub(super) listener: Option<ConnectionId>,
    pub(super) local: Endpoint,
    pub(super) remote: Endpoint,
    pub(super) iss: Seq,
    pub(super) events: Vec<Event>,
    pub(super) packets: Vec<Vec<u8>>,
}

/// Numbers are easiest to read without options and with an ACK for every segment.
pub(super) fn plain() -> Config {
    Config {
        delayed_ack: None,
        timestamps: false,
        sack: false,
        window_scale: None,
        ..Config::with_addresses(&[LOCAL.addr, LOCAL_V6.addr])
    }
}

impl Harness {
    pub(super) fn new(config: Config) -> Self {
        Self::between(config, LOCAL, REMOTE)
    }

    pub(super) fn between(config: Config, local: Endpoint, remote: Endpoint) -> Self {
        Self {
            stack: Stack::new(config),
            now: Instant::from_secs(1),
            id: ConnectionId(0),
            listener: None,
            local,
            remote,
            iss: Seq(0),
            events: Vec::new(),
            packets: Vec::new(),
        }
    }

    pub(super) fn options(&self) -> ConnectionOptions {
        ConnectionOptions::new(self.stack.config())
    }

    #[track_caller]
    pub(super) fn listen(mut self) -> Self {
        let options = self.options();
        let id = self
            .stack
            .open_passive(self.now, self.local, None, 8, &options)
            .unwrap();
        (self.id, self.listener) = (id, Some(id));
        self.collect();
        self
    }

    #[track_caller]
    pub(super) fn connect(mut self) -> Self {
        let options = self.options();
        self.id = self
            .stack
            .open_active(self.now, self.local, self.remote, &options)
            .unwrap();
        self.iss = self.stack.status(self.id).unwrap().iss;
        self.expect(&["S 0:0(0)"]);
        self
    }

    /// Hands a segment in.
    pub(super) fn inject(&mut self, seg: Seg) {
        let packet = self.packet(seg);
        self.stack.handle_packet(self.now, &packet);
        self.collect();
    }

    /// The bytes of a segment.
    pub(super) fn packet(&self, seg: Seg) -> Vec<u8> {
        let ack = if seg.flags.ack {
            self.iss.wrapping_add(seg.ack)
        } else {
            Seq(0)
        };
        let segment = OutboundSegment {
            local: self.remote,
            remote: self.local,
            seq: IRS.wrapping_add(seg.seq),
            ack,
            wnd: seg.wnd,
            up: seg.up,
            flags: seg.flags,
            options: &seg.options,
            text: [&seg.text, &[]],
            ttl: 64,
            dont_fragment: true,
            class: seg.class,
            route: None,
        };
        wire::emit(&segment, 7)
    }

    /// Polls everything; learns of a new connection and its ISS.
    pub(super) fn collect(&mut self) {
        while let Some(event) = self.stack.poll_event() {
            if let Event::Spawned { connection, .. } = event {
                self.id = connection;
                self.iss = self
                    .stack
                    .status(connection)
                    .map_or(self.iss, |status| status.iss);
            }
            self.events.push(event);
        }
        while let Some(packet) = self.stack.poll_packet() {
            self.packets.push(packet);
        }
    }

    /// What was sent since last asked.
    pub(super) fn sent(&mut self) -> Vec<String> {
        self.collect();
        let packets = core::mem::take(&mut self.packets);
        packets.iter().map(|packet| self.show(packet)).collect()
    }

    /// Exactly these segments were sent.
    #[track_caller]
    pub(super) fn expect(&mut self, expected: &[&str]) {
        assert_eq!(self.sent(), expected);
    }

    /// Hands a segment in and expects exactly these in answer.
    #[track_caller]
    pub(super) fn dialogue(&mut self, seg: Seg, expected: &[&str]) {
        self.inject(seg);
        self.expect(expected);
    }

    /// `FLAGS first:last(length) ack N`, relative; `#` marks a number that is absolute.
    pub(super) fn show(&self, packet: &[u8]) -> String {
        let mut place = None;
        let Ok(Inbound::Segment(seg)) = wire::parse(
            packet,
            Leniency {
                ignore_tcp_checksum: false,
                take_source_routes: true,
            },
            &mut place,
        ) else {
            return "unreadable".to_string();
        };
        let bits = [
            (seg.flags.syn, "S"),
            (seg.flags.fin, "F"),
            (seg.flags.rst, "R"),
            (seg.flags.psh, "P"),
            (seg.flags.urg, "U"),
            (seg.flags.ece, "E"),
            (seg.flags.cwr, "W"),
            (seg.flags.ae, "N"),
            (seg.flags.ack, "A"),
        ];
        let flags: String = bits
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, name)| *name)
            .collect();
        let mut shown = if seg.flags.rst && seg.flags.ack && seg.seq == Seq(0) {
            format!("{flags} #0")
        } else {
            let first = self.iss.distance_to(seg.seq) as i32;
            format!(
                "{flags} {first}:{}({})",
                first + seg.text.len() as i32,
                seg.text.len()
            )
        };
        if seg.flags.ack {
            shown += &format!(" ack {}", IRS.distance_to(seg.ack) as i32);
        }
        if seg.flags.urg {
            shown += &format!(" up {}", seg.up);
        }
        shown
    }

    /// The last segment sent, as a value.
    #[track_caller]
    pub(super) fn last_segment(&mut self) -> ParsedSegment {
        self.collect();
        let packet = self.packets.pop().expect("a segment was sent");
        self.packets.clear();
        parse(&packet)
    }

    /// The state as the transitions tell it; the record has to agree.
    #[track_caller]
    pub(super) fn state(&mut self) -> State {
        self.collect();
        let mut last = State::Closed;
        for event in &self.events {
            if let Event::Transition {
                connection,
                from,
                to,
                ..
            } = event
                && *connection == self.id
            {
                if last != State::Closed {
                    assert_eq!(*from, last, "transitions follow one another");
                }
                last = *to;
            }
        }
        match self.stack.status(self.id) {
            Ok(status) => assert_eq!(status.state, last),
            Err(_) => assert!(matches!(last, State::Closed | State::Listen)),
        }
        last
    }

    /// Transitions of the connection, in order.
    pub(super) fn path(&mut self) -> Vec<String> {
        self.collect();
        let id = self.id;
        let of_ours = |event: &Event| match event {
            Event::Transition {
                connection,
                from,
                to,
                ..
            } if *connection == id => Some(format!("{from} -> {to}")),
            _ => None,
        };
        self.events.iter().filter_map(of_ours).collect()
    }

    /// Why a segment, or a part of it, goes no further, if it does not.
    pub(super) fn drops(&mut self, seg: Seg) -> Vec<DropReason> {
        self.events.clear();
        self.inject(seg);
        let reason = |event: &Event| match event {
            Event::Dropped { reason, .. } => Some(*reason),
            _ => None,
        };
        self.events.iter().filter_map(reason).collect()
    }

    #[track_caller]
    pub(super) fn expect_state(&mut self, expected: State) {
        assert_eq!(self.state(), expected);
    }

    /// Lets time pass, timer by timer.
    pub(super) fn advance(&mut self, duration: Duration) {
        let until = self.now.after(duration);
        while let Some(deadline) = self
            .stack
            .poll_timeout()
            .filter(|deadline| *deadline <= until)
        {
            self.now = self.now.max(deadline);
            self.stack.handle_timeout(self.now);
            self.collect();
        }
        self.now = until;
    }

    /// Advances to the next deadline only; how long that took.
    #[track_caller]
    pub(super) fn next_timeout(&mut self) -> Duration {
        let deadline = self.stack.poll_timeout().expect("a timer runs");
        let waited = deadline.since(self.now);
        self.advance(waited);
        waited
    }

    #[track_caller]
    pub(super) fn send(&mut self, text: impl AsRef<[u8]>) -> usize {
        let sent = self
            .stack
            .send(self.now, self.id, text.as_ref(), SendFlags::default())
            .unwrap();
        self.collect();
        sent
    }

    #[track_caller]
    pub(super) fn close(&mut self) {
        self.stack.close(self.now, self.id).unwrap();
        self.collect();
    }

    #[track_caller]
    pub(super) fn read(&mut self, max: usize) -> Received {
        let received = self.stack.receive(self.now, self.id, max).unwrap();
        self.collect();
        received
    }

    #[track_caller]
    pub(super) fn status(&self) -> crate::Status {
        self.stack.status(self.id).unwrap()
    }
}

/// What tests look at of a segment.
#[derive(Clone, Debug)]
pub(super) struct ParsedSegment {
    pub(super) options: TcpOptions,
    pub(super) wnd: u16,
    pub(super) text: usize,
    pub(super) codepoint: Codepoint,
    pub(super) sack: Vec<(u32, u32)>,
}

#[track_caller]
pub(super) fn parse(packet: &[u8]) -> ParsedSegment {
    let mut place = None;
    let Ok(Inbound::Segment(seg)) = wire::parse(
        packet,
        Leniency {
            ignore_tcp_checksum: false,
            take_source_routes: true,
        },
        &mut place,
    ) else {
        panic!("not a segment");
    };
    let relative = |edge| IRS.distance_to(edge);
    let blocks: &SackBlocks = &seg.options.sack;
    ParsedSegment {
        options: seg.options,
        wnd: seg.wnd,
        text: seg.text.len(),
        codepoint: seg.codepoint,
        sack: blocks
            .iter()
            .map(|(left, right)| (relative(left), relative(right)))
            .collect(),
    }
}

// The states, each reached as a peer would reach it.

#[track_caller]
pub(super) fn listen() -> Harness {
    Harness::new(plain()).listen()
}

#[track_caller]
pub(super) fn syn_sent() -> Harness {
    Harness::new(plain()).connect()
}

#[track_caller]
pub(super) fn syn_received() -> Harness {
    let mut h = listen();
    h.dialogue(seg("S").seq(0).mss(1_460), &["SA 0:0(0) ack 1"]);
    h
}

#[track_caller]
pub(super) fn syn_received_actively() -> Harness {
    let mut h = syn_sent();
    h.dialogue(seg("S").seq(0).mss(1_460), &["SA 0:0(0) ack 1"]);
    h
}

#[track_caller]
pub(super) fn established() -> Harness {
    established_with(plain())
}

#[track_caller]
pub(super) fn established_with(config: Config) -> Harness {
    let mut h = Harness::new(config).listen();
    h.dialogue(seg("S").seq(0).mss(1_460), &["SA 0:0(0) ack 1"]);
    h.dialogue(seg("A"), &[]);
    accept(&mut h);
    h
}

#[track_caller]
pub(super) fn accept(h: &mut Harness) {
    let accepted = h.stack.accept(h.listener.unwrap()).unwrap();
    assert_eq!(accepted, Some(h.id));
}

#[track_caller]
pub(super) fn fin_wait_1() -> Harness {
    let mut h = established();
    h.close();
    h.expect(&["FA 1:1(0) ack 1"]);
    h
}

#[track_caller]
pub(super) fn fin_wait_2() -> Harness {
    let mut h = fin_wait_1();
    h.dialogue(seg("A").ack(2), &[]);
    h
}

#[track_caller]
pub(super) fn close_wait() -> Harness {
    let mut h = established();
    h.dialogue(seg("FA"), &["A 1:1(0) ack 2"]);
    h
}

#[track_caller]
pub(super) fn closing() -> Harness {
    let mut h = fin_wait_1();
    h.dialogue(seg("FA"), &["A 2:2(0) ack 2"]);
    h
}

#[track_caller]
pub(super) fn last_ack() -> Harness {
    let mut h = close_wait();
    h.close();
    h.expect(&["FA 1:1(0) ack 2"]);
    h
}

#[track_caller]
pub(super) fn time_wait() -> Harness {
    let mut h = fin_wait_2();
    h.dialogue(seg("FA").ack(2), &["A 2:2(0) ack 2"]);
    h
}

/// A row of a table: a name, what arrives, the state after it, what is sent in answer.
pub(super) type Row<'a> = (&'a str, Seg, State, &'a [&'a str]);

/// Runs each row against a connection of its own.
#[track_caller]
pub(super) fn arrivals(begin: fn() -> Harness, start: State, rows: &[Row<'_>]) {
    for (name, seg, state, sent) in rows {
        let mut h = begin();
        h.expect_state(start);
        h.inject(seg.clone());
        println!("{start} x {name}");
        let answers = h.sent();
        assert_eq!(&answers, sent, "{start} x {name}");
        assert_eq!(h.state(), *state, "{start} x {name}");
    }
}
