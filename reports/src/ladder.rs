//! A trace as a ladder: the tester on the left, the stack on the right, time downwards.

use std::fmt::Write;

use halfopen_drill::{Line, Outcome, Side, transcript};

/// How wide the space between the two sides is.
const WIDTH: usize = 56;

/// The last `count` events of a drill as a ladder; all of them with `usize::MAX`.
pub fn render_ladder(outcome: &Outcome, count: usize) -> String {
    let lines: Vec<_> = transcript(&outcome.file.script, &outcome.trace)
        .into_iter()
        .filter(|line| !matches!(line.kind, "bound" | "check" | "stall"))
        .collect();
    let first = lines.len().saturating_sub(count);
    let mut text = String::new();
    if first > 0 {
        let _ = writeln!(text, "{:>12}  … {first} earlier events", "");
    }
    for line in &lines[first..] {
        let _ = writeln!(text, "{:>12}  {}", line.at.to_string(), rung(line));
    }
    text
}

fn rung(line: &Line) -> String {
    let shown: String = line.text.chars().take(WIDTH - 6).collect();
    match line.side {
        Side::Inbound => format!("├─ {shown} {}▶│", "─".repeat(fill(&shown))),
        Side::Outbound => format!("│◀{} {shown} ─┤", "─".repeat(fill(&shown))),
        Side::Stack => format!("│{:WIDTH$}│ {}", "", line.text),
        Side::Harness => format!("│{:^WIDTH$}│", format!("({shown})")),
    }
}

fn fill(shown: &str) -> usize {
    WIDTH.saturating_sub(shown.chars().count() + 4)
}
