//! The steps of a run that are code blocks.

use halfopen_target::{Call, OptionValue, Output, StopReason, posix};

use super::{Runner, Step, Stop};
use crate::code::{Facts, Outcome};
use crate::lower::Lowered;
use crate::verdict::{Failure, FailureKind};

impl Runner<'_, '_> {
    /// Runs a code block on what the stack says of the connection at this moment.
    pub(super) fn code(&mut self, index: usize, text: &str) -> Step {
        let ask = |level, name| (level, name, 1024);
        let tcp_info = self.ask(index, ask(posix::IPPROTO_TCP, posix::TCP_INFO))?;
        let mut facts = Facts {
            tcp_info: tcp_info.unwrap_or_default(),
            ..Facts::default()
        };
        if text.contains("SK_MEMINFO") {
            let meminfo = self.ask(index, ask(posix::SOL_SOCKET, posix::SO_MEMINFO))?;
            facts.meminfo = meminfo.unwrap_or_default();
        }
        if ["bbr_", "dctcp_", "tcpv_", "tcp_rtt", "tcp_minrtt"]
            .iter()
            .any(|name| text.contains(name))
        {
            let control = self.ask(index, ask(posix::IPPROTO_TCP, posix::TCP_CONGESTION))?;
            let octets = self.ask(index, ask(posix::IPPROTO_TCP, posix::TCP_CC_INFO))?;
            facts.congestion = control.zip(octets).map(|(name, octets)| {
                let name = String::from_utf8_lossy(&name);
                (name.trim_end_matches('\0').to_owned(), octets)
            });
        }
        let line = self.judge.event(index).line;
        let outcome = self.program.block(line, text, facts);
        self.judge_code(Some(index), outcome)
    }

    /// An option of the connection that the script speaks of, as octets; nothing where the stack has none.
    fn ask(
        &mut self,
        index: usize,
        (level, name, length): (i32, i32, u32),
    ) -> Step<Option<Vec<u8>>> {
        let Some(script) = self.judge.bindings.current_descriptor() else {
            return Ok(None);
        };
        let lowered = Lowered {
            call: Call::GetSockOpt {
                fd: self.judge.bindings.descriptor(script),
                level,
                name,
                length,
            },
            outputs: Vec::new(),
            descriptor: None,
        };
        let at = self.target.now();
        let id = self.start(index, at, None, lowered)?;
        self.await_end(id, self.limits.call)?;
        let running = self.judge.running.remove(&id);
        Ok(running.and_then(|running| {
            let (_, _, returned) = running.ended()?;
            returned.outputs.iter().find_map(|output| match output {
                Output::Option(OptionValue::Bytes(octets)) => Some(octets.clone()),
                _ => None,
            })
        }))
    }

    pub(super) fn judge_code(&mut self, index: Option<usize>, outcome: Outcome) -> Step {
        match outcome {
            Outcome::Passed(_) => Ok(()),
            Outcome::NeedsPython(reason) => Err(Stop::Reason(StopReason::Lacks(reason))),
            Outcome::Failed {
                line,
                message,
                notes,
            } => {
                let kind = FailureKind::Code {
                    line,
                    message,
                    notes,
                };
                let failure = Failure {
                    event: index,
                    line: Some(line),
                    span: index.map(|index| self.judge.event(index).span),
                    at: self.target.now(),
                    kind,
                };
                if self.script.is_strict() {
                    return self.difference(failure);
                }
                self.code_failure.get_or_insert(failure);
                Ok(())
            }
        }
    }
}
