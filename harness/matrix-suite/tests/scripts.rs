//! What is made is right by the language, and laid out as scripts are.

use std::path::Path;

use halfopen_matrix_suite::{Error, generate};
use halfopen_script::Definitions;
use halfopen_script::format::layout;

fn suite() -> Result<std::collections::BTreeMap<String, String>, Error> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let top = here.ancestors().nth(2).unwrap_or(here);
    generate(&top.join("suites/matrix"))
}

#[test]
fn every_script_is_right_and_in_the_canonical_layout() {
    let suite = suite().expect("the tables are right");
    let wrong: Vec<_> = suite
        .iter()
        .filter(|(_, text)| layout(text, &Definitions::ipv4()).as_ref() != Ok(*text))
        .map(|(name, _)| name)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn no_two_scripts_do_the_same() {
    let suite = suite().expect("the tables are right");
    let mut seen = std::collections::BTreeMap::new();
    for (name, text) in &suite {
        let events: Vec<_> = text
            .lines()
            .filter(|line| !line.starts_with("//"))
            .collect();
        if let Some(other) = seen.insert(events, name) {
            panic!("{name} does what {other} does");
        }
    }
}
