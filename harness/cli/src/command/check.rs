//! `halfopen check`: all mistakes of all scripts.

use crate::args::CheckArguments;
use crate::exit::Exit;
use crate::output::say;
use crate::{read, select};

pub(crate) fn run(arguments: &CheckArguments) -> Result<Exit, String> {
    let paths = select::find_all(&arguments.paths)?;
    let mut wrong = 0;
    for path in &paths {
        let (findings, can_be_run) = read::check(path, &arguments.defines);
        eprint!("{findings}");
        wrong += usize::from(!can_be_run);
    }
    let noun = if paths.len() == 1 {
        "script"
    } else {
        "scripts"
    };
    say!("{} {noun}, {wrong} with mistakes", paths.len());
    Ok(if wrong == 0 {
        Exit::AsExpected
    } else {
        Exit::CouldNotBeDone
    })
}
