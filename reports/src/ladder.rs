//! A trace as a ladder: the tester on the left, the stack on the right, time downwards.

pub(crate) mod drawing;

use std::fmt::Write;

use halfopen_drill::{Line, Outcome, Side, transcript};
use halfopen_target::Time;

/// How wide the space between the two sides is at least.
const NARROWEST: usize = 56;
/// A segment whose text is longer than this has its options in a row of their own.
const LONG: usize = NARROWEST - 6;

/// The last `count` events of a drill as a ladder; all of them with `usize::MAX`.
pub fn render_ladder(outcome: &Outcome, count: usize) -> String {
    let rungs = rungs(outcome);
    let first = rungs.len().saturating_sub(count);
    let shown = &rungs[first..];
    let texts = shown.iter().filter(|rung| is_packet(rung.side));
    let longest = texts
        .flat_map(|rung| rows(&rung.text))
        .map(|row| row.chars().count() + 6)
        .max();
    let width = longest.unwrap_or(0).max(NARROWEST);
    let mut text = String::new();
    if first > 0 {
        let _ = writeln!(text, "{:>12}  … {first} earlier events", "");
    }
    for rung in shown {
        draw(&mut text, rung, width);
    }
    text
}

/// One thing that happened.
struct Rung {
    at: Time,
    side: Side,
    text: String,
}

const fn is_packet(side: Side) -> bool {
    matches!(side, Side::Inbound | Side::Outbound)
}

fn rungs(outcome: &Outcome) -> Vec<Rung> {
    let mut rungs: Vec<Rung> = Vec::new();
    // The call that nothing has happened since.
    let mut call: Option<usize> = None;
    for line in transcript(&outcome.file.script, &outcome.trace) {
        match line.kind {
            // Bookkeeping of ours.
            "bound" | "check" | "stall" => continue,
            "call" => call = Some(rungs.len()),
            "return" => {
                let joined = call.take().and_then(|index| {
                    let text = join(&rungs[index], &line)?;
                    Some((index, text))
                });
                if let Some((index, text)) = joined {
                    rungs[index].text = text;
                    continue;
                }
            }
            _ => call = None,
        }
        rungs.push(Rung {
            at: line.at,
            side: line.side,
            text: line.text,
        });
    }
    rungs
}

/// A call that ended at once is one event, as in the script: `listen(3, 1) = 0`.
fn join(call: &Rung, returned: &Line) -> Option<String> {
    let (name, _) = call.text.split_once('(')?;
    let result = returned.text.strip_prefix(name)?;
    (call.at == returned.at).then(|| format!("{}{result}", call.text))
}

/// The text of a packet: in two rows where it is long, the second holding the options.
fn rows(text: &str) -> Vec<&str> {
    match text.find(" <") {
        Some(options) if text.chars().count() > LONG => {
            vec![&text[..options], &text[options + 1..]]
        }
        _ => vec![text],
    }
}

fn draw(drawing: &mut String, rung: &Rung, width: usize) {
    let mut at = rung.at.to_string();
    let rows = if is_packet(rung.side) {
        rows(&rung.text)
    } else {
        vec![rung.text.as_str()]
    };
    for (index, row) in rows.into_iter().enumerate() {
        let line = width.saturating_sub(row.chars().count() + 4);
        let shaft = "─".repeat(line);
        let drawn = match rung.side {
            Side::Inbound | Side::Outbound if index > 0 => {
                format!("│  {row} {:line$} │", "")
            }
            Side::Inbound => format!("├─ {row} {shaft}▶│"),
            Side::Outbound => format!("│◀{shaft} {row} ─┤"),
            Side::Stack => format!("│{:width$}│ {row}", ""),
            // A long remark of ours has no side to end at.
            Side::Harness if row.chars().count() + 2 > width => format!("│ ({row})"),
            Side::Harness => format!("│{:^width$}│", format!("({row})")),
        };
        let _ = writeln!(drawing, "{at:>12}  {drawn}");
        at.clear();
    }
}
