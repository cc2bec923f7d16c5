//! `halfopen matrix`: how each stack stands to each requirement.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use halfopen_drill::ScriptFile;
use halfopen_reports::matrix::{Catalogue, Mark, Matrix, MatrixFormat, MatrixReport};
use halfopen_reports::{OutputError, OutputFile, Style};
use halfopen_script::span::Span;
use halfopen_script::{Diagnostic, symbols};

use crate::args::MatrixArguments;
use crate::exit::{self, Exit};
use crate::{registry, select, session};

pub(crate) fn run(arguments: &MatrixArguments) -> Result<Exit, String> {
    let selection = &arguments.selection;
    let mut selected = select::select(selection)?;
    // A script without requirements has no place in the matrix.
    let names_any = |file: &ScriptFile| !file.script.front_matter.requires.is_empty();
    selected.retain(names_any);
    let path = match &arguments.catalogue {
        Some(path) => path.clone(),
        None => find_catalogue(&selection.paths)?,
    };
    let catalogue = read_catalogue(&path)?;
    refuse_unknown(&selected.files(), &catalogue, &path)?;
    // While there is one thread: this may enter a user namespace.
    let targets = registry::find(
        &arguments.execution.targets,
        &arguments.execution.loading,
        selected.has_commands(),
    )?;
    let names: Vec<_> = targets
        .iter()
        .map(|target| target.capabilities().name.clone())
        .collect();
    let formats = [&arguments.markdown, &arguments.json, &arguments.html];
    let on_standard_output = session::on_standard_output(&formats);
    if on_standard_output > 1 {
        return Err("only one report fits on standard output: give the others a file".to_owned());
    }
    let files = files(arguments).map_err(|error| error.to_string())?;
    let out: Box<dyn Write> = if on_standard_output > 0 {
        // What a program reads from standard output must be the report alone.
        Box::new(io::stderr())
    } else {
        Box::new(io::stdout())
    };
    let matrix = Matrix::new(catalogue, names, &selected.files());
    let mut report = MatrixReport::new(matrix, out, Style::detect(arguments.verbose), files);
    let drills = session::plan(&selected, &targets);
    let counts = session::run(&drills, selection, &arguments.execution, &mut [&mut report])?;
    let has = |mark| arguments.strict && report.matrix().has(mark);
    Ok(if has(Mark::Fails) {
        Exit::Failed
    } else if selected.unreadable {
        // What has no script here may have one that could not be read.
        Exit::CouldNotBeDone
    } else if has(Mark::Untested) {
        Exit::Failed
    } else {
        exit::of_survey(&counts)
    })
}

/// The files that were asked for; each place is tried before anything runs.
fn files(arguments: &MatrixArguments) -> Result<Vec<(MatrixFormat, OutputFile)>, OutputError> {
    let wanted = [
        (MatrixFormat::Markdown, &arguments.markdown),
        (MatrixFormat::Json, &arguments.json),
        (MatrixFormat::Html, &arguments.html),
    ];
    wanted
        .into_iter()
        .filter_map(|(format, path)| Some((format, path.as_deref()?)))
        .map(|(format, path)| Ok((format, OutputFile::create(path)?)))
        .collect()
}

/// The catalogue beside the suites that the paths lie in.
fn find_catalogue(paths: &[PathBuf]) -> Result<PathBuf, String> {
    let found: BTreeMap<_, _> = paths
        .iter()
        .filter_map(|path| Some((above(path)?, path)))
        .collect();
    let mut catalogues = found.keys();
    match (catalogues.next(), catalogues.next()) {
        (Some(only), None) => Ok(only.clone()),
        (Some(one), Some(other)) => Err(format!(
            "the paths have different catalogues, {} and {}: choose one with --catalogue",
            one.display(),
            other.display()
        )),
        (None, _) => Err(format!(
            "no catalogue of requirements: there is no suites/requirements.tsv in {} or above; name one with --catalogue",
            shown(paths)
        )),
    }
}

fn above(path: &Path) -> Option<PathBuf> {
    let path = fs::canonicalize(path).ok()?;
    path.ancestors()
        .flat_map(|folder| {
            [
                folder.join("requirements.tsv"),
                folder.join("suites/requirements.tsv"),
            ]
        })
        .find(|candidate| candidate.is_file())
}

fn shown(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(", ")
}

fn read_catalogue(path: &Path) -> Result<Catalogue, String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("the catalogue {}: {error}", path.display()))?;
    Catalogue::parse(&text).map_err(|error| format!("the catalogue {}, {error}", path.display()))
}

/// Complains about every requirement that a script names and the catalogue does not have.
fn refuse_unknown<F: AsRef<ScriptFile>>(
    files: &[F],
    catalogue: &Catalogue,
    path: &Path,
) -> Result<(), String> {
    let colour = io::stderr().is_terminal();
    let mut unknown = 0;
    for file in files.iter().map(AsRef::as_ref) {
        let requires = &file.script.front_matter.requires;
        for id in requires.iter().filter(|id| !catalogue.has(id)) {
            let known = catalogue.requirements.iter().map(|known| known.id.as_str());
            let diagnostic = Diagnostic::error(
                place(file, id),
                format!("expected a requirement of the catalogue, found `{id}`"),
            )
            .label("unknown requirement")
            .did_you_mean(symbols::suggest(id, known));
            eprintln!(
                "{}\n",
                diagnostic.render(&file.name(), &file.source, colour)
            );
            unknown += 1;
        }
    }
    match unknown {
        0 => Ok(()),
        1 => Err(format!("1 requirement is not in {}", path.display())),
        _ => Err(format!(
            "{unknown} requirements are not in {}",
            path.display()
        )),
    }
}

/// Where the front matter names a requirement.
fn place(file: &ScriptFile, id: &str) -> Span {
    let front_matter = file.script.front_matter.span;
    let text = front_matter.text(&file.source);
    let is_of_id = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    text.match_indices(id)
        .map(|(at, _)| (at, at + id.len()))
        .find(|(start, end)| {
            // `RFC1-A` is not named by `RFC1-AB`.
            !text[..*start].ends_with(is_of_id) && !text[*end..].starts_with(is_of_id)
        })
        .map_or(front_matter, |(start, end)| {
            Span::new(front_matter.start + start, front_matter.start + end)
        })
}
