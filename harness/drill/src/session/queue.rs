//! Which drill runs next, and how much else may go on beside it.
//!
//! A drill of a live stack that the machine was too busy to tell is run again when less goes on, in the end alone. Nobody waits for the
//! others meanwhile: a drill starts as soon as what runs beside it is little enough for its rank. Long scripts mostly wait; they disturb
//! nobody, and start as early as they can, since they are what the run waits for in the end.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Drill;
use crate::attempt::{Chance, History, LONG};

/// After these what is doubtful stays so.
const RANKS: usize = 4;

/// A drill that waits to be run.
#[derive(Clone)]
pub(super) struct Queued {
    /// Its place in the plan.
    pub(super) index: usize,
    pub(super) drill: Drill,
    /// How it went so far.
    pub(super) history: History,
    /// From 0: the higher, the less may go on beside it.
    rank: usize,
}

impl Queued {
    pub(super) fn new(index: usize, drill: Drill) -> Self {
        Self {
            index,
            drill,
            history: History::default(),
            rank: 0,
        }
    }

    /// Whether what is doubtful now stays so.
    const fn is_last_chance(&self) -> bool {
        self.rank + 1 == RANKS
    }

    fn is_long(&self) -> bool {
        self.drill.file.script.length() >= LONG
    }
}

/// A drill that is being run.
struct Running {
    since: Instant,
    drill: Drill,
    is_long: bool,
}

/// How many drills may run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// All of them.
    pub(super) most: usize,
    /// Those that are not long, and so keep the machine busy.
    pub(super) crowd: usize,
}

/// The drills that wait and those that run.
pub(super) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: [VecDeque<Queued>; RANKS],
    running: BTreeMap<usize, Running>,
    /// One runs that is to be alone.
    is_alone: bool,
}

impl Queue {
    /// These drills, so many at once.
    pub(super) fn new(drills: impl Iterator<Item = Queued>, limits: Limits) -> Self {
        let mut waiting: [VecDeque<Queued>; RANKS] = Default::default();
        waiting[0] = drills.collect();
        Self {
            limits,
            state: Mutex::new(State {
                waiting,
                running: BTreeMap::new(),
                is_alone: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a drill may start, and gives it; `None` when none is left and none may come back.
    pub(super) fn start_next(&self) -> Option<Queued> {
        let mut state = self.state();
        loop {
            if let Some(queued) = state.next(self.limits) {
                state.running.insert(
                    queued.index,
                    Running {
                        since: Instant::now(),
                        drill: queued.drill.clone(),
                        is_long: queued.is_long(),
                    },
                );
                state.is_alone = queued.is_last_chance();
                return Some(queued);
            }
            if state.is_over() {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What is allowed to this drill.
    pub(super) const fn chance(&self, queued: &Queued) -> Chance {
        let is_last = queued.is_last_chance();
        Chance {
            is_last,
            has_company: !is_last && self.limits.most > 1,
        }
    }

    /// A drill came to its end; whether anybody still waits for that.
    pub(super) fn end(&self, index: usize) -> bool {
        let is_awaited = self.state().remove(index);
        self.changed.notify_all();
        is_awaited
    }

    /// A drill came to no end that can be believed: it is run again.
    pub(super) fn again(&self, queued: Queued, history: History) {
        let mut state = self.state();
        if state.remove(queued.index) {
            let at_once = history.is_worth_a_second_look();
            let rank = if at_once {
                queued.rank
            } else {
                (queued.rank + 1).min(RANKS - 1)
            };
            let queued = Queued {
                history,
                rank,
                ..queued
            };
            if queued.is_long() {
                state.waiting[rank].push_front(queued);
            } else {
                state.waiting[rank].push_back(queued);
            }
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Takes out what has been running for longer than `limit`: nobody waits for it any more.
    pub(super) fn write_off(&self, limit: Duration) -> Vec<(usize, Drill)> {
        let mut state = self.state();
        let late: Vec<_> = state
            .running
            .iter()
            .filter(|(_, running)| running.since.elapsed() > limit)
            .map(|(index, running)| (*index, running.drill.clone()))
            .collect();
        for (index, _) in &late {
            state.remove(*index);
        }
        drop(state);
        self.changed.notify_all();
        late
    }
}

impl State {
    fn remove(&mut self, index: usize) -> bool {
        let was_there = self.running.remove(&index).is_some();
        // What runs alone is all that runs.
        self.is_alone &= !self.running.is_empty();
        was_there
    }

    fn is_over(&self) -> bool {
        self.running.is_empty() && self.waiting.iter().all(VecDeque::is_empty)
    }

    /// The drill that may start now.
    fn next(&mut self, limits: Limits) -> Option<Queued> {
        if self.is_alone || self.running.len() >= limits.most {
            return None;
        }
        let crowd = self.running.values().filter(|it| !it.is_long).count();
        for rank in 0..RANKS - 1 {
            let first = self.waiting[rank].front();
            let is_long = first.is_some_and(Queued::is_long);
            let is_turn = self.waiting[..rank].iter().all(VecDeque::is_empty);
            if first.is_some() && (is_long || is_turn && crowd < limits.of_rank(rank)) {
                return self.waiting[rank].pop_front();
            }
        }
        if self.running.is_empty() {
            self.waiting[RANKS - 1].pop_front()
        } else {
            None
        }
    }
}

impl Limits {
    /// How many drills that are not long may run at once with one of this rank among them.
    fn of_rank(self, rank: usize) -> usize {
        let part = match rank {
            0 => 1,
            1 => 3,
            _ => 6,
        };
        (self.crowd / part).max(1)
    }
}
