//! Many changes in one source: each changed function gets one body for every proof, and chooses when it runs.
//!
//! A change inside of a function's body can share its build with all others; the process is told by a variable which of them is in
//! force. What lies elsewhere, in a constant or in a `const fn`, needs a build of its own.
//!
//! This reads what rustfmt wrote, so that indentation tells where a function begins and ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::Change;

/// The variable that holds the number of the proof in force.
pub(crate) const CHOICE: &str = "HALFOPEN_PROOF";

/// What is appended to a crate with changed sources: which proof is in force.
const CHOOSER: &str = r#"
extern crate std as std_for_proofs;
pub(crate) fn chosen_proof() -> usize {
    static CHOSEN: std_for_proofs::sync::OnceLock<usize> = std_for_proofs::sync::OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let chosen = std_for_proofs::env::var("HALFOPEN_PROOF");
        chosen.ok().and_then(|number| number.parse().ok()).unwrap_or(usize::MAX)
    })
}
"#;

/// One change, at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit<'a> {
    /// Of which proof, or which mutant it is.
    pub(crate) number: usize,
    /// The octets of the source that it takes the place of.
    pub(crate) at: Range<usize>,
    /// What stands there then.
    pub(crate) replace: &'a str,
}

impl<'a> Edit<'a> {
    /// The change of a proof, found in the source.
    ///
    /// # Errors
    /// It does not fit the source.
    pub(crate) fn of(number: usize, change: &'a Change, source: &str) -> Result<Self, String> {
        let begin = change.place(source)?;
        Ok(Self {
            number,
            at: begin..begin + change.find.len(),
            replace: &change.replace,
        })
    }
}

/// A source with several changes, each in force when its number is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Woven {
    /// The source.
    pub(crate) source: String,
    /// Which lines, counted from 1, each changed body takes.
    pub(crate) lines: Vec<(usize, Range<usize>)>,
    /// Which lines each body takes that is as it was, in a function that has changed ones, too: their numbers.
    pub(crate) unchanged: Vec<(Vec<usize>, Range<usize>)>,
    /// The numbers of changes that lie in no function's body.
    pub(crate) left_out: Vec<usize>,
}

impl Woven {
    fn line(&self) -> usize {
        self.source.matches('\n').count() + 1
    }

    /// Adds one body to choose; the lines that it takes.
    fn add_arm(&mut self, pattern: &str, body: &str) -> Range<usize> {
        let first = self.line();
        self.source
            .push_str(&format!("{pattern} => {{\n{body}}}\n"));
        first..self.line()
    }
}

/// Weaves changes into `source`. Those with the same number share a body.
pub(crate) fn weave(source: &str, edits: &[Edit<'_>]) -> Woven {
    let bodies = bodies(source);
    let mut woven = Woven::default();
    let mut arms: BTreeMap<usize, BTreeMap<usize, Vec<&Edit<'_>>>> = BTreeMap::new();
    for edit in edits {
        let inside = |body: &Range<usize>| body.start <= edit.at.start && edit.at.end <= body.end;
        match bodies.iter().position(inside) {
            Some(index) => {
                let of_body = arms.entry(index).or_default();
                of_body.entry(edit.number).or_default().push(edit);
            }
            None => woven.left_out.push(edit.number),
        }
    }
    let mut written = 0;
    for (index, arms) in arms {
        let body = bodies[index].clone();
        woven.source.push_str(&source[written..body.start]);
        woven.source.push_str("match crate::chosen_proof() {\n");
        for (number, edits) in &arms {
            let changed = edited(source, body.clone(), edits);
            let lines = woven.add_arm(&number.to_string(), &changed);
            woven.lines.push((*number, lines));
        }
        let lines = woven.add_arm("_", &source[body.clone()]);
        woven.unchanged.push((arms.into_keys().collect(), lines));
        woven.source.push_str("}\n");
        written = body.end;
    }
    woven.source.push_str(&source[written..]);
    woven
}

/// A part of the source with these changes in it.
fn edited(source: &str, part: Range<usize>, edits: &[&Edit<'_>]) -> String {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| edit.at.start);
    let mut text = String::new();
    let mut written = part.start;
    for edit in edits {
        text.push_str(&source[written..edit.at.start]);
        text.push_str(edit.replace);
        written = edit.at.end;
    }
    text.push_str(&source[written..part.end]);
    text
}

/// Adds the choice to every crate that has changed sources; `changed` names files from the top of the repository at `root`.
///
/// # Errors
/// A file could not be read.
pub(crate) fn add_choosers(
    root: &Path,
    changed: &mut BTreeMap<PathBuf, Vec<u8>>,
) -> Result<(), String> {
    let crates: BTreeSet<PathBuf> = changed
        .keys()
        .filter_map(|file| first_source(root, file))
        .collect();
    for lib in crates {
        let mut source = match changed.remove(&lib) {
            Some(source) => source,
            None => {
                fs::read(root.join(&lib)).map_err(|error| format!("{}: {error}", lib.display()))?
            }
        };
        source.extend(CHOOSER.as_bytes());
        changed.insert(lib, source);
    }
    Ok(())
}

/// The first source of the crate that a file belongs to.
fn first_source(root: &Path, file: &Path) -> Option<PathBuf> {
    file.ancestors()
        .skip(1)
        .find(|folder| root.join(folder).join("Cargo.toml").exists())
        .map(|folder| folder.join("src/lib.rs"))
}

/// The numbers in whose bodies the compiler found something; where it found something only in bodies that are as they were, those
/// of their functions.
pub(crate) fn guilty(woven: &BTreeMap<String, Woven>, said: &str) -> BTreeSet<usize> {
    let places: Vec<(&Woven, usize)> = said.lines().filter_map(|line| place(woven, line)).collect();
    let mut guilty = BTreeSet::new();
    for (woven, line) in &places {
        let hit = woven.lines.iter().filter(|(_, range)| range.contains(line));
        guilty.extend(hit.map(|(number, _)| *number));
    }
    if guilty.is_empty() {
        for (woven, line) in &places {
            let hit = woven
                .unchanged
                .iter()
                .filter(|(_, range)| range.contains(line));
            guilty.extend(hit.flat_map(|(numbers, _)| numbers));
        }
    }
    guilty
}

/// The woven source, and the line in it, that a line of the compiler's names.
fn place<'a>(woven: &'a BTreeMap<String, Woven>, said: &str) -> Option<(&'a Woven, usize)> {
    let mut parts = said.trim_start().strip_prefix("--> ")?.split(':');
    let woven = woven.get(parts.next()?)?;
    Some((woven, parts.next()?.parse().ok()?))
}

/// Where the bodies of functions lie, without their braces; not of those that are evaluated by the compiler.
fn bodies(source: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut lines = source.split_inclusive('\n').map(|line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches('\n'))
    });
    while let Some((start, line)) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<&str> = line.split_whitespace().collect();
        let heads = words.iter().take_while(|word| {
            matches!(**word, "const" | "unsafe" | "fn") || word.starts_with("pub")
        });
        let heads: Vec<&&str> = heads.collect();
        if !heads.contains(&&"fn") || heads.contains(&&"const") {
            continue;
        }
        let is_at_indent = |line: &str| line.len() - line.trim_start().len() == indent;
        let mut head = (start, line);
        while !(head.1.ends_with('{') && is_at_indent(head.1)) {
            // A signature without a body ends otherwise.
            if head.1.ends_with(';') || head.1.ends_with('}') {
                break;
            }
            match lines.next() {
                Some(next) => head = next,
                None => return found,
            }
        }
        if !head.1.ends_with('{') {
            continue;
        }
        let begin = head.0 + head.1.len() + 1;
        let end = lines.find(|(_, line)| is_at_indent(line) && line.trim_start() == "}");
        if let Some((end, _)) = end {
            found.push(begin..end);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weave(source: &str, changes: &[(usize, &Change)]) -> Woven {
        let edits: Result<Vec<Edit<'_>>, String> = changes
            .iter()
            .map(|(n, c)| Edit::of(*n, c, source))
            .collect();
        super::weave(source, &edits.unwrap())
    }

    const SOURCE: &str = "\
const LIMIT: u32 = 3;

impl Thing {
    pub(crate) fn short(&self) -> u32 {
        self.a + 1
    }

    const fn fixed() -> u32 {
        9
    }

    fn long(
        &self,
        b: u32,
    ) -> u32 {
        if b > 2 {
            return b - 2;
        }
        LIMIT
    }
}
";

    fn change(find: &str, replace: &str) -> Change {
        Change {
            file: "thing.rs".to_owned(),
            find: find.to_owned(),
            replace: replace.to_owned(),
        }
    }

    #[test]
    fn each_change_becomes_a_body_of_its_own() {
        let (one, two) = (change("a + 1", "a + 2"), change("b > 2", "b > 3"));
        let three = change("return b - 2", "return b");
        let woven = weave(SOURCE, &[(0, &one), (1, &two), (2, &three)]);
        let source = woven.source.replace("        ", "");
        assert!(source.contains(
            "match crate::chosen_proof() {\n0 => {\nself.a + 2\n    }\n_ => {\nself.a + 1\n    }\n}\n    }"
        ) || source.contains(
            "match crate::chosen_proof() {\n0 => {\nself.a + 2\n}\n_ => {\nself.a + 1\n}\n}\n    }"
        ), "{source}");
        assert_eq!(woven.source.matches("crate::chosen_proof()").count(), 2);
        assert_eq!(woven.source.matches("if b > 3").count(), 1);
        assert_eq!(woven.source.matches("if b > 2").count(), 2);
        assert_eq!(woven.left_out, Vec::<usize>::new());
    }

    #[test]
    fn two_changes_of_one_proof_share_a_body() {
        let (one, two) = (change("b > 2", "b > 3"), change("return b - 2", "return b"));
        let woven = weave(SOURCE, &[(5, &one), (5, &two)]);
        assert_eq!(woven.lines.len(), 1);
        let changed = "if b > 3 {\n            return b;";
        assert!(woven.source.contains(changed), "{}", woven.source);
    }

    #[test]
    fn the_lines_of_a_body_are_known() {
        let (one, two) = (change("a + 1", "a + 2"), change("b > 2", "b > 3"));
        let woven = weave(SOURCE, &[(7, &one), (8, &two)]);
        for (number, range) in woven.lines {
            let lines: Vec<&str> = woven.source.lines().collect();
            assert_eq!(lines[range.start - 1], format!("{number} => {{"));
            assert_eq!(lines[range.end - 2].trim(), "}");
        }
    }

    #[test]
    fn what_the_compiler_evaluates_is_left_out() {
        let (one, two) = (change("= 3", "= 4"), change("9", "8"));
        let woven = weave(SOURCE, &[(0, &one), (1, &two)]);
        assert_eq!(woven.left_out, [0, 1]);
        assert_eq!(woven.source, SOURCE);
    }
}
