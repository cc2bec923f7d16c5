//! Where loss recovery stands, and recovery with SACK (RFC 6675 section 5).
//!
//! Without SACK, [`crate::rfc6582`] decides what is sent again; with it, the scoreboard does, and this file
//! says when a recovery begins and ends.

use crate::congestion::Growth;
use crate::rfc5682::Step;
use crate::rfc6675::{DUP_THRESH, Delivery};
use crate::rfc9937::RateReduction;
use crate::tcb::Tcb;
use crate::timer::Timer;
use crate::{Config, Instant, Seq, rfc4015, rfc5682, rfc8985};

/// What is being recovered from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    /// Nothing.
    Open,
    /// A loss that acknowledgments showed: fast recovery.
    Recovery,
    /// A retransmission timeout: slow start from one segment.
    Loss,
}

/// The state of recovery.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recovery {
    pub(crate) phase: Phase,
    /// The last octet sent when recovery began, or when the retransmission timer fired.
    pub(crate) recover: Seq,
    /// Duplicate ACKs in a row.
    pub(crate) dup_acks: u32,
    /// SND.NXT at the first of them: what leaves after it is limited transmit's (RFC 3042).
    pub(crate) limited_from: Option<Seq>,
    pub(crate) partial_acks: u32,
    /// The first retransmission of a recovery leaves whatever cwnd says (RFC 6675 section 5, step 4.3).
    pub(crate) fast_retransmit: bool,
    /// Recoveries that turned out to be in error.
    pub(crate) spurious: u32,
    /// Whether the last timeout was spurious is being found out (RFC 5682).
    pub(crate) frto: Option<Step>,
    /// How much may leave in this recovery (RFC 9937).
    pub(crate) reduction: Option<RateReduction>,
}

impl Recovery {
    pub(crate) fn new(iss: Seq) -> Self {
        Self {
            phase: Phase::Open,
            recover: iss,
            dup_acks: 0,
            limited_from: None,
            partial_acks: 0,
            fast_retransmit: false,
            spurious: 0,
            frto: None,
            reduction: None,
        }
    }

    /// Fast recovery begins, and lasts until everything up to `snd_nxt` is acknowledged.
    pub(crate) fn begin(&mut self, snd_nxt: Seq) {
        self.phase = Phase::Recovery;
        self.recover = snd_nxt.wrapping_sub(1);
        self.partial_acks = 0;
    }

    /// An acknowledgment of a connection with SACK arrived: is it one more duplicate?
    fn count_duplicate(&mut self, ack: &Ack<'_>, snd_nxt: Seq) {
        if ack.acked > 0 {
            self.dup_acks = 0;
            self.limited_from = None;
        } else if ack.duplicate {
            self.dup_acks = self.dup_acks.saturating_add(1);
            self.limited_from = self.limited_from.or(Some(snd_nxt));
        }
    }

    /// Octets leave, for the first time or again.
    pub(crate) fn sent(&mut self, octets: usize) {
        if let Some(reduction) = &mut self.reduction {
            reduction.sent(octets);
        }
    }

    /// The retransmission timer fired (RFC 6582 section 3.2 step 4, RFC 6675 section 5.1).
    pub(crate) fn timed_out(&mut self, snd_nxt: Seq) {
        self.phase = Phase::Loss;
        self.recover = snd_nxt.wrapping_sub(1);
        self.dup_acks = 0;
        self.fast_retransmit = false;
        self.reduction = None;
    }
}

/// What an acknowledgment tells, of a connection that agreed on SACK.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ack<'a> {
    pub(crate) delivery: &'a Delivery,
    /// Octets that SND.UNA moved over.
    pub(crate) acked: usize,
    /// It counts as a duplicate ACK (RFC 6675 section 2).
    pub(crate) duplicate: bool,
    /// Octets that the remote got twice (RFC 2883).
    pub(crate) duplicate_text: Option<(Seq, Seq)>,
    /// TSecr, where timestamps are in use.
    pub(crate) echo: Option<u32>,
}

/// Takes an acknowledgment in: what is lost, whether recovery begins or ends, how the window moves.
///
/// What is to be sent again leaves with the next [`crate::output::segmentation::transmit`].
pub(crate) fn acknowledged(tcb: &mut Tcb, ack: &Ack<'_>, now: Instant, config: &Config) {
    if let Some(newest) = ack.delivery.newest.filter(|newest| !newest.resent) {
        let age = now.since(newest.sent_at);
        tcb.rtt.delivered(newest.end, tcb.snd_nxt, age); // the scoreboard tells which copy arrived
    }
    tcb.recovery.count_duplicate(ack, tcb.snd_nxt);
    if let Some((left, right)) = ack.duplicate_text {
        rfc4015::duplicate_arrives(tcb, left, right);
    }
    rfc5682::acknowledged(tcb, ack.delivery, ack.acked, config);
    let before = tcb.recovery.phase;
    let recovered = before != Phase::Open && tcb.snd_una.after(tcb.recovery.recover);
    if recovered {
        end(tcb, before);
    }
    let smss = tcb.smss(config);
    if config.rack {
        rfc8985::acknowledged(tcb, ack, recovered, smss, now);
    }
    let lost = find_losses(tcb, smss, now, config);
    if lost && tcb.recovery.phase == Phase::Open {
        begin(tcb, config);
    }
    if tcb.recovery.phase == Phase::Recovery {
        let progress = ack.acked > 0 && !lost;
        spread_reduction(tcb, ack.delivery.octets, progress, smss);
    } else if before != Phase::Recovery && grows(tcb, ack, config) {
        let growth = growth(tcb, ack, now, config);
        tcb.congestion.acknowledged(&growth);
    }
}

/// Whether an acknowledgment can enlarge the congestion window: one of new octets, and where arrivals count, one that tells
/// of any on a path on which they come in no order.
fn grows(tcb: &Tcb, ack: &Ack<'_>, config: &Config) -> bool {
    let by_arrival = config.grows_by_delivery && tcb.rack.degree() > DUP_THRESH;
    ack.acked > 0 || (by_arrival && ack.delivery.octets > 0)
}

/// RFC 8985 section 6.2 step 5, or RFC 6675 section 4 where RACK is off.
fn find_losses(tcb: &mut Tcb, smss: usize, now: Instant, config: &Config) -> bool {
    let head_too = tcb.recovery.dup_acks >= DUP_THRESH;
    let counts = !config.rack || (head_too && tcb.scoreboard.sacked_segments() == 0);
    let by_count = counts && tcb.scoreboard.mark_lost_by_count(smss, head_too);
    let by_time = config.rack && rfc8985::detect_loss(tcb, now);
    by_count || by_time
}

/// RFC 8985 section 6.3: the reordering window of something is over.
pub(crate) fn reordering_timed_out(tcb: &mut Tcb, now: Instant, config: &Config) {
    if rfc8985::detect_loss(tcb, now) && tcb.recovery.phase == Phase::Open {
        begin(tcb, config);
        let smss = tcb.smss(config);
        spread_reduction(tcb, smss, false, smss); // what the timer waited behind has arrived
    }
}

/// RFC 8985 section 7: the probe timer follows what is in flight; a loss that only the probe repaired counts.
pub(crate) fn probe_for_tail(tcb: &mut Tcb, ack: &Ack<'_>, now: Instant, config: &Config) {
    let plain = ack.acked == 0 && ack.duplicate && ack.delivery.sacked == 0;
    if rfc8985::probe_acknowledged(tcb, ack.duplicate_text, plain)
        && tcb.recovery.phase == Phase::Open
    {
        tcb.remember_window(tcb.congestion.figures());
        tcb.congestion.reduce(tcb.flight_size() + ack.acked);
        tcb.congestion.set_cwnd(tcb.congestion.ssthresh());
    }
    if ack.acked > 0 {
        rfc8985::schedule_probe(tcb, now, config);
    } else if tcb.recovery.phase != Phase::Open || tcb.scoreboard.sacked_segments() > 0 {
        tcb.timers.stop(Timer::LossProbe);
    }
}

fn growth(tcb: &Tcb, ack: &Ack<'_>, now: Instant, config: &Config) -> Growth {
    let newest = ack.delivery.newest.filter(|newest| !newest.resent);
    Growth {
        acked: if config.grows_by_delivery {
            ack.delivery.octets
        } else {
            ack.acked
        },
        now,
        srtt: tcb.rtt.srtt(),
        rtt: newest.map(|newest| now.since(newest.sent_at)),
        snd_una: tcb.snd_una,
        snd_nxt: tcb.snd_nxt,
        flight_size: tcb.flight_size() + ack.acked,
        window_use: tcb.window_use,
    }
}

/// RFC 6675 section 5, step 4.
fn begin(tcb: &mut Tcb, config: &Config) {
    let flight_size = tcb.flight_size();
    tcb.remember_window(tcb.congestion.figures());
    tcb.recovery.begin(tcb.snd_nxt);
    tcb.recovery.fast_retransmit = true;
    let recover_fs = tcb.congestion.reduced_from(flight_size);
    tcb.recovery.reduction = config
        .rate_reduction
        .then(|| RateReduction::new(recover_fs));
    tcb.scoreboard.recovery_began();
    // RFC 3168 section 6.1.2: once in each window of data, whether by a mark or by a loss.
    if !tcb.ecn.has_reduced(tcb.snd_una) {
        // Step 4.2; what limited transmit let out does not count.
        let counted = tcb.recovery.limited_from.unwrap_or(tcb.snd_nxt);
        tcb.congestion.reduce(counted.octets_since(tcb.snd_una));
        tcb.note_reduction();
    }
    if !config.rate_reduction {
        tcb.congestion.set_cwnd(tcb.congestion.ssthresh());
    }
}

/// RFC 9937 section 6.2: cwnd is what is in the pipe, and what this acknowledgment lets leave.
fn spread_reduction(tcb: &mut Tcb, octets: usize, progress: bool, smss: usize) {
    let (pipe, ssthresh) = (tcb.scoreboard.pipe(), tcb.congestion.ssthresh());
    if let Some(reduction) = &mut tcb.recovery.reduction {
        let allowed = reduction.acknowledged(octets, (pipe, ssthresh, smss), progress);
        tcb.congestion.set_cwnd(pipe.saturating_add(allowed));
    }
}

fn end(tcb: &mut Tcb, before: Phase) {
    tcb.recovery.phase = Phase::Open;
    tcb.recovery.dup_acks = 0;
    tcb.recovery.reduction = None;
    if before == Phase::Recovery {
        tcb.congestion.set_cwnd(tcb.congestion.ssthresh());
    }
}

impl Tcb {
    /// Whether the remote's SACK blocks say what is lost.
    #[inline]
    pub(crate) fn is_selective(&self) -> bool {
        self.offer.sack && self.established
    }

    /// What is out and not known to have arrived is to be sent again, as the windows allow.
    pub(crate) fn take_for_lost(&mut self) {
        if self.is_selective() {
            self.scoreboard.mark_lost_if(|_| true);
        } else {
            self.retransmit_next = Some(self.snd_una);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConnectionId, ConnectionOptions, Endpoint};

    /// An ACK that acknowledges nothing.
    fn telling(delivery: &Delivery) -> Ack<'_> {
        Ack {
            delivery,
            acked: 0,
            duplicate: false,
            duplicate_text: None,
            echo: None,
        }
    }

    #[test]
    fn where_segments_overtake_each_other_what_arrives_enlarges_the_window_and_nothing_does_not() {
        let config = Config {
            grows_by_delivery: true,
            ..Config::default()
        };
        let ends = (Endpoint::UNSPECIFIED_V4, Endpoint::UNSPECIFIED_V4);
        let options = ConnectionOptions::new(&config);
        let now = Instant::ZERO;
        let mut tcb = Tcb::new(ConnectionId(0), ends, options, Seq(0), &config, now);
        tcb.snd_una = Seq(5_000);
        for behind in [3_000, 4_000] {
            let late = Delivery {
                reordered: [Some(Seq(5_000 - behind)), None],
                ..Delivery::default()
            };
            rfc8985::acknowledged(&mut tcb, &telling(&late), false, 1_000, now);
            let [nothing, octet] = [0, 1].map(|octets| Delivery { octets, ..late });
            assert!(!grows(&tcb, &telling(&nothing), &config));
            assert_eq!(grows(&tcb, &telling(&octet), &config), behind > 3_000);
        }
    }
}
