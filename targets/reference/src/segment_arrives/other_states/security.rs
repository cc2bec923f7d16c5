//! Third: check security (RFC 9293 section 3.10.7.4, appendix A.1).

use super::Step;
use crate::Instant;
use crate::output::Output;
use crate::segment::Segment;
use crate::tcb::Tcb;

/// IP security compartments are not implemented, as in every general-purpose stack: all segments pass.
pub(super) fn step(_: &mut Tcb, _: &mut Segment<'_>, _: Instant, _: &mut Output) -> Step {
    Step::Continue
}
