//! A violated invariant as a regression script.

use halfopen_drill::invariant::Violation;
use halfopen_script::front_matter::FrontMatter;
use halfopen_target::Trace;

/// What a fuzz target found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the rule that was broken, fit for a file name; `panic` when the stack panicked.
    pub rule: String,
    /// The rule, its section, and what happened.
    pub text: String,
    /// The script that shows it: it states what was done and seen up to the violation, so that on the
    /// faulty stack the violation itself is an unexpected segment or transition.
    pub script: String,
}

impl Finding {
    /// The finding of `violation` in `trace`.
    pub fn of_violation(trace: &Trace, violation: &Violation) -> Self {
        Self::new(
            trace,
            violation.entry,
            violation.rule.name(),
            &format!(
                "{} ({}): {}",
                violation.rule.name(),
                violation.rule.section(),
                violation.text
            ),
        )
    }

    /// The finding that the stack panicked at the end of `trace`.
    pub fn of_panic(trace: &Trace, message: &str) -> Self {
        let text = format!("the stack panicked: {message}");
        Self::new(trace, trace.entries.len(), "panic", &text)
    }

    fn new(trace: &Trace, length: usize, rule: &str, text: &str) -> Self {
        let text = text.replace('\n', " ");
        let front_matter = FrontMatter {
            title: Some(format!("Found by fuzzing: {text}")),
            ..FrontMatter::default()
        };
        let script = halfopen_drill::write_script(trace, length, front_matter);
        Self {
            rule: rule.to_owned(),
            text,
            script: halfopen_script::format::script(&script),
        }
    }
}
