//! KTAP version 1, as the kernel's own tests print it.

use std::io::{self, Write};

use halfopen_drill::{Outcome, SessionEvent, Standing};

use crate::Sink;
use crate::file::OutputError;

/// The KTAP report: one result line a drill, with diagnostics for what failed.
#[derive(Debug)]
pub struct Ktap<W> {
    out: W,
    number: usize,
}

impl<W: Write> Ktap<W> {
    /// A report that is written to `out`.
    pub const fn new(out: W) -> Self {
        Self { out, number: 0 }
    }

    fn print(&mut self, text: &str) -> Result<(), OutputError> {
        match self.out.write_all(text.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(OutputError::on_standard_output(error)),
            Ok(()) => Ok(()),
        }
    }

    fn outcome(&mut self, outcome: &Outcome) -> Result<(), OutputError> {
        self.number += 1;
        let (word, directive) = match &outcome.standing {
            Standing::Pass => ("ok", String::new()),
            Standing::Skip(reason) => ("ok", format!(" # SKIP {}", one_line(reason))),
            Standing::ExpectedFail { reason, .. } => {
                ("ok", format!(" # XFAIL {}", one_line(reason)))
            }
            Standing::Fail(_) => ("not ok", String::new()),
            Standing::UnexpectedPass { .. } => ("not ok", String::new()),
            Standing::Inconclusive(_) => ("not ok", " # ERROR inconclusive".to_owned()),
            Standing::Error(message) => ("not ok", format!(" # ERROR {}", one_line(message))),
        };
        let mut text = String::new();
        if let Some(failure) = outcome.standing.failure()
            && word == "not ok"
        {
            let line = failure
                .line
                .map_or(String::new(), |line| format!(":{line}"));
            text.push_str(&format!("# {}{line}\n", outcome.file.name()));
            for line in failure.to_string().lines() {
                text.push_str(&format!("# {line}\n"));
            }
        }
        if let Standing::UnexpectedPass { reason } = &outcome.standing {
            let reason = one_line(reason);
            text.push_str(&format!("# passed, expected to fail: {reason}\n"));
        }
        text.push_str(&format!(
            "{word} {} {}.{}.{}{directive}\n",
            self.number,
            outcome.target,
            outcome.mode.name(),
            one_line(&outcome.file.name())
        ));
        self.print(&text)
    }
}

impl<W: Write> Sink for Ktap<W> {
    fn handle(&mut self, event: &SessionEvent) -> Result<(), OutputError> {
        match event {
            SessionEvent::Started { total } => self.print(&format!("KTAP version 1\n1..{total}\n")),
            SessionEvent::Progress { .. } => Ok(()),
            SessionEvent::Finished(outcome) => self.outcome(outcome),
            SessionEvent::Ended { counts, .. } => self.print(&format!(
                "# Totals: pass:{} fail:{} xfail:{} xpass:{} skip:{} error:{}\n",
                counts.pass,
                counts.fail,
                counts.expected_fail,
                counts.unexpected_pass,
                counts.skip,
                counts.error + counts.inconclusive
            )),
        }
    }
}

/// In one line and without `#`, which begins a directive.
fn one_line(text: &str) -> String {
    text.replace('\n', " ").replace('#', "_")
}
