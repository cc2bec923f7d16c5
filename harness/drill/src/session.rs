//! Many drills at once: workers, attempts, and a watch over stacks that hang.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use halfopen_target::{
    AddressMode, Capabilities, ClockKind, EntryKind, Setup, StopReason, Target, TargetError, Time,
    Trace,
};

use crate::attempt::{History, attempt};
use crate::outcome::{Counts, Outcome, ScriptFile, Standing};
use crate::verdict::{Failure, FailureKind};

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
            .map(|(index, drill)| Queued {
                index,
                drill: drill.clone(),
                history: History::default(),
            })
            .collect();
        if clock == ClockKind::Live {
            // The longest first, or all the others would be waiting for it in the end.
            queue.sort_by_key(|queued| Reverse(queued.drill.file.script.length()));
        }
        run_kind(queue.into(), clock, options, &mut board);
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

type Queue = Arc<Mutex<VecDeque<Queued>>>;

/// A drill that waits to be run.
#[derive(Clone)]
struct Queued {
    /// Its place in the plan.
    index: usize,
    drill: Drill,
    /// How it went so far.
    history: History,
}

enum Message {
    Began(usize, Drill),
    Ended(usize, Box<Outcome>),
    /// The machine was too busy to tell.
    Again(usize, History),
}

/// After these what is doubtful stays so.
const PASSES: u32 = 4;

fn default_jobs(clock: ClockKind) -> usize {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    match clock {
        ClockKind::Virtual => cores,
        ClockKind::Live => (cores * 16).clamp(32, 256),
    }
}

/// How many drills run at once in each pass. What the machine was too busy to tell is run again when less goes on, in the end
/// alone.
const fn workers_of_pass(pass: u32, jobs: usize) -> usize {
    let fewer = jobs / 4;
    match pass {
        1 => jobs,
        2 if fewer > 2 => fewer,
        2 | 3 if jobs > 2 => 2,
        _ => 1,
    }
}

fn run_kind(
    mut queue: VecDeque<Queued>,
    clock: ClockKind,
    options: &Options,
    board: &mut Board<'_>,
) {
    let jobs = options.jobs.unwrap_or_else(|| default_jobs(clock)).max(1);
    for pass in 1..=PASSES {
        let total = queue.len();
        if total == 0 {
            break;
        }
        let workers = workers_of_pass(pass, jobs);
        let (sender, receiver) = channel();
        let mut watch = Watch {
            queue: Arc::new(Mutex::new(queue)),
            sender,
            options: *options,
            clock,
            workers,
            is_last: pass == PASSES,
            running: BTreeMap::new(),
            handles: Vec::new(),
        };
        for _ in 0..workers.min(total) {
            watch.spawn();
        }
        queue = watch.collect(&receiver, total, board);
    }
}

/// Watches over the workers: one whose stack hangs is written off and replaced.
struct Watch {
    queue: Queue,
    sender: Sender<Message>,
    options: Options,
    clock: ClockKind,
    workers: usize,
    /// What is doubtful stays so.
    is_last: bool,
    running: BTreeMap<usize, (Instant, Drill)>,
    handles: Vec<thread::JoinHandle<()>>,
}

impl Watch {
    fn spawn(&mut self) {
        let queue = Arc::clone(&self.queue);
        let sender = self.sender.clone();
        let (seed, is_last) = (self.options.seed, self.is_last);
        let spawned = thread::Builder::new()
            .name("drill".to_owned())
            .spawn(move || work(&queue, &sender, seed, is_last));
        if let Ok(handle) = spawned {
            self.handles.push(handle);
        }
    }

    /// Takes what comes until all drills are done; gives those that are to be run again.
    fn collect(
        &mut self,
        receiver: &Receiver<Message>,
        total: usize,
        board: &mut Board<'_>,
    ) -> VecDeque<Queued> {
        let mut again = VecDeque::new();
        let mut done = 0;
        let mut abandoned = 0;
        while done < total {
            match receiver.recv_timeout(Duration::from_millis(100)) {
                Ok(Message::Began(index, drill)) => {
                    self.running.insert(index, (Instant::now(), drill));
                }
                Ok(Message::Ended(index, outcome)) => {
                    // A drill that was written off as hanging may still come to an end.
                    if self.running.remove(&index).is_some() {
                        board.finish(index, *outcome);
                        done += 1;
                    }
                }
                Ok(Message::Again(index, history)) => {
                    if let Some((_, drill)) = self.running.remove(&index) {
                        let at_once = history.is_worth_a_second_look();
                        let queued = Queued {
                            index,
                            drill,
                            history,
                        };
                        if at_once {
                            self.run_again(queued);
                        } else {
                            again.push_back(queued);
                            done += 1;
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            for (index, drill) in self.hanging() {
                board.finish(index, hung(&drill, self.options.hang));
                done += 1;
                abandoned += 1;
                self.spawn();
            }
        }
        // A worker that hangs can't be joined; it ends with the process.
        if abandoned == 0 {
            for handle in self.handles.drain(..) {
                let _ = handle.join();
            }
        }
        again
    }

    /// Runs a drill once more in this pass; some workers may have gone already.
    fn run_again(&mut self, queued: Queued) {
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(queued);
        if self.running.len() < self.workers {
            self.spawn();
        }
    }

    fn hanging(&mut self) -> Vec<(usize, Drill)> {
        if self.clock == ClockKind::Live {
            return Vec::new();
        }
        let limit = self.options.hang;
        let late: Vec<_> = self
            .running
            .iter()
            .filter(|(_, (since, _))| since.elapsed() > limit)
            .map(|(index, _)| *index)
            .collect();
        late.into_iter()
            .filter_map(|index| Some((index, self.running.remove(&index)?.1)))
            .collect()
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

fn work(queue: &Queue, sender: &Sender<Message>, seed: u64, is_last: bool) {
    let mut targets: BTreeMap<String, Box<dyn Target>> = BTreeMap::new();
    loop {
        let next = queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        let Some(Queued {
            index,
            drill,
            history,
        }) = next
        else {
            break;
        };
        if sender.send(Message::Began(index, drill.clone())).is_err() {
            return;
        }
        let message = match attempt(&drill, &mut targets, (seed, index), &history, is_last) {
            Ok(outcome) => Message::Ended(index, Box::new(outcome)),
            Err(history) => Message::Again(index, history),
        };
        if sender.send(message).is_err() {
            return;
        }
    }
}
