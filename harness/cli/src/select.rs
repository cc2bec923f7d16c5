//! From paths on the command line to scripts.

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use halfopen_drill::ScriptFile;
use halfopen_script::tree::Action;
use halfopen_script::{Definitions, Diagnostic};
use halfopen_target::AddressMode;

use crate::args::{Mode, Selection};
use crate::filter::Filter;

/// How deep folders are followed: deeper than any suite, and an end to a link that leads in a circle.
const DEEPEST: usize = 32;

/// The scripts that were asked for.
pub(crate) struct Selected {
    pub(crate) files: Vec<Arc<ScriptFile>>,
    /// Whether some could not be read; what is wrong with them has been printed.
    pub(crate) unreadable: bool,
}

impl Selected {
    /// Whether any script runs a shell command that does more than set sysctls.
    pub(crate) fn has_commands(&self) -> bool {
        self.files.iter().any(|file| {
            let script = &file.script;
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
        files: Vec::new(),
        unreadable: false,
    };
    for path in find_all(&selection.paths)? {
        match read(&path) {
            Ok(file) => selected.files.push(Arc::new(file)),
            Err(text) => {
                eprint!("{text}");
                selected.unreadable = true;
            }
        }
    }
    if let Some(filter) = &filter {
        selected.files.retain(|file| filter.holds(file));
    }
    if let Some((index, count)) = selection.shard {
        let mut place = 0;
        selected.files.retain(|_| {
            place += 1;
            place % count == index % count
        });
    }
    if selected.files.is_empty() && !selected.unreadable {
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

/// Reads and parses one script.
///
/// # Errors
/// All that is wrong with it, as text.
pub(crate) fn read(path: &Path) -> Result<ScriptFile, String> {
    let source = text(path)?;
    let name = path.display().to_string();
    match halfopen_script::parse(&name, &source) {
        Ok(script) => Ok(ScriptFile {
            path: path.to_path_buf(),
            source,
            script,
        }),
        Err(diagnostics) => Err(render(&name, &source, &diagnostics)),
    }
}

/// The script as it reads in `mode`: what some words stand for depends on the address family.
pub(crate) fn for_mode(file: &Arc<ScriptFile>, mode: AddressMode) -> Arc<ScriptFile> {
    let definitions = match mode {
        AddressMode::V4 => return Arc::clone(file),
        AddressMode::V6 => Definitions::ipv6(),
        AddressMode::Mapped => Definitions::mapped(),
    };
    let parse = halfopen_script::parse_with(&file.name(), &file.source, &definitions);
    if !parse.is_ok() || parse.script == file.script {
        return Arc::clone(file);
    }
    Arc::new(ScriptFile {
        script: parse.script,
        ..ScriptFile::clone(file)
    })
}

/// All findings of one script as text, and whether it can be run; the text is empty where nothing is to say.
pub(crate) fn check(path: &Path) -> (String, bool) {
    let source = match text(path) {
        Ok(source) => source,
        Err(message) => return (message, false),
    };
    let name = path.display().to_string();
    let parse = halfopen_script::parse_with(&name, &source, &Definitions::ipv4());
    (render(&name, &source, &parse.diagnostics), parse.is_ok())
}

fn text(path: &Path) -> Result<String, String> {
    let octets = fs::read(path).map_err(|e| format!("{}: {e}\n", path.display()))?;
    String::from_utf8(octets).map_err(|e| format!("{}: not a text in UTF-8: {e}\n", path.display()))
}

fn render(name: &str, source: &str, diagnostics: &[Diagnostic]) -> String {
    let colour = std::io::stderr().is_terminal();
    diagnostics
        .iter()
        .map(|diagnostic| format!("{}\n", diagnostic.render(name, source, colour)))
        .collect()
}

/// The address modes that a script runs in: those asked for, or those that its own option lines name.
pub(crate) fn modes(asked: &[Mode], file: &ScriptFile) -> Vec<AddressMode> {
    let mut modes: Vec<AddressMode> = asked.iter().map(|mode| (*mode).into()).collect();
    if modes.is_empty() {
        modes = vec![AddressMode::V4, AddressMode::V6];
    }
    let named = file.path.file_stem().and_then(|stem| stem.to_str());
    if let (Some(name), false) = (named, file.script.is_strict()) {
        // The runners of packetdrill's collections tell by these endings what a script is for.
        modes.retain(|mode| match mode {
            AddressMode::V6 => !name.ends_with("v4"),
            AddressMode::V4 | AddressMode::Mapped => !name.ends_with("v6"),
        });
    }
    let only = file
        .script
        .option("ip_version")
        .and_then(|option| option.value.as_deref())
        .and_then(|version| match version {
            "ipv4" => Some(AddressMode::V4),
            "ipv6" => Some(AddressMode::V6),
            "ipv4-mapped-ipv6" => Some(AddressMode::Mapped),
            _ => None,
        });
    match only {
        Some(only) if asked.is_empty() => vec![only],
        Some(only) => modes.into_iter().filter(|mode| *mode == only).collect(),
        None => modes,
    }
}
