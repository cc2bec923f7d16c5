//! A script as a file: front matter from the tables, and the dialogue.

/// One script.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// Below `suites/matrix`.
    pub(crate) path: String,
    pub(crate) title: String,
    pub(crate) requires: Vec<String>,
    /// The command before the first event.
    pub(crate) settings: Option<String>,
    pub(crate) lines: String,
}

impl Script {
    /// The name that the tables know it by: its path without the extension.
    pub(crate) fn name(&self) -> &str {
        self.path.strip_suffix(".pkt").unwrap_or(&self.path)
    }

    /// The text of the file; `notes` are the lines of known deviations.
    pub(crate) fn text(&self, notes: &[String]) -> String {
        let mut text = format!("//: title     {}\n", self.title);
        if !self.requires.is_empty() {
            text.push_str(&format!("//: requires  {}\n", self.requires.join(", ")));
        }
        for note in notes {
            text.push_str(&format!("//: targets   {note}\n"));
        }
        if let Some(settings) = &self.settings {
            text.push_str(&format!("\n`{settings}`\n"));
        }
        text.push('\n');
        text.push_str(&self.lines);
        text
    }
}
