//! TCP/IP packets as values, and the bytes they stand for.
//!
//! A [`Packet`] is an IP header and what it carries: a TCP [`Segment`], a [`Udp`] datagram, an [`Icmp`] message, or
//! bytes of another kind. All fields are public and nothing is judged, because a harness must be able to say every
//! illegal thing, and to show every illegal thing that a stack says. What is *expected* of a packet is another type's
//! business, and so are connections, clocks and sockets: this crate knows none of them.
//!
//! ```
//! use halfopen_wire::{Flags, Packet, Segment, Seq, TcpOption};
//!
//! let syn = Segment {
//!     seq: Seq(1000),
//!     flags: Flags::SYN,
//!     window: 65535,
//!     options: vec![TcpOption::Mss(1460), TcpOption::Nop, TcpOption::WindowScale(7)],
//!     ..Segment::default()
//! };
//! let mut packet = Packet::tcp("192.0.2.1:8080".parse()?, "192.168.0.1:80".parse()?, syn);
//! assert_eq!(packet.to_string(), "S 1000:1000(0) win 65535 <mss 1460,nop,wscale 7>");
//! assert_eq!(packet.checksum_is_right(), Some(true));
//!
//! // Any field can be made wrong, and stays wrong through bytes and back.
//! packet.segment_mut().expect("it is TCP").data_offset = 3;
//! let bytes = packet.encode();
//! let received = Packet::parse(&bytes)?;
//! assert_eq!(received.checksum_is_right(), Some(false));
//! assert_eq!(received.encode(), bytes);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Contract
//!
//! - **Parsing never panics**, whatever the bytes. It fails only where no whole IP header begins ([`ParseError`]); all
//!   that lies behind one is represented.
//! - **Parse, then encode, is the identity on bytes.** Wrong checksums and lengths, reserved bits, IPv4 options, IPv6
//!   extension headers, unusual padding, unwalkable options and octets behind the stated end all survive.
//! - A **data offset** below 5 leaves a segment without options, all the rest being payload; one beyond the end makes
//!   all the rest options. Both stay stated in [`Segment::data_offset`].
//! - A packet in a packet is [`Transport::Other`] to the outer one; [`Encapsulated`] looks through IP, GRE and MPLS headers.
//! - [`Transport::Other`] holds what has no type here, every fragment (also the first), and every TCP, UDP or ICMP
//!   header that is cut short.
//! - **Encoding never panics** and writes what is stated; of a number wider than its field, the low bits.
//! - [`Packet::finish`] makes lengths, padding, protocol and checksums agree. **A finished packet, encoded and parsed,
//!   compares equal**, as long as it fits its length fields (40 octets of options in either header, 65535 in all), is
//!   no fragment of a known transport, and keeps narrow fields (`dscp`, `flow_label`) in their width.
//! - [Displaying](Line) works for every value, on one line.
#![forbid(unsafe_code)]

mod checksum;
mod codec;
mod display;
mod encapsulation;
mod flags;
pub mod icmp;
pub mod ip;
pub mod option;
mod packet;
mod segment;
mod seq;
#[cfg(test)]
mod strategies;
mod udp;

pub use codec::ParseError;
pub use display::{Line, Relative, SegmentLine};
pub use encapsulation::{Encapsulated, Gre, Label, Outer, ethertype};
pub use flags::Flags;
pub use icmp::{Icmp, QuotedPacket};
pub use ip::{Ecn, IpHeader, IpVersion, Ipv4Header, Ipv6Header};
pub use option::{AccEcnOrder, TcpOption};
pub use packet::{Packet, Transport};
pub use segment::Segment;
pub use seq::Seq;
pub use udp::Udp;
