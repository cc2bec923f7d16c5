//! What must hold of every trace, whatever the script: the oracle of the fuzzers.
//!
//! Each [`Rule`] names the section that it comes from. [`violations`] looks only at the trace, so it judges a
//! recorded capture as well as a fuzzed run. Rules never demand more than the trace can show: where a
//! segment may or may not have been acceptable, both are allowed for.

mod conversation;
mod rules;
mod states;
mod written;

use std::fmt;

use halfopen_target::{EntryKind, Time, Trace};
use halfopen_wire::Packet;

pub use rules::Rule;

/// A rule that a trace breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which rule.
    pub rule: Rule,
    /// When.
    pub at: Time,
    /// Index of the entry of the trace that breaks it.
    pub entry: usize,
    /// What happened, with what was allowed.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} s: {} ({}): {}",
            self.at,
            self.rule.name(),
            self.rule.section(),
            self.text
        )
    }
}

/// Every rule that `trace` breaks, in order of happening.
pub fn violations(trace: &Trace) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut states = states::States::default();
    let mut conversations = conversation::Conversations::default();
    for (index, entry) in trace.entries.iter().enumerate() {
        let mut report = |rule: Rule, text: String| {
            found.push(Violation {
                rule,
                at: entry.at,
                entry: index,
                text,
            });
        };
        match &entry.kind {
            EntryKind::Inbound(bytes) => {
                let packet = Packet::parse(bytes).ok();
                states.inbound(entry.at, packet.as_ref());
                if let Some(packet) = &packet {
                    conversations.inbound(entry.at, packet);
                }
            }
            EntryKind::Outbound(bytes) => match Packet::parse(bytes) {
                Ok(packet) => {
                    states.outbound(&packet, &mut report);
                    conversations.outbound(&packet, &mut report);
                }
                Err(error) => report(Rule::WellFormed, error.to_string()),
            },
            EntryKind::Called { id, call } => {
                states.called(entry.at);
                conversations.called(*id, call);
            }
            EntryKind::Returned { id, returned } => conversations.returned(*id, returned),
            EntryKind::Transition(transition) => {
                states.transition(entry.at, index, transition, &mut report);
                conversations.transition(entry.at, transition, &mut report);
            }
            _ => {}
        }
    }
    found.extend(states.finish());
    found
}

#[cfg(test)]
mod tests;
