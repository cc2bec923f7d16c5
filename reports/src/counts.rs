//! Counts of verdicts, in words.

use halfopen_drill::Counts;

/// Each verdict with its count, in the order of the reports.
pub(crate) const fn by_verdict(counts: &Counts) -> [(&'static str, usize); 7] {
    [
        ("pass", counts.pass),
        ("fail", counts.fail),
        ("expected-fail", counts.expected_fail),
        ("unexpected-pass", counts.unexpected_pass),
        ("skip", counts.skip),
        ("inconclusive", counts.inconclusive),
        ("error", counts.error),
    ]
}

/// The counts in words, those that are zero left out.
pub(crate) fn summary(counts: &Counts) -> String {
    const WORDS: [&str; 7] = [
        "passed",
        "failed",
        "failed as expected",
        "passed unexpectedly",
        "skipped",
        "inconclusive",
        "could not be run",
    ];
    let shown: Vec<_> = by_verdict(counts)
        .iter()
        .zip(WORDS)
        .filter(|((_, count), _)| *count > 0)
        .map(|((_, count), what)| format!("{count} {what}"))
        .collect();
    if shown.is_empty() {
        "nothing to run".to_owned()
    } else {
        shown.join(", ")
    }
}
