//! Rules for the suites.

use std::fs;

use halfopen_tidy::{assert_none, files, root, shown};

#[test]
fn every_script_says_what_it_tests() {
    let complaints: Vec<_> = files(&root().join("suites"), "pkt")
        .into_iter()
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            !text.lines().any(|line| line.starts_with("//: title"))
        })
        .map(|path| shown(&path))
        .collect();
    assert_none("a script has no title", &complaints);
}

#[test]
fn no_failure_is_expected_without_a_reason() {
    let complaints: Vec<_> = files(&root().join("suites"), "pkt")
        .into_iter()
        .flat_map(|path| {
            let text = fs::read_to_string(&path).unwrap_or_default();
            text.lines()
                .filter(|line| line.starts_with("//:") && line.contains("expect fail"))
                .filter(|line| {
                    let reason = line.split('"').nth(1).unwrap_or_default();
                    reason.len() < 20
                })
                .map(|line| format!("{}: {line}", shown(&path)))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_none("an expected failure lacks its reason", &complaints);
}

#[test]
fn script_names_are_words_with_hyphens() {
    let complaints: Vec<_> = files(&root().join("suites"), "pkt")
        .into_iter()
        .filter(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            !name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.')
        })
        .map(|path| shown(&path))
        .collect();
    assert_none(
        "a script's name is not lower-case words with hyphens",
        &complaints,
    );
}

#[test]
fn the_suites_are_there() {
    assert!(files(&root().join("suites"), "pkt").len() > 50);
}
