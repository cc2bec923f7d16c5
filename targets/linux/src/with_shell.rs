//! Shell commands for a stack that is not the kernel's.
//!
//! Existing scripts configure the stack with commands: `sysctl`, files below /proc/sys, scripts of their own. Such a command runs for
//! real, in a network namespace of the drill with an interface `tun0`, where the kernel keeps all these settings; what it changed
//! there is then set in the stack under test by name, just as it configures the kernel.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use halfopen_target::{
    Call, CallId, Capabilities, Capability, Event, EventKind, Missing, Output, Returned, Setup,
    Target, TargetError, Time,
};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd;

use crate::call::{Descriptors, Workers};
use crate::clock::Clock;
use crate::network::{Network, Plan, failed};
use crate::pool::Pool;
use crate::shown_counters::ShownCounters;

/// How long a command may take, in wall time.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// The exit status by which a command skips its script.
const SKIPS: i64 = 77;
/// Calls of our own are numbered from here on, apart from the stack's.
const OWN_CALLS: u64 = 1 << 40;

/// Prints every setting of TCP and IP, and whether source routes are taken, one in a line: one process, since the shell's own `read` takes these files octet by octet,
/// which the kernel does not allow. Then how many packets the queue of the interface holds, nothing if it has none of its own.
const LIST_SETTINGS: &str = "(cd /proc/sys/net/ipv4 && grep -H '' tcp_* ip_* conf/all/accept_source_route conf/tun0/accept_source_route) 2>/dev/null; \
     printf 'queue_limit:%s\\n' \"$(tc qdisc show dev tun0 2>/dev/null | \
     sed -n 's/.* root .* limit \\([0-9]*\\)p.*/\\1/p')\"";

/// Gives the namespace a key of fast open. Linux draws one when it is needed first, and shows zeros until then: without it, a command
/// that sets zeros would change nothing.
const DRAW_KEY: &str = "{ echo 1-2-3-4 > /proc/sys/net/ipv4/tcp_fastopen_key; } 2>/dev/null; true";

/// A target for which shell commands run in a network namespace beside it.
pub struct WithShell {
    inner: Box<dyn Target>,
    capabilities: Capabilities,
    pool: Arc<Pool>,
    setup: Option<Setup>,
    sandbox: Option<Sandbox>,
    events: VecDeque<Event>,
    /// Calls to the stack that the script did not ask for.
    hidden: BTreeSet<CallId>,
    next_call: u64,
}

impl std::fmt::Debug for WithShell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WithShell")
            .field("target", &self.capabilities.name)
            .finish_non_exhaustive()
    }
}

/// The namespace that a drill's commands run in.
struct Sandbox {
    // Declared first, dropped first: the shell goes before its namespace.
    workers: Workers,
    _network: Network,
    settings: BTreeMap<String, String>,
    counters: ShownCounters,
    next_call: u64,
}

impl WithShell {
    /// `inner` with commands that run in namespaces like those of `pool`.
    #[must_use]
    pub fn new(inner: Box<dyn Target>, pool: Arc<Pool>) -> Self {
        let capabilities = inner.capabilities().clone().with(Capability::Commands);
        Self {
            inner,
            capabilities,
            pool,
            setup: None,
            sandbox: None,
            events: VecDeque::new(),
            hidden: BTreeSet::new(),
            next_call: OWN_CALLS,
        }
    }

    fn command(&mut self, text: &str) -> Result<CallId, TargetError> {
        if self.sandbox.is_none() {
            let setup = self
                .setup
                .as_ref()
                .ok_or_else(|| TargetError::Unresponsive("no drill was begun".to_owned()))?;
            self.sandbox = Some(Sandbox::create(&self.pool, setup)?);
        }
        let Some(sandbox) = &mut self.sandbox else {
            return Err(TargetError::Unresponsive("no namespace".to_owned()));
        };
        let shown = sandbox.counters.show(&self.inner.counters());
        shown.map_err(|error| failed("showing the stack's counters", error))?;
        let returned = sandbox.run(text)?;
        let failed = !matches!(returned.result, Ok(0 | SKIPS));
        if failed && asks_for_connections(text) {
            return Err(TargetError::Missing(Missing {
                capability: Capability::Commands,
                reason: format!(
                    "a command looks for connections among the kernel's, where those of this stack are not: {text}"
                ),
            }));
        }
        if !failed && flushes_metrics(text) {
            self.inner.forget_peers();
        }
        for (name, value) in sandbox.changes()? {
            let call = Call::Sysctl {
                name: match name.as_str() {
                    "queue_limit" => "link.queue_limit".to_owned(),
                    _ => format!("net.ipv4.{}", name.replace('/', ".")),
                },
                value,
            };
            let id = self.inner.call(call)?;
            self.hidden.insert(id);
        }
        self.next_call += 1;
        let call = CallId(self.next_call);
        self.events.push_back(Event {
            at: self.inner.now(),
            kind: EventKind::Returned { call, returned },
        });
        Ok(call)
    }
}

/// Whether a command reads the kernel's lists of connections: /proc/net/tcp, `ss`.
fn asks_for_connections(text: &str) -> bool {
    let mut words = text.split(|c: char| c.is_whitespace() || "`();|&\"'".contains(c));
    words.any(|word| word == "ss" || word.starts_with("/proc/net/tcp"))
}

/// Whether a command empties the kernel's memory of peers, in which it keeps the cookies of fast open.
fn flushes_metrics(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words
        .windows(3)
        .any(|words| words == ["ip", "tcp_metrics", "flush"])
}

impl Target for WithShell {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn reset(&mut self, setup: &Setup) -> Result<(), TargetError> {
        self.sandbox = None;
        self.events.clear();
        self.hidden.clear();
        self.setup = Some(setup.clone());
        self.inner.reset(setup)
    }

    fn align(&mut self) -> Result<(), TargetError> {
        self.inner.align()
    }

    fn now(&self) -> Time {
        self.inner.now()
    }

    fn inject(&mut self, packet: &[u8]) -> Result<(), TargetError> {
        self.inner.inject(packet)
    }

    fn call(&mut self, call: Call) -> Result<CallId, TargetError> {
        match call {
            Call::Command { text } => self.command(&text),
            Call::Open { path, flags, mode } => {
                let path = match &mut self.sandbox {
                    Some(sandbox) => sandbox.path_outside(&path)?,
                    None => path,
                };
                self.inner.call(Call::Open { path, flags, mode })
            }
            other => self.inner.call(other),
        }
    }

    fn next_event(&mut self, until: Time) -> Result<Option<Event>, TargetError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            match self.inner.next_event(until)? {
                Some(Event {
                    kind: EventKind::Returned { call, .. },
                    ..
                }) if self.hidden.remove(&call) => {}
                other => return Ok(other),
            }
        }
    }
}

impl Sandbox {
    fn create(pool: &Pool, setup: &Setup) -> Result<Self, TargetError> {
        let network = pool.take(Plan::new(setup)).map_err(|error| match error {
            TargetError::NotPermitted { why, .. } => TargetError::Missing(Missing {
                capability: Capability::Commands,
                reason: format!("the script's commands need a network namespace: {why}"),
            }),
            other => other,
        })?;
        let clock = Clock::start();
        let counters =
            ShownCounters::new().map_err(|error| failed("making a file in memory", error))?;
        let mut setup = setup.clone();
        setup.environment.extend(counters.environment());
        let workers = Workers::new(&network, Descriptors::default(), setup, clock)?;
        let mut sandbox = Self {
            workers,
            _network: network,
            settings: BTreeMap::new(),
            counters,
            next_call: 0,
        };
        sandbox.run(DRAW_KEY)?;
        sandbox.changes()?;
        Ok(sandbox)
    }

    /// Runs a command to its end.
    fn run(&mut self, text: &str) -> Result<Returned, TargetError> {
        self.next_call += 1;
        let call = Call::Command {
            text: text.to_owned(),
        };
        let begin = Instant::now();
        let mut done = self.workers.start(CallId(self.next_call), call)?;
        while done.is_none() {
            if begin.elapsed() > COMMAND_LIMIT {
                return Err(TargetError::Unresponsive(format!(
                    "a command runs for more than {} s: {text}",
                    COMMAND_LIMIT.as_secs()
                )));
            }
            let mut fds = [PollFd::new(self.workers.wake().as_fd(), PollFlags::POLLIN)];
            let _ = poll(&mut fds, PollTimeout::from(100u8));
            done = self.workers.take_done();
        }
        match done {
            Some(done) => Ok(done.returned),
            None => Err(failed(
                "running a command",
                std::io::Error::other("it is lost"),
            )),
        }
    }

    /// The path of a file as commands name it, from outside of their own /tmp.
    fn path_outside(&mut self, path: &str) -> Result<String, TargetError> {
        let asked = self.run("printf %s \"$PACKETDRILL_PID\"")?;
        let shell = asked.outputs.iter().find_map(|output| match output {
            Output::Text(text) => text.trim().parse::<u32>().ok(),
            _ => None,
        });
        Ok(match (shell, path.strip_prefix('/')) {
            (Some(shell), Some(path)) => format!("/proc/{shell}/root/{path}"),
            (Some(shell), None) => format!("/proc/{shell}/cwd/{path}"),
            (None, _) => path.to_owned(),
        })
    }

    /// The settings that are other than when last asked.
    fn changes(&mut self) -> Result<Vec<(String, String)>, TargetError> {
        let listed = self.run(LIST_SETTINGS)?;
        let mut changed = Vec::new();
        for output in &listed.outputs {
            let Output::Text(text) = output else { continue };
            for line in text.lines() {
                let Some((name, value)) = line.split_once(':') else {
                    continue;
                };
                let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
                if self.settings.get(name) != Some(&value) {
                    self.settings.insert(name.to_owned(), value.clone());
                    changed.push((name.to_owned(), value));
                }
            }
        }
        Ok(changed)
    }
}
