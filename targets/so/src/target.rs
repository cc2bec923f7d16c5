//! A plug-in as a [`Target`].

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use halfopen_target::{
    AddressMode, Call, CallId, Capabilities, Capability, ClockKind, Event, Setup, Target,
    TargetError, Time,
};

use crate::process::Process;
use crate::protocol::{Begin, Request};

/// Gives a command that starts a process which does nothing but [`serve`](crate::serve) its standard input.
pub type HostCommand = Arc<dyn Fn() -> Command + Send + Sync>;

/// A plug-in for packetdrill, in a process of its own for each drill.
pub struct SoTarget {
    capabilities: Capabilities,
    library: PathBuf,
    flags: Option<String>,
    host: HostCommand,
    patience: Duration,
    drill: Option<Drill>,
    next_call: u64,
}

struct Drill {
    process: Process,
    events: VecDeque<Event>,
    /// The plug-in's clock when it last told, and when that was.
    told: (Time, Instant),
}

/// What the plug-in `library` can do as far as its interface tells.
#[must_use]
pub fn capabilities(library: &Path) -> Capabilities {
    let name = format!("so:{}", library.display());
    let file = library.file_name().unwrap_or(library.as_os_str());
    let stack = format!("plug-in {}", file.to_string_lossy());
    Capabilities::all(&name, &stack, ClockKind::Live).without(
        Capability::States,
        "the interface of plug-ins tells no states",
    )
}

impl SoTarget {
    /// The plug-in `library`, which is given `flags` unless a script has its own (`--so_flags`), and counts as hanging when it takes
    /// longer than `patience` for what takes no time.
    #[must_use]
    pub fn new(
        library: &Path,
        flags: Option<String>,
        host: HostCommand,
        patience: Duration,
    ) -> Self {
        Self {
            capabilities: capabilities(library),
            library: library.to_owned(),
            flags,
            host,
            patience,
            drill: None,
            next_call: 0,
        }
    }

    fn drill(&mut self) -> Result<&mut Drill, TargetError> {
        self.drill
            .as_mut()
            .ok_or_else(|| TargetError::Unresponsive("no drill was begun".to_owned()))
    }

    /// Starts a process that loads the plug-in; for a trial, only that.
    fn load(&self, setup: &Setup, is_trial: bool) -> Result<Process, TargetError> {
        // Relative paths are the user's, not the script's.
        let library = self
            .library
            .canonicalize()
            .map_err(|source| TargetError::Io {
                what: self.library.display().to_string(),
                source,
            })?;
        let folder = match setup.working_directory.as_os_str() {
            empty if empty.is_empty() => Path::new("."),
            _ => setup.working_directory.as_path(),
        };
        let keeps_tmp = folder
            .canonicalize()
            .is_ok_and(|path| path.starts_with("/tmp"));
        let mut command = (self.host)();
        command
            .current_dir(folder)
            .envs(setup.environment.iter().cloned());
        let flags = setup.plugin_flags.as_ref().or(self.flags.as_ref());
        Process::start(
            command,
            &Begin {
                is_trial,
                library,
                flags: flags.cloned().unwrap_or_default(),
                keeps_tmp,
            },
            self.patience,
        )
    }

    /// Looks whether the library is a plug-in, without letting it do anything.
    ///
    /// # Errors
    /// Why it is none.
    pub fn probe(&self) -> Result<(), TargetError> {
        let setup = Setup::defaults(AddressMode::V4);
        self.load(&setup, true).map(drop)
    }
}

impl fmt::Debug for SoTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoTarget")
            .field("library", &self.library)
            .finish_non_exhaustive()
    }
}

impl Drill {
    fn ask(&mut self, request: &Request, span: Duration) -> Result<(), TargetError> {
        let (now, events) = self.process.ask(request, span)?;
        self.told = (now, Instant::now());
        self.events.extend(events);
        Ok(())
    }

    fn now(&self) -> Time {
        let (told, at) = self.told;
        told + at.elapsed()
    }
}

impl Target for SoTarget {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn reset(&mut self, setup: &Setup) -> Result<(), TargetError> {
        self.drill = None;
        self.drill = Some(Drill {
            process: self.load(setup, false)?,
            events: VecDeque::new(),
            told: (Time::ZERO, Instant::now()),
        });
        Ok(())
    }

    fn now(&self) -> Time {
        self.drill.as_ref().map_or(Time::ZERO, Drill::now)
    }

    fn inject(&mut self, packet: &[u8]) -> Result<(), TargetError> {
        self.drill()?
            .ask(&Request::Inject(packet.to_vec()), Duration::ZERO)
    }

    fn call(&mut self, call: Call) -> Result<CallId, TargetError> {
        self.next_call += 1;
        let id = CallId(self.next_call);
        self.drill()?
            .ask(&Request::Call(id, call), Duration::ZERO)?;
        Ok(id)
    }

    fn next_event(&mut self, until: Time) -> Result<Option<Event>, TargetError> {
        let drill = self.drill()?;
        if drill.events.is_empty() {
            let span = until.since(drill.now());
            drill.ask(&Request::Wait(until), span)?;
        }
        Ok(drill.events.pop_front())
    }
}
