//! The matrix as one JSON object.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Cell, Mark, MarkCounts, Matrix, Row, Script};

#[derive(Serialize)]
struct Document<'m> {
    targets: &'m [String],
    counts: Vec<CountRecord<'m>>,
    requirements: Vec<RowRecord<'m>>,
}

/// The counts of one RFC, or of all where `rfc` is null, for one target.
#[derive(Serialize)]
struct CountRecord<'m> {
    rfc: Option<&'m str>,
    target: &'m str,
    counts: Map<String, Value>,
}

#[derive(Serialize)]
struct RowRecord<'m> {
    id: &'m str,
    rfc: &'m str,
    section: &'m str,
    level: &'m str,
    summary: &'m str,
    testable: bool,
    /// Why it cannot be tested.
    note: Option<&'m str>,
    scripts: Vec<ScriptRecord<'m>>,
    targets: Vec<CellRecord<'m>>,
}

#[derive(Serialize)]
struct ScriptRecord<'m> {
    name: &'m str,
    title: Option<&'m str>,
}

#[derive(Serialize)]
struct CellRecord<'m> {
    target: &'m str,
    standing: &'static str,
    drills: Vec<DrillRecord<'m>>,
}

#[derive(Serialize)]
struct DrillRecord<'m> {
    script: &'m str,
    ip: &'static str,
    verdict: &'static str,
    reason: Option<&'m str>,
    line: Option<usize>,
}

/// The whole matrix.
pub(super) fn render(matrix: &Matrix) -> String {
    let document = Document {
        targets: matrix.targets(),
        counts: counts(matrix),
        requirements: matrix
            .rows()
            .iter()
            .map(|row| record(matrix, row))
            .collect(),
    };
    // Numbers, strings and lists of them always have a JSON form.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn counts(matrix: &Matrix) -> Vec<CountRecord<'_>> {
    let mut records = Vec::new();
    let mut groups = vec![(None, matrix.rows().iter().collect::<Vec<_>>())];
    groups.extend(
        matrix
            .by_rfc()
            .into_iter()
            .map(|(rfc, rows)| (Some(rfc), rows)),
    );
    for (rfc, rows) in groups {
        for (column, target) in matrix.targets().iter().enumerate() {
            let counts = MarkCounts::of(rows.iter().copied(), column);
            records.push(CountRecord {
                rfc,
                target,
                counts: by_name(&counts),
            });
        }
    }
    records
}

/// Every mark is there, so that a reader need not ask for it.
fn by_name(counts: &MarkCounts) -> Map<String, Value> {
    Mark::ALL
        .into_iter()
        .map(|mark| (mark.name().to_owned(), counts.get(mark).into()))
        .collect()
}

fn record<'m>(matrix: &'m Matrix, row: &'m Row) -> RowRecord<'m> {
    let requirement = &row.requirement;
    RowRecord {
        id: &requirement.id,
        rfc: &requirement.rfc,
        section: &requirement.section,
        level: &requirement.level,
        summary: &requirement.summary,
        testable: requirement.not_testable.is_none(),
        note: requirement.not_testable.as_deref(),
        scripts: row.scripts.iter().map(script).collect(),
        targets: matrix
            .targets()
            .iter()
            .zip(&row.cells)
            .map(|(target, cell)| self::cell(target, cell))
            .collect(),
    }
}

fn script(script: &Script) -> ScriptRecord<'_> {
    ScriptRecord {
        name: &script.name,
        title: script.title.as_deref(),
    }
}

fn cell<'m>(target: &'m str, cell: &'m Cell) -> CellRecord<'m> {
    CellRecord {
        target,
        standing: cell.mark.name(),
        drills: cell
            .drills
            .iter()
            .map(|drill| DrillRecord {
                script: &drill.script,
                ip: drill.mode,
                verdict: drill.verdict,
                reason: drill.reason.as_deref(),
                line: drill.line,
            })
            .collect(),
    }
}
