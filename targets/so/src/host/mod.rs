//! The process that holds a plug-in for one drill.

mod sniffer;
mod workers;

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use halfopen_target::{Call, CallId, Event, EventKind, Missing, Returned, Time};
use nix::sys::prctl;
use nix::sys::signal::Signal;

use crate::descriptors::Descriptors;
use crate::plugin::{self, Plugin};
use crate::protocol::{Begin, Reply, Request, receive, send};
use crate::surroundings::Surroundings;
use sniffer::Sniffer;
use workers::Workers;

/// How long a plug-in with no packet to give may take to say so; one that takes longer waits inside for a packet.
const SAYS_NONE: Duration = Duration::from_millis(20);
/// How much longer than asked for a wait may take.
const WAIT_SLACK: Duration = Duration::from_millis(5);
/// How long a call may take until it is taken to block.
const TAKEN_TO_BLOCK: Duration = Duration::from_millis(10);
/// How often a call in progress is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// Something that a thread of this process has to tell.
enum Message {
    /// The stack sent this packet, at this microsecond of the plug-in's clock.
    Packet(i64, Vec<u8>),
    /// There are no more packets; the number is that of the order to look.
    NoMore(u64),
    /// A call ended, at this microsecond.
    Done(CallId, i64, Result<Returned, Missing>),
}

/// Serves one drill: loads the plug-in that the first message names, does what is asked until the other end goes away, and lets go of
/// everything. The process is the drill's own, and has a single thread when it comes here.
///
/// # Errors
/// When the other end can't be read from or written to.
pub fn serve(mut stream: UnixStream) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    let Some(begin) = receive::<Begin>(&mut stream)? else {
        return Ok(());
    };
    if begin.is_trial {
        let reply = match plugin::look_at(&begin.library) {
            Ok(()) => Reply::Happened(Time::ZERO, Vec::new()),
            Err(why) => Reply::Failed(why),
        };
        return send(&mut stream, &reply);
    }
    let mut host = match Host::begin(&begin) {
        Ok(host) => host,
        Err(why) => return send(&mut stream, &Reply::Failed(why)),
    };
    send(&mut stream, &host.happened())?;
    while let Some(request) = receive(&mut stream)? {
        let reply = host.answer(request);
        send(&mut stream, &reply)?;
    }
    host.end();
    Ok(())
}

struct Host {
    plugin: Arc<Plugin>,
    /// The plug-in's clock when the drill began, in microseconds.
    origin: i64,
    descriptors: Descriptors,
    workers: Workers,
    sniffer: Sniffer,
    inbox: Receiver<Message>,
    /// The plug-in waits inside for packets, so that its packets come when they come.
    receive_blocks: bool,
    events: Vec<Event>,
}

impl Host {
    fn begin(begin: &Begin) -> Result<Self, String> {
        let surroundings = Surroundings::enter();
        let plugin = Arc::new(Plugin::load(&begin.library, &begin.flags)?);
        if !begin.keeps_tmp {
            surroundings
                .cover_tmp()
                .map_err(|error| format!("a /tmp of its own: {error}"))?;
        }
        let origin = plugin.now();
        let descriptors = Descriptors::default();
        let (outbox, inbox) = channel();
        let sniffer = Sniffer::start(Arc::clone(&plugin), outbox.clone())
            .map_err(|error| format!("starting a thread: {error}"))?;
        let workers = Workers::new(
            Arc::clone(&plugin),
            descriptors.clone(),
            surroundings,
            outbox,
            origin,
        );
        Ok(Self {
            plugin,
            origin,
            descriptors,
            workers,
            sniffer,
            inbox,
            receive_blocks: false,
            events: Vec::new(),
        })
    }

    fn answer(&mut self, request: Request) -> Reply {
        match request {
            Request::Inject(packet) => {
                self.drain();
                if let Err(error) = self.plugin.inject(&packet) {
                    return Reply::Failed(format!("netdev_send: {error}"));
                }
                self.drain();
            }
            Request::Call(id, call) => {
                self.drain();
                if let Err(reply) = self.call(id, call) {
                    return reply;
                }
                self.drain();
            }
            Request::Wait(until) => self.wait(until),
        }
        self.happened()
    }

    fn happened(&mut self) -> Reply {
        Reply::Happened(self.now(), std::mem::take(&mut self.events))
    }

    fn now(&self) -> Time {
        self.at(self.plugin.now())
    }

    const fn at(&self, micros: i64) -> Time {
        Time::ZERO.offset(micros - self.origin)
    }

    fn push(&mut self, at: Time, kind: EventKind) {
        self.events.push(Event { at, kind });
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Packet(at, packet) => self.push(self.at(at), EventKind::Outbound(packet)),
            Message::Done(call, at, Ok(returned)) => {
                self.push(self.at(at), EventKind::Returned { call, returned });
            }
            // What a plug-in lacks shows at once, while the call is waited for.
            Message::Done(_, _, Err(_)) | Message::NoMore(_) => {}
        }
    }

    /// Takes every packet that waits, and every call that has ended.
    fn drain(&mut self) {
        while let Ok(message) = self.inbox.try_recv() {
            self.take(message);
        }
        if self.receive_blocks {
            return;
        }
        let order = self.sniffer.look();
        loop {
            match self.inbox.recv_timeout(SAYS_NONE) {
                Ok(Message::NoMore(number)) if number == order => return,
                Ok(message) => self.take(message),
                Err(_) => {
                    self.receive_blocks = true;
                    return;
                }
            }
        }
    }

    /// Starts a call, and waits until it has ended or is taken to block.
    fn call(&mut self, id: CallId, call: Call) -> Result<(), Reply> {
        let worker = self
            .workers
            .start(id, call)
            .map_err(|error| Reply::Failed(format!("starting a thread: {error}")))?;
        let begin = Instant::now();
        loop {
            match self.inbox.recv_timeout(LOOK) {
                Ok(Message::Done(done, _, Err(missing))) if done == id => {
                    return Err(Reply::Lacks(missing));
                }
                Ok(message) => {
                    let is_it = matches!(&message, Message::Done(done, ..) if *done == id);
                    self.take(message);
                    if is_it {
                        return Ok(());
                    }
                }
                Err(_) if self.workers.sleeps(worker) || begin.elapsed() > TAKEN_TO_BLOCK => {
                    return Ok(());
                }
                Err(_) => {}
            }
        }
    }

    /// Waits until something happens, `until` at the latest.
    fn wait(&mut self, until: Time) {
        self.drain();
        loop {
            let now = self.now();
            if !self.events.is_empty() || now >= until {
                return;
            }
            let order = self.sniffer.watch(self.origin, until);
            match self
                .inbox
                .recv_timeout(until.since(now).saturating_add(WAIT_SLACK))
            {
                Ok(Message::NoMore(number)) if number == order => {}
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }

    /// Lets go of the sockets and of the plug-in.
    fn end(&mut self) {
        self.drain();
        for fd in self.descriptors.take_all() {
            self.plugin.close(fd);
        }
        self.plugin.end();
    }
}
