//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use halfopen_target::AddressMode;

/// Conformance test harness and fuzzer for TCP stacks.
///
/// Runs packetdrill scripts, with assertions of states, against a TCP stack: the bundled reference stack in virtual
/// time, or the running Linux kernel in namespaces of its own.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exit code 0: all as expected. 1: something failed. 2: the run could not be done."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run scripts against one or more stacks
    Run(RunArguments),
    /// Say how each stack stands to each requirement of the RFCs
    Matrix(MatrixArguments),
    /// Run scripts on two stacks and show the first difference of each
    Diff(DiffArguments),
    /// Find all mistakes in scripts, without running them
    Check(CheckArguments),
    /// Fuzz the reference stack under invariants; findings become scripts
    Fuzz(FuzzArguments),
    /// List the targets and what they can do here
    Targets,
    /// Say what this machine allows, and what to do where it does not
    Doctor,
    /// Hold a plug-in for one drill; started by the command itself
    #[command(hide = true)]
    PluginHost,
}

/// Which scripts, how.
#[derive(Args, Debug)]
pub(crate) struct Selection {
    /// Scripts, and folders whose scripts are taken with all below
    #[arg(value_name = "PATH", default_value = "suites")]
    pub(crate) paths: Vec<PathBuf>,
    /// Only scripts for which this holds: words of the name and `requires:ID`, joined by `and`, `or`, `not`
    #[arg(long, value_name = "EXPR")]
    pub(crate) filter: Option<String>,
    /// Only the I-th of N equal parts, for runs on several machines
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(crate) shard: Option<(usize, usize)>,
    /// Address families; by default v4 and v6
    #[arg(long = "ip", value_name = "MODE")]
    pub(crate) modes: Vec<Mode>,
    /// Let the word NAME in scripts stand for VALUE, as packetdrill's -D does
    #[arg(short = 'D', long = "define", value_name = "NAME=VALUE", value_parser = define)]
    pub(crate) defines: Vec<Define>,
    /// From this the reference stack draws its random numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
}

/// What concerns stacks that are loaded or run in virtual time.
#[derive(Args, Debug)]
pub(crate) struct Loading {
    /// What the library of a target `so:LIBRARY` is told when it is loaded, unless a script says so itself
    #[arg(long, value_name = "TEXT")]
    pub(crate) so_flags: Option<String>,
    /// Wall time after which a stack counts as hanging that answers at once as a rule: one in virtual time, or a plug-in
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,
}

/// Seconds until a stack counts as hanging, unless the user says otherwise.
const TIMEOUT: u64 = 20;

impl Default for Loading {
    fn default() -> Self {
        Self {
            so_flags: None,
            timeout: TIMEOUT,
        }
    }
}

/// On what, and how many at once.
#[derive(Args, Debug)]
pub(crate) struct Execution {
    /// A stack under test (`halfopen targets` lists them), or `so:LIBRARY`, a plug-in for packetdrill; several give a table
    #[arg(long = "target", value_name = "NAME", default_value = "reference")]
    pub(crate) targets: Vec<String>,
    #[command(flatten)]
    pub(crate) loading: Loading,
    /// Drills at once; by default one a processor in virtual time and many more on live stacks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) jobs: Option<u16>,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    halfopen run suites\n  \
    halfopen run suites --target linux --junit out.xml\n  \
    halfopen run my-script.pkt --target reference --target linux -v")]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) execution: Execution,
    /// Write JUnit XML to this file (`-`: standard output)
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write JSON Lines to this file, one object a drill (`-`: standard output)
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Put every event of each drill into the JSON
    #[arg(long, requires = "json")]
    pub(crate) json_trace: bool,
    /// Write a page of HTML, which needs no other file, as index.html into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) html: Option<PathBuf>,
    /// Write what went over the wire as pcapng into this folder, one file a drill
    #[arg(long, value_name = "FOLDER")]
    pub(crate) pcap: Option<PathBuf>,
    /// Print KTAP instead of the usual report
    #[arg(long)]
    pub(crate) ktap: bool,
    /// Show drills that passed, too
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    halfopen matrix suites\n  \
    halfopen matrix suites --target reference --target linux --html matrix.html\n  \
    halfopen matrix suites --strict --markdown -")]
pub(crate) struct MatrixArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) execution: Execution,
    /// The table of requirements; by default suites/requirements.tsv, looked for from each PATH upwards
    #[arg(long, value_name = "FILE")]
    pub(crate) catalogue: Option<PathBuf>,
    /// End with exit code 1 when a stack fails a requirement, or one that can be tested is not
    #[arg(long)]
    pub(crate) strict: bool,
    /// Write the matrix as Markdown to this file (`-`: standard output)
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Write the matrix as a JSON object to this file (`-`: standard output)
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the matrix as a page of HTML, which needs no other file, to this file (`-`: standard output)
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Show the scripts of every requirement, too
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DiffArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// The two stacks, separated by a comma
    #[arg(long, value_name = "A,B", value_delimiter = ',', required = true)]
    pub(crate) targets: Vec<String>,
    #[command(flatten)]
    pub(crate) loading: Loading,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    halfopen check                                every mistake of every script of `suites`\n  \
    halfopen check -D MSS=1460 my-script.pkt\n  \
    halfopen check --format my-script.pkt         its canonical layout, on standard output\n  \
    halfopen check --format suites                which scripts are laid out otherwise\n  \
    halfopen check --format --write suites        lay those out\n\n\
    Exit code 0: nothing is wrong. 1: scripts are laid out otherwise. 2: scripts have mistakes.")]
pub(crate) struct CheckArguments {
    /// Scripts, and folders whose scripts are taken with all below
    #[arg(value_name = "PATH", default_value = "suites")]
    pub(crate) paths: Vec<PathBuf>,
    /// Let the word NAME in scripts stand for VALUE, as packetdrill's -D does
    #[arg(short = 'D', long = "define", value_name = "NAME=VALUE", value_parser = define)]
    pub(crate) defines: Vec<Define>,
    /// Look at the layout: print one script as it should be laid out, or list those of several that are laid out
    /// otherwise. Comments, spelling and meaning stay; a script with mistakes is not laid out
    #[arg(long)]
    pub(crate) format: bool,
    /// Write the canonical layout to the scripts that are laid out otherwise
    #[arg(long, requires = "format")]
    pub(crate) write: bool,
}

#[derive(Args, Debug)]
pub(crate) struct FuzzArguments {
    /// The fuzz target
    #[arg(value_name = "NAME", default_value = "segments")]
    pub(crate) name: String,
    /// Stop after this many seconds; without it fuzzing goes on until it finds something
    #[arg(long, value_name = "SECONDS")]
    pub(crate) time: Option<u64>,
    /// Stop after this many runs
    #[arg(long, value_name = "N")]
    pub(crate) runs: Option<u64>,
    /// The project's fuzz folder
    #[arg(long, value_name = "FOLDER", default_value = "fuzz")]
    pub(crate) fuzz_dir: PathBuf,
}

/// Address families on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    V4,
    V6,
    Mapped,
}

impl From<Mode> for AddressMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::V4 => Self::V4,
            Mode::V6 => Self::V6,
            Mode::Mapped => Self::Mapped,
        }
    }
}

/// A symbol from the command line.
#[derive(Clone, Debug)]
pub(crate) struct Define {
    pub(crate) name: String,
    pub(crate) value: String,
}

fn define(text: &str) -> Result<Define, String> {
    let (name, value) = halfopen_script::split_definition(text)?;
    Ok(Define {
        name: name.to_owned(),
        value: value.to_owned(),
    })
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let wrong = || format!("expected I/N with I from 1 to N, such as 1/4, found `{text}`");
    let (index, count) = text.split_once('/').ok_or_else(wrong)?;
    let index: usize = index.parse().map_err(|_| wrong())?;
    let count: usize = count.parse().map_err(|_| wrong())?;
    if (1..=count).contains(&index) {
        Ok((index, count))
    } else {
        Err(wrong())
    }
}
