//! What a drill comes to.

use std::borrow::Cow;
use std::fmt;

use halfopen_script::span::Span;
use halfopen_target::{Duration, State, StopReason, Time};

/// What one drill comes to, seen from the script alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Everything happened as the script says.
    Pass,
    /// The stack did something else.
    Fail(Failure),
    /// Something was late, and the machine was held up for at least that long: nothing can be said.
    Inconclusive(Failure),
    /// The script asks for what the target lacks.
    Skip(String),
    /// The harness or the machine could not run the drill.
    Error(String),
}

/// A difference between script and trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The event of the script that was not met; none for something that no event lists.
    pub event: Option<usize>,
    /// Its line, counted from 1.
    pub line: Option<usize>,
    /// The place in the script to point at.
    pub span: Option<Span>,
    /// When the difference showed.
    pub at: Time,
    /// What differs.
    pub kind: FailureKind,
}

/// One field of a packet that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldMismatch {
    /// The field, in the words of RFC 9293 section 3.1; of an outer header, that header before it.
    pub field: Cow<'static, str>,
    /// What the script says.
    pub expected: String,
    /// What came.
    pub observed: String,
}

/// The ways in which a trace can differ from its script.
#[derive(Clone, Debug, PartialEq)]
pub enum FailureKind {
    /// A packet came with other fields.
    Packet {
        /// The packet that came, in one line.
        observed: String,
        /// The fields that differ.
        mismatches: Vec<FieldMismatch>,
    },
    /// Something came at another time.
    Time {
        /// What came.
        what: &'static str,
        /// The earliest and the latest allowed, tolerance included.
        expected: (Time, Time),
        /// When it came.
        observed: Time,
    },
    /// Nothing came.
    Missing {
        /// What should have come.
        what: String,
        /// Until when it was waited for.
        until: Time,
        /// What happened in the meantime instead, in one line each.
        instead: Vec<String>,
    },
    /// Another transition came.
    Transition {
        /// The transition of the script.
        expected: (State, State),
        /// The transition that came.
        observed: (State, State),
    },
    /// A transition came that the script does not list.
    UnlistedTransition {
        /// The transition that came.
        observed: (State, State),
    },
    /// A segment came that the script does not list.
    UnlistedPacket {
        /// The packet in one line.
        observed: String,
    },
    /// The connection is in another state.
    State {
        /// The state of the script.
        expected: State,
        /// The state at that moment; none when there is no such connection.
        observed: Option<State>,
    },
    /// A call returned something else.
    Return {
        /// The call's name.
        call: String,
        /// What the script says.
        expected: String,
        /// What it returned.
        observed: String,
    },
    /// A call wrote something else through one of its arguments.
    Output {
        /// The call's name.
        call: String,
        /// Which argument or field.
        argument: String,
        /// What the script says.
        expected: String,
        /// What it wrote.
        observed: String,
    },
    /// A call that should have returned is still running.
    StillRunning {
        /// The call's name.
        call: String,
    },
    /// A call returned although the script says that it blocks.
    NotBlocking {
        /// The call's name.
        call: String,
        /// When it should have ended.
        expected: (Time, Time),
        /// When it ended.
        observed: Time,
    },
    /// A code block does not hold.
    Code {
        /// The line of the script that does not, counted from 1.
        line: usize,
        /// What does not hold.
        message: String,
        /// The values that it depends on.
        notes: Vec<String>,
    },
    /// The stack itself broke.
    Stack(StopReason),
}

impl Failure {
    /// Whether only a time is off, and late: what a busy machine can cause.
    pub const fn is_late(&self) -> Option<Duration> {
        match &self.kind {
            FailureKind::Time {
                expected, observed, ..
            }
            | FailureKind::NotBlocking {
                expected, observed, ..
            } if observed.as_micros() > expected.1.as_micros() => Some(observed.since(expected.1)),
            _ => None,
        }
    }

    /// A short name of the kind of difference, for reports and tests.
    pub const fn kind_name(&self) -> &'static str {
        match self.kind {
            FailureKind::Packet { .. } => "segment differs",
            FailureKind::Time { .. } => "wrong time",
            FailureKind::Missing { .. } => "nothing came",
            FailureKind::Transition { .. } => "transition differs",
            FailureKind::UnlistedTransition { .. } => "unexpected transition",
            FailureKind::UnlistedPacket { .. } => "unexpected segment",
            FailureKind::State { .. } => "wrong state",
            FailureKind::Return { .. } => "wrong return value",
            FailureKind::Output { .. } => "wrong output of a call",
            FailureKind::StillRunning { .. } => "call still running",
            FailureKind::NotBlocking { .. } => "call ended at the wrong time",
            FailureKind::Code { .. } => "code does not hold",
            FailureKind::Stack(_) => "the stack broke",
        }
    }
}

fn window(f: &mut fmt::Formatter<'_>, (earliest, latest): (Time, Time)) -> fmt::Result {
    if latest == Time::MAX {
        write!(f, "from {earliest} s on")
    } else {
        write!(f, "from {earliest} to {latest} s")
    }
}

/// One to a few lines: what differs, expected before observed.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FailureKind::Packet { mismatches, .. } => {
                let fields: Vec<_> = mismatches.iter().map(|m| &*m.field).collect();
                write!(f, "the segment differs in {}", fields.join(", "))?;
                for m in mismatches {
                    write!(
                        f,
                        "\n  {}: expected {}, observed {}",
                        m.field, m.expected, m.observed
                    )?;
                }
                Ok(())
            }
            FailureKind::Time {
                what,
                expected,
                observed,
            } => {
                let side = if *observed < expected.0 {
                    "early"
                } else {
                    "late"
                };
                write!(f, "the {what} came too {side}\n  time: expected ")?;
                window(f, *expected)?;
                write!(f, ", observed {observed} s")
            }
            FailureKind::Missing {
                what,
                until,
                instead,
            } => {
                write!(
                    f,
                    "nothing came where the script expects one\n  expected {what} until {until} s, observed "
                )?;
                if instead.is_empty() {
                    f.write_str("nothing")
                } else {
                    write!(f, "{}", instead.join("; "))
                }
            }
            FailureKind::Transition { expected, observed } => write!(
                f,
                "the transition differs\n  transition: expected {} -> {}, observed {} -> {}",
                expected.0, expected.1, observed.0, observed.1
            ),
            FailureKind::UnlistedTransition { observed } => write!(
                f,
                "a transition that the script does not list\n  transition: expected none, observed {} -> {}",
                observed.0, observed.1
            ),
            FailureKind::UnlistedPacket { observed } => write!(
                f,
                "a segment that the script does not list\n  segment: expected none, observed {observed}"
            ),
            FailureKind::State { expected, observed } => {
                write!(
                    f,
                    "the connection is in another state\n  state: expected {expected}, observed "
                )?;
                match observed {
                    Some(state) => write!(f, "{state}"),
                    None => f.write_str("no such connection"),
                }
            }
            FailureKind::Return {
                call,
                expected,
                observed,
            } => write!(
                f,
                "{call} returned something else\n  {call}: expected {expected}, observed {observed}"
            ),
            FailureKind::Output {
                call,
                argument,
                expected,
                observed,
            } => write!(
                f,
                "{call} gave something else through {argument}\n  {argument}: expected {expected}, observed {observed}"
            ),
            FailureKind::StillRunning { call } => {
                write!(
                    f,
                    "{call} is still running\n  {call}: expected to have returned, observed no return"
                )
            }
            FailureKind::NotBlocking {
                call,
                expected,
                observed,
            } => {
                write!(
                    f,
                    "{call} returned at another time\n  {call}: expected its end "
                )?;
                window(f, *expected)?;
                write!(f, ", observed {observed} s")
            }
            FailureKind::Code { message, notes, .. } => {
                f.write_str(message)?;
                notes.iter().try_for_each(|note| write!(f, "\n  {note}"))
            }
            FailureKind::Stack(reason) => match reason {
                StopReason::Panicked(message) => write!(f, "the stack panicked: {message}"),
                StopReason::Unresponsive(message) => {
                    write!(f, "the stack stopped responding: {message}")
                }
                StopReason::Flooded { packets } => write!(
                    f,
                    "the stack sends without end: {packets} packets with no progress of the script"
                ),
                other => write!(f, "the drill ended early: {other:?}"),
            },
        }
    }
}
