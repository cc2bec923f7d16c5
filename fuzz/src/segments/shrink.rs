//! Makes a program that shows something as small as it can be.

use halfopen_target::Target;

use super::examine;
use super::program::{Program, Step};

/// The fewest steps, and the plainest, that still break the same rule.
pub(super) fn shrink(
    mut program: Program,
    rule: &str,
    make: &dyn Fn() -> Box<dyn Target>,
) -> Program {
    let shows =
        |candidate: &Program| examine(candidate, make).is_some_and(|finding| finding.rule == rule);
    let mut size = program.steps.len().max(1) / 2;
    while size >= 1 {
        let mut start = 0;
        while start < program.steps.len() {
            let mut candidate = program.clone();
            let end = (start + size).min(candidate.steps.len());
            candidate.steps.drain(start..end);
            if shows(&candidate) {
                program = candidate;
            } else {
                start += size;
            }
        }
        size /= 2;
    }
    for index in 0..program.steps.len() {
        for plainer in plainer(&program.steps[index]) {
            let mut candidate = program.clone();
            candidate.steps[index] = plainer;
            if shows(&candidate) {
                program = candidate;
            }
        }
    }
    program
}

/// Simpler steps in place of one.
fn plainer(step: &Step) -> Vec<Step> {
    let Step::Segment(segment) = step else {
        return Vec::new();
    };
    let with = |change: fn(&mut super::SegmentStep)| {
        let mut plain = segment.clone();
        change(&mut plain);
        Step::Segment(plain)
    };
    vec![
        with(|segment| segment.option = None),
        with(|segment| segment.urgent = 0),
        with(|segment| segment.length = 0),
        with(|segment| segment.window = 65535),
        // Without URG, PSH, ECE and CWR.
        with(|segment| segment.flags &= 0x17),
    ]
}
