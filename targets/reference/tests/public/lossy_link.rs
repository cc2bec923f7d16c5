//! Two stacks, a link that loses, repeats and reorders, and two applications that want an exact stream.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::common::{Random, is_legal};
use halfopen_reference::{
    Config, ConnectionId, ConnectionOptions, Endpoint, Event, Instant, Received, SendFlags, Stack,
    State, UserError,
};

/// How badly the link behaves, in percent, and how long it takes.
#[derive(Clone, Copy, Debug)]
struct Link {
    loss: u64,
    duplication: u64,
    jitter_ms: u64,
}

/// One end: a stack, its connection, and what its application has yet to do.
struct End {
    stack: Stack,
    id: Option<ConnectionId>,
    listener: Option<ConnectionId>,
    to_send: Vec<u8>,
    sent: usize,
    received: Vec<u8>,
    saw_end: bool,
    closed: bool,
    read_at_once: usize,
    states: BTreeMap<ConnectionId, State>,
}

impl End {
    fn new(config: Config, to_send: Vec<u8>, read_at_once: usize) -> Self {
        Self {
            stack: Stack::new(config),
            id: None,
            listener: None,
            to_send,
            sent: 0,
            received: Vec::new(),
            saw_end: false,
            closed: false,
            read_at_once,
            states: BTreeMap::new(),
        }
    }

    /// What the application does whenever it is woken.
    fn work(&mut self, now: Instant) {
        if let (None, Some(listener)) = (self.id, self.listener) {
            self.id = self.stack.accept(listener).unwrap();
        }
        let Some(id) = self.id else { return };
        if self.sent < self.to_send.len() {
            let rest = &self.to_send[self.sent..];
            self.sent += self
                .stack
                .send(now, id, rest, SendFlags::default())
                .expect("sending");
        }
        // A CLOSE in SYN-SENT would give up the attempt.
        let opened = self.stack.status(id).unwrap().state.is_synchronized();
        if opened && self.sent == self.to_send.len() && !self.closed {
            self.stack.close(now, id).expect("closing");
            self.closed = true;
        }
        while !self.saw_end {
            match self
                .stack
                .receive(now, id, self.read_at_once)
                .expect("receiving")
            {
                Received::Data(octets) => self.received.extend(octets),
                Received::EndOfStream => self.saw_end = true,
                Received::WouldBlock => break,
            }
        }
    }

    fn check_events(&mut self) {
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
    }

    fn is_done(&self) -> bool {
        let state = self.id.map(|id| self.stack.status(id).unwrap().state);
        self.saw_end && matches!(state, Some(State::TimeWait | State::Closed))
    }
}

/// Runs one connection to its end; how long it took.
fn transfer(mut ends: [End; 2], link: Link, random: &mut Random) -> ([End; 2], Duration) {
    let mut now = Instant::from_secs(1);
    let began = now;
    let mut on_the_way: BTreeMap<(Instant, u64), (usize, Vec<u8>)> = BTreeMap::new();
    let mut count = 0;
    for _ in 0..200_000 {
        for (from, end) in ends.iter_mut().enumerate() {
            end.work(now);
            end.check_events();
            while let Some(packet) = end.stack.poll_packet() {
                let copies = u64::from(!random.chance(link.loss))
                    + u64::from(random.chance(link.duplication));
                for _ in 0..copies {
                    count += 1;
                    let delay = Duration::from_millis(10 + random.below(link.jitter_ms));
                    on_the_way.insert((now.after(delay), count), (1 - from, packet.clone()));
                }
            }
        }
        if ends.iter().all(End::is_done) {
            return (ends, now.since(began));
        }
        let arrival = on_the_way.keys().next().map(|(at, _)| *at);
        let timeouts = ends.iter_mut().filter_map(|end| end.stack.poll_timeout());
        now = timeouts
            .chain(arrival)
            .min()
            .expect("something is to come")
            .max(now);
        while let Some(entry) = on_the_way
            .first_entry()
            .filter(|entry| entry.key().0 <= now)
        {
            let (to, packet) = entry.remove();
            ends[to].stack.handle_packet(now, &packet);
        }
        ends.iter_mut()
            .for_each(|end| end.stack.handle_timeout(now));
    }
    panic!("the connection never ends");
}

/// A configuration drawn from what a stack may agree on.
fn config(addr: IpAddr, random: &mut Random) -> Config {
    let buffer = [2_000, 20_000, 256 * 1024][random.below(3) as usize];
    Config {
        secret: [random.below(256) as u8; 16],
        mtu: [576, 1_500, 9_000][random.below(3) as usize].max(if addr.is_ipv6() {
            1_280
        } else {
            0
        }),
        window_scale: random.chance(60).then_some(7),
        timestamps: random.chance(60),
        sack: random.chance(60),
        nagle: random.chance(70),
        delayed_ack: random.chance(70).then_some(Duration::from_millis(200)),
        receive_buffer: buffer,
        send_buffer: [2_000, 64 * 1024][random.below(2) as usize],
        // A lost ACK can make a round trip look very long: R2 alone decides when to give up.
        user_timeout: None,
        max_reassembly_gaps: [2, 128][random.below(2) as usize],
        ..Config::with_addresses(&[addr])
    }
}

/// One connection between random stacks; both ends get exactly what the other sent.
fn check(seed: u64, link: Link, simultaneous: bool) -> Duration {
    let mut random = Random::new(seed);
    let v6 = random.chance(30);
    let addr = |host: u8| -> IpAddr {
        let text = if v6 {
            format!("2001:db8::{host}")
        } else {
            format!("192.0.2.{host}")
        };
        text.parse().unwrap()
    };
    let mut end = |host| {
        let size = [0, 1, 700, 5_000, 30_000][random.below(5) as usize];
        let octets = (0..size).map(|_| random.below(256) as u8).collect();
        let read_at_once = 1 + random.below(4_000) as usize;
        End::new(config(addr(host), &mut random), octets, read_at_once)
    };
    let mut ends = [end(1), end(2)];
    let (first, second) = (Endpoint::new(addr(1), 1_000), Endpoint::new(addr(2), 2_000));
    let now = Instant::from_secs(1);
    let options = |end: &End| ConnectionOptions::new(end.stack.config());
    let (ours, theirs) = (options(&ends[0]), options(&ends[1]));
    ends[0].id = Some(
        ends[0]
            .stack
            .open_active(now, first, second, &ours)
            .unwrap(),
    );
    if simultaneous {
        ends[1].id = Some(
            ends[1]
                .stack
                .open_active(now, second, first, &theirs)
                .unwrap(),
        );
    } else {
        ends[1].listener = Some(
            ends[1]
                .stack
                .open_passive(now, second, None, 4, &theirs)
                .unwrap(),
        );
    }
    let (ends, took) = transfer(ends, link, &mut random);
    assert!(
        ends[0].received == ends[1].to_send,
        "seed {seed}: what the second sent"
    );
    assert!(
        ends[1].received == ends[0].to_send,
        "seed {seed}: what the first sent"
    );
    took
}

#[test]
fn a_perfect_link_delivers() {
    for seed in 0..100 {
        check(
            seed,
            Link {
                loss: 0,
                duplication: 0,
                jitter_ms: 1,
            },
            false,
        );
    }
}

#[test]
fn a_lossy_link_delivers() {
    for seed in 1_000..1_150 {
        check(
            seed,
            Link {
                loss: 10,
                duplication: 5,
                jitter_ms: 40,
            },
            false,
        );
    }
}

#[test]
fn a_terrible_link_delivers() {
    for seed in 2_000..2_060 {
        check(
            seed,
            Link {
                loss: 25,
                duplication: 20,
                jitter_ms: 300,
            },
            false,
        );
    }
}

#[test]
fn simultaneous_opens_deliver_too() {
    for seed in 3_000..3_080 {
        check(
            seed,
            Link {
                loss: 5,
                duplication: 5,
                jitter_ms: 5,
            },
            true,
        );
    }
}

#[test]
fn the_same_seed_takes_the_same_time() {
    let link = Link {
        loss: 10,
        duplication: 5,
        jitter_ms: 40,
    };
    for seed in 4_000..4_005 {
        assert_eq!(check(seed, link, false), check(seed, link, false));
    }
}

#[test]
fn one_listener_serves_many_connections_and_forgets_them_all() {
    let addr = |host: u8| IpAddr::from([192, 0, 2, host]);
    let mut client = Stack::new(Config::with_addresses(&[addr(1)]));
    let mut server = Stack::new(Config::with_addresses(&[addr(2)]));
    let options = ConnectionOptions::new(client.config());
    let mut now = Instant::from_secs(1);
    let to = Endpoint::new(addr(2), 80);
    let listener = server.open_passive(now, to, None, 500, &options).unwrap();
    let open = |client: &mut Stack| {
        client
            .open_active(now, Endpoint::UNSPECIFIED_V4, to, &options)
            .unwrap()
    };
    let ids: Vec<ConnectionId> = (0..400).map(|_| open(&mut client)).collect();
    let carry = |client: &mut Stack, server: &mut Stack, now| {
        for _ in 0..20 {
            while let Some(packet) = client.poll_packet() {
                server.handle_packet(now, &packet);
            }
            while let Some(packet) = server.poll_packet() {
                client.handle_packet(now, &packet);
            }
        }
    };
    carry(&mut client, &mut server, now);
    for id in &ids {
        let text = id.0.to_be_bytes();
        assert_eq!(client.send(now, *id, &text, SendFlags::default()), Ok(8));
    }
    carry(&mut client, &mut server, now);
    let mut seen = Vec::new();
    while let Some(id) = server.accept(listener).unwrap() {
        let Ok(Received::Data(text)) = server.receive(now, id, 8) else {
            panic!("nothing came")
        };
        seen.push(ConnectionId(u64::from_be_bytes(text.try_into().unwrap())));
        server.release(now, id);
    }
    carry(&mut client, &mut server, now);
    seen.sort();
    assert_eq!(seen, ids);
    ids.iter().for_each(|id| client.release(now, *id));
    carry(&mut client, &mut server, now);
    while let Some(deadline) = client
        .poll_timeout()
        .into_iter()
        .chain(server.poll_timeout())
        .min()
    {
        now = deadline;
        client.handle_timeout(now);
        server.handle_timeout(now);
        carry(&mut client, &mut server, now);
    }
    for id in &ids {
        assert_eq!(client.status(*id), Err(UserError::ConnectionDoesNotExist));
    }
}
