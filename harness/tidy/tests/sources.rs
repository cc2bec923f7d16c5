//! Rules for Rust sources.

use std::fs;

use halfopen_tidy::{assert_none, files, root, shown};

/// Past this a file has a second subject, unless it is a table.
const MOST_LINES: usize = 700;

#[test]
fn every_module_says_what_it_is() {
    let complaints: Vec<_> = files(&root(), "rs")
        .into_iter()
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            !text.lines().any(|line| line.starts_with("//!"))
        })
        .map(|path| shown(&path))
        .collect();
    assert_none("a module lacks its `//!` line", &complaints);
}

#[test]
fn no_file_has_grown_past_its_subject() {
    let complaints: Vec<_> = files(&root(), "rs")
        .into_iter()
        .filter_map(|path| {
            let lines = fs::read_to_string(&path)
                .unwrap_or_default()
                .lines()
                .count();
            let is_table = path.components().any(|part| part.as_os_str() == "symbols");
            (lines > MOST_LINES && !is_table).then(|| format!("{}: {lines} lines", shown(&path)))
        })
        .collect();
    assert_none("a file is too long", &complaints);
}

#[test]
fn nothing_is_left_to_do_in_silence() {
    let marks = ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!("];
    let this = file!();
    let complaints: Vec<_> = files(&root(), "rs")
        .into_iter()
        .filter(|path| !this.ends_with(&*path.file_name().unwrap_or_default().to_string_lossy()))
        .flat_map(|path| {
            let text = fs::read_to_string(&path).unwrap_or_default();
            text.lines()
                .enumerate()
                .filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)))
                .map(|(number, line)| format!("{}:{}: {}", shown(&path), number + 1, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_none("something is left to do", &complaints);
}

#[test]
fn lints_are_expected_and_never_allowed() {
    let allow = concat!("#[", "allow(");
    let complaints: Vec<_> = files(&root(), "rs")
        .into_iter()
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            text.contains(allow) || text.contains(concat!("#![", "allow("))
        })
        .map(|path| shown(&path))
        .collect();
    assert_none("`allow` instead of `expect`", &complaints);
}
