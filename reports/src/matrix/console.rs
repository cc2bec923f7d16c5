//! The matrix on the terminal: a table for each RFC, with what is to say of single cells below their row, and the counts.

use std::fmt::Write;

use super::{Cell, Mark, MarkCounts, Matrix, Requirement, Row};

/// The widest mark, that columns of marks have room for.
const MARK_WIDTH: usize = Mark::NotTestable.name().len();

/// The whole matrix; with the scripts of every row if `verbose`.
pub(super) fn render(matrix: &Matrix, colour: bool, verbose: bool) -> String {
    let columns = Columns::of(matrix, colour);
    let mut text = String::new();
    for (rfc, rows) in matrix.by_rfc() {
        columns.header(rfc, matrix, &mut text);
        for row in rows {
            columns.row(row, &mut text);
            if verbose {
                for script in &row.scripts {
                    let title = script.title.as_deref().unwrap_or_default();
                    let line = format!("{:6}{}  {title}", "", script.name);
                    let _ = writeln!(text, "{}", line.trim_end());
                }
            }
            if let Some(reason) = &row.requirement.not_testable {
                let _ = writeln!(text, "{:6}not testable: {reason}", "");
            }
            for (target, cell) in matrix.targets().iter().zip(&row.cells) {
                findings(target, cell, &mut text);
            }
        }
        text.push('\n');
    }
    counts(matrix, colour, &mut text);
    text
}

/// What is to say of a cell, and where it shows.
fn findings(target: &str, cell: &Cell, text: &mut String) {
    for finding in cell.findings() {
        let name = finding.mark.name();
        let _ = writeln!(text, "{:6}{target} {name}: {}", "", finding.reason);
        for place in &finding.places {
            let _ = writeln!(text, "{:8}{place}", "");
        }
    }
}

/// The few texts that are longer move the rest of their row and not the whole table.
const WIDEST: usize = 16;

/// How wide the columns are, the same for all RFCs.
struct Columns {
    id: usize,
    level: usize,
    section: usize,
    targets: Vec<usize>,
    colour: bool,
}

impl Columns {
    fn of(matrix: &Matrix, colour: bool) -> Self {
        let width = |text: &str| text.chars().count();
        let widest = |name: &str, text: &dyn Fn(&Requirement) -> usize| {
            let rows = matrix.rows().iter().map(|row| text(&row.requirement));
            let widths = rows.filter(|width| *width <= WIDEST);
            widths.fold(width(name), usize::max)
        };
        let ids = matrix.rows().iter().map(|row| width(&row.requirement.id));
        Self {
            id: ids.max().unwrap_or_default(),
            level: widest("level", &|requirement| width(&requirement.level)),
            section: widest("section", &|requirement| width(&requirement.section)),
            targets: matrix
                .targets()
                .iter()
                .map(|target| width(target).max(MARK_WIDTH))
                .collect(),
            colour,
        }
    }

    fn header(&self, rfc: &str, matrix: &Matrix, text: &mut String) {
        let mut line = format!(
            "{:3$}  {:4$}  {:5$}",
            format!("RFC {rfc}"),
            "level",
            "section",
            self.id,
            self.level,
            self.section
        );
        for (target, width) in matrix.targets().iter().zip(&self.targets) {
            let _ = write!(line, "  {target:width$}");
        }
        line.push_str("  requirement");
        let _ = writeln!(text, "{line}");
    }

    fn row(&self, row: &Row, text: &mut String) {
        let requirement = &row.requirement;
        let _ = write!(
            text,
            "{:3$}  {:4$}  {:5$}",
            requirement.id,
            requirement.level,
            requirement.section,
            self.id,
            self.level,
            self.section
        );
        for (cell, width) in row.cells.iter().zip(&self.targets) {
            let padded = format!("{:width$}", cell.mark.name());
            let _ = write!(text, "  {}", paint(&padded, cell.mark, self.colour));
        }
        let _ = writeln!(text, "  {}", requirement.summary);
    }
}

/// One line for each RFC and target, and one for all RFCs.
fn counts(matrix: &Matrix, colour: bool, text: &mut String) {
    let width = matrix.targets().iter().map(|target| target.chars().count());
    let target_width = width.max().unwrap_or_default().max("target".len());
    let _ = write!(text, "{:8}  {:target_width$}", "RFC", "target");
    for mark in Mark::ALL {
        let _ = write!(text, "  {}", mark.name());
    }
    text.push('\n');
    let mut groups = matrix.by_rfc();
    groups.push(("all", matrix.rows().iter().collect()));
    for (rfc, rows) in groups {
        for (column, target) in matrix.targets().iter().enumerate() {
            let counts = MarkCounts::of(rows.iter().copied(), column);
            let _ = write!(text, "{rfc:8}  {target:target_width$}");
            for mark in Mark::ALL {
                let count = counts.get(mark);
                let padded = format!("{count:>0$}", mark.name().len());
                let shown = if count > 0 {
                    paint(&padded, mark, colour)
                } else {
                    padded
                };
                let _ = write!(text, "  {shown}");
            }
            text.push('\n');
        }
    }
}

fn paint(text: &str, mark: Mark, colour: bool) -> String {
    let code = match mark {
        Mark::Pass => 32,
        Mark::Deviates | Mark::Lacks => 33,
        Mark::Fails | Mark::Inconclusive => 31,
        Mark::Untested | Mark::NotTestable => 2,
    };
    if colour {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}
