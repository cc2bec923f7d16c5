//! A script in the making: its lines, and the variables of the connection as they stand after each.

use crate::words::Segment;

/// How long a stack may take for what it need not send at once: less than half a second (RFC 9293 MUST-40).
pub(crate) const SOON: &str = "+0~+.5";

/// At once.
pub(crate) const NOW: &str = "+0";

/// The lines of a script and the state of the connection that they lead to.
#[derive(Clone, Debug)]
pub(crate) struct Dialogue {
    lines: String,
    /// The descriptor of the connection, where a user holds one.
    pub(crate) fd: Option<u8>,
    /// What the stack should be in, as RFC 9293 spells it.
    pub(crate) state: &'static str,
    /// SND.UNA, from ISS.
    pub(crate) una: u32,
    /// SND.NXT, from ISS.
    pub(crate) nxt: u32,
    /// RCV.NXT, from IRS.
    pub(crate) rcv_nxt: u32,
    /// Octets that the user has not read yet.
    pub(crate) unread: u32,
    /// Whether the proof reads them.
    pub(crate) reads: bool,
    has_begun: bool,
    pause: Option<String>,
}

impl Dialogue {
    /// Nothing has happened yet.
    pub(crate) const fn new() -> Self {
        Self {
            lines: String::new(),
            fd: None,
            state: "CLOSED",
            una: 0,
            nxt: 0,
            rcv_nxt: 0,
            unread: 0,
            reads: true,
            has_begun: false,
            pause: None,
        }
    }

    /// The text of the script.
    pub(crate) fn into_lines(self) -> String {
        self.lines
    }

    /// A line of its own without a time.
    pub(crate) fn blank(&mut self) {
        self.lines.push('\n');
    }

    /// The next event waits for so long.
    pub(crate) fn pause(&mut self, seconds: &'static str) {
        self.pause = Some(format!("+{seconds}"));
    }

    /// The next event comes within this time.
    pub(crate) fn pause_between(&mut self, least: &str, most: &str) {
        self.pause = Some(format!("+{least}~+{most}"));
    }

    /// An event at a time; the first of a script is at 0.
    pub(crate) fn line(&mut self, time: &str, event: &str) {
        let time = match self.pause.take() {
            Some(pause) => pause,
            None if !self.has_begun && time == NOW => "0".to_owned(),
            None => time.to_owned(),
        };
        self.has_begun = true;
        self.lines.push_str(&format!("{time:>4} {event}\n"));
    }

    /// A call of the user.
    pub(crate) fn call(&mut self, call: &str) {
        self.line(NOW, call);
    }

    /// A segment to the stack, with a window that never binds.
    pub(crate) fn inject(&mut self, flags: &str, seq: u32, text: u32, ack: Option<u32>) {
        self.inject_with(flags, seq, text, ack, "");
    }

    /// As [`inject`](Self::inject), with what follows the window.
    pub(crate) fn inject_with(
        &mut self,
        flags: &str,
        seq: u32,
        text: u32,
        ack: Option<u32>,
        tail: &str,
    ) {
        let end = seq.wrapping_add(text);
        let ack = ack.map_or_else(String::new, |ack| format!(" ack {ack}"));
        let win = if flags.contains('R') { 0 } else { 65535 };
        self.line(
            NOW,
            &format!("< {flags} {seq}:{end}({text}){ack} win {win}{tail}"),
        );
    }

    /// An ACK that sets the window.
    pub(crate) fn inject_window(&mut self, window: u32) {
        let (seq, ack) = (self.rcv_nxt, self.nxt);
        self.line(NOW, &format!("< . {seq}:{seq}(0) ack {ack} win {window}"));
    }

    /// A segment of this kind to the stack.
    pub(crate) fn inject_kind(&mut self, kind: &Segment, seq: u32, ack: Option<u32>) {
        let mut tail = String::new();
        if kind.has('U') {
            tail.push_str(" urg 1");
        }
        if kind.has('S') && !kind.has('R') {
            tail.push_str(" <mss 1460>");
        }
        self.inject_with(kind.flags, seq, kind.text, ack, &tail);
    }

    /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`
    pub(crate) fn expect_ack(&mut self, time: &str) {
        let (nxt, rcv_nxt) = (self.nxt, self.rcv_nxt);
        self.line(time, &format!("> . {nxt}:{nxt}(0) ack {rcv_nxt}"));
    }

    /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=FIN,ACK>`, which is part of what is outstanding from then on.
    pub(crate) fn expect_fin(&mut self) {
        let (nxt, rcv_nxt) = (self.nxt, self.rcv_nxt);
        self.line(NOW, &format!("> F. {nxt}:{nxt}(0) ack {rcv_nxt}"));
        self.nxt += 1;
    }

    /// The transition to another state.
    pub(crate) fn goes_to(&mut self, state: &'static str) {
        let from = self.state;
        self.line(NOW, &format!("@ {from} -> {state}"));
        self.state = state;
    }

    /// That the connection is still where it should be; of one that no user holds its transitions tell.
    pub(crate) fn assert_state(&mut self) {
        if let Some(fd) = self.fd {
            let state = self.state;
            self.line(NOW, &format!("@ {fd} {state}"));
        }
    }

    /// A socket that listens.
    pub(crate) fn listen(&mut self, options: &[&str]) {
        self.call("socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
        self.call("setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
        for option in options {
            self.call(option);
        }
        self.call("bind(3, ..., ...) = 0");
        self.call("listen(3, 1) = 0");
        self.fd = Some(3);
        self.state = "LISTEN";
    }

    /// An active OPEN, as far as the SYN.
    pub(crate) fn connect(&mut self, options: &[&str]) {
        self.call("socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3");
        for option in options {
            self.call(option);
        }
        self.call("connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)");
        self.fd = Some(3);
        self.state = "CLOSED";
        self.goes_to("SYN-SENT");
        self.line(NOW, "> S 0:0(0) <...>");
        self.nxt = 1;
    }

    /// The peer's SYN to a listener or across ours, and the SYN-ACK.
    pub(crate) fn syn_arrives(&mut self, seq: u32) {
        self.inject_with("S", seq, 0, None, " <mss 1460>");
        self.goes_to("SYN-RECEIVED");
        self.rcv_nxt = seq + 1;
        self.expect_syn_ack();
    }

    /// `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`
    pub(crate) fn expect_syn_ack(&mut self) {
        let rcv_nxt = self.rcv_nxt;
        self.line(NOW, &format!("> S. 0:0(0) ack {rcv_nxt} <...>"));
        (self.una, self.nxt) = (0, 1);
        if self.fd == Some(3) && self.state == "SYN-RECEIVED" {
            // The child of a listener has no descriptor before it is accepted.
            self.fd = None;
        }
    }

    /// accept() of the connection that a listener made.
    pub(crate) fn accept(&mut self) {
        self.call("accept(3, ..., ...) = 4");
        self.fd = Some(4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_event_is_at_0_and_the_others_follow_it() {
        let mut dialogue = Dialogue::new();
        dialogue.listen(&[]);
        dialogue.syn_arrives(0);
        assert_eq!(dialogue.rcv_nxt, 1);
        let lines = dialogue.into_lines();
        assert!(lines.starts_with("   0 socket("));
        assert!(lines.ends_with("  +0 @ LISTEN -> SYN-RECEIVED\n  +0 > S. 0:0(0) ack 1 <...>\n"));
    }
}
