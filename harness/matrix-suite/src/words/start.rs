//! Where a cell starts: a state of RFC 9293, and how the connection came there where that matters.

use super::words;

words! {
    /// A state, and behind a slash what the state alone does not say.
    Start {
        Closed = "CLOSED",
        Listen = "LISTEN",
        SynSent = "SYN-SENT",
        /// RFC 9293 MUST-11: the connection remembers that it came from LISTEN.
        SynReceivedPassive = "SYN-RECEIVED/passive",
        /// RFC 9293 MUST-11: it came from SYN-SENT, by a simultaneous open.
        SynReceivedActive = "SYN-RECEIVED/active",
        Established = "ESTABLISHED",
        /// RCV.WND is 0.
        EstablishedNoWindow = "ESTABLISHED/no-window",
        FinWait1 = "FIN-WAIT-1",
        /// RFC 9293 MAY-1: by `close()`, after which nobody can read.
        FinWait1Closed = "FIN-WAIT-1/closed",
        FinWait2 = "FIN-WAIT-2",
        /// RFC 9293 MAY-1: by `close()`, after which nobody can read.
        FinWait2Closed = "FIN-WAIT-2/closed",
        CloseWait = "CLOSE-WAIT",
        Closing = "CLOSING",
        LastAck = "LAST-ACK",
        TimeWait = "TIME-WAIT",
    }
}

impl Start {
    /// The state as RFC 9293 spells it.
    pub(crate) fn state(self) -> &'static str {
        let word = self.word();
        word.split_once('/').map_or(word, |(state, _)| state)
    }

    /// The folder of its scripts.
    pub(crate) fn folder(self) -> String {
        self.word().to_ascii_lowercase().replace('/', "-")
    }

    /// In a title.
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::SynReceivedPassive => "SYN-RECEIVED after a passive open",
            Self::SynReceivedActive => "SYN-RECEIVED after an active open",
            Self::EstablishedNoWindow => "ESTABLISHED with a closed window",
            Self::FinWait1Closed => "FIN-WAIT-1 after close()",
            Self::FinWait2Closed => "FIN-WAIT-2 after close()",
            other => other.word(),
        }
    }

    /// Whether both ends have their sequence numbers: ESTABLISHED and later (RFC 9293 section 3.5.1).
    pub(crate) fn is_synchronized(self) -> bool {
        self >= Self::Established
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_has_the_state_before_the_slash_and_a_folder_of_its_own() {
        assert_eq!(Start::FinWait1Closed.state(), "FIN-WAIT-1");
        assert_eq!(Start::FinWait1Closed.folder(), "fin-wait-1-closed");
        assert_eq!(
            Start::of_word("SYN-RECEIVED/active"),
            Some(Start::SynReceivedActive)
        );
        assert!(!Start::SynReceivedActive.is_synchronized());
        assert!(Start::TimeWait.is_synchronized());
    }
}
