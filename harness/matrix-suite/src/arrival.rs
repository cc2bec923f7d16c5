//! `arrivals.txt`: which segments arrive in which state, and the script of each.

use crate::dialogue::{Dialogue, NOW, SOON};
use crate::proof::{self, Waiting};
use crate::rule::{Reply, Rule, Signal, Text};
use crate::script::Script;
use crate::setup::{self, Needs, TEXT};
use crate::table::{Row, Table, TableError};
use crate::words::{Ack, Segment, Seq, Start};

const COLUMNS: &[&str] = &["states", "segments", "SEQ", "ACK"];

/// Reads `arrivals.txt` and finds the rule of each cell; every rule has to be that of some cell.
pub(crate) fn scripts(file: &str, text: &str, rules: &[Rule]) -> Result<Vec<Script>, TableError> {
    let mut scripts: Vec<Script> = Vec::new();
    let mut used = vec![false; rules.len()];
    for row in Table::parse(file, text, COLUMNS)?.rows {
        for cell in cells(&row)? {
            let index = cell.rule(rules).map_err(|message| row.error(0, message))?;
            used[index] = true;
            let script = cell.script(&rules[index]);
            if scripts.iter().any(|known| known.path == script.path) {
                return Err(row.error(0, format!("{} is made twice", script.path)));
            }
            scripts.push(script);
        }
    }
    match rules.iter().zip(used).find(|(_, used)| !used) {
        Some((rule, _)) => Err(rule.unused.clone()),
        None => Ok(scripts),
    }
}

/// All combinations of a row's words.
fn cells(row: &Row) -> Result<Vec<Cell>, TableError> {
    let starts = row.words(0, "state", Start::of_word)?;
    let segments = row.words(1, "segment", Segment::of_name)?;
    let seqs = row.words(2, "place of SEG.SEQ", Seq::of_word)?;
    let acks = row.words(3, "place of SEG.ACK", Ack::of_word)?;
    let mut cells = Vec::new();
    for start in starts {
        for segment in &segments {
            for seq in &seqs {
                cells.extend(acks.iter().map(|ack| Cell {
                    start,
                    segment,
                    seq: *seq,
                    ack: *ack,
                }));
            }
        }
    }
    Ok(cells)
}

/// One cell: a state and a segment.
#[derive(Clone, Copy, Debug)]
struct Cell {
    start: Start,
    segment: &'static Segment,
    seq: Seq,
    ack: Ack,
}

impl Cell {
    fn name(self) -> String {
        let place = match self.seq {
            Seq::Any => String::new(),
            seq => format!("-{}", seq.word()),
        };
        format!(
            "{}{place}{}",
            self.segment.name,
            self.ack.suffix(self.start)
        )
    }

    /// The first rule that fits.
    fn rule(self, rules: &[Rule]) -> Result<usize, String> {
        let Self {
            start,
            segment,
            seq,
            ack,
        } = self;
        let name = format!("{}/{}", start.folder(), self.name());
        if segment.has_ack() == (ack == Ack::None) {
            return Err(format!(
                "{name}: the ACK bit and the ACK column contradict each other"
            ));
        }
        rules
            .iter()
            .position(|rule| rule.fits(start, segment, seq, ack))
            .ok_or_else(|| format!("no rule speaks of {name}"))
    }

    fn script(self, rule: &Rule) -> Script {
        let Self { start, segment, .. } = self;
        let title = format!(
            "{}, {}{}{}: {}",
            start.phrase(),
            segment.phrase,
            self.seq.phrase(),
            self.ack.phrase(start),
            rule.says
        );
        Script {
            path: format!("{}/{}.pkt", start.folder(), self.name()),
            title,
            requires: rule.requires.clone(),
            settings: None,
            lines: self.dialogue(rule).into_lines(),
        }
    }

    fn needs(self) -> Needs {
        let has_text = matches!(self.start, Start::Established | Start::CloseWait);
        Needs {
            right_edge: self.seq.needs_the_right_edge(),
            acknowledged_text: self.ack == Ack::Old,
            outstanding_text: self.ack == Ack::Part || (self.ack == Ack::Nxt && has_text),
            received_text: self.seq.offset(self.segment) < -1
                && self.start.is_synchronized()
                && self.start != Start::EstablishedNoWindow,
            ..Needs::default()
        }
    }

    fn ack_field(self, dialogue: &Dialogue) -> Option<u32> {
        if matches!(self.start, Start::Closed | Start::Listen) {
            return (self.ack != Ack::None).then_some(5000);
        }
        match self.ack {
            Ack::None => None,
            Ack::Una => Some(dialogue.una),
            Ack::Nxt => Some(dialogue.nxt),
            Ack::Part => Some(dialogue.una + TEXT),
            Ack::Old => Some(dialogue.una - TEXT / 2),
            Ack::Iss => Some(0),
            Ack::TooOld => Some(dialogue.una.wrapping_sub(70_000)),
            Ack::Unsent => Some(dialogue.nxt + 100),
        }
    }

    fn dialogue(self, rule: &Rule) -> Dialogue {
        let Self { start, segment, .. } = self;
        let mut dialogue = setup::reach(start, self.needs());
        if start != Start::Closed {
            dialogue.blank();
        }
        // What was offered before the peer's FIN is certain; whether the FIN took a number of it is the stack's choice.
        let base = match self.seq {
            Seq::AtLastOctet | Seq::OverRightEdge => 1,
            _ => dialogue.rcv_nxt,
        };
        let seq = base.wrapping_add_signed(self.seq.offset(segment));
        let ack = self.ack_field(&dialogue);
        dialogue.inject_kind(segment, seq, ack);
        self.take_in(rule, seq, ack, &mut dialogue);
        let fd = dialogue.fd;
        for state in &rule.next {
            dialogue.goes_to(state);
            if *state == "CLOSED" || *state == "LISTEN" {
                dialogue.unread = 0;
            }
        }
        reply(rule.reply, (segment, seq, ack), &mut dialogue);
        if start == Start::SynSent {
            dialogue.fd = fd;
        }
        if rule.signal != Signal::Nothing
            && let Some(fd) = dialogue.fd
        {
            let error = rule.signal.word();
            dialogue.call(&format!(
                "getsockopt({fd}, SOL_SOCKET, SO_ERROR, [{error}], [4]) = 0"
            ));
        }
        if rule.next.is_empty() {
            dialogue.assert_state();
        }
        dialogue.blank();
        // The octet before the urgent pointer is read in a way of its own.
        dialogue.reads = !segment.has('U');
        let waits =
            matches!(rule.text, Text::Hold | Text::Queue) && (segment.text > 0 || segment.has('F'));
        let waiting = waits.then(|| Waiting {
            text: segment.text,
            fin: segment.has('F'),
        });
        if self.is_bad_ack_of_syn() {
            dialogue.pause(".1");
        }
        proof::prove(&mut dialogue, start, waiting);
        dialogue
    }

    /// After this our SYN has to wait for its timeout, as if nothing had come; a moment shows whether it does.
    fn is_bad_ack_of_syn(self) -> bool {
        self.start == Start::SynSent && !matches!(self.ack, Ack::None | Ack::Nxt)
    }

    /// What the segment changes in the variables of the connection.
    fn take_in(self, rule: &Rule, seq: u32, ack: Option<u32>, dialogue: &mut Dialogue) {
        let segment = self.segment;
        let opens = rule.next.first().is_some_and(|state| *state != "CLOSED");
        if matches!(self.start, Start::Listen | Start::SynSent) && opens {
            dialogue.rcv_nxt = seq + 1;
        }
        if rule.text == Text::Take {
            let fin = u32::from(segment.has('F'));
            let end = seq.wrapping_add(segment.len());
            dialogue.unread += end.wrapping_sub(fin).wrapping_sub(dialogue.rcv_nxt);
            dialogue.rcv_nxt = end;
        }
        let is_processed = !segment.has('R') && (!segment.has('S') || opens);
        if let (Ack::Nxt | Ack::Part, Some(ack), true) = (self.ack, ack, is_processed) {
            dialogue.una = ack;
        }
    }
}

fn reply(reply: Reply, (segment, seq, ack): (&Segment, u32, Option<u32>), dialogue: &mut Dialogue) {
    match reply {
        Reply::Silence => {}
        Reply::Ack => dialogue.expect_ack(NOW),
        Reply::AckSoon => dialogue.expect_ack(SOON),
        Reply::SynAck => dialogue.expect_syn_ack(),
        Reply::RstAtAck => {
            let ack = ack.unwrap_or_default();
            dialogue.line(NOW, &format!("> R {ack}:{ack}(0)"));
        }
        Reply::RstAtZero => {
            let end = seq.wrapping_add(segment.len());
            dialogue.line(NOW, &format!("> R. 0:0(0) ack {end}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "states | segment | SEQ | ACK | reply | text | next | user | requires | rule\n\
        CLOSED | RST | * | * | - | drop | = | - | - | a RST is discarded\n\
        CLOSED | * | * | * | RST-at-0 | drop | = | - | - | all else is reset\n";

    fn made(rules: &str, arrivals: &str) -> Result<Vec<String>, String> {
        let rules = crate::rule::read("rules.txt", rules).map_err(|error| error.to_string())?;
        let arrivals = format!("states | segments | SEQ | ACK\n{arrivals}");
        let scripts =
            scripts("arrivals.txt", &arrivals, &rules).map_err(|error| error.to_string())?;
        Ok(scripts.into_iter().map(|script| script.path).collect())
    }

    #[test]
    fn a_row_stands_for_all_combinations_of_its_words() {
        let made = made(RULES, "CLOSED | rst syn fin | any | none\n");
        let wanted = ["closed/rst.pkt", "closed/syn.pkt", "closed/fin.pkt"];
        assert_eq!(made, Ok(wanted.map(str::to_owned).to_vec()));
    }

    #[test]
    fn every_cell_needs_a_rule_and_every_rule_a_cell() {
        let without_rule = made(RULES, "LISTEN | rst | any | none\n");
        assert_eq!(
            without_rule,
            Err("arrivals.txt:2:1: no rule speaks of listen/rst".to_owned())
        );
        let without_cell = made(RULES, "CLOSED | syn | any | none\n");
        let unused =
            "rules.txt:2:1: no cell needs this rule: those before it speak of all that it does";
        assert_eq!(without_cell, Err(unused.to_owned()));
    }

    #[test]
    fn the_ack_column_and_the_ack_bit_agree() {
        let wrong = made(RULES, "CLOSED | syn | any | unsent\n");
        let contradiction = "arrivals.txt:2:1: closed/syn-acking-unsent: the ACK bit and the ACK column contradict each other";
        assert_eq!(wrong, Err(contradiction.to_owned()));
    }
}
