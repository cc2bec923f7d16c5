//! `deviations.txt`: which stack is known not to keep to which cells, and why.

use crate::script::Script;
use crate::table::{Row, Table, TableError};

/// One known deviation.
#[derive(Debug)]
pub(crate) struct Deviation {
    targets: Vec<String>,
    /// Names of scripts, in which `*` stands for anything within a name.
    scripts: Vec<String>,
    reason: String,
    row: Row,
}

const COLUMNS: &[&str] = &["targets", "scripts", "reason"];

/// Reads `deviations.txt`.
pub(crate) fn read(file: &str, text: &str) -> Result<Vec<Deviation>, TableError> {
    let rows = Table::parse(file, text, COLUMNS)?.rows;
    rows.into_iter()
        .map(|row| {
            let reason = row.text(2).to_owned();
            if reason.len() < 20 || reason.contains('"') {
                return Err(row.error(
                    2,
                    "a deviation needs a reason with its source, without quotation marks"
                        .to_owned(),
                ));
            }
            let targets = row.words(0, "target", |word| Some(word.to_owned()))?;
            if targets.is_empty() {
                return Err(row.error(0, "expected one target or more".to_owned()));
            }
            Ok(Deviation {
                targets,
                scripts: row.words(1, "name of scripts", alternatives)?.concat(),
                reason,
                row,
            })
        })
        .collect()
}

/// The lines of front matter for a script.
pub(crate) fn notes(deviations: &[Deviation], script: &Script) -> Result<Vec<String>, TableError> {
    let mut known: Vec<&String> = Vec::new();
    let mut notes = Vec::new();
    for deviation in deviations
        .iter()
        .filter(|deviation| deviation.speaks_of(script))
    {
        let Deviation {
            targets,
            reason,
            row,
            ..
        } = deviation;
        if let Some(target) = targets.iter().find(|target| known.contains(target)) {
            return Err(row.error(
                1,
                format!("{} has a deviation of {target} already", script.name()),
            ));
        }
        known.extend(targets);
        notes.push(format!("{}: expect fail \"{reason}\"", targets.join(", ")));
    }
    Ok(notes)
}

/// That no pattern has lost its scripts.
pub(crate) fn check(deviations: &[Deviation], scripts: &[Script]) -> Result<(), TableError> {
    for deviation in deviations {
        for pattern in &deviation.scripts {
            if !scripts.iter().any(|script| matches(pattern, script.name())) {
                return Err(deviation
                    .row
                    .error(1, format!("`{pattern}` is the name of no script")));
            }
        }
    }
    Ok(())
}

impl Deviation {
    fn speaks_of(&self, script: &Script) -> bool {
        self.scripts
            .iter()
            .any(|pattern| matches(pattern, script.name()))
    }
}

/// The patterns that one with alternatives stands for: `{a,b}/x` is `a/x` and `b/x`. None if a brace is open.
fn alternatives(pattern: &str) -> Option<Vec<String>> {
    let Some((before, rest)) = pattern.split_once('{') else {
        return (!pattern.contains('}')).then(|| vec![pattern.to_owned()]);
    };
    let (inside, after) = rest.split_once('}')?;
    let tails = alternatives(after)?;
    let all = inside
        .split(',')
        .flat_map(|one| tails.iter().map(move |tail| format!("{before}{one}{tail}")));
    Some(all.collect())
}

/// Whether a name is what a pattern says; `*` stands for any text without a slash.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            let segment = rest.find('/').unwrap_or(rest.len());
            (0..=segment)
                .filter(|end| rest.is_char_boundary(*end))
                .any(|end| matches(after, &rest[end..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_stand_in_braces() {
        let patterns = alternatives("{a,b}/x-{1,2}*").map(|patterns| patterns.join(" "));
        assert_eq!(patterns.as_deref(), Some("a/x-1* a/x-2* b/x-1* b/x-2*"));
        assert_eq!(alternatives("{a,b/x"), None);
        assert_eq!(alternatives("a}/x"), None);
    }

    #[test]
    fn a_star_stands_for_anything_within_a_name() {
        assert!(matches(
            "*/data-*-acking-old",
            "closing/data-at-rcv-nxt-acking-old"
        ));
        assert!(matches("closing/data*", "closing/data"));
        assert!(!matches("*", "closing/data"));
        assert!(!matches("closing/data", "closing/data-fin"));
    }
}
