//! A ladder as a drawing for a page of HTML: geometry only, the template writes it.

use halfopen_drill::{Outcome, Side};

use super::{is_packet, rows, rungs};

/// The advance of a letter of the fixed-width font at the drawing's size, in pixels; the widest of the usual fonts.
const LETTER: usize = 8;
/// The height of a row of text.
const ROW: usize = 17;
/// What a rung takes besides its rows: the room between it and the next.
const GAP: usize = 7;
/// Where the tester's line stands: right of the times.
const LEFT: usize = 106;
/// How far apart the lines stand at least.
const NARROWEST: usize = 380;
/// The height of the names at the top.
const HEAD: usize = 30;

/// A ladder, ready to be written.
#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) left: usize,
    pub(crate) right: usize,
    pub(crate) middle: usize,
    /// Where the lines begin.
    pub(crate) head: usize,
    pub(crate) target: String,
    /// How many events went before those that are shown.
    pub(crate) earlier: usize,
    pub(crate) rungs: Vec<DrawnRung>,
}

/// One event.
#[derive(Debug)]
pub(crate) struct DrawnRung {
    /// `inbound`, `outbound`, `stack` or `harness`.
    pub(crate) class: &'static str,
    /// The time; empty when it is that of the rung above.
    pub(crate) at: String,
    /// Where the first row of text stands.
    pub(crate) text: usize,
    /// Where the arrow goes.
    pub(crate) arrow: usize,
    /// The rows of text, each with its place.
    pub(crate) rows: Vec<(usize, String)>,
}

/// The last `count` events of a drill; nothing when there are none.
pub(crate) fn draw(outcome: &Outcome, count: usize) -> Option<Drawing> {
    let all = rungs(outcome);
    let earlier = all.len().saturating_sub(count);
    let shown = all.get(earlier..).filter(|shown| !shown.is_empty())?;
    let mut y = HEAD + GAP;
    let mut drawn = Vec::new();
    let mut before = None;
    // In the middle stand packets and our own remarks; calls and states stand beside the stack's line.
    let (mut between, mut beside) = (0, outcome.target.chars().count() / 2);
    for rung in shown {
        let texts = if is_packet(rung.side) {
            rows(&rung.text)
        } else {
            vec![rung.text.as_str()]
        };
        let widest = texts.iter().map(|text| text.chars().count()).max();
        let place = match rung.side {
            Side::Stack => &mut beside,
            _ => &mut between,
        };
        *place = widest.unwrap_or_default().max(*place);
        let at = (before != Some(rung.at)).then(|| rung.at.to_string());
        before = Some(rung.at);
        let mut placed = Vec::new();
        for text in texts {
            y += ROW;
            placed.push((y, text.to_owned()));
        }
        let arrow = y + 6;
        drawn.push(DrawnRung {
            class: class(rung.side),
            at: at.unwrap_or_default(),
            text: placed.first().map_or(y, |(first, _)| *first),
            arrow,
            rows: placed,
        });
        y += if is_packet(rung.side) { 6 + GAP } else { GAP };
    }
    let right = LEFT + (between * LETTER + 40).max(NARROWEST);
    Some(Drawing {
        width: right + 24 + beside * LETTER,
        height: y + GAP,
        left: LEFT,
        right,
        middle: usize::midpoint(LEFT, right),
        head: HEAD,
        target: outcome.target.clone(),
        earlier,
        rungs: drawn,
    })
}

const fn class(side: Side) -> &'static str {
    match side {
        Side::Inbound => "inbound",
        Side::Outbound => "outbound",
        Side::Stack => "stack",
        Side::Harness => "harness",
    }
}
