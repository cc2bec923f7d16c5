//! From the tree to text: the canonical way to write a script.
//!
//! What is written parses to the same tree, but for places: for every tree that came from parsing, and for others as
//! long as they hold nothing that the language cannot say (operators other than `|` and `=`, a backtick in a command,
//! reserved bits among the flags). Every node can also be shown alone, by its `Display`.

mod call;
mod layout;
mod packet;
mod spacing;
mod tcp_option;
mod trivia;

pub use layout::layout;

use std::fmt;

use crate::front_matter::{Expectation, FrontMatter, NotedTarget, TargetNote};
use crate::tree::{
    Action, Code, Command, Event, OptionLine, Script, StateAssertion, StateSpec, TimeSpec, When,
};

/// Times are written flush right in this many columns, as the suites have them; longer ones take what they need.
const TIME_COLUMNS: usize = 4;

/// Writes a whole script.
pub fn script(script: &Script) -> String {
    script.to_string()
}

/// Writes one event on its line, without the newline.
pub fn event(event: &Event) -> String {
    event.to_string()
}

/// Microseconds as seconds, with as many digits as needed: `0.1`.
pub fn seconds(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let (whole, part) = (micros / 1_000_000, micros % 1_000_000);
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{part:06}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = 0;
        let mut part = |f: &mut fmt::Formatter<'_>| {
            parts += 1;
            if parts > 1 { f.write_str("\n") } else { Ok(()) }
        };
        if !self.front_matter.is_empty() {
            part(f)?;
            write!(f, "{}", self.front_matter)?;
        }
        if !self.options.is_empty() {
            part(f)?;
            for option in &self.options {
                writeln!(f, "{option}")?;
            }
        }
        if let Some(command) = &self.init_command {
            part(f)?;
            writeln!(f, "{command}")?;
        }
        part(f)?;
        for event in &self.events {
            writeln!(f, "{event}")?;
        }
        if let Some(command) = &self.cleanup_command {
            part(f)?;
            writeln!(f, "{command}")?;
        }
        Ok(())
    }
}

impl fmt::Display for FrontMatter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(title) = &self.title {
            writeln!(f, "//: title     {title}")?;
        }
        if !self.requires.is_empty() {
            writeln!(f, "//: requires  {}", self.requires.join(", "))?;
        }
        for note in &self.targets {
            writeln!(f, "//: targets   {note}")?;
        }
        Ok(())
    }
}

impl fmt::Display for TargetNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, target) in self.targets.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{target}")?;
        }
        let expectation = match self.expectation {
            Expectation::Fail => "expect fail",
            Expectation::Skip => "skip",
        };
        let reason = self.reason.replace('\\', "\\\\").replace('"', "\\\"");
        write!(f, ": {expectation} \"{reason}\"")
    }
}

impl fmt::Display for NotedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.mode {
            Some(mode) => write!(f, "/{mode}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for OptionLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{}", self.name)?;
        let Some(value) = &self.value else {
            return Ok(());
        };
        let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-');
        let is_plain = !value.is_empty() && value.chars().all(belongs);
        // Kept as it was written: what can't stand between quotes stood without them.
        if is_plain || self.name == "define" || !fits_into_quotes(value) {
            write!(f, "={value}")
        } else {
            write!(f, "=\"{value}\"")
        }
    }
}

/// Whether the closing quote after `text` closes it: no quote before, and no backslash that takes it along.
fn fits_into_quotes(text: &str) -> bool {
    let mut is_escaped = false;
    for c in text.chars() {
        match c {
            '"' if !is_escaped => return false,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    !is_escaped
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time.to_string();
        write!(f, "{time:>TIME_COLUMNS$} {}", self.action)
    }
}

impl fmt::Display for TimeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.start {
            When::Any => f.write_str("*")?,
            When::At(at) => f.write_str(&seconds(at))?,
            When::After(span) => write!(f, "+{}", seconds(span))?,
            When::Between(from, to) => write!(f, "{}~{}", seconds(from), seconds(to))?,
            When::AfterBetween(from, to) => write!(f, "+{}~+{}", seconds(from), seconds(to))?,
        }
        match (self.start, self.end) {
            // Written from the event before, kept from the start of the call.
            (When::After(start), Some(When::After(span))) => {
                write!(f, "...{}", seconds(start.saturating_add(span)))
            }
            (_, Some(When::At(at) | When::After(at))) => write!(f, "...{}", seconds(at)),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Packet(packet) => packet.fmt(f),
            Self::Call(call) => call.fmt(f),
            Self::Command(command) => command.fmt(f),
            Self::Code(code) => code.fmt(f),
            Self::State(state) => state.fmt(f),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{{ {} }}%", self.text)
    }
}

impl fmt::Display for StateSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("@ ")?;
        if let Some(descriptor) = self.descriptor {
            write!(f, "{descriptor} ")?;
        }
        match self.assertion {
            StateAssertion::Is(state) => write!(f, "{state}"),
            StateAssertion::Becomes(from, to) => write!(f, "{from} -> {to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn seconds_have_no_more_digits_than_needed() {
        assert_eq!(seconds(0), "0");
        assert_eq!(seconds(100_000), "0.1");
        assert_eq!(seconds(1_000_001), "1.000001");
        assert_eq!(seconds(-1), "-0.000001");
    }
}
