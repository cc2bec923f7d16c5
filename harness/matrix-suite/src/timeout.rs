//! `timeouts.txt`: what each timer does (RFC 9293 section 3.10.8), and where none runs.

use crate::dialogue::{Dialogue, NOW};
use crate::proof;
use crate::rule::{requires, state_of};
use crate::script::Script;
use crate::setup::{self, Needs};
use crate::table::{Row, Table, TableError};
use crate::words::{Start, words};

words! {
    /// A timer.
    Timer {
        /// What is outstanding leaves again.
        Retransmission = "retransmission",
        /// What is outstanding was outstanding for too long.
        User = "user",
        /// R2: it was sent again too often.
        R2 = "R2",
        /// The window stays closed.
        Persist = "persist",
        KeepAlive = "keep-alive",
        /// Nobody holds the connection any more, and the peer does not close it.
        Orphan = "orphan",
        TimeWait = "2-MSL",
        /// None runs.
        None = "none",
    }
}

const COLUMNS: &[&str] = &["states", "timer", "next", "requires", "rule"];

/// Reads `timeouts.txt`.
pub(crate) fn scripts(file: &str, text: &str) -> Result<Vec<Script>, TableError> {
    let mut scripts = Vec::new();
    for row in &Table::parse(file, text, COLUMNS)?.rows {
        let timer = row.word(1, "timer", Timer::of_word)?;
        let next = match row.text(2) {
            "=" => None,
            _ => Some(row.word(2, "state of RFC 9293 or `=`", state_of)?),
        };
        for start in row.words(0, "state", Start::of_word)? {
            scripts.push(script(start, timer, next, row));
        }
    }
    Ok(scripts)
}

fn script(start: Start, timer: Timer, next: Option<&'static str>, row: &Row) -> Script {
    let mut dialogue = setup::reach(start, needs(start, timer));
    dialogue.blank();
    match timer {
        Timer::Retransmission => again(&mut dialogue, start, false),
        Timer::User => user(&mut dialogue, start),
        Timer::R2 => {
            again(&mut dialogue, start, false);
            dialogue.pause_between(".9", "2.5");
        }
        Timer::Persist => persist(&mut dialogue),
        Timer::KeepAlive => keep_alive(&mut dialogue),
        Timer::Orphan => dialogue.pause_between(".9", "2.2"),
        Timer::TimeWait => dialogue.pause_between("55", "245"),
        Timer::None => dialogue.pause("3"),
    }
    if let Some(state) = next {
        dialogue.goes_to(state);
    } else {
        dialogue.assert_state();
    }
    dialogue.blank();
    prove(&mut dialogue, start, timer);
    Script {
        path: format!(
            "{}/timeout-{}.pkt",
            start.folder(),
            timer.word().to_ascii_lowercase()
        ),
        title: format!("{}, {}: {}", start.phrase(), timer.phrase(), row.text(4)),
        requires: requires(row, 3),
        settings: settings(timer).map(str::to_owned),
        lines: dialogue.into_lines(),
    }
}

fn needs(start: Start, timer: Timer) -> Needs {
    let has_text = matches!(start, Start::Established | Start::CloseWait);
    Needs {
        outstanding_text: has_text && matches!(timer, Timer::Retransmission | Timer::User),
        user_timeout: timer == Timer::User,
        ..Needs::default()
    }
}

const fn settings(timer: Timer) -> Option<&'static str> {
    match timer {
        Timer::Orphan => Some("sysctl -q net.ipv4.tcp_fin_timeout=1"),
        Timer::R2 => Some("sysctl -q net.ipv4.tcp_synack_retries=1"),
        _ => None,
    }
}

/// What is outstanding leaves once more.
fn again(dialogue: &mut Dialogue, start: Start, is_slow: bool) {
    let (una, nxt, ack) = (dialogue.una, dialogue.nxt, dialogue.rcv_nxt);
    let (time, segment) = match start {
        Start::SynSent => ("+.9~+1.2", "> S 0:0(0) <...>".to_owned()),
        Start::SynReceivedPassive | Start::SynReceivedActive => {
            ("+.9~+1.2", format!("> S. 0:0(0) ack {ack} <...>"))
        }
        Start::Established | Start::CloseWait => (
            "+.15~+1.3",
            format!("> P. {una}:{nxt}({}) ack {ack}", nxt - una),
        ),
        _ => ("+.15~+1.3", format!("> F. {una}:{una}(0) ack {ack}")),
    };
    let is_handshake = matches!(start, Start::SynSent | Start::SynReceivedActive);
    // RFC 6298: a round trip of 0.8 s makes the RTO 2.4 s, clear of every minimum in use.
    let time = if is_slow && !is_handshake {
        "+2.2~+2.7"
    } else {
        time
    };
    dialogue.line(time, &segment);
}

/// Some stacks count from the segment, others from its first retransmission.
fn user(dialogue: &mut Dialogue, start: Start) {
    again(dialogue, start, true);
    if matches!(start, Start::SynSent | Start::SynReceivedActive) {
        dialogue.pause_between(".2", "2.2");
    } else {
        dialogue.pause_between(".3", "3.4");
    }
}

/// The peer closes its window on text that is queued.
fn persist(dialogue: &mut Dialogue) {
    setup::send(dialogue);
    dialogue.inject_window(0);
    dialogue.una = dialogue.nxt;
    dialogue.call("write(4, ..., 100) = 100");
    let (nxt, ack) = (dialogue.nxt, dialogue.rcv_nxt);
    let end = nxt + 1;
    dialogue.line("+.15~+1.3", &format!("> . {nxt}:{end}(1) ack {ack}"));
    dialogue.inject_window(0);
    dialogue.line("+.3~+2.6", &format!("> . {nxt}:{end}(1) ack {ack}"));
}

/// The window opens, and all that waited leaves.
fn open_window(dialogue: &mut Dialogue) {
    let (nxt, ack) = (dialogue.nxt, dialogue.rcv_nxt);
    let end = nxt + 100;
    dialogue.inject(".", dialogue.rcv_nxt, 0, Some(nxt + 1));
    let rest = nxt + 1;
    dialogue.line(NOW, &format!("> P. {rest}:{end}(99) ack {ack}"));
    dialogue.nxt = end;
}

fn keep_alive(dialogue: &mut Dialogue) {
    dialogue.call("setsockopt(4, IPPROTO_TCP, TCP_KEEPIDLE, [1], 4) = 0");
    dialogue.call("setsockopt(4, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0");
    let (probe, ack) = (dialogue.nxt - 1, dialogue.rcv_nxt);
    dialogue.line("+.8~+1.2", &format!("> . {probe}:{probe}(0) ack {ack}"));
    dialogue.inject(".", dialogue.rcv_nxt, 0, Some(dialogue.nxt));
}

fn prove(dialogue: &mut Dialogue, start: Start, timer: Timer) {
    match timer {
        Timer::Persist => open_window(dialogue),
        Timer::Retransmission if matches!(start, Start::Established | Start::CloseWait) => {
            // Before that the congestion window may hold back all that is new.
            dialogue.inject(".", dialogue.rcv_nxt, 0, Some(dialogue.nxt));
            dialogue.una = dialogue.nxt;
            proof::prove(dialogue, start, None);
        }
        Timer::User if dialogue.fd.is_some() => {
            let fd = dialogue.fd.unwrap_or(4);
            dialogue.call(&format!(
                "getsockopt({fd}, SOL_SOCKET, SO_ERROR, [ETIMEDOUT], [4]) = 0"
            ));
            proof::prove(dialogue, start, None);
        }
        _ => proof::prove(dialogue, start, None),
    }
}

impl Timer {
    const fn phrase(self) -> &'static str {
        match self {
            Self::Retransmission => "retransmission timeout",
            Self::User => "user timeout",
            Self::R2 => "too many retransmissions",
            Self::Persist => "zero-window probe timeout",
            Self::KeepAlive => "keep-alive timeout",
            Self::Orphan => "timeout of a connection that nobody holds",
            Self::TimeWait => "TIME-WAIT timeout",
            Self::None => "time passes",
        }
    }
}
