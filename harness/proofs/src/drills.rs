//! What drills came to, as the command reports it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// What one drill came to.
#[derive(Clone, Debug, Deserialize)]
pub struct Outcome {
    script: String,
    ip: String,
    /// As `halfopen run --json` has it.
    pub verdict: String,
    /// What differs; empty where nothing does.
    #[serde(default, deserialize_with = "or_empty")]
    pub reason: String,
}

fn or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What drills came to, by script and address family.
#[derive(Clone, Debug, Default)]
pub struct Drills(BTreeMap<(String, String), Outcome>);

impl Drills {
    /// The lines of `halfopen run --json`; the summary at the end is none of a drill's.
    #[must_use]
    pub fn of_json(lines: &str) -> Self {
        let outcomes = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Outcome>(line).ok());
        Self(
            outcomes
                .map(|outcome| ((outcome.script.clone(), outcome.ip.clone()), outcome))
                .collect(),
        )
    }

    /// Those of one script, with their address families.
    pub fn of(&self, script: &str) -> impl Iterator<Item = (&str, &Outcome)> {
        self.0
            .iter()
            .filter(move |((name, _), _)| name == script)
            .map(|((_, ip), outcome)| (ip.as_str(), outcome))
    }
}
