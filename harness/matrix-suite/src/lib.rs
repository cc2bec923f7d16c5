//! Writes `suites/matrix`: for every state of RFC 9293 each user call, each kind of segment and each timeout, one script.
//!
//! What is to happen stands in the tables of `suites/matrix/table` and nowhere else: what arrives (`arrivals.txt`), what
//! RFC 9293 section 3.10.7 says to it (`rules.txt`), what calls and timers do (`calls.txt`, `timeouts.txt`), and which stack is known to do otherwise (`deviations.txt`). This crate only
//! knows how to bring a connection to a state, how to write a segment, and how to see afterwards what became of it.
#![forbid(unsafe_code)]

mod arrival;
mod call;
mod deviation;
mod dialogue;
mod proof;
mod rule;
mod script;
mod setup;
mod table;
mod timeout;
mod words;

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

pub use table::TableError;

/// Why no suite could be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A table is wrong.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// Its path.
        path: String,
        /// What the system says.
        error: io::Error,
    },
}

/// The scripts that the tables below `folder` ask for, by their path below `folder`.
///
/// # Errors
/// A table cannot be read, or says something that makes no sense; the message names the place.
pub fn generate(folder: &Path) -> Result<BTreeMap<String, String>, Error> {
    let read = |name: &str| {
        let path = folder.join("table").join(name);
        let shown = path.display().to_string();
        fs::read_to_string(&path)
            .map(|text| (shown.clone(), text))
            .map_err(|error| Error::File { path: shown, error })
    };
    let (file, text) = read("rules.txt")?;
    let rules = rule::read(&file, &text)?;
    let (file, text) = read("arrivals.txt")?;
    let mut scripts = arrival::scripts(&file, &text, &rules)?;
    let (file, text) = read("calls.txt")?;
    scripts.extend(call::scripts(&file, &text)?);
    let (file, text) = read("timeouts.txt")?;
    scripts.extend(timeout::scripts(&file, &text)?);
    let (file, text) = read("deviations.txt")?;
    let deviations = deviation::read(&file, &text)?;
    deviation::check(&deviations, &scripts)?;
    let mut files = BTreeMap::new();
    for script in &scripts {
        let notes = deviation::notes(&deviations, script)?;
        files.insert(script.path.clone(), script.text(&notes));
    }
    Ok(files)
}

/// What lies below `folder` beside the tables, by its path below `folder`.
///
/// # Errors
/// Something below `folder` cannot be read.
pub fn written(folder: &Path) -> Result<BTreeMap<String, String>, Error> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        let failed = |error| Error::File {
            path: current.display().to_string(),
            error,
        };
        for entry in fs::read_dir(&current).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path == folder.join("table") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).map_err(failed)?;
            let name = path.strip_prefix(folder).unwrap_or(&path);
            files.insert(name.to_string_lossy().into_owned(), text);
        }
    }
    Ok(files)
}

/// Writes what the tables ask for, and removes what they do not; gives how many scripts there are and how many changed.
///
/// # Errors
/// As [`generate`] and [`written`]; or a script cannot be written.
pub fn write(folder: &Path) -> Result<(usize, usize), Error> {
    let wanted = generate(folder)?;
    let found = written(folder)?;
    let mut changed = 0;
    for (name, text) in wanted
        .iter()
        .filter(|(name, text)| found.get(*name) != Some(text))
    {
        let path = folder.join(name);
        let failed = |error| Error::File {
            path: path.display().to_string(),
            error,
        };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(&path, text).map_err(failed)?;
        changed += 1;
    }
    for name in found.keys().filter(|name| !wanted.contains_key(*name)) {
        let path = folder.join(name);
        fs::remove_file(&path).map_err(|error| Error::File {
            path: path.display().to_string(),
            error,
        })?;
        changed += 1;
    }
    Ok((wanted.len(), changed))
}
