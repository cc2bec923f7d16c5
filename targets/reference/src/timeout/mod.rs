//! TIMEOUTS (RFC 9293 section 3.10.8), and the timers that other sections ask for.

pub(crate) mod delayed_ack;
pub(crate) mod fin_wait_2;
pub(crate) mod keep_alive;
pub(crate) mod loss_probe;
pub(crate) mod persist;
pub(crate) mod reordering;
pub(crate) mod retransmission;
pub(crate) mod time_wait;
pub(crate) mod user;

use crate::output::{Output, segmentation};
use crate::tcb::Tcb;
use crate::timer::Timer;
use crate::{Instant, State};

/// Fires every timer of the connection that is due, each once.
pub(crate) fn expire(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    for timer in Timer::ALL {
        if tcb.state == State::Closed {
            tcb.timers.stop_all(); // nothing happens to a connection that has ended
            return;
        }
        if !tcb.timers.take_if_due(timer, now) {
            continue;
        }
        match timer {
            Timer::DelayedAck => delayed_ack::expire(tcb, now, out),
            Timer::FinWait2 => fin_wait_2::expire(tcb, now, out),
            Timer::KeepAlive => keep_alive::expire(tcb, now, out),
            Timer::LossProbe => loss_probe::expire(tcb, now, out),
            Timer::Override => segmentation::transmit_partial(tcb, now, out),
            Timer::Persist => persist::expire(tcb, now, out),
            Timer::Reordering => reordering::expire(tcb, now, out),
            Timer::Retransmission => retransmission::expire(tcb, now, out),
            Timer::TimeWait => time_wait::expire(tcb, now, out),
            Timer::User => user::expire(tcb, now, out),
        }
    }
}
