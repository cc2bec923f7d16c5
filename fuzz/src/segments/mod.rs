//! The fuzz target `segments`: one connection of the reference stack, any segments, any calls, any time steps.
//!
//! Sequence and acknowledgment numbers are aimed relative to what the stack itself said last, so that most of
//! them fall in, at or just beside the live window instead of nowhere.

mod drive;
mod program;
mod shrink;

use std::panic::{AssertUnwindSafe, catch_unwind};

use halfopen_drill::invariant;
use halfopen_reference_target::ReferenceTarget;
use halfopen_target::{Target, Trace};

pub use program::{AckAim, Opening, Program, SegmentStep, SeqAim, Step, SynOffer, UserCall, Wait};

use crate::Finding;

/// Runs `program` against a fresh reference stack; the trace is all that it gives.
pub fn run(program: &Program) -> Trace {
    drive::run(program, &mut ReferenceTarget::new())
}

/// Runs `program` against `target`.
pub fn run_on(program: &Program, target: &mut dyn Target) -> Trace {
    drive::run(program, target)
}

/// The body of the fuzz target.
///
/// # Panics
/// When an invariant is violated: this is how libFuzzer learns of it.
pub fn assert_no_violation(program: &Program) {
    let trace = run(program);
    if let Some(violation) = invariant::violations(&trace).first() {
        panic!("{violation}");
    }
}

/// The program that a fuzzer's raw input stands for.
pub fn decode(input: &[u8]) -> Option<Program> {
    let mut unstructured = arbitrary::Unstructured::new(input);
    arbitrary::Arbitrary::arbitrary(&mut unstructured).ok()
}

/// What a program shows on the stack that `make` makes, if anything.
pub fn examine(program: &Program, make: &dyn Fn() -> Box<dyn Target>) -> Option<Finding> {
    let mut target = make();
    let run = catch_unwind(AssertUnwindSafe(|| drive::run(program, target.as_mut())));
    match run {
        Ok(trace) => {
            let violations = invariant::violations(&trace);
            let first = violations.first()?;
            Some(Finding::of_violation(&trace, first))
        }
        Err(panic) => {
            let message = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            let mut target = make();
            let trace = drive::run_until_panic(program, target.as_mut());
            Some(Finding::of_panic(&trace, &message))
        }
    }
}

/// The finding of a raw input of the fuzzer, shrunk to the fewest steps that still show it.
pub fn finding(input: &[u8], make: &dyn Fn() -> Box<dyn Target>) -> Option<Finding> {
    let program = decode(input)?;
    let first = examine(&program, make)?;
    let program = shrink::shrink(program, &first.rule, make);
    examine(&program, make).or(Some(first))
}

/// Tries `count` programs drawn from `seed`, without coverage guidance, until one shows something.
pub fn explore(seed: u64, count: usize, make: &dyn Fn() -> Box<dyn Target>) -> Option<Finding> {
    let mut state = seed;
    for _ in 0..count {
        let input = noise(&mut state, 1024);
        let Some(program) = decode(&input) else {
            continue;
        };
        if let Some(found) = examine(&program, make) {
            let program = shrink::shrink(program, &found.rule, make);
            return examine(&program, make).or(Some(found));
        }
    }
    None
}

/// Octets from a 64-bit generator (splitmix64): enough to draw programs from, the same for the same seed.
fn noise(state: &mut u64, length: usize) -> Vec<u8> {
    let mut octets = Vec::with_capacity(length);
    while octets.len() < length {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = *state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        octets.extend((word ^ (word >> 31)).to_le_bytes());
    }
    octets.truncate(length);
    octets
}
