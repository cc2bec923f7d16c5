//! The targets by name.

use std::sync::Arc;

use halfopen_drill::TargetFactory;
use halfopen_linux::{LinuxTarget, Pool, WithShell, privilege};
use halfopen_reference_target::{Profile, ReferenceTarget};
use halfopen_target::{Capabilities, Capability, Target, TargetError};

use crate::args::Loading;

/// The names that everybody may use.
pub(crate) const NAMES: [&str; 3] = ["reference", "reference:linux", "linux"];

/// The bundled stack.
struct Reference {
    profile: Profile,
    capabilities: Capabilities,
    /// Where the shell commands of scripts run, when they may and any has some.
    shells: Option<Arc<Pool>>,
}

impl TargetFactory for Reference {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn create(&self) -> Result<Box<dyn Target>, TargetError> {
        let target = Box::new(ReferenceTarget::with_profile(self.profile.clone()));
        Ok(match &self.shells {
            Some(pool) => Box::new(WithShell::new(target, Arc::clone(pool))),
            None => target,
        })
    }
}

/// The running kernel.
struct Linux {
    capabilities: Capabilities,
    pool: Arc<Pool>,
}

impl TargetFactory for Linux {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn create(&self) -> Result<Box<dyn Target>, TargetError> {
        Ok(Box::new(LinuxTarget::new(Arc::clone(&self.pool))))
    }
}

/// The targets with these names, each once. For the kernel, and for scripts with shell commands (`with_shell`), the process may
/// enter a user namespace, so no thread may have been started before.
///
/// # Errors
/// An unknown name, or what this machine does not allow.
pub(crate) fn find(
    names: &[String],
    loading: &Loading,
    with_shell: bool,
) -> Result<Vec<Arc<dyn TargetFactory>>, String> {
    let mut found: Vec<Arc<dyn TargetFactory>> = Vec::new();
    for name in names {
        if !found.iter().any(|known| known.capabilities().name == *name) {
            found.push(find_one(name, loading, with_shell)?);
        }
    }
    Ok(found)
}

fn find_one(
    name: &str,
    loading: &Loading,
    with_shell: bool,
) -> Result<Arc<dyn TargetFactory>, String> {
    if let Some(library) = name.strip_prefix("so:") {
        return plugin::find(library, loading);
    }
    match name {
        "reference" | "reference:linux" => {
            let profile = if name == "reference" {
                Profile::rfc()
            } else {
                Profile::linux()
            };
            let target = ReferenceTarget::with_profile(profile.clone());
            let capabilities = target.capabilities().clone();
            // Where no namespace may be made, scripts with commands are skipped with the stack's own reason.
            let may = with_shell && privilege::enter().is_ok();
            Ok(Arc::new(Reference {
                profile,
                capabilities: if may {
                    capabilities.with(Capability::Commands)
                } else {
                    capabilities
                },
                shells: may.then(|| Arc::new(Pool::new())),
            }))
        }
        "linux" => {
            privilege::enter().map_err(|error| format!("the linux target: {error}"))?;
            Ok(Arc::new(Linux {
                capabilities: halfopen_linux::capabilities(),
                pool: Arc::new(Pool::new()),
            }))
        }
        other => {
            #[cfg(feature = "planted-bugs")]
            if let Some(target) = planted::find(other) {
                return Ok(target);
            }
            Err(unknown(other))
        }
    }
}

fn unknown(name: &str) -> String {
    let near = NAMES
        .iter()
        .map(|known| (distance(known, name), known))
        .min()
        .filter(|(distance, known)| *distance <= known.len() / 2)
        .map_or_else(String::new, |(_, near)| format!("; did you mean `{near}`?"));
    format!(
        "there is no target `{name}`: the targets are {} and so:LIBRARY{near}",
        NAMES.join(", ")
    )
}

/// How many letters must be put in, taken out or changed to make `to` of `from`.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (at, other) in to.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[at + 1];
            row[at + 1] = change.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(feature = "planted-bugs")]
mod planted;
mod plugin;

#[cfg(test)]
mod tests {
    use super::{distance, unknown};

    #[test]
    fn distance_counts_single_letters() {
        assert_eq!(distance("linux", "linux"), 0);
        assert_eq!(distance("linux", "lnux"), 1);
        assert_eq!(distance("linux", "liunx"), 2);
        assert_eq!(distance("linux", ""), 5);
    }

    #[test]
    fn a_name_far_from_all_gets_no_suggestion() {
        assert!(unknown("refrence").ends_with("did you mean `reference`?"));
        assert!(!unknown("windows-server").contains("did you mean"));
    }
}
