//! Where two targets differ: trace × trace, after taking out what each may choose freely.

use halfopen_script::tree::Script;
use halfopen_target::{Time, Trace};

use crate::transcript::{Line, Side, transcript};

/// One thing that both targets are asked to do the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it happened on that target.
    pub at: Time,
    /// The line of the script that it was paired with.
    pub line: Option<usize>,
    /// What happened, without initial sequence numbers, timestamp values, windows and ports.
    pub text: String,
}

/// The first difference between two traces of one script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The line of the script in whose wake it shows.
    pub line: Option<usize>,
    /// What the first target did there; none when it did nothing more.
    pub left: Option<Step>,
    /// What the second target did there.
    pub right: Option<Step>,
    /// The steps before, the same on both.
    pub before: Vec<Step>,
}

/// The first difference between two traces of `script`, or none.
///
/// Compared are, after each step of the script, the segments sent, the results of calls and the transitions,
/// each kind in its order. Times are not compared.
pub fn first_difference(script: &Script, left: &Trace, right: &Trace) -> Option<Difference> {
    let left = rounds(&transcript(script, left));
    let right = rounds(&transcript(script, right));
    let mut before = Vec::new();
    for index in 0..left.len().max(right.len()) {
        let empty = Round::default();
        let l = left.get(index).unwrap_or(&empty);
        let r = right.get(index).unwrap_or(&empty);
        for (l_steps, r_steps) in l.kinds().into_iter().zip(r.kinds()) {
            for place in 0..l_steps.len().max(r_steps.len()) {
                let (a, b) = (l_steps.get(place), r_steps.get(place));
                match (a, b) {
                    (Some(a), Some(b)) if a.text == b.text => before.push(a.clone()),
                    _ => {
                        return Some(Difference {
                            line: l.line.or(r.line),
                            left: a.cloned(),
                            right: b.cloned(),
                            before,
                        });
                    }
                }
            }
        }
    }
    None
}

/// What a target did between one stimulus of the script and the next.
#[derive(Default)]
struct Round {
    line: Option<usize>,
    stimulus: Vec<Step>,
    packets: Vec<Step>,
    returns: Vec<Step>,
    transitions: Vec<Step>,
}

impl Round {
    fn kinds(&self) -> [&Vec<Step>; 4] {
        [
            &self.stimulus,
            &self.returns,
            &self.packets,
            &self.transitions,
        ]
    }
}

fn rounds(lines: &[Line]) -> Vec<Round> {
    let mut rounds = vec![Round::default()];
    for line in lines {
        let is_stimulus = matches!(line.side, Side::Inbound) || line.kind == "call";
        if is_stimulus {
            rounds.push(Round {
                line: line.line,
                ..Round::default()
            });
        }
        let Some(round) = rounds.last_mut() else {
            continue;
        };
        let step = Step {
            at: line.at,
            line: line.line,
            text: format!("{} {}", sign(line), normal(&line.text)),
        };
        match line.kind {
            "inbound" | "call" => round.stimulus.push(step),
            "outbound" => round.packets.push(step),
            "return" => round.returns.push(step),
            "state" => round.transitions.push(step),
            _ => {}
        }
    }
    rounds
}

fn sign(line: &Line) -> &'static str {
    match line.kind {
        "inbound" => "<",
        "outbound" => ">",
        "state" => "@",
        _ => "=",
    }
}

/// Takes out of a segment's text what each stack chooses freely: timestamp values, which are its own clock, and the
/// window, which is the size of its own buffer.
fn normal(text: &str) -> String {
    let mut words = Vec::new();
    let mut words_in = text.split(' ');
    while let Some(word) = words_in.next() {
        if word == "win" {
            words_in.next();
            continue;
        }
        words.push(word.to_owned());
        let is_timestamp = word == "val" || word == "ecr";
        if is_timestamp && let Some(number) = words_in.next() {
            let tail = number.trim_start_matches(|c: char| c.is_ascii_digit());
            words.push(format!("…{tail}"));
        }
    }
    words.join(" ")
}
