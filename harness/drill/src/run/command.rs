//! The steps of a run that are shell commands.

use halfopen_script::tree::Command;
use halfopen_target::{Call, CallId, StopReason};

use super::{Runner, Step, Stop};
use crate::lower::Lowered;

/// The exit status of a command without which the script says nothing, where the machine or the target lacks what it sets up; as
/// automake and other harnesses have it.
const SKIPPED: i64 = 77;

impl Runner<'_, '_> {
    /// Runs a shell command, or sets the sysctls that it only sets.
    pub(super) fn command(&mut self, index: Option<usize>, command: &Command) -> Step {
        let calls = match command.sysctls() {
            Some(settings) => settings
                .into_iter()
                .map(|(name, value)| Call::Sysctl { name, value })
                .collect(),
            None => vec![Call::Command {
                text: command.text.clone(),
            }],
        };
        for call in calls {
            let at = self.target.now();
            let lowered = Lowered {
                call,
                outputs: Vec::new(),
                descriptor: None,
            };
            let id = self.start(index.unwrap_or(0), at, None, lowered)?;
            self.await_end(id, self.limits.command)?;
            self.judge_command(id, index)?;
        }
        Ok(())
    }

    /// A command before the first event has no line of its own to point at: it breaks the drill.
    fn judge_command(&mut self, id: CallId, index: Option<usize>) -> Step {
        let Some(running) = self.judge.running.remove(&id) else {
            return Ok(());
        };
        let text = match running.ended() {
            Some((_, _, returned)) if returned.result == Ok(0) => return Ok(()),
            Some((_, _, returned)) if returned.result == Ok(SKIPPED) => {
                let reason = crate::calls::last_line_printed(returned);
                return Err(Stop::Reason(StopReason::Lacks(reason.map_or_else(
                    || format!("a command of the script asks for it (exit status {SKIPPED})"),
                    str::to_owned,
                ))));
            }
            Some((_, _, returned)) => crate::calls::command_failure(&running, returned),
            None => "still running".to_owned(),
        };
        let line = index.map_or(String::new(), |index| {
            format!("line {}: ", self.judge.event(index).line)
        });
        Err(Stop::Reason(StopReason::Broken(format!(
            "{line}{}: {text}",
            running.name()
        ))))
    }
}
