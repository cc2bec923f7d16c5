//! How the command ends: the only place where an exit code is chosen.

use std::process::ExitCode;

use halfopen_drill::Counts;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: all as expected.
    AsExpected,
    /// 1: something failed: a stack differs from a script, two stacks differ, or a fuzzer found something.
    Failed,
    /// 2: the run could not be done: wrong arguments, an unreadable script, a missing privilege, a machine too busy.
    CouldNotBeDone,
}

/// The exit code for it.
pub(crate) fn code(exit: Exit) -> ExitCode {
    ExitCode::from(match exit {
        Exit::AsExpected => 0,
        Exit::Failed => 1,
        Exit::CouldNotBeDone => 2,
    })
}

/// How a run ends, with or without scripts that could not be read.
pub(crate) const fn of_run(counts: &Counts, unreadable: bool) -> Exit {
    if counts.fail + counts.unexpected_pass > 0 {
        Exit::Failed
    } else if unreadable || counts.error + counts.inconclusive > 0 {
        Exit::CouldNotBeDone
    } else {
        Exit::AsExpected
    }
}

/// How a survey ends, of which failures of stacks are a finding like others.
pub(crate) const fn of_survey(counts: &Counts) -> Exit {
    if counts.error + counts.inconclusive > 0 {
        Exit::CouldNotBeDone
    } else {
        Exit::AsExpected
    }
}
