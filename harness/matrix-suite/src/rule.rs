//! `rules.txt`: what RFC 9293 section 3.10.7 says to each segment. The first rule that fits holds, as the first step does there.

use crate::table::{Row, Table, TableError};
use crate::words::{Ack, Segment, Seq, Start, words};

words! {
    /// What the stack sends.
    Reply {
        Silence = "-",
        /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>` at once.
        Ack = "ACK",
        /// The same, but it may be delayed.
        AckSoon = "ACK-soon",
        /// `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`
        SynAck = "SYN-ACK",
        /// `<SEQ=SEG.ACK><CTL=RST>`
        RstAtAck = "RST-at-ACK",
        /// `<SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>`
        RstAtZero = "RST-at-0",
    }
}

words! {
    /// What becomes of text and FIN.
    Text {
        Drop = "drop",
        /// They count: RCV.NXT moves over them.
        Take = "take",
        /// They are kept behind the gap before them.
        Hold = "hold",
        /// They are kept as far as the window reaches; nothing more is asked about them.
        Cut = "cut",
        /// They came with a SYN and wait for ESTABLISHED.
        Queue = "queue",
    }
}

words! {
    /// What the user is told.
    Signal {
        Nothing = "-",
        Reset = "ECONNRESET",
        /// How sockets spell a reset after the peer's FIN.
        Pipe = "EPIPE",
        Refused = "ECONNREFUSED",
    }
}

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    starts: Vec<Start>,
    segment: Vec<String>,
    seqs: Vec<Seq>,
    acks: Vec<Ack>,
    pub(crate) reply: Reply,
    pub(crate) text: Text,
    /// The states that it goes through; none if it stays.
    pub(crate) next: Vec<&'static str>,
    pub(crate) signal: Signal,
    pub(crate) requires: Vec<String>,
    /// The rule as a sentence.
    pub(crate) says: String,
    /// What to say if no cell needs it.
    pub(crate) unused: TableError,
}

const COLUMNS: &[&str] = &[
    "states", "segment", "SEQ", "ACK", "reply", "text", "next", "user", "requires", "rule",
];

/// Reads `rules.txt`.
pub(crate) fn read(file: &str, text: &str) -> Result<Vec<Rule>, TableError> {
    Table::parse(file, text, COLUMNS)?
        .rows
        .iter()
        .map(read_row)
        .collect()
}

fn read_row(row: &Row) -> Result<Rule, TableError> {
    let segment = if row.text(1) == "*" {
        Vec::new()
    } else {
        let known = |word: &str| {
            SEGMENT_WORDS
                .contains(&word.trim_start_matches('!'))
                .then(|| word.to_owned())
        };
        row.words(1, "control bit", known)?
    };
    let says = row.text(9).to_owned();
    if says.is_empty() {
        return Err(row.error(9, "a rule needs its sentence".to_owned()));
    }
    Ok(Rule {
        starts: row.words_or_all(0, "state", Start::ALL, Start::of_word)?,
        segment,
        seqs: row.words_or_all(2, "place of SEG.SEQ", Seq::ALL, Seq::of_word)?,
        acks: row.words_or_all(3, "place of SEG.ACK", Ack::ALL, Ack::of_word)?,
        reply: row.word(4, "reply", Reply::of_word)?,
        text: row.word(5, "fate of text", Text::of_word)?,
        next: next(row)?,
        signal: row.word(7, "signal", Signal::of_word)?,
        requires: requires(row, 8),
        says,
        unused: row.error(
            0,
            "no cell needs this rule: those before it speak of all that it does".to_owned(),
        ),
    })
}

const SEGMENT_WORDS: &[&str] = &["SYN", "FIN", "RST", "ACK", "PSH", "URG", "text"];

fn next(row: &Row) -> Result<Vec<&'static str>, TableError> {
    if row.text(6) == "=" {
        return Ok(Vec::new());
    }
    row.words(6, "state of RFC 9293 or `=`", state_of)
}

/// A state without what stands behind the slash.
pub(crate) fn state_of(word: &str) -> Option<&'static str> {
    Start::ALL
        .iter()
        .map(|start| start.state())
        .find(|state| *state == word)
}

/// The requirement ids of a column; `-` is none.
pub(crate) fn requires(row: &Row, index: usize) -> Vec<String> {
    let words = row
        .text(index)
        .split_whitespace()
        .filter(|word| *word != "-");
    words.map(str::to_owned).collect()
}

impl Rule {
    /// Whether it speaks of this segment.
    pub(crate) fn fits(&self, start: Start, segment: &Segment, seq: Seq, ack: Ack) -> bool {
        self.starts.contains(&start)
            && self
                .segment
                .iter()
                .all(|word| segment.fits(word) == Some(true))
            && self.seqs.contains(&seq)
            && self.acks.contains(&ack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "states | segment | SEQ | ACK | reply | text | next | user | requires | rule\n";

    #[test]
    fn the_first_rule_that_fits_holds() {
        let text = format!(
            "{HEADER}CLOSED | RST | * | * | - | drop | = | - | - | dropped\nCLOSED | * | * | * | RST-at-0 | drop | = | - | - | reset\n"
        );
        let rules = read("rules.txt", &text).expect("the rules are right");
        let find = |name| {
            let segment = Segment::of_name(name)?;
            rules
                .iter()
                .find(|rule| rule.fits(Start::Closed, segment, Seq::Any, Ack::None))
        };
        assert_eq!(find("rst").map(|rule| rule.reply), Some(Reply::Silence));
        assert_eq!(find("syn").map(|rule| rule.reply), Some(Reply::RstAtZero));
    }

    #[test]
    fn a_reply_that_is_none_is_named_with_its_place() {
        let text = format!("{HEADER}CLOSED | RST | * | * | RST | drop | = | - | - | dropped\n");
        let error = read("rules.txt", &text)
            .map(|_| ())
            .map_err(|error| error.to_string());
        assert_eq!(error, Err("rules.txt:2:24: `RST` is no reply".to_owned()));
    }
}
