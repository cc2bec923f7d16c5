//! Scripts with mistakes that people make, one each, in `malformed`, and scripts that are right but doubtful, in
//! `doubtful`: what is said about each stands beside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use halfopen_script::span::LineIndex;
use halfopen_script::{Definitions, Diagnostic, parse_with};

/// The scripts below `folder` of this folder, in order.
fn scripts(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    let mut found = Vec::new();
    collect(&root, &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("the folder of the scripts is there");
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "pkt") {
            found.push(path);
        }
    }
}

fn name(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn diagnostics(name: &str, source: &str) -> Vec<Diagnostic> {
    parse_with(name, source, &Definitions::ipv4()).diagnostics
}

/// Compares what is said about each script with the snapshot beside it.
fn check(paths: &[PathBuf], examine: impl Fn(&Path, &str, &[Diagnostic])) {
    for path in paths {
        let source = fs::read_to_string(path).expect("the script can be read");
        let stem = name(path);
        let file = format!("{stem}.pkt");
        let found = diagnostics(&file, &source);
        examine(path, &source, &found);
        let shown: Vec<_> = found
            .iter()
            .map(|finding| finding.render(&file, &source, false))
            .collect();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(path.parent().expect("it is in a folder"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(stem.as_str(), shown.join("\n\n")));
    }
}

/// The script without the lines at which errors are shown, and without what goes on with them further right.
fn without_wrong_lines(source: &str, found: &[Diagnostic]) -> String {
    let index = LineIndex::new(source);
    let wrong: BTreeSet<_> = found
        .iter()
        .filter(|finding| finding.is_error())
        .map(|finding| index.line(finding.span.start))
        .collect();
    let mut is_left_out = false;
    let mut rest = String::new();
    for (at, line) in source.lines().enumerate() {
        let goes_on = is_left_out && line.starts_with("   ");
        is_left_out = wrong.contains(&(at + 1)) || goes_on;
        if !is_left_out {
            rest.push_str(line);
            rest.push('\n');
        }
    }
    rest
}

/// A message is in the right place when the rest of the script is right without the line that it shows.
#[test]
fn every_mistake_is_told_at_its_place() {
    let paths = scripts("malformed");
    assert!(paths.len() >= 300, "only {} scripts", paths.len());
    check(&paths, |path, source, found| {
        let errors = found.iter().filter(|finding| finding.is_error()).count();
        assert!(errors > 0, "{} has no mistake", path.display());
        let is_over_lines = path
            .parent()
            .is_some_and(|folder| folder.ends_with("recovery"));
        if is_over_lines {
            return;
        }
        let rest = without_wrong_lines(source, found);
        let left: Vec<_> = diagnostics("rest.pkt", &rest)
            .into_iter()
            .filter(|finding| finding.is_error() && finding.span.start < rest.len())
            .map(|finding| finding.render("rest.pkt", &rest, false))
            .collect();
        assert!(
            left.is_empty(),
            "{}: the mistake is elsewhere than it is said to be:\n{}",
            path.display(),
            left.join("\n")
        );
    });
}

#[test]
fn no_message_is_bare() {
    for path in scripts("malformed") {
        let source = fs::read_to_string(&path).expect("the script can be read");
        for finding in diagnostics(&name(&path), &source) {
            let says_more = !finding.label.is_empty()
                || !finding.help.is_empty()
                || !finding.notes.is_empty()
                || !finding.secondary.is_empty()
                || finding.message.starts_with("expected ");
            assert!(says_more, "{}: {}", path.display(), finding.message);
        }
    }
}

#[test]
fn doubtful_scripts_are_warned_of() {
    check(&scripts("doubtful"), |path, _, found| {
        assert!(!found.is_empty(), "{} is not doubtful", path.display());
        assert!(
            !found.iter().any(Diagnostic::is_error),
            "{}",
            path.display()
        );
    });
}
