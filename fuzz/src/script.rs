//! The fuzz target `script`: any octets as a script.
//!
//! Whatever stands in a file, the parser must neither panic nor need more memory than the file's size explains, and
//! must point at places that are there. What it takes must come back from the printer and from the layout as the
//! same script.

use std::panic::catch_unwind;

use halfopen_script::{Definitions, Parse, Script, format, parse_with};

use crate::Finding;

/// Findings that are rendered of one script; the rest differ in nothing that rendering knows of.
const MOST_RENDERED: usize = 20;

const NAME: &str = "fuzzed.pkt";

/// The body of the fuzz target.
///
/// # Panics
/// When the parser or a writer breaks a promise: this is how libFuzzer learns of it.
pub fn assert_faithful(input: &[u8]) {
    let source = String::from_utf8_lossy(input);
    let definitions = Definitions::ipv4();
    let parse = parse_with(NAME, &source, &definitions);
    assert_places(&source, &parse);
    if parse.is_ok() {
        assert_printed(&parse.script);
        assert_laid_out(&source, &parse.script, &definitions);
    }
}

/// What the parser or a writer stumbles over, shortened by whole lines for as long as it does.
pub fn finding(input: &[u8]) -> Option<Finding> {
    let mut script = String::from_utf8_lossy(input).into_owned();
    let mut text = stumbled(&script)?;
    let mut at = 0;
    while at < script.lines().count() {
        let (before, after) = (script.lines().take(at), script.lines().skip(at + 1));
        let mut shorter = before.chain(after).collect::<Vec<_>>().join("\n");
        shorter.push('\n');
        if let Some(message) = stumbled(&shorter) {
            (script, text) = (shorter, message);
        } else {
            at += 1;
        }
    }
    let rule = "stumbles".to_owned();
    Some(Finding { rule, text, script })
}

/// The message of the panic that `script` gives rise to.
fn stumbled(script: &str) -> Option<String> {
    let payload = catch_unwind(|| assert_faithful(script.as_bytes())).err()?;
    let message = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied());
    Some(message.unwrap_or("the parser panics").to_owned())
}

/// Every finding points into the text, and can be shown.
fn assert_places(source: &str, parse: &Parse) {
    // A character gives rise to a few findings at most.
    let most = 4 * (source.len() + 1);
    let count = parse.diagnostics.len();
    assert!(count <= most, "{count} findings in {} octets", source.len());
    for finding in &parse.diagnostics {
        let span = finding.span;
        assert!(
            span.start <= span.end && span.end <= source.len(),
            "{span:?} is outside of the text"
        );
        assert!(
            source.get(span.range()).is_some(),
            "{span:?} cuts a character"
        );
    }
    for finding in parse.diagnostics.iter().take(MOST_RENDERED) {
        finding.render(NAME, source, false);
    }
}

/// What is printed of a tree is read as the same tree.
fn assert_printed(script: &Script) {
    let text = script.to_string();
    let again = read(&text, &Definitions::none(), "what was printed");
    assert_eq!(again.to_string(), text, "printed, read and printed again");
}

/// The layout of a script says the same, and is laid out already.
fn assert_laid_out(source: &str, script: &Script, definitions: &Definitions) {
    let Ok(text) = format::layout(source, definitions) else {
        panic!("a script without errors has no layout");
    };
    let again = read(&text, definitions, "what was laid out");
    assert_eq!(
        again.to_string(),
        script.to_string(),
        "the layout says something else"
    );
    let twice = format::layout(&text, definitions);
    assert_eq!(
        twice.ok().as_deref(),
        Some(text.as_str()),
        "the layout is not stable"
    );
}

fn read(text: &str, definitions: &Definitions, what: &str) -> Script {
    match parse_with(NAME, text, definitions).into_result() {
        Ok(script) => script,
        Err(findings) => {
            let first = findings
                .first()
                .map(|finding| finding.render(NAME, text, false));
            panic!("{what} has a mistake:\n{}", first.unwrap_or_default());
        }
    }
}
