//! `calls.txt`: what the user calls of RFC 9293 section 3.10.1 to 3.10.6 do in each state, by way of sockets.

use crate::dialogue::{Dialogue, NOW};
use crate::proof;
use crate::rule::{requires, state_of};
use crate::script::Script;
use crate::setup::{self, Needs};
use crate::table::{Row, Table, TableError};
use crate::words::{Start, words};

words! {
    /// A user call.
    Call {
        /// `listen()` on the connection's socket.
        OpenPassive = "OPEN-passive",
        /// `connect()` on the connection's socket.
        OpenActive = "OPEN-active",
        /// `write()`
        Send = "SEND",
        /// `recv()` that does not wait.
        Receive = "RECEIVE",
        /// The same, when text has arrived.
        ReceiveText = "RECEIVE-text",
        /// `shutdown(SHUT_WR)`: CLOSE as RFC 9293 means it, of our half.
        Close = "CLOSE",
        /// `close()`: the user gives the connection up (RFC 9293 MAY-1).
        CloseBoth = "CLOSE-both",
        /// `close()` with text that was not read (RFC 9293 SHLD-3).
        CloseUnread = "CLOSE-unread",
        /// `close()` with a linger time of 0.
        Abort = "ABORT",
        /// `getsockopt(TCP_INFO)`
        Status = "STATUS",
    }
}

words! {
    /// What the stack sends.
    Sends {
        Nothing = "-",
        Syn = "SYN",
        /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=FIN,ACK>`
        Fin = "FIN",
        /// `<SEQ=SND.NXT><CTL=RST>`
        Rst = "RST",
        /// The text of the call.
        Text = "text",
    }
}

const COLUMNS: &[&str] = &[
    "states", "call", "result", "sends", "next", "requires", "rule",
];

/// What `errno` says, as the language wants it behind the name.
const ERRORS: &[(&str, &str)] = &[
    ("EAGAIN", "Resource temporarily unavailable"),
    ("EALREADY", "Operation already in progress"),
    ("EINPROGRESS", "Operation now in progress"),
    ("EINVAL", "Invalid argument"),
    ("EISCONN", "Transport endpoint is already connected"),
    ("ENOTCONN", "Transport endpoint is not connected"),
    ("EPIPE", "Broken pipe"),
];

/// One row, for one state.
struct Cell<'a> {
    start: Start,
    call: Call,
    /// As the language writes it.
    result: String,
    sends: Sends,
    next: Option<&'static str>,
    row: &'a Row,
}

/// Reads `calls.txt`.
pub(crate) fn scripts(file: &str, text: &str) -> Result<Vec<Script>, TableError> {
    let mut scripts = Vec::new();
    for row in &Table::parse(file, text, COLUMNS)?.rows {
        let next = match row.text(4) {
            "=" => None,
            _ => Some(row.word(4, "state of RFC 9293 or `=`", state_of)?),
        };
        for start in row.words(0, "state", Start::of_word)? {
            for call in row.words(1, "user call", Call::of_word)? {
                let cell = Cell {
                    start,
                    call,
                    result: row.word(2, "result", result)?,
                    sends: row.word(3, "segment", Sends::of_word)?,
                    next,
                    row,
                };
                scripts.push(cell.script());
            }
        }
    }
    Ok(scripts)
}

/// A number, or an error with its message.
fn result(word: &str) -> Option<String> {
    if word.parse::<u32>().is_ok() {
        return Some(word.to_owned());
    }
    let (_, message) = ERRORS.iter().find(|(name, _)| *name == word)?;
    Some(format!("-1 {word} ({message})"))
}

impl Cell<'_> {
    fn script(&self) -> Script {
        let Self {
            start, call, row, ..
        } = self;
        let name = call.word().to_ascii_lowercase();
        Script {
            path: format!("{}/call-{name}.pkt", start.folder()),
            title: format!("{}, {}: {}", start.phrase(), call.phrase(), row.text(6)),
            requires: requires(row, 5),
            settings: None,
            lines: self.dialogue().into_lines(),
        }
    }

    fn dialogue(&self) -> Dialogue {
        let mut dialogue = setup::reach(self.start, self.needs());
        if self.start == Start::Closed {
            self.create(&mut dialogue);
        } else if self.call == Call::CloseUnread || self.call == Call::ReceiveText {
            // In CLOSE-WAIT the text came before the FIN.
            if self.start != Start::CloseWait {
                setup::text_arrives(&mut dialogue);
            }
        }
        dialogue.blank();
        self.make_call(&mut dialogue);
        if let Some(state) = self.next {
            dialogue.goes_to(state);
        }
        self.expect(&mut dialogue);
        if self.next.is_none() && self.call != Call::CloseBoth {
            dialogue.assert_state();
        }
        if self.call == Call::Status {
            return dialogue;
        }
        dialogue.blank();
        self.prove(&mut dialogue);
        dialogue
    }

    fn needs(&self) -> Needs {
        let waits = matches!(self.call, Call::CloseUnread | Call::ReceiveText);
        Needs {
            unread_text: waits && self.start == Start::CloseWait,
            ..Needs::default()
        }
    }

    /// OPEN where nothing is: a socket for it.
    fn create(&self, dialogue: &mut Dialogue) {
        let kind = if self.call == Call::OpenActive {
            "SOCK_STREAM|SOCK_NONBLOCK"
        } else {
            "SOCK_STREAM"
        };
        dialogue.call(&format!("socket(..., {kind}, IPPROTO_TCP) = 3"));
        dialogue.call("setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
        if self.call == Call::OpenPassive {
            dialogue.call("bind(3, ..., ...) = 0");
        }
        dialogue.fd = Some(3);
    }

    fn make_call(&self, dialogue: &mut Dialogue) {
        let fd = dialogue.fd.unwrap_or(3);
        let result = &self.result;
        match self.call {
            Call::OpenPassive => dialogue.call(&format!("listen({fd}, 1) = {result}")),
            Call::OpenActive => dialogue.call(&format!("connect({fd}, ..., ...) = {result}")),
            Call::Send => dialogue.call(&format!(
                "send({fd}, ..., {}, MSG_DONTWAIT) = {result}",
                setup::TEXT
            )),
            Call::Receive | Call::ReceiveText => {
                dialogue.call(&format!("recv({fd}, ..., 100, MSG_DONTWAIT) = {result}"));
                dialogue.unread = 0;
            }
            Call::Close => dialogue.call(&format!("shutdown({fd}, SHUT_WR) = {result}")),
            Call::CloseBoth | Call::CloseUnread => {
                dialogue.call(&format!("close({fd}) = {result}"))
            }
            Call::Abort => {
                dialogue.call(&format!(
                    "setsockopt({fd}, SOL_SOCKET, SO_LINGER, {{onoff=1, linger=0}}, 8) = 0"
                ));
                dialogue.call(&format!("close({fd}) = {result}"));
            }
            Call::Status => {
                dialogue.call(&format!(
                    "getsockopt({fd}, SOL_SOCKET, SO_ERROR, [0], [4]) = {result}"
                ));
                let state = dialogue.state.replace('-', "_");
                let state = state.replace("RECEIVED", "RECV").replace("WAIT_", "WAIT");
                dialogue.call(&format!(
                    "%{{ assert tcpi_state == TCP_{state}, tcpi_state }}%"
                ));
            }
        }
        if matches!(self.call, Call::CloseBoth | Call::CloseUnread | Call::Abort) {
            dialogue.fd = None;
            dialogue.unread = 0;
        }
    }

    fn expect(&self, dialogue: &mut Dialogue) {
        let (nxt, ack) = (dialogue.nxt, dialogue.rcv_nxt);
        match self.sends {
            Sends::Nothing => {}
            Sends::Syn => {
                dialogue.line(NOW, "> S 0:0(0) <...>");
                dialogue.nxt = 1;
            }
            Sends::Fin => dialogue.expect_fin(),
            Sends::Rst => dialogue.line(NOW, &format!("> R {nxt}:{nxt}(0)")),
            Sends::Text => {
                let end = nxt + setup::TEXT;
                dialogue.line(NOW, &format!("> P. {nxt}:{end}({}) ack {ack}", setup::TEXT));
                dialogue.nxt = end;
            }
        }
    }

    fn prove(&self, dialogue: &mut Dialogue) {
        let is_released = self.call == Call::CloseBoth;
        let start = match dialogue.state {
            "FIN-WAIT-1" if is_released => Start::FinWait1Closed,
            "FIN-WAIT-2" if is_released => Start::FinWait2Closed,
            "LISTEN" => Start::Listen,
            _ => self.start,
        };
        proof::prove(dialogue, start, None);
    }
}

impl Call {
    const fn phrase(self) -> &'static str {
        match self {
            Self::OpenPassive => "passive OPEN (listen)",
            Self::OpenActive => "active OPEN (connect)",
            Self::Send => "SEND",
            Self::Receive => "RECEIVE",
            Self::ReceiveText => "RECEIVE when text has arrived",
            Self::Close => "CLOSE (shutdown)",
            Self::CloseBoth => "CLOSE of both halves (close)",
            Self::CloseUnread => "CLOSE (close) with text that was not read",
            Self::Abort => "ABORT (close without lingering)",
            Self::Status => "STATUS",
        }
    }
}
