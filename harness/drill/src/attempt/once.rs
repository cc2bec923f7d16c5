//! Running a drill: the target, its configuration, and whether it is run at all.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use halfopen_script::front_matter::Expectation;
use halfopen_target::{
    AddressMode, Capabilities, Capability, ClockKind, Setup, StopReason, Target, Trace,
};

use crate::config::Config;
use crate::guard::chain;
use crate::run::{Pacing, Run, run};
use crate::session::Drill;
use crate::verdict::Verdict;

/// The tester's ports begin here; below are those that scripts name.
const FIRST_PORT: u16 = 20_000;
/// How many drills have a port that no other has.
const LANES: u16 = 40_000;
/// How many twins have.
const TWIN_LANES: u16 = 5_000;

/// What tells drills that run at once apart in machine-wide events: each has a tester's port of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    index: usize,
    is_twin: bool,
}

impl Lane {
    /// That of the `index`th drill of the plan.
    pub(super) const fn new(index: usize) -> Self {
        Self {
            index,
            is_twin: false,
        }
    }

    const fn twin(self) -> Self {
        Self {
            is_twin: true,
            ..self
        }
    }

    const fn tester_port(self) -> u16 {
        if self.is_twin {
            FIRST_PORT + LANES + (self.index % TWIN_LANES as usize) as u16
        } else {
            FIRST_PORT + (self.index % LANES as usize) as u16
        }
    }
}

/// Runs a drill twice at once, each time on a target of its own. When there can be no second thread it is run once.
pub(super) fn run_twice(
    drill: &Drill,
    targets: &mut BTreeMap<String, Box<dyn Target>>,
    seed: u64,
    lane: Lane,
) -> (Run, Option<Run>) {
    thread::scope(|scope| {
        let twin = thread::Builder::new().spawn_scoped(scope, || {
            run_once(drill, &mut BTreeMap::new(), seed, lane.twin())
        });
        let first = run_once(drill, targets, seed, lane);
        let twin = twin.ok().and_then(|twin| twin.join().ok());
        (first, twin)
    })
}

/// Runs a drill once.
pub(super) fn run_once(
    drill: &Drill,
    targets: &mut BTreeMap<String, Box<dyn Target>>,
    seed: u64,
    lane: Lane,
) -> Run {
    let capabilities = drill.target.capabilities();
    let name = capabilities.name.clone();
    let not_run = |verdict| Run {
        trace: Trace::new(&name, Setup::defaults(drill.mode)),
        verdict,
        descriptors: BTreeMap::new(),
        drift: Duration::ZERO,
        worst_slip: Duration::ZERO,
    };
    if let Some(reason) = reason_to_skip(drill, capabilities) {
        return not_run(Verdict::Skip(reason));
    }
    let folder = drill
        .file
        .path
        .parent()
        .unwrap_or_else(|| std::path::Path::new("."));
    let config = Config::new(&drill.file.script, folder, drill.mode, seed);
    let mut config = match config {
        Ok(config) => config,
        Err(error) => return not_run(Verdict::Error(error.to_string())),
    };
    if capabilities.clock == ClockKind::Live {
        config.ports.tester = lane.tester_port();
    }
    let mut target = match targets
        .remove(&name)
        .map_or_else(|| drill.target.create(), Ok)
    {
        Ok(target) => target,
        Err(error) => {
            return not_run(Verdict::Error(chain(&error)));
        }
    };
    let run = run(&drill.file.script, target.as_mut(), &config, Pacing::Judged);
    // After a panic or an error nothing is known of the target's inside.
    let usable = match run.trace.stop() {
        None => true,
        Some((_, reason)) => matches!(reason, StopReason::Mismatch | StopReason::Lacks(_)),
    };
    if usable {
        targets.insert(name, target);
    }
    run
}

/// Why a drill is not run at all.
fn reason_to_skip(drill: &Drill, capabilities: &Capabilities) -> Option<String> {
    let note = drill.file.note(&capabilities.name, drill.mode);
    if let Some(note) = note
        && note.expectation == Expectation::Skip
    {
        return Some(note.reason.clone());
    }
    if drill.file.script.uses_psp() {
        return Some("PSP: the harness has no keys to encrypt segments with".to_owned());
    }
    let mut needs = vec![match drill.mode {
        AddressMode::V4 => Capability::Ipv4,
        AddressMode::V6 => Capability::Ipv6,
        AddressMode::Mapped => Capability::MappedIpv4,
    }];
    if drill.file.script.asserts_states() {
        needs.push(Capability::States);
    }
    if drill.file.script.uses_tunnels() {
        needs.push(Capability::Tunnels);
    }
    needs
        .into_iter()
        .find_map(|capability| capabilities.require(capability).err())
        .map(|missing| missing.to_string())
}
