//! A loaded plug-in: its library, its table of functions, and calls through that.
#![expect(
    unsafe_code,
    reason = "a plug-in is a C library: what it exports is taken at its word"
)]

mod call;
mod interface;
mod stream;

use std::ffi::{CString, c_void};
use std::io;
use std::path::Path;

use halfopen_target::{Capability, Missing};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW, Symbol};

pub(crate) use call::perform;
use interface::{Init, Interface};

/// The function that a plug-in exports, with the zero at its end.
const INIT: &[u8] = b"packetdrill_interface_init\0";
/// A library that brings its own C library's functions uses them, not ours, and stays until the process ends: its threads may run on.
const FLAGS: i32 = RTLD_NOW | RTLD_LOCAL | libc::RTLD_NODELETE | libc::RTLD_DEEPBIND;

/// A plug-in that was loaded and has filled its table.
pub(crate) struct Plugin {
    interface: Interface,
    _library: Library,
}

// SAFETY: the interface's contract lets calls come from several threads, as packetdrill makes a blocking call from a thread of its own.
unsafe impl Send for Plugin {}
// SAFETY: as above; the table itself is not written after it was filled.
unsafe impl Sync for Plugin {}

impl Plugin {
    /// Loads a library and lets it fill its table.
    ///
    /// # Errors
    /// Why it is no plug-in, in words for a person.
    pub(crate) fn load(path: &Path, flags: &str) -> Result<Self, String> {
        let flags = CString::new(flags).map_err(|_| "its flags hold a zero octet".to_owned())?;
        let library = open(path)?;
        let init = init_of(&library)?;
        let mut interface = Interface::empty();
        // SAFETY: the string and the table outlive the call; the function only fills the table.
        unsafe { init(flags.as_ptr(), &raw mut interface) };
        let needed = [
            ("socket", interface.socket.is_some()),
            ("close", interface.close.is_some()),
            ("netdev_send", interface.netdev_send.is_some()),
            ("netdev_receive", interface.netdev_receive.is_some()),
            ("usleep", interface.usleep.is_some()),
            ("gettimeofday", interface.gettimeofday.is_some()),
        ];
        let absent: Vec<_> = needed
            .iter()
            .filter(|(_, is_there)| !is_there)
            .map(|(name, _)| *name)
            .collect();
        if !absent.is_empty() {
            return Err(format!(
                "its table lacks {}, without which nothing can be tested",
                absent.join(", ")
            ));
        }
        Ok(Self {
            interface,
            _library: library,
        })
    }

    /// Gives the stack a packet.
    pub(crate) fn inject(&self, packet: &[u8]) -> io::Result<()> {
        let Some(send) = self.interface.netdev_send else {
            return Ok(());
        };
        // SAFETY: pointer and length describe the packet, which is only read.
        match unsafe { send(self.interface.own, packet.as_ptr().cast(), packet.len()) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// The next packet of the stack, if there is one: how many octets of `room` it takes, and when it left, in microseconds of the
    /// plug-in's clock.
    pub(crate) fn receive(&self, room: &mut [u8]) -> Option<(usize, i64)> {
        let receive = self.interface.netdev_receive?;
        let mut length = room.len();
        let mut at = 0;
        let pointer: *mut c_void = room.as_mut_ptr().cast();
        // SAFETY: pointer and length describe `room`; the other two outlive the call.
        let result = unsafe { receive(self.interface.own, pointer, &raw mut length, &raw mut at) };
        // A plug-in with nothing to give may say so by either.
        (result == 0 && length > 0).then(|| (length.min(room.len()), at))
    }

    /// Microseconds of the plug-in's clock.
    pub(crate) fn now(&self) -> i64 {
        let mut time = libc::timeval {
            tv_sec: 0,
            tv_usec: 0,
        };
        if let Some(gettimeofday) = self.interface.gettimeofday {
            // SAFETY: the room outlives the call; no time zone is asked for.
            unsafe { gettimeofday(self.interface.own, &raw mut time, std::ptr::null_mut()) };
        }
        time.tv_sec
            .saturating_mul(1_000_000)
            .saturating_add(time.tv_usec)
    }

    /// Lets time pass for the stack.
    pub(crate) fn pause(&self, micros: u32) {
        if let Some(usleep) = self.interface.usleep {
            // SAFETY: takes an integer only.
            unsafe { usleep(self.interface.own, micros) };
        }
    }

    /// Closes a descriptor at the end of a drill.
    pub(crate) fn close(&self, fd: i32) {
        if let Some(close) = self.interface.close {
            // SAFETY: takes an integer only.
            unsafe { close(self.interface.own, fd) };
        }
    }

    /// Tells the plug-in that all is over.
    pub(crate) fn end(&self) {
        if let Some(free) = self.interface.free {
            // SAFETY: the pointer is the plug-in's own; nothing of the plug-in is called after this.
            unsafe { free(self.interface.own) };
        }
    }
}

/// Loads a library and looks whether it is a plug-in, without letting it do anything.
///
/// # Errors
/// Why it is none, in words for a person.
pub(crate) fn look_at(path: &Path) -> Result<(), String> {
    init_of(&open(path)?).map(drop)
}

fn open(path: &Path) -> Result<Library, String> {
    // SAFETY: loading runs the library's own constructors; the user named it to be run.
    unsafe { Library::open(Some(path), FLAGS) }.map_err(|error| error.to_string())
}

fn init_of(library: &Library) -> Result<Symbol<Init>, String> {
    // SAFETY: the name stands for a function of this type in every plug-in.
    unsafe { library.get::<Init>(INIT) }.map_err(|_| {
        "it exports no packetdrill_interface_init, so it is no plug-in for packetdrill".to_owned()
    })
}

/// What the plug-in's table has no entry for.
fn absent(name: &str) -> Missing {
    let capability = match name {
        "epoll_create" | "epoll_ctl" | "epoll_wait" => Capability::Epoll,
        "pipe" | "splice" | "open" | "sendfile" => Capability::Files,
        _ => Capability::Calls,
    };
    Missing {
        capability,
        reason: format!("the plug-in has no `{name}`"),
    }
}
