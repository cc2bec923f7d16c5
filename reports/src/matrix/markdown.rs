//! The matrix as Markdown, in the tables that GitHub knows.

use std::fmt::Write;

use super::{Mark, MarkCounts, Matrix, Row};

/// The whole matrix.
pub(super) fn render(matrix: &Matrix) -> String {
    let mut text = String::from("# Requirements\n\n");
    text.push_str(LEGEND);
    counts(matrix, &mut text);
    for (rfc, rows) in matrix.by_rfc() {
        let _ = writeln!(text, "\n## RFC {}\n", escape(rfc));
        table(matrix, &rows, &mut text);
        remarks(matrix, &rows, &mut text);
    }
    text
}

const LEGEND: &str = "\
A requirement stands on a stack as the worst of its drills does; a drill is one script over one address family.
*pass*: all passed. *deviates*: the stack differs, as a script states with its reason. *fails*: the stack differs and no
script says why, or a drill could not be run. *inconclusive*: the machine was too busy to tell. *lacks*: the stack has not what
the scripts need. *untested*: no script yet. *not testable*: neither segments nor calls can show it.

";

fn counts(matrix: &Matrix, text: &mut String) {
    text.push_str("| RFC | stack |");
    for mark in Mark::ALL {
        let _ = write!(text, " {} |", mark.name());
    }
    text.push_str("\n|---|---|");
    text.push_str(&"--:|".repeat(Mark::ALL.len()));
    text.push('\n');
    let mut line = |rfc: &str, rows: &[&Row]| {
        for (column, target) in matrix.targets().iter().enumerate() {
            let counts = MarkCounts::of(rows.iter().copied(), column);
            let _ = write!(text, "| {rfc} | {} |", escape(target));
            for mark in Mark::ALL {
                let _ = write!(text, " {} |", counts.get(mark));
            }
            text.push('\n');
        }
    };
    for (rfc, rows) in matrix.by_rfc() {
        line(&escape(rfc), &rows);
    }
    let all: Vec<_> = matrix.rows().iter().collect();
    line("**all**", &all);
}

fn table(matrix: &Matrix, rows: &[&Row], text: &mut String) {
    text.push_str("| requirement | level | section | what it asks |");
    for target in matrix.targets() {
        let _ = write!(text, " {} |", escape(target));
    }
    text.push_str(" scripts |\n|---|---|---|---|");
    text.push_str(&"---|".repeat(matrix.targets().len() + 1));
    text.push('\n');
    for row in rows {
        let requirement = &row.requirement;
        let _ = write!(
            text,
            "| {} | {} | {} | {} |",
            escape(&requirement.id),
            escape(&requirement.level),
            escape(&requirement.section),
            escape(&requirement.summary)
        );
        for cell in &row.cells {
            let name = cell.mark.name();
            let _ = match cell.mark {
                Mark::Fails | Mark::Inconclusive | Mark::Deviates => write!(text, " **{name}** |"),
                Mark::Pass => write!(text, " {name} |"),
                Mark::Lacks | Mark::Untested | Mark::NotTestable => write!(text, " *{name}* |"),
            };
        }
        let scripts: Vec<_> = row
            .scripts
            .iter()
            .map(|script| code(&script.name))
            .collect();
        let _ = writeln!(text, " {} |", scripts.join("<br>"));
    }
}

/// What is to say of single cells, below their table.
fn remarks(matrix: &Matrix, rows: &[&Row], text: &mut String) {
    let mut lines = String::new();
    for row in rows {
        let id = escape(&row.requirement.id);
        if let Some(reason) = &row.requirement.not_testable {
            let _ = writeln!(lines, "- {id} is not testable: {}", escape(reason));
        }
        for (target, cell) in matrix.targets().iter().zip(&row.cells) {
            for finding in cell.findings() {
                let places: Vec<_> = finding
                    .places
                    .iter()
                    .map(|place| code(&place.to_string()))
                    .collect();
                let _ = writeln!(
                    lines,
                    "- {id}, {} {}: {} ({})",
                    escape(target),
                    finding.mark.name(),
                    escape(&finding.reason),
                    places.join(", ")
                );
            }
        }
    }
    if !lines.is_empty() {
        text.push('\n');
        text.push_str(&lines);
    }
}

/// Plain text: nothing in it is markup.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' | '$' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Text in a fixed width, within a table.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    if text.contains('`') {
        escape(&text)
    } else {
        // A bar ends a column of a table even within code.
        format!("`{}`", text.replace('|', "\\|"))
    }
}

#[cfg(test)]
mod tests {
    use super::{code, escape};

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            escape("a <b> | 2*MSL_x\n[y](z)"),
            r"a \<b\> \| 2\*MSL\_x \[y\](z)"
        );
        assert_eq!(code("a|b.pkt"), r"`a\|b.pkt`");
        assert_eq!(code("a`b.pkt"), r"a\`b.pkt");
    }
}
