//! What every test run asks of the proofs: that they can still be carried out, and how far they go.
//!
//! Whether the scripts notice is for `cargo run -p halfopen-proofs`: it builds the stack once for each proof.

use std::fs;

use halfopen_proofs::{Catalogue, Suites, root};

/// MUSTs and MUST NOTs that have no proof yet. This list may only shrink.
const MUSTS_WITHOUT_PROOF: &[&str] = &[
    "RFC5961-S3.2-1",
    "RFC5961-S3.2-2",
    "RFC5961-S3.2-3",
    "RFC5961-S3.2-4",
    "RFC5961-S3.2-5",
    "RFC5961-S4.2-1",
    "RFC5961-S4.2-2",
    "RFC5961-S4.2-3",
    "RFC5961-S5.2-2",
    "RFC5961-S5.2-3",
    "RFC5961-S5.2-4",
    "RFC7323-S2.2-1",
    "RFC7323-S2.2-3",
    "RFC7323-S2.2-4",
    "RFC7323-S2.3-2",
    "RFC7323-S2.3-3",
    "RFC7323-S2.3-4",
    "RFC7323-S2.3-5",
    "RFC7323-S2.3-6",
    "RFC7323-S2.4-1",
    "RFC7323-S2.4-3",
    "RFC7323-S2.4-6",
    "RFC7323-S3.2-2",
    "RFC7323-S3.2-3",
    "RFC7323-S3.2-5",
    "RFC7323-S3.2-8",
    "RFC7323-S3.2-9",
    "RFC7323-S4.1-1",
    "RFC7323-S4.3-3",
    "RFC7323-S5.2-2",
    "RFC7323-S5.2-3",
    "RFC7323-S5.3-1",
    "RFC7323-S5.3-3",
    "RFC7323-S5.3-4",
    "RFC7323-S5.4-1",
    "RFC7323-S5.5-1",
    "RFC2018-S2-1",
    "RFC2018-S4-1",
    "RFC2018-S4-3",
    "RFC2018-S5-1",
    "RFC2018-S5-3",
    "RFC2018-S8-1",
    "RFC5681-S3.1-1",
    "RFC5681-S3.1-2",
    "RFC5681-S3.1-3",
    "RFC5681-S3.1-5",
    "RFC5681-S3.1-6",
    "RFC5681-S3.1-7",
    "RFC5681-S3.1-8",
    "RFC5681-S3.1-9",
    "RFC5681-S3.1-11",
    "RFC5681-S3.2-5",
    "RFC5681-S3.2-6",
    "RFC5681-S3.2-7",
    "RFC5681-S3.2-8",
    "RFC5681-S4.2-2",
    "RFC5681-S4.3-1",
    "RFC6298-S2-2",
    "RFC6298-S2-3",
    "RFC6298-S3-1",
    "RFC6298-S3-2",
    "RFC6298-S5-0",
    "RFC6298-S5-5",
    "RFC6298-S5-7",
    "RFC6675-S3-1",
    "RFC6675-S5-1",
    "RFC6675-S5-2",
    "RFC6675-S5-4",
    "RFC6675-S5-5",
    "RFC6675-S5-6",
    "RFC8985-S3-1",
    "RFC8985-S6.2-1",
    "RFC8985-S7.3-1",
    "RFC8985-S7.3-2",
    "RFC8985-S7.3-3",
    "RFC8985-S7.4-1",
    "RFC3168-S6.1.1-2",
    "RFC3168-S6.1.1-3",
    "RFC3168-S6.1.2-4",
    "RFC3168-S6.1.4-1",
    "RFC3168-S6.1.5-1",
    "RFC3168-S6.1.6-1",
    "RFC7413-S4.1.1-1",
    "RFC7413-S4.1.3-1",
    "RFC7413-S4.2.2-4",
    "RFC1191-S6-1",
    "RFC6633-S5-1",
    "RFC6093-S4-1",
    "RFC6093-S5-1",
    "RFC5482-S3.4-1",
    "RFC5482-S3-1",
    "RFC5482-S3.1-2",
    "RFC9438-S4.6-1",
    "RFC9438-S4.10-1",
    "RFC3042-S2-2",
    "RFC3042-S2-3",
    "RFC6691-S2-2",
    "RFC3465-S2-1",
    "RFC9768-S3.1.1-1",
    "RFC9768-S3.1.1-2",
    "RFC9768-S3.1.1-3",
    "RFC9768-S3.1.1-4",
    "RFC9768-S3.1.5-1",
    "RFC9768-S3.1.5-2",
    "RFC9768-S3.1.5-3",
    "RFC9768-S3.1.5-4",
    "RFC9768-S3.1.5-6",
    "RFC9768-S3.1.5-7",
    "RFC9768-S3.1.5-8",
    "RFC9768-S3.2-1",
    "RFC9768-S3.2.2-1",
    "RFC9768-S3.2.2.1-1",
    "RFC9768-S3.2.2.1-3",
    "RFC9768-S3.2.2.1-4",
    "RFC9768-S3.2.2.2-1",
    "RFC9768-S3.2.2.5-2",
    "RFC9768-S3.2.3-1",
    "RFC9768-S3.2.3-2",
    "RFC9768-S3.2.3-5",
];

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
        "{} of the {} requirements that the reference stack keeps have a proof, and {} of the {} MUSTs among them",
        coverage.proven, coverage.breakable, coverage.proven_musts, coverage.breakable_musts
    );
    let page = fs::read_to_string(root().join("suites/README.md")).unwrap_or_default();
    let words: Vec<_> = page.split_whitespace().collect();
    assert!(
        words.join(" ").contains(&sentence),
        "suites/README.md does not say: {sentence}"
    );
}
