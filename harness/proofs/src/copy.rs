//! A second workspace beside the first, and who builds it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a build needs of the repository.
const COPIED: [&str; 7] = [
    "Cargo.toml",
    "Cargo.lock",
    "fuzz",
    "harness",
    "reports",
    "suites",
    "targets",
];

/// The cargo that runs this, or the one that is found.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Makes `copy` the same as `root`, but for the files in `changed`, whose names begin at the top.
pub(crate) fn bring_up_to_date(
    root: &Path,
    copy: &Path,
    changed: &BTreeMap<PathBuf, Vec<u8>>,
) -> io::Result<()> {
    COPIED
        .iter()
        .try_for_each(|name| one(root, copy, Path::new(name), changed))
}

/// Writes a file, unless it is so already: one that stays as it was keeps its time, which cargo goes by.
pub(crate) fn write(path: &Path, wanted: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, wanted)
}

fn one(
    root: &Path,
    copy: &Path,
    name: &Path,
    changed: &BTreeMap<PathBuf, Vec<u8>>,
) -> io::Result<()> {
    let (from, to) = (root.join(name), copy.join(name));
    if !from.is_dir() {
        return match changed.get(name) {
            Some(wanted) => write(&to, wanted),
            None => write(&to, &fs::read(from)?),
        };
    }
    fs::create_dir_all(&to)?;
    for entry in fs::read_dir(&to)? {
        let entry = entry?;
        if from.join(entry.file_name()).exists() {
            continue;
        }
        if entry.path().is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    for entry in fs::read_dir(&from)? {
        let entry = entry?;
        // Build output, and whatever is hidden; `harness/target` is a crate.
        let file_name = entry.file_name();
        let is_output = file_name == "target" && !entry.path().join("Cargo.toml").exists();
        if !is_output && !file_name.to_string_lossy().starts_with('.') {
            one(root, copy, &name.join(file_name), changed)?;
        }
    }
    Ok(())
}
