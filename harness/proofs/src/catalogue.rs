//! The proofs as they are written down, and what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::Suites;

/// How the stack is broken, and the requirements that this breaks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// What the changed stack does wrong, in a few words.
    pub breaks: String,
    /// The requirements that it no longer keeps.
    pub requirements: Vec<String>,
    /// What to change; nearly always one thing.
    #[serde(rename = "change")]
    pub changes: Vec<Change>,
    /// The file that this proof was read from.
    #[serde(skip)]
    pub written_in: String,
}

/// One change of the sources.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The file, from the top of the repository.
    pub file: String,
    /// A text that stands in the file exactly once.
    pub find: String,
    /// What stands there in the changed stack.
    pub replace: String,
}

impl Change {
    /// The source with the change in it.
    ///
    /// # Errors
    /// The text to find is not there, or not only once.
    pub fn apply(&self, source: &str) -> Result<String, String> {
        self.place(source)?;
        Ok(source.replacen(&self.find, &self.replace, 1))
    }

    /// Where in the source the text to find begins, in octets.
    ///
    /// # Errors
    /// It is not there, or not only once.
    pub(crate) fn place(&self, source: &str) -> Result<usize, String> {
        let mut places = source.match_indices(&self.find);
        let first = places.next();
        match (first, places.count()) {
            (Some((place, _)), 0) => Ok(place),
            (None, _) => Err(format!(
                "`{}` does not contain the text to find: {:?}",
                self.file, self.find
            )),
            (Some(_), more) => Err(format!(
                "`{}` contains the text to find {} times: {:?}",
                self.file,
                more + 1,
                self.find
            )),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    proof: Vec<Proof>,
}

/// All proofs, in the order of their files.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Each of them.
    pub proofs: Vec<Proof>,
}

/// How many requirements have a proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Requirements that can be broken: testable, and kept by the reference stack.
    pub breakable: usize,
    /// Those with a proof.
    pub proven: usize,
    /// Of the first, the MUSTs and MUST NOTs.
    pub breakable_musts: usize,
    /// Of the second, the MUSTs and MUST NOTs.
    pub proven_musts: usize,
}

impl Catalogue {
    /// Reads every `suites/proofs/*.toml` below `root`.
    ///
    /// # Errors
    /// What could not be read or makes no sense.
    pub fn read(root: &Path) -> Result<Self, String> {
        let folder = root.join("suites/proofs");
        let entries =
            fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        });
        paths.sort();
        let mut proofs = Vec::new();
        for path in paths {
            let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let text = fs::read_to_string(&path).map_err(|error| told(&error))?;
            let page: Page = toml::from_str(&text).map_err(|error| told(&error))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            proofs.extend(page.proof.into_iter().map(|proof| Proof {
                written_in: name.clone().into_owned(),
                ..proof
            }));
        }
        Ok(Self { proofs })
    }

    /// The requirements that some proof breaks.
    #[must_use]
    pub fn proven(&self) -> BTreeSet<&str> {
        let of_all = self.proofs.iter().flat_map(|proof| &proof.requirements);
        of_all.map(String::as_str).collect()
    }

    /// All that keeps proofs from being carried out on the sources below `root`.
    #[must_use]
    pub fn complaints(&self, root: &Path, suites: &Suites) -> Vec<String> {
        let mut sources: BTreeMap<&str, String> = BTreeMap::new();
        let mut complaints = Vec::new();
        for proof in &self.proofs {
            let mut complain = |what: String| {
                complaints.push(format!("{}: {}: {what}", proof.written_in, proof.breaks));
            };
            for change in &proof.changes {
                let source = sources.entry(change.file.as_str()).or_insert_with(|| {
                    // A file that is missing contains nothing, and is complained of as such.
                    fs::read_to_string(root.join(&change.file)).unwrap_or_default()
                });
                if let Err(problem) = change.apply(source) {
                    complain(problem);
                }
                if change.find == change.replace {
                    complain("changes nothing".to_owned());
                }
            }
            if proof.requirements.is_empty() {
                complain("names no requirement".to_owned());
            }
            for id in &proof.requirements {
                if !suites.can_be_broken(id) {
                    complain(format!(
                        "no script that claims {id} passes on the reference stack"
                    ));
                }
            }
        }
        complaints
    }

    /// The requirements that can be broken and have no proof.
    #[must_use]
    pub fn missing<'a>(&self, suites: &'a Suites) -> Vec<&'a str> {
        let proven = self.proven();
        breakable(suites)
            .filter(|requirement| !proven.contains(requirement.id.as_str()))
            .map(|requirement| requirement.id.as_str())
            .collect()
    }

    /// How far the proofs go.
    #[must_use]
    pub fn coverage(&self, suites: &Suites) -> Coverage {
        let proven = self.proven();
        let mut coverage = Coverage::default();
        for requirement in breakable(suites) {
            let is_proven = usize::from(proven.contains(requirement.id.as_str()));
            coverage.breakable += 1;
            coverage.proven += is_proven;
            if requirement.is_must() {
                coverage.breakable_musts += 1;
                coverage.proven_musts += is_proven;
            }
        }
        coverage
    }
}

fn breakable(suites: &Suites) -> impl Iterator<Item = &crate::Requirement> {
    let requirements = suites.requirements.iter();
    requirements
        .filter(|requirement| requirement.is_testable && suites.can_be_broken(&requirement.id))
}
