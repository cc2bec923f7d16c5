//! `cargo run -p halfopen-matrix-suite`: writes `suites/matrix` from its tables.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let top = here.ancestors().nth(2).unwrap_or(here);
    match halfopen_matrix_suite::write(&top.join("suites/matrix")) {
        Ok((scripts, changed)) => {
            println!("{scripts} scripts, {changed} of them changed");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
