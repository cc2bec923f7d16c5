//! Threads in the stack's namespace that make the calls: one that blocks holds up no other, and can be interrupted.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use halfopen_target::{Call, CallId, Returned, Setup, TargetError};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::unistd::gettid;

use super::{Descriptors, Kept, OwnFolder, Place, Shell, perform};
use crate::clock::{Clock, monotonic};
use crate::network::{Network, failed};
use crate::sys::{process, signal};

/// How long a call may take until it is seen to block.
const SEEN_TO_BLOCK: Duration = Duration::from_millis(50);
/// How long blocked calls are interrupted for at the end of a drill.
const INTERRUPT_LIMIT: Duration = Duration::from_secs(5);

/// A call that ended: its number, when (monotonic nanoseconds), and how.
pub(crate) struct Done {
    pub(crate) id: CallId,
    pub(crate) at: i64,
    pub(crate) call: Call,
    pub(crate) returned: Returned,
}

/// The threads of one drill.
pub(crate) struct Workers {
    stack: File,
    place: Place,
    threads: Vec<Worker>,
    done: (Sender<Done>, Receiver<Done>),
    wake: Arc<EventFd>,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers")
            .field("threads", &self.threads.len())
            .finish_non_exhaustive()
    }
}

struct Worker {
    requests: Sender<(CallId, Call)>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What a worker and its drill both look at.
#[derive(Default)]
struct Shared {
    thread_id: AtomicI32,
    is_busy: AtomicBool,
    is_over: AtomicBool,
}

impl Workers {
    pub(crate) fn new(
        network: &Network,
        descriptors: Descriptors,
        setup: Setup,
        clock: Clock,
    ) -> Result<Self, TargetError> {
        signal::handle_interrupts();
        let stack = network
            .stack
            .try_clone()
            .map_err(|e| failed("keeping a namespace", e))?;
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        let wake = EventFd::from_value_and_flags(0, flags)
            .map_err(|e| failed("making an eventfd", e.into()))?;
        Ok(Self {
            stack,
            place: Place {
                descriptors,
                setup: Arc::new(setup),
                shell: Shell::default(),
                clock,
                kept: Kept::default(),
                folder: OwnFolder::default(),
            },
            threads: Vec::new(),
            done: channel(),
            wake: Arc::new(wake),
        })
    }

    /// Readable when a call has ended.
    pub(crate) fn wake(&self) -> &EventFd {
        &self.wake
    }

    /// Starts a call; returns when it has ended or is seen to block.
    pub(crate) fn start(&mut self, id: CallId, call: Call) -> Result<Option<Done>, TargetError> {
        let free = self
            .threads
            .iter()
            .position(|worker| !worker.shared.is_busy.load(Ordering::Acquire));
        let index = match free {
            Some(index) => index,
            None => self.spawn()?,
        };
        let worker = &self.threads[index];
        worker.shared.is_busy.store(true, Ordering::Release);
        if worker.requests.send((id, call)).is_err() {
            return Err(TargetError::Unresponsive(
                "a thread that makes calls has died".to_owned(),
            ));
        }
        Ok(self.settle(index))
    }

    /// Waits until the call of this worker has ended or its thread sleeps inside of it.
    fn settle(&self, index: usize) -> Option<Done> {
        let shared = &self.threads[index].shared;
        let begin = Instant::now();
        loop {
            if let Ok(done) = self.done.1.try_recv() {
                return Some(done);
            }
            if begin.elapsed() > SEEN_TO_BLOCK {
                return None;
            }
            if sleeps(shared) {
                // It may have ended between the two looks.
                return self.done.1.try_recv().ok();
            }
            thread::yield_now();
        }
    }

    /// The script's first event is next: from now on its commands are as urgent as its other calls.
    pub(crate) fn hurry(&self) {
        self.place.shell.hurry();
    }

    /// A call that has ended since.
    pub(crate) fn take_done(&self) -> Option<Done> {
        let _ = self.wake.read();
        self.done.1.try_recv().ok()
    }

    fn spawn(&mut self) -> Result<usize, TargetError> {
        let (requests, receiver) = channel();
        let shared = Arc::new(Shared::default());
        let stack = self
            .stack
            .try_clone()
            .map_err(|e| failed("keeping a namespace", e))?;
        let context = Context {
            shared: Arc::clone(&shared),
            place: self.place.clone(),
            done: self.done.0.clone(),
            wake: Arc::clone(&self.wake),
        };
        let (ready, entered) = channel();
        let thread = thread::Builder::new()
            .name("calls".to_owned())
            .spawn(move || {
                process::go_first();
                process::be_timely();
                let _ = ready.send(Network::enter_stack(&stack));
                context.serve(&receiver);
            })
            .map_err(|e| failed("starting a thread", e))?;
        entered
            .recv()
            .unwrap_or_else(|_| Err(std::io::Error::other("the thread died")))
            .map_err(|e| failed("entering the stack's namespace", e))?;
        self.threads.push(Worker {
            requests,
            shared,
            thread: Some(thread),
        });
        Ok(self.threads.len() - 1)
    }

    /// Closes every socket and ends every thread; blocked calls are interrupted.
    fn end(&mut self) {
        self.place.shell.end();
        let sockets: Vec<OwnedFd> = self.place.descriptors.take_all();
        for worker in &mut self.threads {
            // Without requests the thread ends when its call does.
            worker.requests = channel().0;
        }
        let begin = Instant::now();
        while begin.elapsed() < INTERRUPT_LIMIT
            && self
                .threads
                .iter()
                .any(|worker| !worker.shared.is_over.load(Ordering::Acquire))
        {
            for worker in &self.threads {
                if worker.shared.is_busy.load(Ordering::Acquire) {
                    interrupt(worker.shared.thread_id.load(Ordering::Acquire));
                }
            }
            thread::sleep(Duration::from_micros(200));
        }
        for worker in &mut self.threads {
            if worker.shared.is_over.load(Ordering::Acquire)
                && let Some(thread) = worker.thread.take()
            {
                let _ = thread.join();
            }
        }
        for socket in sockets {
            reset_and_close(&socket);
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.end();
    }
}

/// Leaves nothing of a connection behind: no FIN-WAIT, no TIME-WAIT.
fn reset_and_close(socket: &OwnedFd) {
    use std::os::fd::AsRawFd;
    let at_once = [1i32.to_ne_bytes(), 0i32.to_ne_bytes()].concat();
    let fd = socket.as_fd().as_raw_fd();
    // A socket that is no longer connected refuses, and has nothing to leave behind.
    let _ = crate::sys::socket::set_option(fd, libc::SOL_SOCKET, libc::SO_LINGER, &at_once, None);
}

struct Context {
    shared: Arc<Shared>,
    place: Place,
    done: Sender<Done>,
    wake: Arc<EventFd>,
}

impl Context {
    fn serve(self, requests: &Receiver<(CallId, Call)>) {
        self.shared
            .thread_id
            .store(gettid().as_raw(), Ordering::Release);
        while let Ok((id, call)) = requests.recv() {
            let returned = perform(&call, &self.place);
            let done = Done {
                id,
                at: monotonic(),
                call,
                returned,
            };
            let sent = self.done.send(done);
            self.shared.is_busy.store(false, Ordering::Release);
            let _ = self.wake.write(1);
            if sent.is_err() {
                break;
            }
        }
        self.shared.is_over.store(true, Ordering::Release);
    }
}

/// Whether a busy worker's thread sleeps: then its call blocks.
fn sleeps(shared: &Shared) -> bool {
    let id = shared.thread_id.load(Ordering::Acquire);
    if id == 0 || !shared.is_busy.load(Ordering::Acquire) {
        return false;
    }
    let Ok(stat) = std::fs::read_to_string(format!("/proc/self/task/{id}/stat")) else {
        return false;
    };
    // The state follows the name in parentheses, which may hold anything.
    let state = stat
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.trim_start().chars().next());
    matches!(state, Some('S'))
}

/// Lets a blocked call return with EINTR.
fn interrupt(thread_id: i32) {
    if thread_id != 0 {
        signal::interrupt(thread_id);
    }
}
