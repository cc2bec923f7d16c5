//! The matrix as one page of HTML that needs nothing else: no server, no network, no other file.

use std::collections::BTreeSet;

use askama::Template;

use super::{Cell, Mark, MarkCounts, Matrix, Place, Requirement, Row, Script};

#[derive(Template)]
#[template(path = "matrix.html")]
struct Page<'m> {
    requirements: usize,
    scripts: usize,
    stacks: Vec<Stack<'m>>,
    /// The marks, levels and stacks to choose from.
    marks: Vec<&'static str>,
    levels: Vec<&'static str>,
    groups: Vec<Group<'m>>,
}

/// A column, of all rows or of an RFC's.
struct Stack<'m> {
    name: &'m str,
    passed: usize,
    testable: usize,
    percent: usize,
    parts: Vec<Part>,
}

/// A part of a column's bar.
struct Part {
    name: &'static str,
    class: String,
    count: usize,
}

/// The rows of an RFC.
struct Group<'m> {
    rfc: &'m str,
    link: Option<String>,
    stacks: Vec<Stack<'m>>,
    rows: Vec<RowView<'m>>,
}

struct RowView<'m> {
    id: &'m str,
    level: &'m str,
    level_group: &'static str,
    section: &'m str,
    link: Option<String>,
    summary: &'m str,
    not_testable: Option<&'m str>,
    scripts: &'m [Script],
    findings: Vec<FindingView<'m>>,
    cells: Vec<CellView>,
    /// For the filter: a line for each stack, its name and its mark separated by a tab.
    marks: String,
}

struct FindingView<'m> {
    stack: &'m str,
    name: &'static str,
    class: String,
    reason: String,
    places: Vec<Place>,
}

struct CellView {
    name: &'static str,
    class: String,
}

/// The page.
pub(super) fn render(matrix: &Matrix) -> Result<String, askama::Error> {
    let all: Vec<_> = matrix.rows().iter().collect();
    let levels: Vec<_> = matrix
        .rows()
        .iter()
        .map(|row| level_group(&row.requirement.level))
        .collect();
    let page = Page {
        requirements: matrix.rows().len(),
        scripts: scripts(matrix),
        stacks: stacks(matrix, &all),
        marks: Mark::ALL
            .iter()
            .filter(|mark| matrix.has(**mark))
            .map(|mark| mark.name())
            .collect(),
        levels: LEVELS
            .into_iter()
            .filter(|level| levels.contains(level))
            .collect(),
        groups: groups(matrix),
    };
    page.render()
}

/// How many scripts there are behind all rows.
fn scripts(matrix: &Matrix) -> usize {
    let rows = matrix.rows().iter();
    let names: BTreeSet<_> = rows
        .flat_map(|row| &row.scripts)
        .map(|script| &script.name)
        .collect();
    names.len()
}

fn stacks<'m>(matrix: &'m Matrix, rows: &[&Row]) -> Vec<Stack<'m>> {
    matrix
        .targets()
        .iter()
        .enumerate()
        .map(|(column, name)| stack(name, &MarkCounts::of(rows.iter().copied(), column)))
        .collect()
}

fn stack<'m>(name: &'m str, counts: &MarkCounts) -> Stack<'m> {
    let (passed, testable) = (counts.get(Mark::Pass), counts.testable());
    let part = |(mark, count): (Mark, usize)| Part {
        name: mark.name(),
        class: class(mark),
        count,
    };
    Stack {
        name,
        passed,
        testable,
        percent: (passed * 100).checked_div(testable).unwrap_or_default(),
        parts: counts.shown().map(part).collect(),
    }
}

fn groups(matrix: &Matrix) -> Vec<Group<'_>> {
    matrix
        .by_rfc()
        .into_iter()
        .map(|(rfc, rows)| Group {
            rfc,
            link: rfc_link(rfc),
            stacks: stacks(matrix, &rows),
            rows: rows.into_iter().map(|row| row_view(matrix, row)).collect(),
        })
        .collect()
}

fn row_view<'m>(matrix: &'m Matrix, row: &'m Row) -> RowView<'m> {
    let requirement = &row.requirement;
    let stacks = || matrix.targets().iter().zip(&row.cells);
    let marks: Vec<_> = stacks()
        .map(|(stack, cell)| format!("{stack}\t{}", cell.mark.name()))
        .collect();
    RowView {
        id: &requirement.id,
        level: &requirement.level,
        level_group: level_group(&requirement.level),
        section: &requirement.section,
        link: section_link(requirement),
        summary: &requirement.summary,
        not_testable: requirement.not_testable.as_deref(),
        scripts: &row.scripts,
        findings: stacks()
            .flat_map(|(stack, cell)| findings(stack, cell))
            .collect(),
        cells: row
            .cells
            .iter()
            .map(|cell| CellView {
                name: cell.mark.name(),
                class: class(cell.mark),
            })
            .collect(),
        marks: marks.join("\n"),
    }
}

fn findings<'m>(stack: &'m str, cell: &Cell) -> Vec<FindingView<'m>> {
    cell.findings()
        .into_iter()
        .map(|finding| FindingView {
            stack,
            name: finding.mark.name(),
            class: class(finding.mark),
            reason: finding.reason,
            places: finding.places,
        })
        .collect()
}

/// The style of a mark.
fn class(mark: Mark) -> String {
    mark.name().replace(' ', "-")
}

const LEVELS: [&str; 4] = ["MUST", "SHOULD", "MAY", "other"];

/// The level for the filter: `MUST NOT` is a `MUST`, and what RFC 2119 calls RECOMMENDED is a `SHOULD`.
fn level_group(level: &str) -> &'static str {
    let first = level.split(|c: char| !c.is_ascii_alphabetic()).next();
    match first.unwrap_or_default() {
        "MUST" | "SHALL" | "REQUIRED" => LEVELS[0],
        "SHOULD" | "RECOMMENDED" | "NOT" => LEVELS[1],
        "MAY" | "OPTIONAL" => LEVELS[2],
        _ => LEVELS[3],
    }
}

/// Where the RFC can be read.
fn rfc_link(rfc: &str) -> Option<String> {
    let is_number = !rfc.is_empty() && rfc.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| format!("https://www.rfc-editor.org/rfc/rfc{rfc}"))
}

/// Likewise the first of a requirement's sections.
fn section_link(requirement: &Requirement) -> Option<String> {
    let section: String = requirement
        .section
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let section = section.trim_end_matches('.');
    let page = rfc_link(&requirement.rfc)?;
    (!section.is_empty()).then(|| format!("{page}#section-{section}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_fall_into_three_and_the_rest() {
        assert_eq!(level_group("MUST NOT"), "MUST");
        assert_eq!(level_group("MUST/SHOULD"), "MUST");
        assert_eq!(level_group("RECOMMENDED"), "SHOULD");
        assert_eq!(level_group("MAY (then MUST)"), "MAY");
        assert_eq!(level_group("rule"), "other");
    }

    #[test]
    fn only_numbers_are_linked() {
        let requirement = |rfc: &str, section: &str| Requirement {
            id: String::new(),
            rfc: rfc.to_owned(),
            section: section.to_owned(),
            level: String::new(),
            summary: String::new(),
            not_testable: None,
        };
        let link = |rfc, section| section_link(&requirement(rfc, section));
        let page = "https://www.rfc-editor.org/rfc/rfc9293#section-3.8.3";
        assert_eq!(link("9293", "3.8.3, 3.1").as_deref(), Some(page));
        assert_eq!(link("9293", "Appendix A"), None);
        assert_eq!(link("9293\"", "3"), None);
    }
}
