//! Whether the scripts noticed.

use crate::{Drills, Suites};

/// What came of one requirement of one proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A drill of this script passed before and fails now.
    Noticed {
        /// The script.
        script: String,
        /// What differs.
        reason: String,
    },
    /// All drills of its scripts came to the same as before.
    NotNoticed,
    /// The only failures are panics: they show a careless change rather than an attentive script.
    OnlyPanics {
        /// Of which script.
        script: String,
    },
}

/// What the drills with the change say of the requirement `id`, held against those `before` it.
#[must_use]
pub fn judge(id: &str, suites: &Suites, before: &Drills, after: &Drills) -> Finding {
    let mut finding = Finding::NotNoticed;
    for script in suites.scripts_of(id) {
        for (ip, outcome) in after.of(script) {
            let passed = before
                .of(script)
                .any(|(mode, earlier)| mode == ip && earlier.verdict == "pass");
            if !passed || outcome.verdict != "fail" {
                continue;
            }
            let script = script.to_owned();
            let reason = outcome.reason.clone();
            if !reason.starts_with("the stack panicked") {
                return Finding::Noticed { script, reason };
            }
            finding = Finding::OnlyPanics { script };
        }
    }
    finding
}
