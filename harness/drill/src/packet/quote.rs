//! Whether an ICMP error of the stack quotes a packet that it was sent.

use std::collections::VecDeque;

use halfopen_wire::{Encapsulated, Icmp, Packet, QuotedPacket};

use crate::verdict::FieldMismatch;

/// Octets behind the IP header that an error quotes at least (RFC 1122 section 3.2.2, RFC 792).
const LEAST: usize = 8;

/// Packets that an error is held against: an error comes soon, or hardly at all.
const MOST_REMEMBERED: usize = 64;

/// What the stack was sent of late.
#[derive(Debug, Default)]
pub(crate) struct Sent(VecDeque<Vec<u8>>);

impl Sent {
    /// Takes note of an inbound packet, and of those in it: the error may come from the far end of a tunnel.
    pub(crate) fn note(&mut self, bytes: &[u8]) {
        self.0.push_back(bytes.to_vec());
        if let Ok(whole) = Encapsulated::parse(bytes)
            && !whole.outer.is_empty()
        {
            self.0.push_back(whole.inner.encode());
        }
        while self.0.len() > MOST_REMEMBERED {
            self.0.pop_front();
        }
    }

    /// RFC 1122 section 3.2.2: header and data are quoted unchanged.
    fn has(&self, quoted: &QuotedPacket) -> bool {
        let bytes = quoted.encode();
        let header = bytes.len() - quoted.octets.len();
        self.0
            .iter()
            .any(|sent| sent.starts_with(&bytes) && bytes.len() >= sent.len().min(header + LEAST))
    }
}

/// What is wrong with the packet that an ICMP error quotes, if anything is.
pub(crate) fn compare(packet: &Packet, sent: &Sent) -> Option<FieldMismatch> {
    let quoted = packet.icmp_message().and_then(Icmp::quoted)?;
    (!sent.has(&quoted)).then(|| FieldMismatch {
        field: "quoted packet".into(),
        expected: "the beginning of one that the stack was sent, unchanged".to_owned(),
        observed: format!(
            "{} > {} protocol {}, {} octets of it",
            quoted.ip.source(),
            quoted.ip.destination(),
            quoted.protocol(),
            quoted.octets.len()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn udp(length: usize) -> Packet {
        let at = |text: &str| text.parse().expect("an address");
        Packet::udp(at("192.0.2.1:7"), at("192.168.0.1:9"), vec![5; length])
    }

    fn error(quoted: Vec<u8>) -> Packet {
        let about = udp(0);
        let message = Icmp::unreachable(about.ip.version(), 2, quoted);
        Packet::icmp(about.destination(), about.source(), message)
    }

    fn sent(packet: &Packet) -> Sent {
        let mut sent = Sent::default();
        sent.note(&packet.encode());
        sent
    }

    #[test]
    fn the_beginning_of_a_packet_is_a_quote_of_it() {
        let packet = udp(40);
        let sent = sent(&packet);
        for length in [28, 40, 68] {
            let quote = packet.encode()[..length].to_vec();
            assert_eq!(compare(&error(quote), &sent), None, "{length} octets");
        }
    }

    #[test]
    fn a_quote_too_short_or_changed_or_of_nothing_sent_is_named() {
        let packet = udp(40);
        let sent = sent(&packet);
        let mut changed = packet.encode();
        changed[8] -= 1;
        for quote in [packet.encode()[..27].to_vec(), changed, udp(41).encode()] {
            let found = compare(&error(quote), &sent).expect("a difference");
            assert_eq!(found.field, "quoted packet");
        }
    }

    #[test]
    fn a_short_packet_is_quoted_whole() {
        let packet = udp(0);
        assert_eq!(compare(&error(packet.encode()), &sent(&packet)), None);
    }

    #[test]
    fn an_error_about_what_a_tunnel_carried_quotes_that() {
        let mut whole = Encapsulated {
            outer: vec![halfopen_wire::Outer::Ip(udp(0).ip)],
            inner: udp(3),
        };
        whole.finish();
        let mut sent = Sent::default();
        sent.note(&whole.encode());
        assert_eq!(compare(&error(udp(3).encode()), &sent), None);
        assert_eq!(compare(&error(whole.encode()), &sent), None);
    }

    #[test]
    fn what_quotes_nothing_is_no_matter() {
        assert_eq!(compare(&udp(4), &Sent::default()), None);
    }
}
