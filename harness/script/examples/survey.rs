//! Parses every `.pkt` file below the given folders, shows what is wrong, and says how many of how many parse.
//!
//! `-DNAME=value` defines a symbol for all of them, as packetdrill's `-D` does.
//!
//! Also checks of each script that parses that its canonical text parses to the same canonical text.

use std::path::{Path, PathBuf};

fn main() {
    let mut files = Vec::new();
    let mut definitions = halfopen_script::Definitions::ipv4();
    for argument in std::env::args_os().skip(1) {
        match argument
            .to_str()
            .and_then(|text| text.strip_prefix("-D")?.split_once('='))
        {
            Some((name, value)) => definitions.set(name, value),
            None => collect(Path::new(&argument), &mut files),
        }
    }
    files.sort();
    let (mut parsed, mut warnings) = (0, 0);
    for file in &files {
        let Ok(bytes) = std::fs::read(file) else {
            continue;
        };
        let source = String::from_utf8_lossy(&bytes);
        let name = file.display().to_string();
        let parse = halfopen_script::parse_with(&name, &source, &definitions);
        for diagnostic in &parse.diagnostics {
            println!("{}\n", diagnostic.render(&name, &source, false));
        }
        if parse.is_ok() {
            parsed += 1;
            warnings += usize::from(!parse.diagnostics.is_empty());
            let text = parse.script.to_string();
            let again = halfopen_script::parse_with(&name, &text, &definitions);
            if !again.is_ok() || again.script.to_string() != text {
                println!("{name}: the canonical text differs when parsed again\n{text}\n");
            }
        }
    }
    println!(
        "{parsed} of {} scripts parse, {warnings} of them with warnings",
        files.len()
    );
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.extension().is_some_and(|extension| extension == "pkt") {
        files.push(path.to_owned());
    }
    let Ok(entries) = std::fs::read_dir(path) else {
        return;
    };
    entries
        .flatten()
        .for_each(|entry| collect(&entry.path(), files));
}
