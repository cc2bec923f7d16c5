//! Requirement × target: what the drills of each requirement's scripts came to on each stack.

mod catalogue;
mod console;
mod counts;
mod html;
mod json;
mod markdown;
mod report;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use halfopen_drill::{Outcome, ScriptFile, Standing};

pub use catalogue::{Catalogue, CatalogueError, Requirement};
pub use counts::MarkCounts;
pub use report::{MatrixFormat, MatrixReport};

use crate::failure::in_one_line;

/// How a stack stands to a requirement, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Nothing that is sent or called can show it.
    NotTestable,
    /// No script names it, or none that runs with the chosen address families.
    Untested,
    /// The target lacks what all of its scripts need.
    Lacks,
    /// All of its drills passed.
    Pass,
    /// A drill failed, as its script says and explains.
    Deviates,
    /// The machine was too busy to tell.
    Inconclusive,
    /// A drill failed, passed against expectation, or could not be run.
    Fails,
}

impl Mark {
    /// All of them, in the order in which reports count them.
    pub const ALL: [Self; 7] = [
        Self::Pass,
        Self::Deviates,
        Self::Fails,
        Self::Inconclusive,
        Self::Lacks,
        Self::Untested,
        Self::NotTestable,
    ];

    /// The words in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Deviates => "deviates",
            Self::Fails => "fails",
            Self::Inconclusive => "inconclusive",
            Self::Lacks => "lacks",
            Self::Untested => "untested",
            Self::NotTestable => "not testable",
        }
    }

    const fn of(standing: &Standing) -> Self {
        match standing {
            Standing::Pass => Self::Pass,
            Standing::ExpectedFail { .. } => Self::Deviates,
            Standing::Fail(_) | Standing::UnexpectedPass { .. } | Standing::Error(_) => Self::Fails,
            Standing::Inconclusive(_) => Self::Inconclusive,
            Standing::Skip(_) => Self::Lacks,
        }
    }
}

/// A script behind a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Its name.
    pub name: String,
    /// What it tests.
    pub title: Option<String>,
}

/// What one drill of a requirement came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillResult {
    /// The script's name.
    pub script: String,
    /// The address families.
    pub mode: &'static str,
    /// The verdict, in the words of the other reports.
    pub verdict: &'static str,
    /// What that means for the requirement.
    pub mark: Mark,
    /// Why, unless it passed, in the words of the other reports.
    pub reason: Option<String>,
    /// Likewise in one line, as it goes well behind the mark.
    pub remark: Option<String>,
    /// The line of the script that was not met.
    pub line: Option<usize>,
}

/// How one stack stands to one requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The worst of the drills.
    pub mark: Mark,
    /// Each drill.
    pub drills: Vec<DrillResult>,
}

/// Something that is to say of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it means for the requirement.
    pub mark: Mark,
    /// Why.
    pub reason: String,
    /// Where it shows.
    pub places: Vec<Place>,
}

/// Where a finding shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The script.
    pub script: String,
    /// The line that was not met.
    pub line: Option<usize>,
    /// The address families.
    pub modes: Vec<&'static str>,
}

/// `a.pkt:12 (v4, v6)`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.script)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, " ({})", self.modes.join(", "))
    }
}

/// One requirement with its scripts and how each target stands to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The requirement.
    pub requirement: Requirement,
    /// The scripts that name it.
    pub scripts: Vec<Script>,
    /// One for each target.
    pub cells: Vec<Cell>,
}

/// All requirements against all targets.
#[derive(Clone, Debug)]
pub struct Matrix {
    targets: Vec<String>,
    rows: Vec<Row>,
    by_id: BTreeMap<String, usize>,
}

impl Matrix {
    /// A matrix in which nothing has been run yet.
    pub fn new(catalogue: Catalogue, targets: Vec<String>, files: &[Arc<ScriptFile>]) -> Self {
        let rows: Vec<_> = catalogue
            .requirements
            .into_iter()
            .map(|requirement| {
                let mark = match requirement.not_testable {
                    Some(_) => Mark::NotTestable,
                    None => Mark::Untested,
                };
                let drills = Vec::new();
                let cell = Cell { mark, drills };
                Row {
                    scripts: scripts_of(&requirement.id, files),
                    requirement,
                    cells: vec![cell; targets.len()],
                }
            })
            .collect();
        let by_id = rows
            .iter()
            .enumerate()
            .map(|(index, row)| (row.requirement.id.clone(), index))
            .collect();
        Self {
            targets,
            rows,
            by_id,
        }
    }

    /// Takes the outcome of a drill into the cell of each requirement that its script names.
    pub fn add(&mut self, outcome: &Outcome) {
        let Some(column) = self.targets.iter().position(|name| *name == outcome.target) else {
            return;
        };
        let result = DrillResult {
            script: outcome.file.name(),
            mode: outcome.mode.name(),
            verdict: outcome.standing.name(),
            mark: Mark::of(&outcome.standing),
            reason: crate::json::reason(&outcome.standing),
            remark: remark(&outcome.standing),
            line: outcome.standing.failure().and_then(|failure| failure.line),
        };
        for id in &outcome.file.script.front_matter.requires {
            if let Some(row) = self.by_id.get(id) {
                self.rows[*row].cells[column].add(result.clone());
            }
        }
    }

    /// The targets, in the order of the columns.
    pub fn targets(&self) -> &[String] {
        &self.targets
    }

    /// The rows, in the order of the catalogue.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether some stack stands so to some requirement.
    pub fn has(&self, mark: Mark) -> bool {
        let mut cells = self.rows.iter().flat_map(|row| &row.cells);
        cells.any(|cell| cell.mark == mark)
    }

    /// The rows of each RFC, in the order of the catalogue.
    pub fn by_rfc(&self) -> Vec<(&str, Vec<&Row>)> {
        let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
        for row in &self.rows {
            let rfc = row.requirement.rfc.as_str();
            match groups.iter_mut().find(|(known, _)| *known == rfc) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((rfc, vec![row])),
            }
        }
        groups
    }
}

fn scripts_of(id: &str, files: &[Arc<ScriptFile>]) -> Vec<Script> {
    let names_it = |file: &&Arc<ScriptFile>| {
        let requires = &file.script.front_matter.requires;
        requires.iter().any(|required| required == id)
    };
    files
        .iter()
        .filter(names_it)
        .map(|file| Script {
            name: file.name(),
            title: file.script.front_matter.title.clone(),
        })
        .collect()
}

impl Cell {
    fn add(&mut self, drill: DrillResult) {
        // A drill says more than the catalogue does: even what it calls not testable has been tested then.
        self.mark = if self.drills.is_empty() {
            drill.mark
        } else {
            self.mark.max(drill.mark)
        };
        self.drills.push(drill);
    }

    /// What is to say of the drills that did not simply pass, the worst first; equal reasons are said once.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for drill in &self.drills {
            let Some(reason) = &drill.remark else {
                continue;
            };
            let same = findings
                .iter()
                .position(|known| known.mark == drill.mark && known.reason == *reason);
            let index = same.unwrap_or_else(|| {
                findings.push(Finding {
                    mark: drill.mark,
                    reason: reason.clone(),
                    places: Vec::new(),
                });
                findings.len() - 1
            });
            findings[index].add(drill);
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.mark));
        findings
    }
}

impl Finding {
    fn add(&mut self, drill: &DrillResult) {
        let same = self
            .places
            .iter_mut()
            .find(|place| place.script == drill.script && place.line == drill.line);
        match same {
            Some(place) => place.modes.push(drill.mode),
            None => self.places.push(Place {
                script: drill.script.clone(),
                line: drill.line,
                modes: vec![drill.mode],
            }),
        }
    }
}

/// Why a drill did not simply pass, in one line.
fn remark(standing: &Standing) -> Option<String> {
    let text = crate::json::reason(standing)?.replace('\n', " ");
    Some(match standing {
        Standing::Fail(failure) | Standing::Inconclusive(failure) => {
            format!("{}: {}", failure.kind_name(), in_one_line(failure))
        }
        Standing::UnexpectedPass { .. } => {
            format!("passes, although it is expected to fail: {text}")
        }
        Standing::Error(_) => format!("could not be run: {text}"),
        // The word stands before the reason.
        Standing::Skip(_) => text.strip_prefix("lacks ").unwrap_or(&text).to_owned(),
        Standing::Pass | Standing::ExpectedFail { .. } => text,
    })
}
