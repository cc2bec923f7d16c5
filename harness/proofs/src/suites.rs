//! What there is to prove: the requirements, and the scripts that claim them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use halfopen_script::front_matter::TargetNote;
use halfopen_script::{Definitions, parse_with};

/// The stack that proofs break.
const TARGET: &str = "reference";

/// One line of `suites/requirements.tsv`.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// Its id.
    pub id: String,
    /// MUST, SHOULD, …, as the catalogue has it.
    pub level: String,
    /// Whether anything on the wire or in a call shows it.
    pub is_testable: bool,
}

impl Requirement {
    /// Whether it is a MUST or MUST NOT, perhaps under a condition.
    #[must_use]
    pub fn is_must(&self) -> bool {
        self.level.contains("MUST")
    }
}

/// One script, as far as proofs need it.
#[derive(Clone, Debug)]
struct Claim {
    path: String,
    /// The reference stack passes it; its front matter knows no deviation of that stack.
    is_kept: bool,
}

/// The requirements, and which scripts claim each.
#[derive(Clone, Debug)]
pub struct Suites {
    /// In the order of the catalogue.
    pub requirements: Vec<Requirement>,
    claims: BTreeMap<String, Vec<Claim>>,
}

impl Suites {
    /// Reads `suites/` below `root`.
    ///
    /// # Errors
    /// What could not be read.
    pub fn read(root: &Path) -> Result<Self, String> {
        let table = root.join("suites/requirements.tsv");
        let text =
            fs::read_to_string(&table).map_err(|error| format!("{}: {error}", table.display()))?;
        let mut claims: BTreeMap<String, Vec<Claim>> = BTreeMap::new();
        for path in scripts(&root.join("suites"))? {
            let source = fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let shown = path.strip_prefix(root).unwrap_or(&path);
            let shown = shown.to_string_lossy().replace('\\', "/");
            let front = parse_with(&shown, &source, &Definitions::ipv4())
                .script
                .front_matter;
            let knows = |note: &TargetNote| note.names(TARGET, None);
            let is_kept = !front.targets.iter().any(knows);
            for id in front.requires {
                let path = shown.clone();
                claims.entry(id).or_default().push(Claim { path, is_kept });
            }
        }
        Ok(Self {
            requirements: text.lines().skip(1).map(requirement).collect(),
            claims,
        })
    }

    /// The scripts that claim a requirement and that the reference stack passes.
    pub fn scripts_of(&self, id: &str) -> impl Iterator<Item = &str> {
        self.claims
            .get(id)
            .into_iter()
            .flatten()
            .filter(|claim| claim.is_kept)
            .map(|claim| claim.path.as_str())
    }

    /// Whether the requirement can be broken: the reference stack keeps it, as some script shows.
    #[must_use]
    pub fn can_be_broken(&self, id: &str) -> bool {
        self.scripts_of(id).next().is_some()
    }
}

fn requirement(line: &str) -> Requirement {
    let columns: Vec<&str> = line.split('\t').collect();
    let column = |index: usize| (*columns.get(index).unwrap_or(&"")).to_owned();
    Requirement {
        id: column(0),
        level: column(3),
        is_testable: column(5) == "yes",
    }
}

fn scripts(top: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![top.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "pkt") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
