//! From a path to a script: as it reads in each address mode, or all that is wrong with it.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use halfopen_drill::ScriptFile;
use halfopen_script::tree::Script;
use halfopen_script::{Definitions, Diagnostic, Parse};
use halfopen_target::AddressMode;

use crate::args::{Define, Mode};

/// More findings than this are counted only: whoever has so many mends some and asks again.
const MOST_SHOWN: usize = 20;

const ALL_MODES: [AddressMode; 3] = [AddressMode::V4, AddressMode::V6, AddressMode::Mapped];

/// A script in the address modes that it runs in.
///
/// What runners define for scripts (`TFO_COOKIE`, `CMSG_LEVEL_IP`, …) stands for other values in other modes.
pub(crate) struct Variants {
    /// As it reads in the first of its modes; its front matter and option lines are the same in all.
    pub(crate) file: Arc<ScriptFile>,
    /// Each mode, and the script as it reads there: one and the same where nothing in it depends on the mode.
    pub(crate) modes: Vec<(AddressMode, Arc<ScriptFile>)>,
}

/// Reads and parses one script for those of the modes `asked` that its option lines allow.
///
/// # Errors
/// All that is wrong with it, as text.
pub(crate) fn variants(
    path: &Path,
    asked: &[Mode],
    defines: &[Define],
) -> Result<Variants, String> {
    let source = text(path)?;
    let parsed = Parsed::new(path, &source, defines, |script| modes(asked, path, script));
    if !parsed.can_be_run {
        return Err(render(path, &source, &parsed.findings));
    }
    let files: Vec<_> = parsed
        .scripts
        .into_iter()
        .map(|script| {
            Arc::new(ScriptFile {
                path: path.to_path_buf(),
                source: source.clone(),
                script,
            })
        })
        .collect();
    let file_of = |index: usize| Arc::clone(&files[index]);
    Ok(Variants {
        file: file_of(0),
        modes: parsed
            .modes
            .into_iter()
            .map(|(mode, index)| (mode, file_of(index)))
            .collect(),
    })
}

/// All findings of one script as text, and whether it can be run; the text is empty where nothing is to say.
pub(crate) fn check(path: &Path, defines: &[Define]) -> (String, bool) {
    let source = match text(path) {
        Ok(source) => source,
        Err(message) => return (message, false),
    };
    let parsed = Parsed::new(path, &source, defines, every_mode);
    (render(path, &source, &parsed.findings), parsed.can_be_run)
}

/// A script's text, and its text in the canonical layout.
pub(crate) struct Layout {
    pub(crate) source: String,
    pub(crate) canonical: String,
}

/// Reads a script and lays it out.
///
/// # Errors
/// All that is wrong with it, as text: a script with mistakes has no layout.
pub(crate) fn layout(path: &Path, defines: &[Define]) -> Result<Layout, String> {
    let source = text(path)?;
    let parsed = Parsed::new(path, &source, defines, every_mode);
    if !parsed.can_be_run {
        return Err(render(path, &source, &parsed.findings));
    }
    let mode = parsed
        .modes
        .first()
        .map_or(AddressMode::V4, |(mode, _)| *mode);
    match halfopen_script::format::layout(&source, &definitions(mode, defines)) {
        Ok(canonical) => Ok(Layout { source, canonical }),
        Err(findings) => Err(render(path, &source, &findings)),
    }
}

/// The modes that a script can run in.
fn every_mode(script: &Script) -> Vec<AddressMode> {
    match own_mode(script) {
        Some(only) => vec![only],
        None => ALL_MODES.to_vec(),
    }
}

/// One text, parsed once for each set of definitions that makes a difference.
struct Parsed {
    /// The different readings.
    scripts: Vec<Script>,
    /// Each mode with the reading that it has, as an index.
    modes: Vec<(AddressMode, usize)>,
    /// Of all readings, each finding once.
    findings: Vec<Diagnostic>,
    can_be_run: bool,
}

impl Parsed {
    fn new(
        path: &Path,
        source: &str,
        defines: &[Define],
        modes_of: impl Fn(&Script) -> Vec<AddressMode>,
    ) -> Self {
        let name = path.display().to_string();
        let parse =
            |definitions: &Definitions| halfopen_script::parse_with(&name, source, definitions);
        // Option lines do not depend on definitions: any will do to learn the modes.
        let mut definitions = vec![definitions(AddressMode::V4, defines)];
        let mut parses = vec![parse(&definitions[0])];
        let wanted = modes_of(&parses[0].script);
        if let Some(first) = wanted.first()
            && *first != AddressMode::V4
        {
            definitions = vec![self::definitions(*first, defines)];
            parses = vec![parse(&definitions[0])];
        }
        let mut modes = Vec::new();
        for mode in wanted {
            let own = self::definitions(mode, defines);
            let alike = |known: &Definitions| own.reads_alike(known, source);
            let index = match definitions.iter().position(alike) {
                Some(index) => index,
                None => {
                    parses.push(parse(&own));
                    definitions.push(own);
                    parses.len() - 1
                }
            };
            modes.push((mode, index));
        }
        let can_be_run = parses.iter().all(Parse::is_ok);
        let findings = merge(&parses, &modes);
        Self {
            scripts: parses.into_iter().map(|parse| parse.script).collect(),
            modes,
            findings,
            can_be_run,
        }
    }
}

/// Each finding once, in the order of the text; what is found in some modes only says in which.
fn merge(parses: &[Parse], modes: &[(AddressMode, usize)]) -> Vec<Diagnostic> {
    let mut findings: Vec<(Diagnostic, Vec<usize>)> = Vec::new();
    for (index, parse) in parses.iter().enumerate() {
        for diagnostic in &parse.diagnostics {
            let known = findings.iter_mut().find(|(known, _)| known == diagnostic);
            match known {
                Some((_, readings)) => readings.push(index),
                None => findings.push((diagnostic.clone(), vec![index])),
            }
        }
    }
    findings.sort_by_key(|(diagnostic, _)| diagnostic.span);
    let said = |(diagnostic, readings): (Diagnostic, Vec<usize>)| {
        let names: Vec<_> = modes
            .iter()
            .filter(|(_, index)| readings.contains(index))
            .map(|(mode, _)| mode.name())
            .collect();
        if names.len() < modes.len() && !names.is_empty() {
            diagnostic.note(format!("so it reads in drills over {}", names.join(", ")))
        } else {
            diagnostic
        }
    };
    findings.into_iter().map(said).collect()
}

/// What scripts expect to be defined in `mode`, and over it what the command line defines.
fn definitions(mode: AddressMode, defines: &[Define]) -> Definitions {
    let mut definitions = match mode {
        AddressMode::V4 => Definitions::ipv4(),
        AddressMode::V6 => Definitions::ipv6(),
        AddressMode::Mapped => Definitions::mapped(),
    };
    for define in defines {
        definitions.set(&define.name, &define.value);
    }
    definitions
}

fn text(path: &Path) -> Result<String, String> {
    let octets = fs::read(path).map_err(|e| format!("{}: {e}\n", path.display()))?;
    String::from_utf8(octets).map_err(|e| format!("{}: not a text in UTF-8: {e}\n", path.display()))
}

/// The first findings in full, and how many there are besides.
fn render(path: &Path, source: &str, findings: &[Diagnostic]) -> String {
    let colour = std::io::stderr().is_terminal();
    let name = path.display().to_string();
    let mut text: String = findings
        .iter()
        .take(MOST_SHOWN)
        .map(|diagnostic| format!("{}\n\n", diagnostic.render(&name, source, colour)))
        .collect();
    if findings.len() > MOST_SHOWN {
        let more = findings.len() - MOST_SHOWN;
        text.push_str(&format!("… and {more} more in {name}\n\n"));
    }
    text
}

/// The one mode that a script's own option lines name, where they do.
fn own_mode(script: &Script) -> Option<AddressMode> {
    let version = script.option("ip_version")?.value.as_deref()?;
    match version {
        "ipv4" => Some(AddressMode::V4),
        "ipv6" => Some(AddressMode::V6),
        "ipv4-mapped-ipv6" => Some(AddressMode::Mapped),
        _ => None,
    }
}

/// The address modes that a script runs in: those asked for, or those that its own option lines name.
fn modes(asked: &[Mode], path: &Path, script: &Script) -> Vec<AddressMode> {
    let mut modes: Vec<AddressMode> = asked.iter().map(|mode| (*mode).into()).collect();
    if let Some(only) = own_mode(script) {
        if asked.is_empty() {
            return vec![only];
        }
        modes.retain(|mode| *mode == only);
        return modes;
    }
    if modes.is_empty() {
        modes = vec![AddressMode::V4, AddressMode::V6];
    }
    let named = path.file_stem().and_then(|stem| stem.to_str());
    if let (Some(name), false) = (named, script.is_strict()) {
        // The runners of packetdrill's collections tell by these endings what a script is for.
        modes.retain(|mode| match mode {
            AddressMode::V6 => !name.ends_with("v4"),
            AddressMode::V4 | AddressMode::Mapped => !name.ends_with("v6"),
        });
    }
    modes
}
