//! The eleven states of a connection, spelt as in RFC 9293 section 3.3.2.

use std::fmt;

use super::suggest;
use crate::tree::StateName;

const NAMES: [(StateName, &str); 11] = [
    (StateName::Closed, "CLOSED"),
    (StateName::Listen, "LISTEN"),
    (StateName::SynSent, "SYN-SENT"),
    (StateName::SynReceived, "SYN-RECEIVED"),
    (StateName::Established, "ESTABLISHED"),
    (StateName::FinWait1, "FIN-WAIT-1"),
    (StateName::FinWait2, "FIN-WAIT-2"),
    (StateName::CloseWait, "CLOSE-WAIT"),
    (StateName::Closing, "CLOSING"),
    (StateName::LastAck, "LAST-ACK"),
    (StateName::TimeWait, "TIME-WAIT"),
];

/// How others spell some of them: Linux, BSD, `ss`.
const ALIASES: [(&str, StateName); 8] = [
    ("CLOSE", StateName::Closed),
    ("SYNRECV", StateName::SynReceived),
    ("SYNRCVD", StateName::SynReceived),
    ("SYNRECEIVED", StateName::SynReceived),
    ("NEWSYNRECV", StateName::SynReceived),
    ("ESTAB", StateName::Established),
    ("UNCONN", StateName::Closed),
    ("LISTENING", StateName::Listen),
];

pub(crate) fn parse_state(text: &str) -> Option<StateName> {
    NAMES
        .iter()
        .find(|(_, name)| *name == text)
        .map(|(state, _)| *state)
}

/// The state that another spelling means.
pub(crate) fn suggest_state(text: &str) -> Option<StateName> {
    let folded: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let folded = folded.strip_prefix("TCP").unwrap_or(&folded);
    let alias = ALIASES.iter().find(|(alias, _)| *alias == folded);
    let same = || {
        NAMES
            .iter()
            .find(|(_, name)| name.replace('-', "") == folded)
            .map(|(state, _)| *state)
    };
    alias
        .map(|(_, state)| *state)
        .or_else(same)
        .or_else(|| suggest(text, NAMES.map(|(_, name)| name)).and_then(parse_state))
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(state, _)| state == self);
        f.pad(name.map_or("", |(_, name)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_name() {
        for (state, name) in NAMES {
            assert_eq!(state.to_string(), name);
            assert_eq!(parse_state(name), Some(state));
        }
    }

    #[test]
    fn the_kernels_names_are_understood_as_hints() {
        assert_eq!(suggest_state("SYN_RECV"), Some(StateName::SynReceived));
        assert_eq!(suggest_state("TCP_FIN_WAIT1"), Some(StateName::FinWait1));
        assert_eq!(suggest_state("established"), Some(StateName::Established));
        assert_eq!(suggest_state("ESTABLISED"), Some(StateName::Established));
        assert_eq!(suggest_state("BANANA"), None);
    }
}
