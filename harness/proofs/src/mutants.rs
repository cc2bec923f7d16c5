//! Mutants of the reference stack: what cargo-mutants would break, one small place each.

use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::copy;

/// One small change of one source.
#[derive(Clone, Debug, Deserialize)]
pub struct Mutant {
    /// Where it is, and what it changes.
    pub name: String,
    /// The source, from the top of the repository.
    pub(crate) file: String,
    /// What stands there in the changed source.
    pub(crate) replacement: String,
    span: Span,
}

#[derive(Clone, Debug, Deserialize)]
struct Span {
    start: Place,
    end: Place,
}

/// Line and column, both counted from 1, columns in characters.
#[derive(Clone, Debug, Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

impl Mutant {
    /// The octets of `source` that are replaced, if the source is that long.
    pub(crate) fn at(&self, source: &str) -> Option<Range<usize>> {
        Some(octet(source, &self.span.start)?..octet(source, &self.span.end)?)
    }
}

/// All mutants that cargo-mutants knows of the stack in the repository at `root`, but those that .cargo/mutants.toml leaves out.
///
/// # Errors
/// cargo-mutants is not installed, or does not like what it found.
pub fn mutants(root: &Path) -> Result<Vec<Mutant>, String> {
    let output = Command::new(copy::cargo())
        .current_dir(root)
        .args(["mutants", "--package", "halfopen-reference"])
        .args(["--list", "--json"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "`cargo mutants` does not work (`cargo install --locked cargo-mutants` installs it):\n{said}"
        ));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo mutants: {error}"))
}

fn octet(source: &str, place: &Place) -> Option<usize> {
    let before: usize = source
        .split_inclusive('\n')
        .take(place.line.checked_sub(1)?)
        .map(str::len)
        .sum();
    let line = source.get(before..)?;
    let characters = place.column.checked_sub(1)?;
    let column: usize = line.chars().take(characters).map(char::len_utf8).sum();
    Some(before + column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_found_by_lines_and_characters() {
        let listed = r#"{"name": "m", "file": "f.rs", "replacement": "-", "package": "p",
            "span": {"start": {"line": 2, "column": 4}, "end": {"line": 2, "column": 5}}}"#;
        let mutant: Mutant = serde_json::from_str(listed).unwrap();
        let source = "one\n“a”+b\n";
        let at = mutant.at(source).unwrap();
        assert_eq!(source.get(at), Some("+"));
        assert_eq!(mutant.at("one\n"), Some(4..4));
    }
}
