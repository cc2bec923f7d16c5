//! `halfopen check`: all mistakes of all scripts, and their layout.

use std::path::{Path, PathBuf};
use std::{fs, io::Write};

use crate::args::CheckArguments;
use crate::exit::Exit;
use crate::output::say;
use crate::read::Layout;
use crate::{read, select};

pub(crate) fn run(arguments: &CheckArguments) -> Result<Exit, String> {
    let paths = select::find_all(&arguments.paths)?;
    if arguments.format {
        return format(arguments, &paths);
    }
    let mut wrong = 0;
    for path in &paths {
        let (findings, can_be_run) = read::check(path, &arguments.defines);
        eprint!("{findings}");
        wrong += usize::from(!can_be_run);
    }
    say!("{}, {wrong} with mistakes", scripts(paths.len()));
    Ok(if wrong == 0 {
        Exit::AsExpected
    } else {
        Exit::CouldNotBeDone
    })
}

fn scripts(count: usize) -> String {
    let noun = if count == 1 { "script" } else { "scripts" };
    format!("{count} {noun}")
}

/// `--format`: prints the layout of one script, or names the scripts that are laid out otherwise, or writes them.
fn format(arguments: &CheckArguments, paths: &[PathBuf]) -> Result<Exit, String> {
    let is_one = paths.len() == 1 && arguments.paths.iter().all(|path| path.is_file());
    let (mut otherwise, mut wrong) = (0, 0);
    for path in paths {
        let layout = match read::layout(path, &arguments.defines) {
            Ok(layout) => layout,
            Err(findings) => {
                eprint!("{findings}");
                wrong += 1;
                continue;
            }
        };
        if is_one && !arguments.write {
            // Nobody may be left to read it, which is no error.
            let _ = std::io::stdout().write_all(layout.canonical.as_bytes());
            return Ok(Exit::AsExpected);
        }
        if layout.source != layout.canonical {
            otherwise += 1;
            say!("{}", path.display());
            if arguments.write {
                write(path, &layout)?;
            }
        }
    }
    let done = if arguments.write {
        "laid out"
    } else {
        "laid out otherwise"
    };
    say!(
        "{}, {otherwise} {done}, {wrong} with mistakes",
        scripts(paths.len())
    );
    Ok(match (wrong, otherwise) {
        (1.., _) => Exit::CouldNotBeDone,
        (0, 1..) if !arguments.write => Exit::Failed,
        _ => Exit::AsExpected,
    })
}

fn write(path: &Path, layout: &Layout) -> Result<(), String> {
    fs::write(path, &layout.canonical).map_err(|error| format!("{}: {error}", path.display()))
}
