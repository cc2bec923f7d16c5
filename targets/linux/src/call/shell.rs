//! The shell that runs a drill's commands: one process for all of them, in the stack's namespace.
//!
//! Scripts find files of an earlier command by the process id of what started it (`PACKETDRILL_PID`, and `PPID` inside of a
//! command), so every command of a drill has the same parent, and no other drill's commands have it.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use halfopen_target::Setup;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::sys::process;

/// What comes before the exit status of a command in the shell's output; no program prints it by chance.
const MARK: &str = "\u{1}halfopen-status ";
/// Octets of a command's output that are kept.
const LONGEST_OUTPUT: usize = 64 << 10;

/// Until its parent dies, the shell takes commands; then everything that it has started ends. What comes as its standard error is a
/// pipe of which the parent, and nobody else, has the other end.
const PRELUDE: &str = "exec 9<&2 2>&1\n\
     (read -r _ <&9; kill -9 0) </dev/null >/dev/null 2>&1 &\n\
     exec 9<&-\nexport PACKETDRILL_PID=$$\n";

/// The shell of one drill, started with its first command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shell {
    running: Arc<Mutex<Option<Running>>>,
    /// Its process group, so that it can be ended while a command runs.
    group: Arc<Mutex<Option<Pid>>>,
    /// Whether commands are as urgent as all else: those on the script's timeline are, those before it are not.
    is_urgent: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    input: ChildStdin,
    output: PipeReader,
    /// While it is open, the shell lives.
    _life: PipeWriter,
}

impl Shell {
    /// Runs a command and gives its exit status and what it printed.
    ///
    /// # Errors
    /// When there is no shell, or it died, or was ended meanwhile.
    pub(crate) fn run(&self, text: &str, setup: &Setup) -> io::Result<(i32, String)> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let shell = match running.as_mut() {
            Some(shell) => shell,
            None => {
                let started = Running::start(setup)?;
                if self.is_urgent.load(Ordering::Acquire) {
                    process::hurry(started.child.id());
                }
                let id = i32::try_from(started.child.id()).map_err(io::Error::other)?;
                *self.group.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Pid::from_raw(id));
                running.insert(started)
            }
        };
        shell.run(text)
    }

    /// From now on commands are as urgent as all else.
    pub(crate) fn hurry(&self) {
        self.is_urgent.store(true, Ordering::Release);
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shell) = running.as_ref() {
            process::hurry(shell.child.id());
        }
    }

    /// Ends the shell and everything that it has started.
    pub(crate) fn end(&self) {
        let group = self
            .group
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(group) = group {
            let _ = killpg(group, Signal::SIGKILL);
        }
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut shell) = running.take() {
            let _ = shell.child.wait();
        }
    }
}

impl Running {
    fn start(setup: &Setup) -> io::Result<Self> {
        let folder = match setup.working_directory.as_os_str() {
            empty if empty.is_empty() => Path::new("."),
            _ => setup.working_directory.as_path(),
        };
        let (output, writer) = io::pipe()?;
        let (death, life) = io::pipe()?;
        let mut command = Command::new("/bin/sh");
        command
            .arg("-s")
            .current_dir(folder)
            .envs(setup.environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(writer)
            .stderr(death);
        let mut child = process::start(&mut command)?;
        let mut input = child
            .stdin
            .take()
            .ok_or_else(|| io::Error::other("the shell takes no commands"))?;
        input.write_all(PRELUDE.as_bytes())?;
        Ok(Self {
            child,
            input,
            output,
            _life: life,
        })
    }

    fn run(&mut self, text: &str) -> io::Result<(i32, String)> {
        let quoted = text.replace('\'', "'\\''");
        // In the background and waited for: so a signal to the shell is acted on at once.
        let line = format!(
            "/bin/sh -c '{quoted}' </dev/null & wait $!; printf '\\001halfopen-status %d\\n' $?\n"
        );
        self.input.write_all(line.as_bytes())?;
        self.read_to_mark()
    }

    /// What the command prints, up to the mark; something that it leaves running in the background is not waited for.
    fn read_to_mark(&mut self) -> io::Result<(i32, String)> {
        let mut printed = Vec::new();
        let mut part = [0; 4096];
        loop {
            let count = self.output.read(&mut part)?;
            if count == 0 {
                return Err(io::Error::other("the shell that runs commands has died"));
            }
            printed.extend_from_slice(&part[..count]);
            if let Some((status, text)) = split(&printed) {
                return Ok((status, text));
            }
            if printed.len() > 2 * LONGEST_OUTPUT {
                printed.drain(..LONGEST_OUTPUT);
            }
        }
    }
}

/// The exit status and the text before it, once all of it is there.
fn split(printed: &[u8]) -> Option<(i32, String)> {
    let mark = MARK.as_bytes();
    let at = printed.windows(mark.len()).rposition(|w| w == mark)?;
    let rest = std::str::from_utf8(&printed[at + mark.len()..]).ok()?;
    let (status, _) = rest.split_once('\n')?;
    let text = String::from_utf8_lossy(&printed[..at]).into_owned();
    Some((status.trim().parse().ok()?, text))
}
