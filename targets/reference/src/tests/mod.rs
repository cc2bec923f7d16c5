//! The stack as seen from outside: dialogues with a peer that says exactly what a test wants.

mod arrivals;
mod arrivals_synchronized;
mod choices;
mod closing;
mod ecn;
mod edges;
mod handshake;
mod harness;
mod icmp;
mod link;
mod linux_profile;
mod memory;
#[cfg(feature = "planted-bugs")]
mod planted_bugs;
mod rack;
mod recovery;
mod selective;
mod send_memory;
mod source_routes;
mod syn_cookies;
mod time_wait;
mod timestamps;
mod transfer;
mod user_calls;
mod windows;
