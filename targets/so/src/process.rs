//! The other end of a drill's plug-in: its process, as the drill sees it.

use std::io;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use halfopen_target::{Event, TargetError, Time};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::Serialize;

use crate::protocol::{Begin, Reply, receive, send};

/// How long it may take to let go of everything in the end.
const FAREWELL: Duration = Duration::from_secs(1);

/// A process that holds a plug-in.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    stream: UnixStream,
    /// How long the plug-in may take for what takes no time, before it counts as hanging.
    patience: Duration,
}

impl Process {
    /// Starts a process by `command`, and has it load the plug-in.
    pub(crate) fn start(
        mut command: Command,
        begin: &Begin,
        patience: Duration,
    ) -> Result<Self, TargetError> {
        let (stream, theirs) = UnixStream::pair().map_err(|e| io_error("making a socket", e))?;
        let child = command
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|e| io_error("starting the process of a plug-in", e))?;
        // The command holds the other end of the socket, too.
        drop(command);
        let mut process = Self {
            child,
            stream,
            patience,
        };
        process.ask(begin, Duration::ZERO)?;
        Ok(process)
    }

    /// Asks for something that takes `span`; gives the time then, and what has happened.
    pub(crate) fn ask(
        &mut self,
        request: &impl Serialize,
        span: Duration,
    ) -> Result<(Time, Vec<Event>), TargetError> {
        let limit = span.saturating_add(self.patience);
        let reply = self
            .stream
            .set_read_timeout(Some(limit))
            .and_then(|()| send(&mut self.stream, request))
            .and_then(|()| receive(&mut self.stream));
        match reply {
            Ok(Some(Reply::Happened(now, events))) => Ok((now, events)),
            Ok(Some(Reply::Lacks(missing))) => Err(missing.into()),
            Ok(Some(Reply::Failed(why))) => Err(io_error("the plug-in", io::Error::other(why))),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(TargetError::Unresponsive(format!(
                    "the plug-in did not come back within {} s",
                    limit.as_secs()
                )))
            }
            // Whether it is the read or the write that finds the other end gone, the process has ended.
            Ok(None) | Err(_) => Err(TargetError::Unresponsive(self.why_it_ended())),
        }
    }

    fn why_it_ended(&mut self) -> String {
        match self.wait(FAREWELL) {
            Some(status) => match status.signal().map(Signal::try_from) {
                Some(Ok(signal)) => format!("the plug-in crashed ({signal})"),
                _ => format!("the plug-in ended its process ({status})"),
            },
            None => "the plug-in no longer answers".to_owned(),
        }
    }

    fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let begin = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if begin.elapsed() > limit {
                return None;
            }
            thread::sleep(Duration::from_micros(500));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = self.wait(FAREWELL);
        // Whatever commands left running is of its group.
        if let Ok(id) = i32::try_from(self.child.id()) {
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn io_error(what: &str, source: io::Error) -> TargetError {
    TargetError::Io {
        what: what.to_owned(),
        source,
    }
}
