//! `halfopen check`: all mistakes of all scripts.

use crate::args::CheckArguments;
use crate::exit::Exit;
use crate::select;

pub(crate) fn run(arguments: &CheckArguments) -> Result<Exit, String> {
    let paths = select::find_all(&arguments.paths)?;
    let mut wrong = 0;
    for path in &paths {
        if let Err(text) = select::read(path) {
            eprint!("{text}");
            wrong += 1;
        }
    }
    println!("{} scripts, {wrong} with mistakes", paths.len());
    Ok(if wrong == 0 {
        Exit::AsExpected
    } else {
        Exit::CouldNotBeDone
    })
}
