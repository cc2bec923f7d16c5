//! RFC 7413: TCP fast open, data in the SYN for those who show a cookie.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use crate::listener::Listener;
use crate::segment::Segment;
use crate::siphash::siphash_2_4;
use crate::tcb::Tcb;
use crate::wire::{Cookie, FastOpenOption};
use crate::{Config, Endpoint, Instant, Seq};

/// Peers whose cookies are remembered; the oldest is forgotten.
const MAX_PEERS: usize = 1_024;

/// What a client remembers of servers (section 4.1.3).
#[derive(Debug, Default)]
pub(crate) struct Peers {
    known: BTreeMap<IpAddr, Peer>,
    order: VecDeque<IpAddr>,
}

/// What a server said last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// What to show, or how to ask.
    pub(crate) option: FastOpenOption,
    pub(crate) mss: u16,
    /// It was asked in both forms, and gave nothing: the experimental one is not tried again.
    pub(crate) knows_neither: bool,
}

/// What a SYN-ACK told of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lesson {
    /// The cookie that it brought.
    pub(crate) cookie: Option<FastOpenOption>,
    /// It brought none although it was asked: the form to ask in from now on.
    pub(crate) ask_by_experiment: Option<bool>,
}

impl Peers {
    /// Whether a cookie of this server is known.
    pub(crate) fn has_cookie(&self, server: IpAddr) -> bool {
        self.find(server)
            .is_some_and(|peer| !peer.option.cookie.octets().is_empty())
    }

    /// Lets go of everything.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The cookie of this server.
    pub(crate) fn find(&self, server: IpAddr) -> Option<Peer> {
        self.known.get(&server).copied()
    }

    /// A SYN-ACK came in answer to a fast open.
    pub(crate) fn learn(&mut self, server: IpAddr, mss: u16, lesson: Lesson) {
        let known = self.find(server);
        let option = known.map(|peer| peer.option);
        let mut option = lesson.cookie.or(option).unwrap_or_default();
        let knows_neither =
            known.is_some_and(|peer| peer.knows_neither) || lesson.ask_by_experiment == Some(false);
        if option.cookie.octets().is_empty() {
            let asked = lesson.ask_by_experiment.unwrap_or(option.experimental);
            option.experimental = asked && !knows_neither;
        }
        let peer = Peer {
            option,
            mss,
            knows_neither,
        };
        if self.known.insert(server, peer).is_none() {
            self.order.push_back(server);
        }
        if self.order.len() > MAX_PEERS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// How long a connection that was reset before its handshake was over counts as pending (section 5.1).
const RESET_COUNTS_FOR: Duration = Duration::from_secs(60);

/// Fast opens that were reset before the handshake was over: whoever forges SYNs has them answered by RSTs.
#[derive(Debug, Default)]
pub(crate) struct ResetRequests(VecDeque<Instant>);

impl ResetRequests {
    /// One more.
    pub(crate) fn note(&mut self, now: Instant) {
        if self.0.len() < MAX_PEERS {
            self.0.push_back(now);
        }
    }

    /// How many still count.
    pub(crate) fn count(&mut self, now: Instant) -> usize {
        self.0.retain(|at| now.since(*at) < RESET_COUNTS_FOR);
        self.0.len()
    }
}

/// What a server does about the option in a SYN.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answer {
    /// The text is taken, and may be answered, before the handshake is over.
    pub(crate) takes_text: bool,
    /// The text is dropped: it will come again.
    pub(crate) drops_text: bool,
    /// The cookie to send.
    pub(crate) cookie: Option<FastOpenOption>,
}

/// Section 4.2.2; `pending` such connections are not established yet.
pub(crate) fn answer(
    listener: &Listener,
    pending: usize,
    seg: &Segment<'_>,
    config: &Config,
) -> Answer {
    let most = match listener.options.fast_open {
        0 if config.fast_open_every_listener => usize::MAX,
        most => most,
    };
    if !config.fast_open_server || most == 0 {
        return Answer::default();
    }
    let has_room = pending < most; // section 5.1: PendingFastOpenRequests
    let without = config.fast_open_without_cookie || listener.options.fast_open_without_cookie;
    let needs_none = without && !seg.text.is_empty();
    let Some(option) = seg.options.fast_open else {
        return Answer {
            takes_text: needs_none && has_room,
            ..Answer::default()
        };
    };
    let (key, old_key) = keys(listener, config);
    let right = cookie(&key, seg.remote, seg.local);
    let is_right = option.cookie == right || needs_none;
    let is_old = old_key.is_some_and(|key| option.cookie == cookie(&key, seg.remote, seg.local));
    let takes = is_right || is_old;
    let given = FastOpenOption {
        cookie: right,
        ..option
    };
    Answer {
        takes_text: takes && has_room,
        drops_text: !(takes && has_room),
        cookie: Some(given).filter(|_| !is_right),
    }
}

/// The key of a listener's cookies, and the one before it.
fn keys(listener: &Listener, config: &Config) -> ([u8; 16], Option<[u8; 16]>) {
    let options = &listener.options;
    match options.fast_open_key {
        Some(key) => (key, options.fast_open_old_key),
        None => (
            config.fast_open_key.unwrap_or(config.secret),
            config.fast_open_old_key,
        ),
    }
}

/// Section 4.1.2: a keyed hash of the client's address, and ours.
fn cookie(key: &[u8; 16], client: Endpoint, server: Endpoint) -> Cookie {
    let mut octets = Vec::new();
    for addr in [client.addr, server.addr] {
        match addr {
            IpAddr::V4(addr) => octets.extend(addr.octets()),
            IpAddr::V6(addr) => octets.extend(addr.octets()),
        }
    }
    Cookie::new(&siphash_2_4(key, &octets).to_le_bytes())
}

impl Tcb {
    /// Takes the text of a SYN at once.
    pub(crate) fn take_text_of_syn(&mut self, seg: &Segment<'_>, config: &Config) {
        // No window was offered yet; the SYN-ACK will offer what is left of this one.
        let room = self.options.receive_buffer.min(usize::from(u16::MAX));
        let text = seg.text.get(..room).unwrap_or(seg.text);
        self.fast_open = true;
        self.begin_transfer(config);
        self.receive.append(text);
        self.rcv_nxt = self.rcv_nxt.plus(text.len());
        self.rcv_adv = self.rcv_adv.max(self.rcv_nxt);
        self.octets_received = text.len() as u64;
        self.syn_text_arrived = !text.is_empty();
        if seg.flags.fin && text.len() == seg.text.len() {
            self.remote_fin = Some(seg.fin_seq());
        }
    }

    /// The SYN-ACK says how much of the SYN's text was taken; the rest was lost (section 4.1.3).
    pub(crate) fn settle_text_of_syn(&mut self, seg: &Segment<'_>) {
        let acked = self.send.acknowledge(seg.ack);
        self.syn_text_arrived = acked > 0 && seg.ack == self.snd_nxt;
        self.octets_acked = self.octets_acked.saturating_add(acked as u64);
        self.give_up_text_of_syn(seg.ack);
    }

    /// What the SYN carried from `from` on is to be sent again.
    pub(crate) fn give_up_text_of_syn(&mut self, from: Seq) {
        self.scoreboard.clear();
        if from.before(self.snd_nxt) {
            self.scoreboard.sent(from, self.snd_nxt, self.last_sent);
            self.scoreboard.mark_lost_if(|_| true);
            self.retransmit_next = Some(from).filter(|_| !self.offer.sack);
        }
    }

    /// Whether the last SYN carried text.
    pub(crate) fn syn_has_text(&self) -> bool {
        !self.fell_back && self.snd_nxt.after(self.iss.wrapping_add(1))
    }

    /// The SYN went unanswered: the next one is plain (section 4.1.3). Its text may have arrived all the same.
    pub(crate) fn fall_back_from_fast_open(&mut self) {
        self.fell_back = true;
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_reset_request_counts_for_a_minute() {
        let mut resets = ResetRequests::default();
        resets.note(Instant::from_millis(0));
        resets.note(Instant::from_millis(10_000));
        let mut count = |millis| resets.count(Instant::from_millis(millis));
        assert_eq!([count(10_000), count(59_999)], [2, 2]);
        assert_eq!([count(60_000), count(69_999), count(70_000)], [1, 1, 0]);
    }

    #[test]
    fn no_more_resets_are_remembered_than_peers() {
        let mut resets = ResetRequests::default();
        for _ in 0..MAX_PEERS + 3 {
            resets.note(Instant::ZERO);
        }
        assert_eq!(resets.count(Instant::ZERO), MAX_PEERS);
    }

    #[test]
    fn the_oldest_of_too_many_peers_is_forgotten() {
        let mut peers = Peers::default();
        let servers = (1..).map(|number: u32| IpAddr::V4(Ipv4Addr::from_bits(number)));
        let servers: Vec<_> = servers.take(MAX_PEERS + 2).collect();
        let mut learn = |server: &IpAddr| {
            let lesson = Lesson {
                cookie: None,
                ask_by_experiment: None,
            };
            peers.learn(*server, 1_460, lesson);
            [0, 1, 2].map(|number: usize| peers.find(servers[number]).is_some())
        };
        let known: Vec<_> = servers.iter().map(&mut learn).collect();
        assert_eq!(known[MAX_PEERS - 1], [true, true, true]);
        assert_eq!(known[MAX_PEERS], [false, true, true]);
        assert_eq!(known[MAX_PEERS + 1], [false, false, true]);
        assert_eq!(learn(&servers[2]), [false, false, true]); // it is known, and no new one
    }

    #[test]
    fn the_experimental_form_is_tried_once() {
        let mut peers = Peers::default();
        let server = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut forms = [false; 4];
        for form in &mut forms {
            let option = peers.find(server).map(|peer| peer.option);
            *form = option.unwrap_or_default().experimental;
            let lesson = Lesson {
                cookie: None,
                ask_by_experiment: Some(!*form),
            };
            peers.learn(server, 1_460, lesson);
        }
        assert_eq!(forms, [false, true, false, false]);
    }
}
