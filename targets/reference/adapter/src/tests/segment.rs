//! Segments of the peer, in relative numbers.

use pnet_packet::tcp::TcpFlags;

use super::bench::PEER;

/// A segment of the peer. Numbers count from both sides' SYNs.
#[derive(Clone, Debug)]
pub(super) struct Seg {
    pub(super) flags: u8,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) window: u16,
    pub(super) urgent: u16,
    pub(super) port: u16,
    pub(super) data: Vec<u8>,
}

/// A segment with these flags (`S`, `F`, `R`, `P`, `U`, `.` for ACK), at 1, acknowledging 1.
pub(super) fn seg(flags: &str) -> Seg {
    let bits = flags.chars().map(|flag| match flag {
        'S' => TcpFlags::SYN,
        'F' => TcpFlags::FIN,
        'R' => TcpFlags::RST,
        'P' => TcpFlags::PSH,
        'U' => TcpFlags::URG,
        '.' => TcpFlags::ACK,
        other => panic!("no flag `{other}`"),
    });
    Seg {
        flags: bits.fold(0, |all, bit| all | bit),
        seq: u32::from(!flags.contains('S')),
        ack: 1,
        window: 65_535,
        urgent: 0,
        port: PEER,
        data: Vec::new(),
    }
}

impl Seg {
    pub(super) fn at(mut self, seq: u32) -> Self {
        self.seq = seq;
        self
    }

    pub(super) fn ack(mut self, ack: u32) -> Self {
        self.ack = ack;
        self
    }

    pub(super) fn window(mut self, window: u16) -> Self {
        self.window = window;
        self
    }

    pub(super) fn urgent(mut self, pointer: u16) -> Self {
        self.urgent = pointer;
        self
    }

    pub(super) fn from(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    pub(super) fn data(mut self, data: &[u8]) -> Self {
        self.data = data.to_vec();
        self
    }
}
