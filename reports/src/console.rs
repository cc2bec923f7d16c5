//! The report on the terminal: a progress bar where there is one, failures as they happen, a summary at the end.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use halfopen_drill::{Counts, Outcome, SessionEvent, Standing};

use crate::Sink;
use crate::counts::summary;
use crate::failure::render_failure;
use crate::file::OutputError;
use crate::progress::Progress;
use crate::table::Table;

/// How the console report looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour.
    pub colour: bool,
    /// Whether to show drills that passed, and the reasons of those that failed as expected.
    pub verbose: bool,
    /// Whether to draw a progress bar.
    pub progress: bool,
}

impl Style {
    /// What suits this process: colour and a progress bar only on a terminal, and no colour where `NO_COLOR` is set.
    pub fn detect(verbose: bool) -> Self {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: io::stdout().is_terminal() && !no_colour,
            verbose,
            progress: io::stderr().is_terminal(),
        }
    }
}

/// The console report.
pub struct Console<W> {
    out: W,
    style: Style,
    progress: Progress,
    table: Table,
    by_target: BTreeMap<String, Counts>,
    failed: Vec<String>,
    /// How many drills of a target were skipped for a reason.
    skipped: BTreeMap<(String, String), usize>,
}

impl<W: Write> Console<W> {
    /// A report that is written to `out`.
    pub fn new(out: W, style: Style) -> Self {
        Self {
            out,
            style,
            progress: Progress::new(style.progress),
            table: Table::default(),
            by_target: BTreeMap::new(),
            failed: Vec::new(),
            skipped: BTreeMap::new(),
        }
    }

    fn print(&mut self, text: &str) -> Result<(), OutputError> {
        let out = &mut self.out;
        match self.progress.suspend(|| out.write_all(text.as_bytes())) {
            // A reader who has seen enough has gone away.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(OutputError::on_standard_output(error)),
            Ok(()) => Ok(()),
        }
    }

    fn outcome(&mut self, outcome: &Outcome) -> Result<(), OutputError> {
        let standing = &outcome.standing;
        let counts = self.by_target.entry(outcome.target.clone()).or_default();
        counts.add(standing);
        let name = outcome.file.name();
        let mode = outcome.mode.name();
        self.table
            .add(name.clone(), mode, &outcome.target, standing.name());
        if let Standing::Skip(reason) = standing {
            let key = (outcome.target.clone(), reason.clone());
            *self.skipped.entry(key).or_default() += 1;
        }
        let is_bad = matches!(
            standing,
            Standing::Fail(_)
                | Standing::UnexpectedPass { .. }
                | Standing::Inconclusive(_)
                | Standing::Error(_)
        );
        if !is_bad && !self.style.verbose {
            return Ok(());
        }
        let line = |place: &str| {
            format!(
                "{:>15}  {:9}  {mode:6}  {place}",
                standing.name(),
                outcome.target
            )
        };
        let timed = format!("{} ({:.3} s)", line(&name), outcome.wall.as_secs_f64());
        let mut text = format!("{}\n", paint(&timed, standing, self.style.colour));
        if is_bad {
            text.push_str(&render_failure(outcome, self.style.colour));
            self.failed.push(in_short(outcome, &line));
        } else {
            match standing {
                Standing::ExpectedFail { reason, .. } | Standing::Skip(reason) => {
                    text.push_str(&format!("{:17}{reason}\n", ""));
                }
                _ => {}
            }
        }
        self.print(&text)
    }

    fn end(&mut self, counts: &Counts, wall: Duration) -> Result<(), OutputError> {
        self.progress.finish();
        let mut text = String::new();
        if let Some(table) = self.table.render() {
            text.push('\n');
            text.push_str(&table);
        }
        if self.failed.len() > 1 {
            text.push_str("\nNot as expected:\n");
            for line in &self.failed {
                text.push_str(line);
                text.push('\n');
            }
        }
        if !self.skipped.is_empty() {
            text.push_str("\nSkipped:\n");
            for ((target, reason), count) in &self.skipped {
                text.push_str(&format!("{count:>15}  {target:9}  {reason}\n"));
            }
        }
        text.push('\n');
        if self.by_target.len() > 1 {
            for (target, counts) in &self.by_target {
                text.push_str(&format!("{target:>12}: {}\n", summary(counts)));
            }
        }
        text.push_str(&format!(
            "{} drill{} in {:.2} s: {}\n",
            counts.total(),
            if counts.total() == 1 { "" } else { "s" },
            wall.as_secs_f64(),
            summary(counts)
        ));
        self.print(&text)
    }
}

impl<W: Write> Sink for Console<W> {
    fn handle(&mut self, event: &SessionEvent) -> Result<(), OutputError> {
        match event {
            SessionEvent::Started { total } => {
                self.progress.start(*total);
                Ok(())
            }
            SessionEvent::Progress { done } => {
                self.progress.set(*done);
                Ok(())
            }
            SessionEvent::Finished(outcome) => self.outcome(outcome),
            SessionEvent::Ended { counts, wall } => self.end(counts, *wall),
        }
    }
}

/// A drill that was shown before, with its line and the first words of the reason.
fn in_short(outcome: &Outcome, line: &dyn Fn(&str) -> String) -> String {
    let name = outcome.file.name();
    let number = outcome.standing.failure().and_then(|failure| failure.line);
    let place = number.map_or_else(|| name.clone(), |number| format!("{name}:{number}"));
    let reason = crate::json::reason(&outcome.standing).unwrap_or_default();
    let reason = reason.lines().next().unwrap_or_default();
    format!("{}: {reason}", line(&place))
}

fn paint(line: &str, standing: &Standing, colour: bool) -> String {
    if !colour {
        return line.to_owned();
    }
    let code = match standing {
        Standing::Pass => 32,
        Standing::ExpectedFail { .. } | Standing::Skip(_) => 33,
        _ => 31,
    };
    format!("\u{1b}[{code}m{line}\u{1b}[0m")
}
