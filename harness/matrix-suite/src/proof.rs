//! What comes after the event of a cell: that the connection is where the rule leaves it, that RCV.NXT is what the rule makes it,
//! and that nothing was sent which the script does not show.
//!
//! A segment that is answered in a way of its own proves the silence before it; nothing here waits.

use crate::dialogue::{Dialogue, NOW, SOON};
use crate::setup;
use crate::words::{GAP, Start};

/// How many octets the peer sends as a proof.
const PROBE: u32 = 10;

/// What of a segment waits: behind a gap, or behind the handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) text: u32,
    pub(crate) fin: bool,
}

impl Waiting {
    fn len(self) -> u32 {
        self.text + u32::from(self.fin)
    }
}

/// Shows that the connection, which began as `start`, works as its state now asks.
pub(crate) fn prove(dialogue: &mut Dialogue, start: Start, waiting: Option<Waiting>) {
    let is_released = matches!(start, Start::FinWait1Closed | Start::FinWait2Closed);
    match dialogue.state {
        "CLOSED" => closed(dialogue, start),
        "LISTEN" => listen(dialogue, start),
        "SYN-SENT" => {
            dialogue.inject_with("S.", 0, 0, Some(1), " <mss 1460>");
            (dialogue.rcv_nxt, dialogue.una) = (1, 1);
            dialogue.goes_to("ESTABLISHED");
            dialogue.expect_ack(NOW);
        }
        "SYN-RECEIVED" => syn_received(dialogue, waiting),
        "ESTABLISHED" if start == Start::EstablishedNoWindow => reset(dialogue, start),
        "FIN-WAIT-1" | "FIN-WAIT-2" if is_released && waiting.is_some() => reset(dialogue, start),
        "FIN-WAIT-1" | "FIN-WAIT-2" if is_released => fin(dialogue),
        "ESTABLISHED" | "FIN-WAIT-1" | "FIN-WAIT-2" => {
            accepted(dialogue);
            text(dialogue, waiting);
        }
        "CLOSE-WAIT" => {
            accepted(dialogue);
            setup::shut_down(dialogue, "LAST-ACK");
        }
        "CLOSING" => {
            ack_of_fin(dialogue, "TIME-WAIT");
            reset(dialogue, start);
        }
        "LAST-ACK" => {
            ack_of_fin(dialogue, "CLOSED");
            closed(dialogue, start);
        }
        _ => reset(dialogue, start),
    }
}

/// The child of a listener gets its descriptor.
fn accepted(dialogue: &mut Dialogue) {
    if dialogue.fd.is_none() {
        dialogue.accept();
    }
}

/// An ACK finds no connection.
fn closed(dialogue: &mut Dialogue, start: Start) {
    let ack = if start == Start::Closed {
        7000
    } else {
        dialogue.nxt
    };
    dialogue.inject(".", dialogue.rcv_nxt, 0, Some(ack));
    dialogue.line(NOW, &format!("> R {ack}:{ack}(0)"));
}

/// A SYN opens a connection.
fn listen(dialogue: &mut Dialogue, start: Start) {
    // After a connection attempt, another one.
    let seq = if start == Start::Listen { 0 } else { 1000 };
    dialogue.syn_arrives(seq);
}

/// An exact RST closes: SEQ was RCV.NXT.
fn reset(dialogue: &mut Dialogue, start: Start) {
    dialogue.inject("R", dialogue.rcv_nxt, 0, None);
    dialogue.goes_to("CLOSED");
    closed(dialogue, start);
}

/// The ACK of our SYN establishes, and what waited is acknowledged; if nothing did, it brings text.
fn syn_received(dialogue: &mut Dialogue, waiting: Option<Waiting>) {
    if let Some(waiting) = waiting {
        dialogue.rcv_nxt += waiting.len();
        dialogue.inject(".", dialogue.rcv_nxt, 0, Some(dialogue.nxt));
        dialogue.unread += waiting.text;
    } else {
        dialogue.inject("P.", dialogue.rcv_nxt, PROBE, Some(dialogue.nxt));
        dialogue.rcv_nxt += PROBE;
        dialogue.unread += PROBE;
    }
    dialogue.una = dialogue.nxt;
    dialogue.goes_to("ESTABLISHED");
    if waiting.is_some_and(|waiting| waiting.fin) {
        dialogue.goes_to("CLOSE-WAIT");
    }
    dialogue.expect_ack(SOON);
    accepted(dialogue);
    read(dialogue);
}

/// The next text is taken, or that which closes the gap and so brings what waits behind it.
fn text(dialogue: &mut Dialogue, waiting: Option<Waiting>) {
    let octets = if waiting.is_some() { GAP } else { PROBE };
    let waiting = waiting.unwrap_or_default();
    dialogue.inject("P.", dialogue.rcv_nxt, octets, Some(dialogue.una));
    dialogue.rcv_nxt += octets + waiting.len();
    dialogue.unread += octets + waiting.text;
    if waiting.fin {
        dialogue.goes_to(match dialogue.state {
            "FIN-WAIT-1" => "CLOSING",
            "FIN-WAIT-2" => "TIME-WAIT",
            _ => "CLOSE-WAIT",
        });
    }
    dialogue.expect_ack(if waiting.len() > 0 { NOW } else { SOON });
    read(dialogue);
}

/// Nobody can read any more, but the peer's FIN still counts.
fn fin(dialogue: &mut Dialogue) {
    dialogue.inject("F.", dialogue.rcv_nxt, 0, Some(dialogue.nxt));
    dialogue.una = dialogue.nxt;
    if dialogue.state == "FIN-WAIT-1" {
        dialogue.goes_to("FIN-WAIT-2");
    }
    dialogue.goes_to("TIME-WAIT");
    dialogue.rcv_nxt += 1;
    dialogue.expect_ack(SOON);
}

fn ack_of_fin(dialogue: &mut Dialogue, state: &'static str) {
    dialogue.inject(".", dialogue.rcv_nxt, 0, Some(dialogue.nxt));
    dialogue.una = dialogue.nxt;
    dialogue.goes_to(state);
}

/// The user gets all that was taken and nothing that was dropped.
fn read(dialogue: &mut Dialogue) {
    if let Some(fd) = dialogue.fd
        && dialogue.unread > 0
        && dialogue.reads
    {
        let unread = dialogue.unread;
        dialogue.call(&format!("read({fd}, ..., 1000) = {unread}"));
        dialogue.unread = 0;
    }
}
