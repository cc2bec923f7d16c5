//! A simulated path between two stacks: slow, narrow, lossy, and changing under way.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::common::Random;
use halfopen_reference::Instant;

/// How a path treats packets; chances in percent.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) loss: u64,
    /// For how long others share the fate of one that is lost, at most.
    pub(crate) burst_ms: u64,
    pub(crate) duplication: u64,
    pub(crate) corruption: u64,
    /// Packets that are held up, and by how much at most.
    pub(crate) reordering: u64,
    pub(crate) held_up_ms: u64,
    pub(crate) delay_ms: u64,
    /// Octets in a millisecond.
    pub(crate) rate: u64,
    /// Octets that wait at the narrowest point before more are dropped.
    pub(crate) queue: u64,
    /// Whether a queue that is half full marks what can be marked.
    pub(crate) marks: bool,
    /// From when on the path takes packets of this size only; routers say so.
    pub(crate) mtu: Vec<(Instant, usize)>,
    /// When nothing passes at all.
    pub(crate) outage: Option<(Instant, Instant)>,
}

/// The packets on their way between end 0 and end 1.
#[derive(Debug)]
pub(crate) struct Network {
    path: Path,
    on_the_way: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    count: u64,
    /// When the queue towards each end is empty.
    idle_at: [Instant; 2],
    loses_until: Instant,
}

impl Network {
    pub(crate) fn new(path: Path) -> Self {
        Self {
            path,
            on_the_way: BTreeMap::new(),
            count: 0,
            idle_at: [Instant::ZERO; 2],
            loses_until: Instant::ZERO,
        }
    }

    /// When the next packet arrives.
    pub(crate) fn next_arrival(&self) -> Option<Instant> {
        self.on_the_way.keys().next().map(|(at, _)| *at)
    }

    /// The next packet that has arrived, and at which end.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<(usize, Vec<u8>)> {
        let entry = self.on_the_way.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    /// Takes a packet from end `from`.
    pub(crate) fn carry(
        &mut self,
        from: usize,
        packet: Vec<u8>,
        now: Instant,
        random: &mut Random,
    ) {
        let mtu = self.path.mtu.iter().rfind(|(since, _)| *since <= now);
        if let Some((_, mtu)) = mtu.filter(|(_, mtu)| packet.len() > *mtu) {
            let error = too_big(&packet, *mtu);
            self.arrive(from, error, now.after(Duration::from_millis(1)));
            return;
        }
        if self.is_lost(now, random) {
            return;
        }
        let transmission = packet.len() as u64 * 1_000 / self.path.rate.max(1);
        let start = self.idle_at[from].max(now);
        let waiting = start.since(now).as_micros() as u64 * self.path.rate / 1_000;
        if waiting > self.path.queue {
            return;
        }
        let sent = start.after(Duration::from_micros(transmission));
        self.idle_at[from] = sent;
        let copies = 1 + u64::from(random.chance(self.path.duplication));
        for _ in 0..copies {
            let mut packet = packet.clone();
            if self.path.marks && waiting > self.path.queue / 2 {
                mark(&mut packet);
            }
            if random.chance(self.path.corruption) {
                let at = random.below(packet.len() as u64) as usize;
                packet[at] ^= 1 << random.below(8);
            }
            let mut delay = self.path.delay_ms;
            if random.chance(self.path.reordering) {
                delay += random.below(self.path.held_up_ms);
            }
            self.arrive(1 - from, packet, sent.after(Duration::from_millis(delay)));
        }
    }

    fn is_lost(&mut self, now: Instant, random: &mut Random) -> bool {
        if self
            .path
            .outage
            .is_some_and(|(from, until)| from <= now && now < until)
        {
            return true;
        }
        if random.chance(self.path.loss) {
            let burst = Duration::from_millis(random.below(self.path.burst_ms));
            self.loses_until = now.after(burst);
            return true;
        }
        now < self.loses_until
    }

    fn arrive(&mut self, at: usize, packet: Vec<u8>, when: Instant) {
        self.count += 1;
        self.on_the_way.insert((when, self.count), (at, packet));
    }
}

/// Congestion experienced, where the sender allows to say so.
fn mark(packet: &mut [u8]) {
    if packet[0] >> 4 == 4 {
        if packet[1] & 3 != 0 {
            packet[1] |= 3;
            packet[10..12].fill(0);
            let sum = checksum(&packet[..20]);
            packet[10..12].copy_from_slice(&sum);
        }
    } else if packet[1] & 0x30 != 0 {
        packet[1] |= 0x30;
    }
}

/// A router's word that `packet` is too big: ICMP type 3 code 4, or ICMPv6 type 2.
fn too_big(packet: &[u8], mtu: usize) -> Vec<u8> {
    let quoted = &packet[..packet.len().min(500)];
    let mtu = (mtu as u32).to_be_bytes();
    if packet[0] >> 4 == 4 {
        let mut icmp = vec![3, 4, 0, 0];
        icmp.extend(mtu);
        icmp.extend(quoted);
        let sum = checksum(&icmp);
        icmp[2..4].copy_from_slice(&sum);
        let mut whole = vec![0x45, 0];
        whole.extend((20 + icmp.len() as u16).to_be_bytes());
        whole.extend([0, 0, 0, 0, 64, 1, 0, 0, 203, 0, 113, 1]);
        whole.extend(&packet[12..16]);
        let sum = checksum(&whole);
        whole[10..12].copy_from_slice(&sum);
        whole.extend(icmp);
        return whole;
    }
    let router: IpAddr = "2001:db8:ffff::1".parse().unwrap();
    let IpAddr::V6(router) = router else {
        unreachable!()
    };
    let mut icmp = vec![2, 0, 0, 0];
    icmp.extend(mtu);
    icmp.extend(quoted);
    let mut pseudo = router.octets().to_vec();
    pseudo.extend(&packet[8..24]);
    pseudo.extend((icmp.len() as u32).to_be_bytes());
    pseudo.extend([0, 0, 0, 58]);
    pseudo.extend(&icmp);
    let sum = checksum(&pseudo);
    icmp[2..4].copy_from_slice(&sum);
    let mut whole = vec![0x60, 0, 0, 0];
    whole.extend((icmp.len() as u16).to_be_bytes());
    whole.extend([58, 64]);
    whole.extend(router.octets());
    whole.extend(&packet[8..24]);
    whole.extend(icmp);
    whole
}

fn checksum(bytes: &[u8]) -> [u8; 2] {
    let pairs = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)));
    let mut sum: u32 = pairs.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}
