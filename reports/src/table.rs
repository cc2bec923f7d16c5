//! Script × target, for runs on several targets.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The verdicts of a run by script and address mode, then by target.
#[derive(Debug, Default)]
pub(crate) struct Table {
    targets: Vec<String>,
    rows: BTreeMap<(String, &'static str), BTreeMap<String, &'static str>>,
}

impl Table {
    pub(crate) fn add(
        &mut self,
        script: String,
        mode: &'static str,
        target: &str,
        verdict: &'static str,
    ) {
        if !self.targets.iter().any(|known| known == target) {
            self.targets.push(target.to_owned());
        }
        self.rows
            .entry((script, mode))
            .or_default()
            .insert(target.to_owned(), verdict);
    }

    /// The table, when it has more than one column.
    pub(crate) fn render(&self) -> Option<String> {
        if self.targets.len() < 2 {
            return None;
        }
        let script = |(name, mode): &(String, &str)| format!("{name} ({mode})");
        let width = self.rows.keys().map(|row| script(row).len()).max()?;
        let column = |target: &String| target.len().max("unexpected-pass".len());
        let mut text = format!("{:width$}", "script");
        for target in &self.targets {
            let _ = write!(text, "  {target:<0$}", column(target));
        }
        text = text.trim_end().to_owned();
        text.push('\n');
        for (row, verdicts) in &self.rows {
            let mut line = format!("{:width$}", script(row));
            for target in &self.targets {
                let verdict = verdicts.get(target).copied().unwrap_or("-");
                let _ = write!(line, "  {verdict:<0$}", column(target));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        Some(text)
    }
}
