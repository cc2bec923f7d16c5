//! The dialogue that brings a connection to where a cell starts.

use crate::dialogue::{Dialogue, NOW, SOON};
use crate::words::{RCV_WND, Start};

/// What a cell needs of its connection beside the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// The right edge of the window is known: RCV.WND is 4000.
    pub(crate) right_edge: bool,
    /// Text was sent and acknowledged before, so that there are old ACKs.
    pub(crate) acknowledged_text: bool,
    /// Text is outstanding.
    pub(crate) outstanding_text: bool,
    /// Text was received and read before, so that there is old text.
    pub(crate) received_text: bool,
    /// Text was received and not read.
    pub(crate) unread_text: bool,
    /// The user timeout is set, and the round trip makes the RTO what all stacks agree on.
    pub(crate) user_timeout: bool,
}

/// How many octets each of them has.
pub(crate) const TEXT: u32 = 20;

/// The script as far as the start of a cell.
pub(crate) fn reach(start: Start, needs: Needs) -> Dialogue {
    let mut dialogue = Dialogue::new();
    let options = options(start, needs);
    match start {
        Start::Closed => return dialogue,
        Start::SynSent | Start::SynReceivedActive => dialogue.connect(&options),
        _ => dialogue.listen(&options),
    }
    match start {
        Start::Listen | Start::SynSent => {}
        Start::SynReceivedPassive => dialogue.syn_arrives(0),
        Start::SynReceivedActive => {
            dialogue.syn_arrives(0);
            dialogue.fd = Some(3);
        }
        _ => {
            establish(&mut dialogue, needs);
            exchange(&mut dialogue, needs);
            close(&mut dialogue, start, needs);
        }
    }
    dialogue
}

/// What is set on the socket before it opens.
fn options(start: Start, needs: Needs) -> Vec<&'static str> {
    let mut options = Vec::new();
    if needs.right_edge || start == Start::EstablishedNoWindow {
        options.push("setsockopt(3, SOL_SOCKET, SO_RCVBUF, [4000], 4) = 0");
        options.push("setsockopt(3, IPPROTO_TCP, TCP_MAXSEG, [1000], 4) = 0");
    }
    if needs.user_timeout && matches!(start, Start::SynSent | Start::SynReceivedActive) {
        options.push("setsockopt(3, IPPROTO_TCP, TCP_USER_TIMEOUT, [1500], 4) = 0");
    }
    options
}

/// The handshake of a passive open.
fn establish(dialogue: &mut Dialogue, needs: Needs) {
    dialogue.syn_arrives(0);
    if needs.user_timeout {
        // RFC 6298: RTO = 0.8 + 4 * 0.4 = 2.4 s, clear of every minimum in use.
        dialogue.pause(".8");
    }
    dialogue.inject(".", 1, 0, Some(1));
    dialogue.goes_to("ESTABLISHED");
    dialogue.una = 1;
    dialogue.accept();
    if needs.user_timeout {
        dialogue.call("setsockopt(4, IPPROTO_TCP, TCP_USER_TIMEOUT, [3000], 4) = 0");
    }
}

/// Text before the cell begins.
fn exchange(dialogue: &mut Dialogue, needs: Needs) {
    if needs.received_text {
        text_arrives(dialogue);
        dialogue.call(&format!("read(4, ..., 100) = {TEXT}"));
        dialogue.unread = 0;
    }
    if needs.unread_text {
        text_arrives(dialogue);
    }
    if needs.acknowledged_text {
        send(dialogue);
        dialogue.una = dialogue.nxt;
        dialogue.inject(".", dialogue.rcv_nxt, 0, Some(dialogue.nxt));
    }
    if needs.outstanding_text {
        send(dialogue);
    }
}

/// Text that the user has not read yet.
pub(crate) fn text_arrives(dialogue: &mut Dialogue) {
    dialogue.inject("P.", dialogue.rcv_nxt, TEXT, Some(dialogue.una));
    dialogue.rcv_nxt += TEXT;
    dialogue.unread += TEXT;
    dialogue.expect_ack(SOON);
}

/// The user sends text, which leaves at once.
pub(crate) fn send(dialogue: &mut Dialogue) {
    let (seq, ack) = (dialogue.nxt, dialogue.rcv_nxt);
    let end = seq + TEXT;
    dialogue.call(&format!("write(4, ..., {TEXT}) = {TEXT}"));
    dialogue.line(NOW, &format!("> P. {seq}:{end}({TEXT}) ack {ack}"));
    dialogue.nxt = end;
}

/// From ESTABLISHED onward.
fn close(dialogue: &mut Dialogue, start: Start, needs: Needs) {
    match start {
        Start::EstablishedNoWindow => fill_the_window(dialogue),
        Start::CloseWait | Start::LastAck => {
            fin_arrives(dialogue, "CLOSE-WAIT");
            if start == Start::LastAck {
                shut_down(dialogue, "LAST-ACK");
            }
        }
        Start::FinWait1 | Start::FinWait2 | Start::Closing | Start::TimeWait => {
            shut_down(dialogue, "FIN-WAIT-1");
        }
        Start::FinWait1Closed | Start::FinWait2Closed => {
            dialogue.call("close(4) = 0");
            dialogue.fd = None;
            dialogue.goes_to("FIN-WAIT-1");
            dialogue.expect_fin();
        }
        _ => {}
    }
    match start {
        Start::FinWait2 | Start::FinWait2Closed | Start::TimeWait => {
            debug_assert!(!needs.outstanding_text, "all is acknowledged in FIN-WAIT-2");
            dialogue.inject(".", dialogue.rcv_nxt, 0, Some(dialogue.nxt));
            dialogue.una = dialogue.nxt;
            dialogue.goes_to("FIN-WAIT-2");
        }
        Start::Closing => fin_arrives(dialogue, "CLOSING"),
        _ => {}
    }
    if start == Start::TimeWait {
        fin_arrives(dialogue, "TIME-WAIT");
    }
}

/// CLOSE as RFC 9293 means it: our half only.
pub(crate) fn shut_down(dialogue: &mut Dialogue, state: &'static str) {
    let fd = dialogue.fd.unwrap_or(4);
    dialogue.call(&format!("shutdown({fd}, SHUT_WR) = 0"));
    dialogue.goes_to(state);
    dialogue.expect_fin();
}

/// The peer's FIN, which acknowledges nothing new.
pub(crate) fn fin_arrives(dialogue: &mut Dialogue, state: &'static str) {
    dialogue.inject("F.", dialogue.rcv_nxt, 0, Some(dialogue.una));
    dialogue.goes_to(state);
    dialogue.rcv_nxt += 1;
    dialogue.expect_ack(SOON);
}

/// Text that nobody reads, until RCV.WND is 0.
fn fill_the_window(dialogue: &mut Dialogue) {
    let full = 1000;
    for sent in 1..=RCV_WND / full {
        dialogue.inject("P.", dialogue.rcv_nxt, full, Some(dialogue.nxt));
        dialogue.rcv_nxt += full;
        let (nxt, rcv_nxt) = (dialogue.nxt, dialogue.rcv_nxt);
        let left = RCV_WND - sent * full;
        dialogue.line(
            SOON,
            &format!("> . {nxt}:{nxt}(0) ack {rcv_nxt} win {left}"),
        );
    }
    dialogue.unread = RCV_WND;
}
