//! Whatever arrives, in whatever order calls are made: no panic, no endless loop, legal transitions only.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::common::is_legal;
use halfopen_reference::{
    Config, ConnectionId, ConnectionOption, ConnectionOptions, Endpoint, Event, Instant, SendFlags,
    SourceRoute, Stack, State,
};
use proptest::prelude::*;

const LOCAL: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
const REMOTE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// One thing that happens to the stack.
#[derive(Clone, Debug)]
enum Step {
    Segment(Fields),
    Bytes(Vec<u8>),
    Pass(u64),
    Send(usize, u16, bool, bool),
    Receive(usize, u16),
    Close(usize),
    Release(usize),
    Abort(usize),
    Accept,
    Connect(u16),
    Set(usize, ConnectionOption),
    /// An ICMP error about the last packet sent.
    Icmp(u8, u8, u16),
}

/// A segment whose numbers hover around what the stack expects.
#[derive(Clone, Debug)]
struct Fields {
    port: u16,
    flags: u8,
    seq: i32,
    ack: i32,
    wnd: u16,
    up: u16,
    options: Vec<u8>,
    text: usize,
    /// Options of the IP header, in whole words.
    ip_options: Vec<u8>,
}

fn near() -> impl Strategy<Value = i32> {
    prop_oneof![6 => -3..4_i32, 3 => -3_000..3_000_i32, 1 => any::<i32>()]
}

fn fields() -> impl Strategy<Value = Fields> {
    let flags = prop_oneof![4 => Just(0x10_u8), 2 => Just(0x02), 2 => Just(0x11), 1 => Just(0x12), 1 => Just(0x04), 3 => any::<u8>()];
    let options = prop_oneof![
        4 => Just(Vec::new()),
        2 => Just(vec![2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 14]),
        2 => any::<u32>().prop_map(|val| {
            let mut stamps = vec![1, 1, 8, 10];
            stamps.extend(val.to_be_bytes());
            stamps.extend([0; 4]);
            stamps
        }),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ];
    let wnd = prop_oneof![Just(0_u16), Just(1), Just(65_535), any::<u16>()];
    let text = prop_oneof![Just(0_usize), 1..8_usize, 1_000..1_460_usize];
    (
        0..3_u16,
        flags,
        near(),
        near(),
        wnd,
        any::<u16>(),
        options,
        text,
        ip_options(),
    )
        .prop_map(
            |(port, flags, seq, ack, wnd, up, options, text, ip_options)| Fields {
                port,
                flags,
                seq,
                ack,
                wnd,
                up,
                options,
                text,
                ip_options,
            },
        )
}

/// Mostly none; else a source route that is used up, or nearly, or something of the kind.
fn ip_options() -> impl Strategy<Value = Vec<u8>> {
    let hops = || proptest::collection::vec(any::<[u8; 4]>(), 0..10);
    let route = (any::<bool>(), hops(), 0..5_u8).prop_map(|(strict, hops, short)| {
        let length = 3 + 4 * hops.len() as u8;
        let mut option = vec![if strict { 137 } else { 131 }, length];
        option.push(length + 1 - short.saturating_sub(3));
        option.extend(hops.concat());
        option
    });
    let anything = proptest::collection::vec(prop_oneof![0..12_u8, Just(131), any::<u8>()], 0..41);
    let some = prop_oneof![3 => route, 1 => anything];
    prop_oneof![4 => Just(Vec::new()), 1 => some].prop_map(|mut options| {
        options.resize(options.len().next_multiple_of(4), 0);
        options
    })
}

fn route() -> impl Strategy<Value = Option<SourceRoute>> {
    let hops = proptest::collection::vec(any::<Ipv4Addr>(), 0..10);
    (any::<bool>(), hops).prop_map(|(strict, hops)| SourceRoute::new(strict, &hops))
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0..4_usize;
    let pass = prop_oneof![0..1_000_u64, 0..1_000_000_u64, 0..400_000_000_u64];
    let option = prop_oneof![
        any::<bool>().prop_map(ConnectionOption::NoDelay),
        any::<bool>().prop_map(ConnectionOption::Cork),
        any::<bool>().prop_map(ConnectionOption::KeepAlive),
        (0..10_000_u64).prop_map(|ms| ConnectionOption::KeepIdle(Duration::from_millis(ms))),
        (0..100_000_usize).prop_map(ConnectionOption::ReceiveBuffer),
        (0..100_000_usize).prop_map(ConnectionOption::SendBuffer),
        (0..10_000_u64)
            .prop_map(|ms| ConnectionOption::UserTimeout(Some(Duration::from_millis(ms)))),
        proptest::option::of(0..2_000_u16).prop_map(ConnectionOption::MaxSegment),
        route().prop_map(ConnectionOption::SourceRoute),
    ];
    prop_oneof![
        12 => fields().prop_map(Step::Segment),
        1 => proptest::collection::vec(any::<u8>(), 0..80).prop_map(Step::Bytes),
        4 => pass.prop_map(Step::Pass),
        3 => (which.clone(), any::<u16>(), any::<bool>(), any::<bool>())
            .prop_map(|(id, size, urgent, more)| Step::Send(id, size, urgent, more)),
        2 => (which.clone(), any::<u16>()).prop_map(|(id, max)| Step::Receive(id, max)),
        1 => which.clone().prop_map(Step::Close),
        1 => which.clone().prop_map(Step::Release),
        1 => which.clone().prop_map(Step::Abort),
        2 => Just(Step::Accept),
        1 => (0..3_u16).prop_map(Step::Connect),
        1 => (which, option).prop_map(|(id, option)| Step::Set(id, option)),
        1 => (prop_oneof![Just(3_u8), Just(4), Just(11), any::<u8>()], 0..16_u8, any::<u16>())
            .prop_map(|(kind, code, mtu)| Step::Icmp(kind, code, mtu)),
    ]
}

/// The stack, and what a nosy peer remembers of its packets.
struct Play {
    stack: Stack,
    now: Instant,
    listener: ConnectionId,
    ids: Vec<ConnectionId>,
    states: BTreeMap<ConnectionId, State>,
    /// The sequence and acknowledgment number of the last packet to each port.
    seen: BTreeMap<u16, (u32, u32)>,
    last_packet: Vec<u8>,
}

impl Play {
    fn new(window_scale: Option<u8>, rich: bool) -> Self {
        let mut stack = Stack::new(Config {
            window_scale,
            timestamps: rich,
            sack: rich,
            receive_buffer: 3_000,
            send_buffer: 5_000,
            max_reassembly_gaps: 3,
            max_connections: 6,
            max_time_wait: 2,
            max_queued: 1_000,
            ..Config::with_addresses(&[LOCAL.into()])
        });
        let options = ConnectionOptions::new(stack.config());
        let now = Instant::from_secs(5);
        let listener = stack
            .open_passive(now, Endpoint::new(LOCAL.into(), 80), None, 3, &options)
            .unwrap();
        let (ids, states, seen) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        let mut play = Self {
            stack,
            now,
            listener,
            ids,
            states,
            seen,
            last_packet: Vec::new(),
        };
        play.observe();
        play
    }

    fn id(&self, which: usize) -> ConnectionId {
        self.ids.get(which).copied().unwrap_or(self.listener)
    }

    fn take(&mut self, step: &Step) {
        let now = self.now;
        match step {
            Step::Segment(fields) => {
                let packet = self.packet(fields);
                self.stack.handle_packet(now, &packet);
            }
            Step::Bytes(bytes) => self.stack.handle_packet(now, bytes),
            Step::Pass(micros) => {
                self.now = now.after(Duration::from_micros(*micros));
                self.stack.handle_timeout(self.now);
                assert!(
                    self.stack.poll_timeout().is_none_or(|next| next > self.now),
                    "every due timer has fired"
                );
            }
            Step::Send(which, size, urgent, more) => {
                let flags = SendFlags {
                    urgent: *urgent,
                    more: *more,
                    end_of_record: *urgent != *more,
                };
                let _ = self
                    .stack
                    .send(now, self.id(*which), &vec![7; usize::from(*size)], flags);
            }
            Step::Receive(which, max) => {
                let _ = self.stack.receive(now, self.id(*which), usize::from(*max));
            }
            Step::Close(which) if self.id(*which) != self.listener => {
                let _ = self.stack.close(now, self.id(*which));
            }
            Step::Release(which) if self.id(*which) != self.listener => {
                self.stack.release(now, self.id(*which))
            }
            Step::Abort(which) if self.id(*which) != self.listener => {
                let _ = self.stack.abort(now, self.id(*which));
            }
            Step::Accept => self.ids.extend(self.stack.accept(self.listener).unwrap()),
            Step::Connect(port) => {
                let options = ConnectionOptions::new(self.stack.config());
                let (local, remote) = (
                    Endpoint::new(LOCAL.into(), 80),
                    Endpoint::new(REMOTE.into(), 1_000 + port),
                );
                self.ids
                    .extend(self.stack.open_active(now, local, remote, &options));
            }
            Step::Set(which, option) => {
                let _ = self.stack.set_option(now, self.id(*which), *option);
            }
            Step::Icmp(kind, code, mtu) => {
                let packet = self.icmp(*kind, *code, *mtu);
                self.stack.handle_packet(now, &packet);
            }
            Step::Close(_) | Step::Release(_) | Step::Abort(_) => {}
        }
        if self.ids.len() > 4 {
            let oldest = self.ids.remove(0);
            self.stack.release(now, oldest);
        }
        self.observe();
    }

    fn observe(&mut self) {
        while let Some(packet) = self.stack.poll_packet() {
            assert!(packet.len() <= 1_500, "no packet is larger than the MTU");
            let tcp = &packet[usize::from(packet[0] & 0x0f) * 4..];
            let field = |at: usize| u32::from_be_bytes(tcp[at..at + 4].try_into().unwrap());
            let port = u16::from_be_bytes([tcp[2], tcp[3]]);
            self.seen.insert(port, (field(4), field(8)));
            self.last_packet = packet;
        }
        while let Some(event) = self.stack.poll_event() {
            if let Event::Transition {
                connection,
                from,
                to,
                ..
            } = event
            {
                assert!(is_legal(from, to), "{from} -> {to}");
                if let Some(known) = self.states.insert(connection, to) {
                    assert_eq!(known, from, "no transition is left out");
                }
            }
        }
        for id in &self.ids {
            if let Ok(status) = self.stack.status(*id) {
                assert_eq!(self.states.get(id), Some(&status.state));
                assert!(status.snd_una.before_or_at(status.snd_nxt));
                assert!(status.out_of_order <= 65_535 + 100_000);
            }
        }
    }

    fn packet(&self, fields: &Fields) -> Vec<u8> {
        let port = 1_000 + fields.port;
        let (their_nxt, our_nxt) = self.seen.get(&port).copied().unwrap_or((77, 99));
        let mut options = fields.options.clone();
        options.resize(options.len().min(40).next_multiple_of(4), 0);
        let mut tcp = Vec::new();
        tcp.extend(port.to_be_bytes());
        tcp.extend(80_u16.to_be_bytes());
        tcp.extend(our_nxt.wrapping_add_signed(fields.seq).to_be_bytes());
        tcp.extend(their_nxt.wrapping_add_signed(fields.ack).to_be_bytes());
        tcp.extend([(((20 + options.len()) / 4) << 4) as u8, fields.flags]);
        tcp.extend(fields.wnd.to_be_bytes());
        tcp.extend([0, 0]);
        tcp.extend(fields.up.to_be_bytes());
        tcp.extend(options);
        tcp.extend(vec![1; fields.text]);
        let mut pseudo: Vec<u8> = REMOTE.octets().into_iter().chain(LOCAL.octets()).collect();
        pseudo.extend([0, 6]);
        pseudo.extend((tcp.len() as u16).to_be_bytes());
        pseudo.extend(&tcp);
        let sum = checksum(&pseudo);
        tcp[16..18].copy_from_slice(&sum.to_be_bytes());
        ip(6, REMOTE, &fields.ip_options, &tcp)
    }

    fn icmp(&self, kind: u8, code: u8, mtu: u16) -> Vec<u8> {
        let mut body = vec![kind, code, 0, 0, 0, 0];
        body.extend(mtu.to_be_bytes());
        body.extend(self.last_packet.iter().take(60));
        let sum = checksum(&body);
        body[2..4].copy_from_slice(&sum.to_be_bytes());
        ip(1, Ipv4Addr::new(203, 0, 113, 1), &[], &body)
    }
}

fn ip(protocol: u8, source: Ipv4Addr, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let header = 20 + options.len();
    let mut packet = vec![0x40 | (header / 4) as u8, 0];
    packet.extend(((header + payload.len()) as u16).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, protocol, 0, 0]);
    packet.extend(source.octets());
    packet.extend(LOCAL.octets());
    packet.extend(options);
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(payload);
    packet
}

/// More if the environment asks for more.
fn at_least_600_cases() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: default.cases.max(600),
        ..default
    }
}

fn checksum(bytes: &[u8]) -> u16 {
    let pairs = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)));
    let sum: u32 = pairs.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}

proptest! {
    #![proptest_config(at_least_600_cases())]

    #[test]
    fn nothing_makes_the_stack_panic_or_break_its_rules(
        steps in proptest::collection::vec(step(), 1..80),
        window_scale in proptest::option::of(0..=14_u8),
        rich in any::<bool>(),
    ) {
        let mut play = Play::new(window_scale, rich);
        for step in &steps {
            play.take(step);
        }
        // Nothing goes on for ever: with nobody listening and nobody sending, the stack falls silent.
        for id in play.ids.clone() {
            play.stack.release(play.now, id);
        }
        play.stack.release(play.now, play.listener);
        for _ in 0..2_000 {
            let Some(deadline) = play.stack.poll_timeout() else { break };
            play.now = deadline.max(play.now);
            play.stack.handle_timeout(play.now);
            play.observe();
        }
        prop_assert_eq!(play.stack.poll_timeout(), None);
    }

    #[test]
    fn the_same_steps_give_the_same_bytes(steps in proptest::collection::vec(step(), 1..40)) {
        let run = |steps: &[Step]| {
            let mut play = Play::new(Some(7), true);
            steps.iter().map(|step| { play.take(step); play.last_packet.clone() }).collect::<Vec<_>>()
        };
        prop_assert_eq!(run(&steps), run(&steps));
    }
}
