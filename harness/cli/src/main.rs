//! The `halfopen` command.

mod args;
mod command;
mod exit;
mod filter;
mod output;
mod read;
mod registry;
mod select;
mod session;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap tells help and version, which went well, from arguments that are wrong.
            let _ = error.print();
            return exit::code(if error.use_stderr() {
                exit::Exit::CouldNotBeDone
            } else {
                exit::Exit::AsExpected
            });
        }
    };
    let result = match arguments.command {
        Command::Run(arguments) => command::run::run(&arguments),
        Command::Matrix(arguments) => command::matrix::run(&arguments),
        Command::Diff(arguments) => command::diff::run(&arguments),
        Command::Check(arguments) => command::check::run(&arguments),
        Command::Fuzz(arguments) => command::fuzz::run(&arguments),
        Command::Targets => command::targets::run(),
        Command::Doctor => command::doctor::run(),
        Command::PluginHost => command::plugin_host::run(),
    };
    exit::code(result.unwrap_or_else(|problem| {
        eprintln!("halfopen: {problem}");
        exit::Exit::CouldNotBeDone
    }))
}
