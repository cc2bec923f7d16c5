//! `halfopen run`: scripts against stacks.

use std::io;

use halfopen_reports::{
    Console, Html, Json, Junit, Ktap, OutputError, OutputFile, Pcap, Sink, Style,
};

use crate::args::RunArguments;
use crate::exit::{self, Exit};
use crate::{registry, select, session};

pub(crate) fn run(arguments: &RunArguments) -> Result<Exit, String> {
    let selection = &arguments.selection;
    let selected = select::select(selection)?;
    // While there is one thread: this may enter a user namespace.
    let targets = registry::find(
        &arguments.execution.targets,
        &arguments.execution.loading,
        selected.has_commands(),
    )?;
    let on_standard_output = session::on_standard_output(&[&arguments.json, &arguments.junit]);
    if on_standard_output + usize::from(arguments.ktap) > 1 {
        return Err("only one report fits on standard output: give the others a file".to_owned());
    }
    let mut sinks = sinks(arguments, on_standard_output > 0).map_err(|error| error.to_string())?;
    let drills = session::plan(&selected, &targets);
    if drills.is_empty() && !selected.unreadable {
        return Err("no script runs with the address families of --ip: nothing to run".to_owned());
    }
    let mut all: Vec<&mut dyn Sink> = sinks.iter_mut().map(|sink| &mut **sink as _).collect();
    let counts = session::run(&drills, selection, &arguments.execution, &mut all)?;
    Ok(exit::of_run(&counts, selected.unreadable))
}

/// The reports that were asked for; each place is tried before anything runs.
fn sinks(
    arguments: &RunArguments,
    takes_standard_output: bool,
) -> Result<Vec<Box<dyn Sink>>, OutputError> {
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    if arguments.ktap {
        sinks.push(Box::new(Ktap::new(io::stdout())));
    } else if takes_standard_output {
        // What a program reads from standard output must be the report alone.
        let style = Style::detect(arguments.verbose);
        sinks.push(Box::new(Console::new(io::stderr(), style)));
    } else {
        let style = Style::detect(arguments.verbose);
        sinks.push(Box::new(Console::new(io::stdout(), style)));
    }
    if let Some(path) = &arguments.json {
        let file = OutputFile::create(path)?;
        sinks.push(Box::new(Json::new(file, arguments.json_trace)));
    }
    if let Some(path) = &arguments.junit {
        sinks.push(Box::new(Junit::new(OutputFile::create(path)?)));
    }
    if let Some(folder) = &arguments.html {
        sinks.push(Box::new(Html::create(folder)?));
    }
    if let Some(folder) = &arguments.pcap {
        sinks.push(Box::new(Pcap::create(folder)?));
    }
    Ok(sinks)
}
