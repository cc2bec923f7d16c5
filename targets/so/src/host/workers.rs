//! Threads that make calls: one that blocks holds up no other.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use halfopen_target::{Call, CallId, Missing, Returned, Time};
use nix::unistd::gettid;

use super::Message;
use crate::descriptors::Descriptors;
use crate::plugin::{Plugin, perform};
use crate::surroundings::Surroundings;

/// What every thread that makes calls needs.
#[derive(Clone)]
struct Place {
    plugin: Arc<Plugin>,
    descriptors: Descriptors,
    surroundings: Surroundings,
    outbox: Sender<Message>,
    origin: i64,
}

struct Worker {
    requests: Sender<(CallId, Call)>,
    is_busy: Arc<AtomicBool>,
    thread_id: Arc<AtomicI32>,
}

pub(super) struct Workers {
    place: Place,
    all: Vec<Worker>,
}

impl Workers {
    pub(super) const fn new(
        plugin: Arc<Plugin>,
        descriptors: Descriptors,
        surroundings: Surroundings,
        outbox: Sender<Message>,
        origin: i64,
    ) -> Self {
        Self {
            place: Place {
                plugin,
                descriptors,
                surroundings,
                outbox,
                origin,
            },
            all: Vec::new(),
        }
    }

    /// Starts a call in a thread that has none; gives which.
    pub(super) fn start(&mut self, id: CallId, call: Call) -> io::Result<usize> {
        let free = self
            .all
            .iter()
            .position(|worker| !worker.is_busy.load(Ordering::Acquire));
        let index = match free {
            Some(index) => index,
            None => self.spawn()?,
        };
        let worker = &self.all[index];
        worker.is_busy.store(true, Ordering::Release);
        worker
            .requests
            .send((id, call))
            .map_err(|_| io::Error::other("a thread that makes calls has died"))?;
        Ok(index)
    }

    fn spawn(&mut self) -> io::Result<usize> {
        let (requests, received) = channel();
        let worker = Worker {
            requests,
            is_busy: Arc::default(),
            thread_id: Arc::default(),
        };
        let place = self.place.clone();
        let (is_busy, thread_id) = (Arc::clone(&worker.is_busy), Arc::clone(&worker.thread_id));
        thread::Builder::new()
            .name("calls".to_owned())
            .spawn(move || {
                thread_id.store(gettid().as_raw(), Ordering::Release);
                place.serve(&received, &is_busy);
            })?;
        self.all.push(worker);
        Ok(self.all.len() - 1)
    }

    /// Whether the thread sleeps: then its call may block.
    pub(super) fn sleeps(&self, index: usize) -> bool {
        let id = self.all[index].thread_id.load(Ordering::Acquire);
        let stat = fs::read_to_string(format!("/proc/self/task/{id}/stat")).unwrap_or_default();
        // The state follows the name in parentheses, which may hold anything.
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| rest.trim_start().starts_with('S'))
    }
}

impl Place {
    fn serve(&self, requests: &Receiver<(CallId, Call)>, is_busy: &AtomicBool) {
        while let Ok((id, call)) = requests.recv() {
            let result = self.perform(&call);
            let done = Message::Done(id, self.plugin.now(), result);
            is_busy.store(false, Ordering::Release);
            if self.outbox.send(done).is_err() {
                return;
            }
        }
    }

    fn perform(&self, call: &Call) -> Result<Returned, Missing> {
        match call {
            Call::Command { text } => self.surroundings.command(text),
            Call::Sysctl { name, value } => self.surroundings.sysctl(name, value),
            call => {
                // Timestamps are taken to be of the clock that the plug-in shows.
                let origin = self.origin;
                let at_wall = move |nanos: i64| Time::ZERO.offset(nanos / 1000 - origin);
                perform(call, &self.plugin, &self.descriptors, &at_wall)
            }
        }
    }
}
