//! The catalogue of requirements and the scripts that claim them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use halfopen_tidy::{assert_none, files, root, shown};

/// Requirements that can be tested and have no script yet. This list may only shrink.
const NOT_YET_COVERED: &[&str] = &[];

/// One line of the catalogue.
struct Row {
    id: String,
    rfc: String,
    testable: String,
    basis: String,
    columns: usize,
}

fn catalogue() -> Vec<Row> {
    let text = fs::read_to_string(root().join("suites/requirements.tsv")).unwrap_or_default();
    text.lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let column = |index: usize| (*columns.get(index).unwrap_or(&"")).to_owned();
            Row {
                id: column(0),
                rfc: column(1),
                testable: column(5),
                basis: column(6),
                columns: columns.len(),
            }
        })
        .collect()
}

/// The ids that scripts require, with the scripts that do.
fn required() -> BTreeMap<String, Vec<String>> {
    let mut required: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in files(&root().join("suites"), "pkt") {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut in_requires = false;
        for line in text.lines().map_while(|line| line.strip_prefix("//:")) {
            // A key stands right behind the mark; what begins further right goes on with the value before.
            let starts_key = line.strip_prefix(' ').is_some_and(|l| !l.starts_with(' '));
            let value = if starts_key {
                in_requires = line.trim_start().starts_with("requires");
                line.trim_start().trim_start_matches("requires")
            } else {
                line
            };
            if !in_requires {
                continue;
            }
            for id in value.split(',').map(str::trim).filter(|id| !id.is_empty()) {
                let scripts = required.entry(id.to_owned()).or_default();
                scripts.push(shown(&path));
            }
        }
    }
    required
}

#[test]
fn the_catalogue_is_whole() {
    let rows = catalogue();
    let of_rfc_9293 = rows.iter().filter(|row| row.rfc == "9293").count();
    assert_eq!(of_rfc_9293, 119, "RFC 9293 labels 119 requirements");
    let mut seen = BTreeSet::new();
    let complaints: Vec<_> = rows
        .iter()
        .filter(|row| {
            let says_why = row.testable == "yes"
                || row
                    .testable
                    .strip_prefix("no: ")
                    .is_some_and(|why| why.len() > 10);
            let has_basis = row.basis == "text" || row.basis == "memory";
            let is_new = seen.insert(row.id.as_str());
            let is_named = row.id.starts_with(&format!("RFC{}-", row.rfc));
            !(row.columns == 7 && says_why && has_basis && is_new && is_named)
        })
        .map(|row| row.id.clone())
        .collect();
    assert_none("a row of suites/requirements.tsv is malformed", &complaints);
}

#[test]
fn every_requirement_that_a_script_claims_is_in_the_catalogue() {
    let known: BTreeSet<String> = catalogue().into_iter().map(|row| row.id).collect();
    let complaints: Vec<_> = required()
        .into_iter()
        .filter(|(id, _)| !known.contains(id))
        .map(|(id, scripts)| format!("{id}: {}", scripts.join(", ")))
        .collect();
    assert_none(
        "a script requires what suites/requirements.tsv does not know",
        &complaints,
    );
}

#[test]
fn every_testable_requirement_has_a_script() {
    let required = required();
    let complaints: Vec<_> = catalogue()
        .into_iter()
        .filter(|row| row.testable == "yes")
        .filter(|row| required.contains_key(&row.id) == NOT_YET_COVERED.contains(&row.id.as_str()))
        .map(|row| row.id)
        .collect();
    assert_none(
        "a testable requirement has no script, or is listed as not yet covered and has one",
        &complaints,
    );
}

#[test]
fn what_cannot_be_tested_is_explained_to_readers() {
    let page = fs::read_to_string(root().join("suites/README.md")).unwrap_or_default();
    let complaints: Vec<_> = catalogue()
        .into_iter()
        .filter(|row| row.testable != "yes")
        .map(|row| row.id.trim_start_matches("RFC9293-").to_owned())
        .filter(|id| !page.contains(&format!("| {id} |")))
        .collect();
    assert_none(
        "suites/README.md does not say why this cannot be tested",
        &complaints,
    );
}
