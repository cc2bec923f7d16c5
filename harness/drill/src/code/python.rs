//! Code that is beyond what is evaluated here goes to Python, where there is one.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::facts::Facts;

/// How long a script's code may take, in wall time.
const LIMIT: Duration = Duration::from_secs(10);
/// Octets of what it prints that are kept.
const LONGEST_OUTPUT: u64 = 64 << 10;

/// One block for Python.
pub(super) struct Block {
    /// The script's line that the block begins on.
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) facts: Facts,
}

/// What Python said.
pub(super) enum Said {
    Passed(String),
    /// The script's line, and the last line of the traceback.
    Failed(usize, String),
    /// There is no Python, or it could not be run.
    Missing(String),
}

/// Runs all blocks as one program, as packetdrill does.
pub(super) fn run(blocks: &[Block]) -> Said {
    let (program, places) = program(blocks);
    let started = Command::new("python3")
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => return Said::Missing(format!("python3 does not start: {error}")),
    };
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feeding = thread::spawn(move || {
        if let Some(mut input) = input {
            // A program that ends before it has read all is told by its status.
            let _ = input.write_all(program.as_bytes());
        }
    });
    let printed = output.map(|stream| thread::spawn(move || read(stream)));
    let complaint = errors.map(|stream| thread::spawn(move || read(stream)));
    let begin = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if begin.elapsed() < LIMIT => thread::sleep(Duration::from_millis(1)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
        }
    };
    let _ = feeding.join();
    let text = |reader: Option<thread::JoinHandle<String>>| {
        reader
            .and_then(|reader| reader.join().ok())
            .unwrap_or_default()
    };
    let (printed, complaint) = (text(printed), text(complaint));
    match status {
        Some(status) if status.success() => Said::Passed(printed),
        Some(_) => {
            let (line, message) = explain(&complaint, &places);
            Said::Failed(line, message)
        }
        None => Said::Failed(
            places.last().map_or(0, |(_, line)| *line),
            format!("the code runs for more than {} s", LIMIT.as_secs()),
        ),
    }
}

fn read(stream: impl Read) -> String {
    let mut octets = Vec::new();
    let _ = stream.take(LONGEST_OUTPUT).read_to_end(&mut octets);
    String::from_utf8_lossy(&octets).into_owned()
}

/// The program, and which of its lines is which of the script's.
fn program(blocks: &[Block]) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut places, mut line) = (String::new(), Vec::new(), 1);
    for block in blocks {
        for (name, value) in block.facts.values() {
            text.push_str(&format!("{name} = {value}\n"));
            line += 1;
        }
        for (offset, code) in block.text.lines().enumerate() {
            places.push((line, block.line + offset));
            text.push_str(code);
            text.push('\n');
            line += 1;
        }
    }
    (text, places)
}

/// Where the traceback points to in the script, and what it says.
fn explain(complaint: &str, places: &[(usize, usize)]) -> (usize, String) {
    let of_program = complaint
        .lines()
        .rev()
        .filter(|line| line.contains("\"<stdin>\""))
        .find_map(|line| {
            let (_, rest) = line.split_once("line ")?;
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<usize>().ok()
        });
    let line = of_program
        .and_then(|wanted| places.iter().find(|(line, _)| *line == wanted))
        .or_else(|| places.last())
        .map_or(0, |(_, line)| *line);
    let message = complaint
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("python3 failed and said nothing")
        .to_owned();
    (line, message)
}
