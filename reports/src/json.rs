//! JSON Lines: one object a drill, and a summary at the end.

use halfopen_drill::{Counts, Failure, Outcome, SessionEvent, Standing, transcript};
use halfopen_target::EntryKind;
use serde::Serialize;

use crate::Sink;
use crate::file::{OutputError, OutputFile};

/// The JSON report.
#[derive(Debug)]
pub struct Json {
    file: OutputFile,
    with_trace: bool,
}

/// One drill.
#[derive(Serialize)]
struct Record<'o> {
    script: String,
    title: Option<&'o str>,
    ip: &'static str,
    target: &'o str,
    verdict: &'static str,
    /// Which kind of difference it is.
    failure: Option<&'static str>,
    reason: Option<String>,
    line: Option<usize>,
    requires: &'o [String],
    attempts: u32,
    wall_us: u128,
    transitions: Vec<TransitionRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Vec<EventRecord>>,
}

#[derive(Serialize)]
struct TransitionRecord {
    at_us: u64,
    socket: Option<i64>,
    from: &'static str,
    to: &'static str,
    observer: &'static str,
}

#[derive(Serialize)]
struct EventRecord {
    at_us: u64,
    kind: &'static str,
    line: Option<usize>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    packet: Option<String>,
}

/// The last line.
#[derive(Serialize)]
struct Summary {
    summary: bool,
    total: usize,
    pass: usize,
    fail: usize,
    expected_fail: usize,
    unexpected_pass: usize,
    skip: usize,
    inconclusive: usize,
    error: usize,
    wall_us: u128,
}

impl Json {
    /// A report into `file`; with every event of each drill if `with_trace`.
    pub const fn new(file: OutputFile, with_trace: bool) -> Self {
        Self { file, with_trace }
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), OutputError> {
        // Numbers, strings and lists of them always have a JSON form.
        let text = serde_json::to_string(value).unwrap_or_default();
        self.file.write(&text)?;
        self.file.write("\n")
    }
}

impl Sink for Json {
    fn handle(&mut self, event: &SessionEvent) -> Result<(), OutputError> {
        match event {
            SessionEvent::Started { .. } | SessionEvent::Progress { .. } => Ok(()),
            SessionEvent::Finished(outcome) => self.line(&record(outcome, self.with_trace)),
            SessionEvent::Ended { counts, wall } => {
                self.line(&summary(counts, wall.as_micros()))?;
                self.file.finish()
            }
        }
    }
}

fn record(outcome: &Outcome, with_trace: bool) -> Record<'_> {
    let front_matter = &outcome.file.script.front_matter;
    Record {
        script: outcome.file.name(),
        title: front_matter.title.as_deref(),
        ip: outcome.mode.name(),
        target: &outcome.target,
        verdict: outcome.standing.name(),
        failure: outcome.standing.failure().map(Failure::kind_name),
        reason: reason(&outcome.standing),
        line: outcome.standing.failure().and_then(|failure| failure.line),
        requires: &front_matter.requires,
        attempts: outcome.attempts,
        wall_us: outcome.wall.as_micros(),
        transitions: transitions(outcome),
        trace: with_trace.then(|| events(outcome)),
    }
}

/// Why a drill came to what it came to; of an expected failure and a pass against expectation, why it was expected.
pub(crate) fn reason(standing: &Standing) -> Option<String> {
    match standing {
        Standing::Pass => None,
        Standing::Fail(failure) | Standing::Inconclusive(failure) => Some(failure.to_string()),
        Standing::ExpectedFail { reason, .. } | Standing::UnexpectedPass { reason } => {
            Some(reason.clone())
        }
        Standing::Skip(reason) | Standing::Error(reason) => Some(reason.clone()),
    }
}

fn transitions(outcome: &Outcome) -> Vec<TransitionRecord> {
    outcome
        .trace
        .transitions()
        .map(|(at, transition)| TransitionRecord {
            at_us: at.as_micros(),
            socket: outcome.descriptors.get(&transition.connection).copied(),
            from: transition.from.name(),
            to: transition.to.name(),
            observer: transition.observer.name(),
        })
        .collect()
}

fn events(outcome: &Outcome) -> Vec<EventRecord> {
    transcript(&outcome.file.script, &outcome.trace)
        .into_iter()
        .zip(&outcome.trace.entries)
        .map(|(line, entry)| EventRecord {
            at_us: line.at.as_micros(),
            kind: line.kind,
            line: line.line,
            text: line.text,
            packet: match &entry.kind {
                EntryKind::Inbound(octets) | EntryKind::Outbound(octets) => Some(hex(octets)),
                _ => None,
            },
        })
        .collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

const fn summary(counts: &Counts, wall_us: u128) -> Summary {
    Summary {
        summary: true,
        total: counts.total(),
        pass: counts.pass,
        fail: counts.fail,
        expected_fail: counts.expected_fail,
        unexpected_pass: counts.unexpected_pass,
        skip: counts.skip,
        inconclusive: counts.inconclusive,
        error: counts.error,
        wall_us,
    }
}
