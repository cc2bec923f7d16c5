//! Many changes in one source: each changed function gets one body for every proof, and chooses when it runs.
//!
//! A change inside of a function's body can share its build with all others; the process is told by a variable which of them is in
//! force. What lies elsewhere, in a constant or in a `const fn`, needs a build of its own.
//!
//! This reads what rustfmt wrote, so that indentation tells where a function begins and ends.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::Change;

/// The variable that holds the number of the proof in force.
pub(crate) const CHOICE: &str = "HALFOPEN_PROOF";

/// What is appended to a crate with changed sources: which proof is in force.
pub(crate) const CHOOSER: &str = r#"
extern crate std as std_for_proofs;
pub(crate) fn chosen_proof() -> usize {
    static CHOSEN: std_for_proofs::sync::OnceLock<usize> = std_for_proofs::sync::OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let chosen = std_for_proofs::env::var("HALFOPEN_PROOF");
        chosen.ok().and_then(|number| number.parse().ok()).unwrap_or(usize::MAX)
    })
}
"#;

/// A source with the changes of several proofs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Woven {
    /// The source.
    pub(crate) source: String,
    /// Which lines, counted from 1, each proof's body takes.
    pub(crate) lines: Vec<(usize, Range<usize>)>,
    /// The proofs with a change that lies in no function's body.
    pub(crate) left_out: Vec<usize>,
}

/// Weaves changes, with the numbers of their proofs, into `source`.
///
/// # Errors
/// A change does not fit the source.
pub(crate) fn weave(source: &str, changes: &[(usize, &Change)]) -> Result<Woven, String> {
    let bodies = bodies(source);
    let mut woven = Woven::default();
    let mut arms: BTreeMap<usize, BTreeMap<usize, String>> = BTreeMap::new();
    for (number, change) in changes {
        change.apply(source)?;
        let at = source.find(&change.find).unwrap_or_default();
        let end = at + change.find.len();
        let inside = |body: &Range<usize>| body.start <= at && end <= body.end;
        match bodies.iter().position(inside) {
            Some(index) => {
                let of_body = arms.entry(index).or_default();
                let before = of_body.remove(number);
                let before = before.unwrap_or_else(|| source[bodies[index].clone()].to_owned());
                of_body.insert(*number, change.apply(&before)?);
            }
            None => woven.left_out.push(*number),
        }
    }
    let mut written = 0;
    for (index, arms) in arms {
        let body = bodies[index].clone();
        woven.source.push_str(&source[written..body.start]);
        woven.source.push_str("match crate::chosen_proof() {\n");
        for (number, changed) in arms {
            let first = woven.source.matches('\n').count() + 1;
            woven
                .source
                .push_str(&format!("{number} => {{\n{changed}}}\n"));
            let last = woven.source.matches('\n').count() + 1;
            woven.lines.push((number, first..last));
        }
        let unchanged = &source[body.clone()];
        woven
            .source
            .push_str(&format!("_ => {{\n{unchanged}}}\n}}\n"));
        written = body.end;
    }
    woven.source.push_str(&source[written..]);
    Ok(woven)
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
        let woven = weave(SOURCE, &[(0, &one), (1, &two), (2, &three)]).unwrap();
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
        let woven = weave(SOURCE, &[(5, &one), (5, &two)]).unwrap();
        assert_eq!(woven.lines.len(), 1);
        let changed = "if b > 3 {\n            return b;";
        assert!(woven.source.contains(changed), "{}", woven.source);
    }

    #[test]
    fn the_lines_of_a_body_are_known() {
        let (one, two) = (change("a + 1", "a + 2"), change("b > 2", "b > 3"));
        let woven = weave(SOURCE, &[(7, &one), (8, &two)]).unwrap();
        for (number, range) in woven.lines {
            let lines: Vec<&str> = woven.source.lines().collect();
            assert_eq!(lines[range.start - 1], format!("{number} => {{"));
            assert_eq!(lines[range.end - 2].trim(), "}");
        }
    }

    #[test]
    fn what_the_compiler_evaluates_is_left_out() {
        let (one, two) = (change("= 3", "= 4"), change("9", "8"));
        let woven = weave(SOURCE, &[(0, &one), (1, &two)]).unwrap();
        assert_eq!(woven.left_out, [0, 1]);
        assert_eq!(woven.source, SOURCE);
    }
}
