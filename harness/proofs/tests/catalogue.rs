//! What every test run asks of the proofs: that they can still be carried out, and how far they go.
//!
//! Whether the scripts notice is for `cargo run -p halfopen-proofs`: it builds the changed stack and runs their drills.

use std::fs;

use halfopen_proofs::{Catalogue, Suites, root};

/// MUSTs and MUST NOTs that have no proof yet. This list may only shrink.
const MUSTS_WITHOUT_PROOF: &[&str] = &[];

fn read() -> (Catalogue, Suites) {
    let suites = Suites::read(&root()).unwrap_or_else(|problem| panic!("{problem}"));
    let catalogue = Catalogue::read(&root()).unwrap_or_else(|problem| panic!("{problem}"));
    (catalogue, suites)
}

#[test]
fn every_proof_fits_the_sources_and_names_what_a_script_claims() {
    let (catalogue, suites) = read();
    let complaints = catalogue.complaints(&root(), &suites);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_must_has_a_proof() {
    let (catalogue, suites) = read();
    let missing: Vec<_> = suites
        .requirements
        .iter()
        .filter(|requirement| requirement.is_must())
        .map(|requirement| requirement.id.as_str())
        .filter(|id| catalogue.missing(&suites).contains(id))
        .collect();
    assert_eq!(missing, MUSTS_WITHOUT_PROOF);
}

#[test]
fn the_page_says_how_many_requirements_are_proven() {
    let (catalogue, suites) = read();
    let coverage = catalogue.coverage(&suites);
    let sentence = format!(
        "{} requirements have a proof, {} of them MUSTs",
        coverage.proven, coverage.proven_musts
    );
    let page = fs::read_to_string(root().join("suites/README.md")).unwrap_or_default();
    let words: Vec<_> = page.split_whitespace().collect();
    assert!(
        words.join(" ").contains(&sentence),
        "suites/README.md, section Proofs, is to say: {sentence}"
    );
}
