//! Kinds of segments: their control bits, and whether they carry text.

/// One kind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// In the tables and in the names of scripts.
    pub(crate) name: &'static str,
    /// As the language writes them.
    pub(crate) flags: &'static str,
    /// Octets of text.
    pub(crate) text: u32,
    /// In a title.
    pub(crate) phrase: &'static str,
}

const fn segment(
    name: &'static str,
    flags: &'static str,
    text: u32,
    phrase: &'static str,
) -> Segment {
    Segment {
        name,
        flags,
        text,
        phrase,
    }
}

/// All that the tables speak of.
pub(crate) const SEGMENTS: &[Segment] = &[
    segment("no-flags", "-", 0, "an empty segment without flags"),
    segment("ack", ".", 0, "ACK"),
    segment("push", "P.", 0, "PSH,ACK without text"),
    segment("urgent", "U.", 0, "URG,ACK without text"),
    segment("syn", "S", 0, "SYN"),
    segment("syn-ack", "S.", 0, "SYN,ACK"),
    segment("syn-data", "S", 10, "SYN with text"),
    segment("syn-ack-data", "S.", 10, "SYN,ACK with text"),
    segment("syn-fin", "SF", 0, "SYN,FIN"),
    segment("syn-fin-ack", "SF.", 0, "SYN,FIN,ACK"),
    segment("syn-rst", "SR", 0, "SYN,RST"),
    segment("syn-rst-ack", "SR.", 0, "SYN,RST,ACK"),
    segment("fin", "F", 0, "FIN without ACK"),
    segment("fin-ack", "F.", 0, "FIN,ACK"),
    segment("fin-rst", "FR", 0, "FIN,RST"),
    segment("fin-rst-ack", "FR.", 0, "FIN,RST,ACK"),
    segment("rst", "R", 0, "RST"),
    segment("rst-ack", "R.", 0, "RST,ACK"),
    segment("rst-data", "R", 10, "RST with text"),
    segment("data", ".", 10, "text"),
    segment("push-data", "P.", 10, "text with PSH"),
    segment("urgent-data", "U.", 10, "text with URG"),
    segment("data-fin", "FP.", 10, "text with FIN"),
    segment("data-without-ack", "-", 10, "text without ACK"),
    segment(
        "data-fin-without-ack",
        "FP",
        10,
        "text with FIN but without ACK",
    ),
    segment(
        "all-flags",
        "FSRPU.",
        0,
        "a segment with all control bits set",
    ),
];

impl Segment {
    /// The kind of this name.
    pub(crate) fn of_name(name: &str) -> Option<&'static Self> {
        SEGMENTS.iter().find(|segment| segment.name == name)
    }

    /// Whether the control bit of this letter is set.
    pub(crate) fn has(&self, letter: char) -> bool {
        self.flags.contains(letter)
    }

    /// Whether it has an ACK field.
    pub(crate) fn has_ack(&self) -> bool {
        self.has('.')
    }

    /// SEG.LEN: SYN and FIN count (RFC 9293 section 3.4).
    pub(crate) fn len(&self) -> u32 {
        self.text + u32::from(self.has('S')) + u32::from(self.has('F'))
    }

    /// Whether a word of the rules' `segment` column holds: a control bit or `text`, `!` for its absence.
    pub(crate) fn fits(&self, word: &str) -> Option<bool> {
        let (wanted, name) = word
            .strip_prefix('!')
            .map_or((true, word), |name| (false, name));
        let is_set = match name {
            "SYN" => self.has('S'),
            "FIN" => self.has('F'),
            "RST" => self.has('R'),
            "ACK" => self.has_ack(),
            "PSH" => self.has('P'),
            "URG" => self.has('U'),
            "text" => self.text > 0,
            _ => return None,
        };
        Some(is_set == wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syn_and_fin_count_in_the_length() {
        let lengths = ["ack", "syn-fin", "data-fin", "all-flags"]
            .map(|name| Segment::of_name(name).map(Segment::len));
        assert_eq!(lengths, [Some(0), Some(2), Some(11), Some(2)]);
    }

    #[test]
    fn a_word_of_the_rules_holds_or_does_not() {
        let fits = |word| Segment::of_name("data-fin").and_then(|segment| segment.fits(word));
        assert_eq!(fits("FIN"), Some(true));
        assert_eq!(fits("!SYN"), Some(true));
        assert_eq!(fits("!text"), Some(false));
        assert_eq!(fits("FINN"), None);
    }
}
