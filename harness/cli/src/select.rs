//! From paths on the command line to scripts.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use halfopen_drill::ScriptFile;
use halfopen_script::tree::Action;
use halfopen_target::AddressMode;

use crate::args::Selection;
use crate::filter::Filter;
use crate::read::{self, Variants};

/// How deep folders are followed: deeper than any suite, and an end to a link that leads in a circle.
const DEEPEST: usize = 32;

/// The scripts that were asked for.
pub(crate) struct Selected {
    scripts: Vec<Variants>,
    /// Whether some could not be read; what is wrong with them has been printed.
    pub(crate) unreadable: bool,
}

impl Selected {
    /// Every script in each of its address modes, as it reads there.
    pub(crate) fn drills(&self) -> impl Iterator<Item = (&Arc<ScriptFile>, AddressMode)> {
        let modes = self.scripts.iter().flat_map(|script| &script.modes);
        modes.map(|(mode, file)| (file, *mode))
    }

    /// Every script once, as it reads in the first of its modes.
    pub(crate) fn files(&self) -> Vec<Arc<ScriptFile>> {
        self.scripts
            .iter()
            .map(|script| Arc::clone(&script.file))
            .collect()
    }

    /// Keeps only the scripts for which this holds.
    pub(crate) fn retain(&mut self, holds: impl Fn(&ScriptFile) -> bool) {
        self.scripts.retain(|script| holds(&script.file));
    }

    /// Whether any script runs a shell command that does more than set sysctls.
    pub(crate) fn has_commands(&self) -> bool {
        self.scripts.iter().any(|variants| {
            let script = &variants.file.script;
            let of_events = script
                .events
                .iter()
                .filter_map(|event| match &event.action {
                    Action::Command(command) => Some(command),
                    _ => None,
                });
            script
                .init_command
                .iter()
                .chain(of_events)
                .chain(&script.cleanup_command)
                .any(|command| command.sysctls().is_none())
        })
    }
}

/// Reads what the selection asks for; errors in scripts are printed.
///
/// # Errors
/// When there is nothing to run at all, with the reason.
pub(crate) fn select(selection: &Selection) -> Result<Selected, String> {
    let filter = selection
        .filter
        .as_deref()
        .map(Filter::parse)
        .transpose()
        .map_err(|error| format!("--filter: {error}"))?;
    let mut selected = Selected {
        scripts: Vec::new(),
        unreadable: false,
    };
    for path in find_all(&selection.paths)? {
        match read::variants(&path, &selection.modes, &selection.defines) {
            Ok(variants) => selected.scripts.push(variants),
            Err(text) => {
                eprint!("{text}");
                selected.unreadable = true;
            }
        }
    }
    if let Some(filter) = &filter {
        selected.scripts.retain(|script| filter.holds(&script.file));
    }
    if let Some((index, count)) = selection.shard {
        let mut place = 0;
        selected.scripts.retain(|_| {
            place += 1;
            place % count == index % count
        });
    }
    if selected.scripts.is_empty() && !selected.unreadable {
        return Err("no script is left after --filter and --shard: nothing to run".to_owned());
    }
    Ok(selected)
}

/// Every script below the paths, each once, in order.
///
/// # Errors
/// When a path does not exist or has no scripts.
pub(crate) fn find_all(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            find(path, 0, &mut found)?;
            if found.len() == before {
                return Err(format!(
                    "{}: no scripts: a folder of scripts holds files that end in .pkt",
                    path.display()
                ));
            }
        } else if path.exists() {
            found.push(path.clone());
        } else {
            return Err(format!(
                "{}: no such file or folder: give a script or a folder of scripts",
                path.display()
            ));
        }
    }
    for path in &mut found {
        // `a.pkt` and `./a.pkt` are one script.
        if let Ok(short) = path.strip_prefix(".") {
            *path = short.to_path_buf();
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries {
        let path = entry
            .map_err(|e| format!("{}: {e}", folder.display()))?
            .path();
        if path.is_dir() && depth < DEEPEST {
            find(&path, depth + 1, found)?;
        } else if path.extension().is_some_and(|e| e == "pkt") {
            found.push(path);
        }
    }
    Ok(())
}
