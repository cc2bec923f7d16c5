//! Many drills at once: workers, attempts, and a watch over stacks that hang.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use halfopen_target::{
    AddressMode, Capabilities, ClockKind, EntryKind, Setup, StopReason, Target, TargetError, Time,
    Trace,
};

use crate::attempt::attempt;
use crate::outcome::{Counts, Outcome, ScriptFile, Standing};
use crate::verdict::{Failure, FailureKind};

mod queue;

use queue::{Limits, Queue, Queued};

/// Makes targets of one kind, one for each worker.
pub trait TargetFactory: Send + Sync {
    /// What its targets can do.
    fn capabilities(&self) -> &Capabilities;

    /// A new target.
    ///
    /// # Errors
    /// When the machine does not allow it.
    fn create(&self) -> Result<Box<dyn Target>, TargetError>;
}

/// One drill to run.
#[derive(Clone)]
pub struct Drill {
    /// The script.
    pub file: Arc<ScriptFile>,
    /// On what.
    pub target: Arc<dyn TargetFactory>,
    /// With which address families.
    pub mode: AddressMode,
}

/// How a session runs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many drills at once; by default one a core for virtual targets and many more for live ones,
    /// since those mostly wait.
    pub jobs: Option<usize>,
    /// From this the in-process stacks draw their randomness.
    pub seed: u64,
    /// Wall time after which a stack in virtual time counts as hanging.
    pub hang: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: None,
            seed: 0,
            hang: Duration::from_secs(20),
        }
    }
}

/// What a session reports while it runs.
#[derive(Debug)]
pub enum SessionEvent {
    /// It begins.
    Started {
        /// How many drills there are.
        total: usize,
    },
    /// One more drill is done, in order of completion: for progress bars.
    Progress {
        /// How many are done.
        done: usize,
    },
    /// A drill's outcome, in the order of the plan.
    Finished(Box<Outcome>),
    /// All are done.
    Ended {
        /// How many came to what.
        counts: Counts,
        /// How long it all took.
        wall: Duration,
    },
}

/// Runs all drills and reports each outcome in the order of `drills`.
pub fn run_session(
    drills: &[Drill],
    options: &Options,
    sink: &mut dyn FnMut(SessionEvent),
) -> Counts {
    let begin = Instant::now();
    sink(SessionEvent::Started {
        total: drills.len(),
    });
    let mut board = Board {
        waiting: BTreeMap::new(),
        next: 0,
        done: 0,
        counts: Counts::default(),
        sink,
    };
    // Drills in virtual time keep the processors busy, which live ones would feel: one kind after the other.
    for clock in [ClockKind::Virtual, ClockKind::Live] {
        let mut queue: Vec<_> = drills
            .iter()
            .enumerate()
            .filter(|(_, drill)| drill.target.capabilities().clock == clock)
            .map(|(index, drill)| Queued::new(index, drill.clone()))
            .collect();
        if clock == ClockKind::Live {
            // The longest first, or all the others would be waiting for it in the end.
            queue.sort_by_key(|queued| Reverse(queued.drill.file.script.length()));
        }
        run_kind(queue, clock, options, &mut board);
    }
    let counts = board.counts;
    sink(SessionEvent::Ended {
        counts,
        wall: begin.elapsed(),
    });
    counts
}

/// Puts outcomes back into the order of the plan.
struct Board<'a> {
    waiting: BTreeMap<usize, Outcome>,
    next: usize,
    done: usize,
    counts: Counts,
    sink: &'a mut dyn FnMut(SessionEvent),
}

impl Board<'_> {
    fn finish(&mut self, index: usize, outcome: Outcome) {
        self.counts.add(&outcome.standing);
        self.done += 1;
        (self.sink)(SessionEvent::Progress { done: self.done });
        self.waiting.insert(index, outcome);
        while let Some(outcome) = self.waiting.remove(&self.next) {
            self.next += 1;
            (self.sink)(SessionEvent::Finished(Box::new(outcome)));
        }
    }
}

/// A drill of the plan, and how it came out.
type Ended = (usize, Box<Outcome>);

/// How many drills run at once: as many as the user says, or one a core in virtual time. On live stacks they mostly wait, the long
/// ones for nearly all of their time.
fn limits(clock: ClockKind, jobs: Option<usize>) -> Limits {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    match (jobs, clock) {
        (Some(jobs), _) => Limits {
            most: jobs.max(1),
            crowd: jobs.max(1),
        },
        (None, ClockKind::Virtual) => Limits {
            most: cores,
            crowd: cores,
        },
        (None, ClockKind::Live) => Limits {
            most: (cores * 32).clamp(64, 256),
            crowd: (cores * 12).clamp(24, 128),
        },
    }
}

fn run_kind(drills: Vec<Queued>, clock: ClockKind, options: &Options, board: &mut Board<'_>) {
    let total = drills.len();
    let limits = limits(clock, options.jobs);
    let (sender, receiver) = channel();
    let mut watch = Watch {
        queue: Arc::new(Queue::new(drills.into_iter(), limits)),
        sender,
        options: *options,
        clock,
        handles: Vec::new(),
    };
    for _ in 0..limits.most.min(total) {
        watch.spawn();
    }
    watch.collect(&receiver, total, board);
}

/// Watches over the workers: one whose stack hangs is written off and replaced.
struct Watch {
    queue: Arc<Queue>,
    sender: Sender<Ended>,
    options: Options,
    clock: ClockKind,
    handles: Vec<thread::JoinHandle<()>>,
}

impl Watch {
    fn spawn(&mut self) {
        let queue = Arc::clone(&self.queue);
        let sender = self.sender.clone();
        let seed = self.options.seed;
        let spawned = thread::Builder::new()
            .name("drill".to_owned())
            .spawn(move || work(&queue, &sender, seed));
        if let Ok(handle) = spawned {
            self.handles.push(handle);
        }
    }

    /// Takes what comes until all drills are done.
    fn collect(&mut self, receiver: &Receiver<Ended>, total: usize, board: &mut Board<'_>) {
        let mut done = 0;
        let mut abandoned = 0;
        while done < total {
            match receiver.recv_timeout(Duration::from_millis(100)) {
                Ok((index, outcome)) => {
                    board.finish(index, *outcome);
                    done += 1;
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            // What runs on a live stack has limits of its own.
            if self.clock == ClockKind::Virtual {
                for (index, drill) in self.queue.write_off(self.options.hang) {
                    board.finish(index, hung(&drill, self.options.hang));
                    done += 1;
                    abandoned += 1;
                    self.spawn();
                }
            }
        }
        // A worker that hangs can't be joined; it ends with the process.
        if abandoned == 0 {
            for handle in self.handles.drain(..) {
                let _ = handle.join();
            }
        }
    }
}

fn hung(drill: &Drill, limit: Duration) -> Outcome {
    let reason = StopReason::Unresponsive(format!(
        "no answer for {} s of wall time",
        limit.as_secs_f64()
    ));
    let mut trace = Trace::new(
        &drill.target.capabilities().name,
        Setup::defaults(drill.mode),
    );
    trace.push(Time::ZERO, None, EntryKind::Stopped(reason.clone()));
    Outcome {
        file: Arc::clone(&drill.file),
        target: drill.target.capabilities().name.clone(),
        mode: drill.mode,
        standing: Standing::Fail(Failure {
            event: None,
            line: None,
            span: None,
            at: Time::ZERO,
            kind: FailureKind::Stack(reason),
        }),
        trace,
        descriptors: BTreeMap::new(),
        attempts: 1,
        wall: limit,
    }
}

fn work(queue: &Queue, sender: &Sender<Ended>, seed: u64) {
    let mut targets: BTreeMap<String, Box<dyn Target>> = BTreeMap::new();
    while let Some(queued) = queue.start_next() {
        let Queued {
            index,
            drill,
            history,
            ..
        } = &queued;
        let chance = queue.chance(&queued);
        match attempt(drill, &mut targets, (seed, *index), history, chance) {
            Ok(outcome) => {
                // A drill that was written off as hanging may still come to an end.
                let ended = (*index, Box::new(outcome));
                if queue.end(*index) && sender.send(ended).is_err() {
                    return;
                }
            }
            Err(history) => queue.again(queued, history),
        }
    }
}
