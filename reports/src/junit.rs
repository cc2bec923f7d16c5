//! JUnit XML: a suite for each target, a case for each script and address mode.

use std::collections::BTreeMap;

use halfopen_drill::{Outcome, SessionEvent, Standing};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::Sink;
use crate::failure::render_failure;
use crate::file::{OutputError, OutputFile};

/// The JUnit report.
#[derive(Debug)]
pub struct Junit {
    file: OutputFile,
    suites: BTreeMap<String, Vec<TestCase>>,
}

impl Junit {
    /// A report into `file`.
    pub const fn new(file: OutputFile) -> Self {
        Self {
            file,
            suites: BTreeMap::new(),
        }
    }

    fn write(&mut self) -> Result<(), OutputError> {
        let mut report = Report::new("halfopen");
        for (target, cases) in std::mem::take(&mut self.suites) {
            let mut suite = TestSuite::new(target);
            suite.add_test_cases(cases);
            report.add_test_suite(suite);
        }
        // Every name and text was cleaned of what XML cannot hold.
        let xml = report.to_string().unwrap_or_default();
        self.file.write(&xml)?;
        self.file.finish()
    }
}

impl Sink for Junit {
    fn handle(&mut self, event: &SessionEvent) -> Result<(), OutputError> {
        match event {
            SessionEvent::Started { .. } | SessionEvent::Progress { .. } => Ok(()),
            SessionEvent::Finished(outcome) => {
                let cases = self.suites.entry(outcome.target.clone()).or_default();
                cases.push(case(outcome));
                Ok(())
            }
            SessionEvent::Ended { .. } => self.write(),
        }
    }
}

fn case(outcome: &Outcome) -> TestCase {
    let status = match &outcome.standing {
        Standing::Pass => TestCaseStatus::success(),
        Standing::ExpectedFail { reason, .. } => skipped(&format!("expected to fail: {reason}")),
        Standing::Skip(reason) => skipped(reason),
        Standing::Fail(failure) => bad(NonSuccessKind::Failure, failure.kind_name(), outcome),
        Standing::UnexpectedPass { .. } => bad(NonSuccessKind::Failure, "unexpected pass", outcome),
        Standing::Inconclusive(_) => bad(NonSuccessKind::Error, "inconclusive", outcome),
        Standing::Error(_) => bad(NonSuccessKind::Error, "could not be run", outcome),
    };
    let name = format!("{} ({})", outcome.file.name(), outcome.mode.name());
    let mut case = TestCase::new(name, status);
    case.set_classname(outcome.target.clone());
    case.set_time(outcome.wall);
    for id in &outcome.file.script.front_matter.requires {
        case.add_property(Property::new("requires", id.as_str()));
    }
    case
}

fn skipped(reason: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(reason);
    status
}

fn bad(kind: NonSuccessKind, name: &str, outcome: &Outcome) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(name);
    let message = crate::json::reason(&outcome.standing).unwrap_or_default();
    status.set_message(message.lines().next().unwrap_or_default());
    status.set_description(render_failure(outcome, false));
    status
}
