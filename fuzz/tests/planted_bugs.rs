//! The invariants can fail: each planted bug that shows on the wire is found, and the sound stack shows nothing.
#![cfg(feature = "planted-bugs")]

use halfopen_fuzz::segments::explore;
use halfopen_reference_target::{PlantedBug, ReferenceTarget};
use halfopen_target::Target;

/// More than enough programs to find any of the planted bugs; a fraction of a second each in a release build.
const PROGRAMS: usize = 20_000;

fn found(bug: Option<PlantedBug>) -> Option<String> {
    let make = move || -> Box<dyn Target> {
        Box::new(ReferenceTarget::with_config(move |config| {
            config.planted_bug = bug;
        }))
    };
    explore(1, PROGRAMS, &make).map(|finding| finding.rule)
}

#[test]
fn the_sound_stack_breaks_no_rule() {
    assert_eq!(found(None), None);
}

#[test]
fn a_reset_that_is_not_exact_is_caught() {
    let rule = found(Some(PlantedBug::AcceptsRstInWindow));
    assert_eq!(rule.as_deref(), Some("exact-reset"));
}

#[test]
fn a_fin_without_a_sequence_number_is_caught() {
    let rule = found(Some(PlantedBug::FinNotCounted));
    assert_eq!(rule.as_deref(), Some("fin-acked"));
}

#[test]
fn data_beyond_the_window_is_caught() {
    let rule = found(Some(PlantedBug::IgnoresWindow));
    assert_eq!(rule.as_deref(), Some("inside-window"));
}

#[test]
fn a_missing_time_wait_is_caught() {
    let rule = found(Some(PlantedBug::TimeWaitSkipped));
    assert_eq!(rule.as_deref(), Some("caused-end"));
}
