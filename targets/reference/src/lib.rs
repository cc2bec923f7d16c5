//! A sans-I/O TCP stack that reads like RFC 9293.
//!
//! Packets, time and user calls go in; packets, events and the next deadline come out. There are no
//! sockets, no threads, no clock and no randomness in here: two runs with the same inputs give the same
//! bytes. Nothing is shared with the harness that judges the stack, so that no bug can hide on both sides.
//!
//! The code is divided as RFC 9293 section 3.10 is: `user_call` for OPEN, SEND, RECEIVE, CLOSE, ABORT and
//! STATUS; `segment_arrives` by state, the synchronized ones in their eight numbered steps; `timeout`. A
//! companion RFC has a file of its name. Variables have the RFC's names (`snd_una`, `rcv_nxt`, `iss`), and
//! a branch that a requirement asks for names it.
//!
//! A companion RFC is switched on and off by a parameter of [`Config`], never by asking which stack it is:
//! [`Profile::rfc`] and [`Profile::linux`] are two sets of parameters.
//!
//! Hostile input never makes it panic or loop, and all memory is bounded by the [`Config`].
//!
//! # Memory
//!
//! A connection takes at most
//! - 2 KiB for its variables,
//! - twice [`ConnectionOptions::send_buffer`] octets for text to send, and 4 for each record and each piece of memory that it is
//!   divided into, where it is,
//! - twice [`ConnectionOptions::receive_buffer`] octets for text received, in order and beyond gaps, and 32 for each of
//!   [`Config::max_reassembly_gaps`] gaps,
//! - 24 octets for each segment in flight, 8192 entries at the most (nothing new is sent beyond 4096; blocks
//!   of a hostile remote can split those once more): 192 KiB, and a few KiB in practice,
//! - 16 octets for each round trip that is being measured, 4096 at the most, and one unless [`Config::samples_every_ack`].
//!
//! The buffers are rings that double as they fill: hence twice.
//!
//! The stack holds [`Config::max_connections`] of them, [`Config::max_queued`] packets and events that wait to
//! be polled, and cookies of 1024 servers (RFC 7413).
//!
//! # Example
//!
//! Two stacks, joined in memory:
//!
//! ```
//! use core::net::{IpAddr, Ipv4Addr};
//! use halfopen_reference::{Config, ConnectionOptions, Endpoint, Instant, Received, SendFlags, Stack};
//!
//! let addr = |host| IpAddr::V4(Ipv4Addr::new(192, 0, 2, host));
//! let mut client = Stack::new(Config::with_addresses(&[addr(1)]));
//! let mut server = Stack::new(Config::with_addresses(&[addr(2)]));
//! let options = ConnectionOptions::new(client.config());
//! let now = Instant::ZERO;
//!
//! let listener = server.open_passive(now, Endpoint::new(addr(2), 80), None, 8, &options)?;
//! let sender = client.open_active(now, Endpoint::UNSPECIFIED_V4, Endpoint::new(addr(2), 80), &options)?;
//! client.send(now, sender, b"half open", SendFlags::default())?;
//!
//! // Carry packets to and fro until both are quiet.
//! loop {
//!     let mut quiet = true;
//!     while let Some(packet) = client.poll_packet() {
//!         server.handle_packet(now, &packet);
//!         quiet = false;
//!     }
//!     while let Some(packet) = server.poll_packet() {
//!         client.handle_packet(now, &packet);
//!         quiet = false;
//!     }
//!     if quiet {
//!         break;
//!     }
//! }
//!
//! let receiver = server.accept(listener)?.expect("the handshake is over");
//! assert_eq!(server.receive(now, receiver, 100)?, Received::Data(b"half open".to_vec()));
//! # Ok::<(), halfopen_reference::UserError>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod chronograph;
mod config;
mod congestion;
mod deadlines;
mod demux;
mod endpoint;
mod ends;
mod error;
mod event;
mod hystart;
mod instant;
mod isn;
mod listener;
mod options;
mod output;
mod profile;
mod reassembly;
mod receive_buffer;
mod recovery;
mod rfc2018;
mod rfc2883;
mod rfc3168;
mod rfc4015;
mod rfc4022;
mod rfc4987;
mod rfc5681;
mod rfc5682;
mod rfc5927;
mod rfc5961;
mod rfc6191;
mod rfc6298;
mod rfc6582;
mod rfc6675;
mod rfc7323;
mod rfc7413;
mod rfc8985;
mod rfc9406;
mod rfc9438;
mod rfc9768;
mod rfc9937;
mod segment;
mod segment_arrives;
mod send_buffer;
mod send_memory;
mod seq;
mod siphash;
mod source_route;
mod stack;
mod state;
mod status;
mod table;
mod tcb;
mod timeout;
mod timer;
mod user_call;
mod wire;

pub use chronograph::{Chronograph, Totals};
#[cfg(feature = "planted-bugs")]
pub use config::PlantedBug;
pub use config::{ChallengeAckLimit, Config, CongestionAlgorithm, EcnMode, HyStartVariant};
pub use endpoint::Endpoint;
pub use error::UserError;
pub use event::{ConnectionError, ConnectionId, DropReason, Event, Unreachable};
pub use instant::Instant;
pub use options::{ConnectionOption, ConnectionOptions, SendFlags};
pub use profile::Profile;
pub use rfc4022::Counters;
pub use rfc4987::SynCookies;
pub use seq::Seq;
pub use source_route::SourceRoute;
pub use stack::Stack;
pub use state::State;
pub use status::{Received, Status};

#[cfg(test)]
mod tests;
