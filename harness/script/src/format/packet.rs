//! Writing packets.

use std::fmt::{self, Display, Formatter};

use halfopen_wire::Flags;

use crate::tree::{
    Direction, EcnSpec, Encapsulation, IcmpSpec, IpSpec, OptionsSpec, PacketBody, PacketSpec,
    QuotedSpec, SegmentSpec, UdpSpec,
};

impl Display for PacketSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.direction {
            Direction::Inbound => "< ",
            Direction::Outbound => "> ",
        })?;
        let is_outer = |header: &&Encapsulation| !matches!(header, Encapsulation::Psp(_));
        for header in self.encapsulations.iter().filter(is_outer) {
            write!(f, "{header}: ")?;
        }
        write!(f, "{}", Fields(&self.ip))?;
        for header in self
            .encapsulations
            .iter()
            .filter(|header| !is_outer(header))
        {
            write!(f, "{header} ")?;
        }
        match &self.body {
            PacketBody::Tcp(segment) => segment.fmt(f),
            PacketBody::Udp(datagram) => datagram.fmt(f),
            PacketBody::Icmp(message) => message.fmt(f),
        }
    }
}

/// Fields of the IP header in brackets, with a blank behind; nothing when none is stated.
struct Fields<'a>(&'a IpSpec);

impl Display for Fields<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut fields = Vec::new();
        let ecn = match self.0.ecn {
            Some(EcnSpec::NotEct) => Some("noecn"),
            Some(EcnSpec::Ect1) => Some("ect1"),
            Some(EcnSpec::Ect0) => Some("ect0"),
            Some(EcnSpec::Ect01) => Some("ect01"),
            Some(EcnSpec::Ce) => Some("ce"),
            Some(EcnSpec::NoCheck) | None => None,
        };
        fields.extend(ecn.map(str::to_owned));
        fields.extend(self.0.tos.map(|tos| format!("tos {tos:#x}")));
        fields.extend(self.0.ttl.map(|ttl| format!("ttl {ttl}")));
        let label = self.0.flow_label;
        fields.extend(label.map(|label| format!("flowlabel {label:#x}")));
        fields.extend(self.0.source.map(|address| format!("source {address}")));
        fields.extend(
            self.0
                .destination
                .map(|address| format!("destination {address}")),
        );
        fields.extend(self.0.options.as_ref().map(|octets| {
            let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
            format!("options {digits}")
        }));
        if self.0.wrong_checksum {
            fields.push("wrong_checksum".to_owned());
        }
        if fields.is_empty() {
            return Ok(());
        }
        write!(f, "[{}] ", fields.join(","))
    }
}

impl Display for Encapsulation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipv4(source, destination, ip) => {
                write!(f, "ipv4 {}{source} > {destination}", Fields(ip))
            }
            Self::Ipv6(source, destination, ip) => {
                write!(f, "ipv6 {}{source} > {destination}", Fields(ip))
            }
            Self::Gre(octets) => write!(f, "gre {}", Gre(octets)),
            Self::Mpls(entries) if entries.is_empty() => f.write_str("mpls"),
            Self::Mpls(entries) => write!(f, "mpls {}", Mpls(entries)),
            Self::Psp(index) => write!(f, "encap psp spi {index}"),
        }
    }
}

/// The fields of a GRE header, from its octets.
pub(super) struct Gre<'a>(pub(super) &'a [u8]);

impl Display for Gre<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        use crate::grammar::gre;
        let mut octets = self.0.iter().copied();
        let mut word = || {
            let mut next = || octets.next().unwrap_or(0);
            u32::from_be_bytes([next(), next(), next(), next()])
        };
        let flags = u16::try_from(word() >> 16).unwrap_or(0);
        let mut field = |flag: u16| if flags & flag != 0 { word() } else { 0 };
        let (sum, key, sequence) = (field(gre::CHECKSUM), field(gre::KEY), field(gre::SEQUENCE));
        write!(
            f,
            "flags {flags:#x}, sum {:#x}, off {:#x}, key = {key:#x}, seq {sequence:#x}",
            sum >> 16,
            sum & 0xffff
        )
    }
}

/// A label stack.
pub(super) struct Mpls<'a>(pub(super) &'a [u32]);

impl Display for Mpls<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, entry) in self.0.iter().enumerate() {
            let blank = if index > 0 { " " } else { "" };
            let bottom = if entry >> 8 & 1 == 1 { "[S], " } else { "" };
            let (label, class, ttl) = (entry >> 12, entry >> 9 & 7, entry & 0xff);
            write!(f, "{blank}(label {label}, tc {class}, {bottom}ttl {ttl})")?;
        }
        Ok(())
    }
}

impl Display for SegmentSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_ports(f, self.ports)?;
        write!(f, "{}", Letters(self.flags))?;
        write!(f, " {}:{}({})", self.seq, self.seq_end, self.length)?;
        if let Some((ack, _)) = self.ack {
            write!(f, " ack {ack}")?;
        }
        if let Some((window, _)) = self.window {
            write!(f, " win {window}")?;
        }
        if let Some((pointer, _)) = self.urgent {
            write!(f, " urg {pointer}")?;
        }
        match &self.options {
            OptionsSpec::Absent => Ok(()),
            OptionsSpec::Any(_) => f.write_str(" <...>"),
            OptionsSpec::List(list, _) => {
                for (index, option) in list.iter().enumerate() {
                    let before = if index > 0 { "," } else { " <" };
                    write!(f, "{before}{option}")?;
                }
                f.write_str(if list.is_empty() { "" } else { ">" })
            }
        }
    }
}

/// Flags in letters; the dot must come last.
struct Letters(u16);

impl Display for Letters {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const LETTERS: [(Flags, &str); 9] = [
            (Flags::SYN, "S"),
            (Flags::FIN, "F"),
            (Flags::RST, "R"),
            (Flags::ECE, "E"),
            (Flags::CWR, "W"),
            (Flags::AE, "A"),
            (Flags::PSH, "P"),
            (Flags::URG, "U"),
            (Flags::ACK, "."),
        ];
        let flags = Flags::from_bits(self.0);
        let set: String = LETTERS
            .iter()
            .filter(|(flag, _)| flags.contains(*flag))
            .map(|(_, letter)| *letter)
            .collect();
        f.write_str(if set.is_empty() { "-" } else { &set })
    }
}

fn write_ports(f: &mut Formatter<'_>, ports: Option<(u16, u16)>) -> fmt::Result {
    match ports {
        Some((source, destination)) => write!(f, "{source} > {destination} "),
        None => Ok(()),
    }
}

impl Display for UdpSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("udp ")?;
        write_ports(f, self.ports)?;
        write!(f, "({})", self.length)
    }
}

impl Display for IcmpSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = |name: &str, prefix: &'static str| if is_number(name) { prefix } else { "" };
        write!(f, "icmp {}{}", prefix(&self.kind, "type_"), self.kind)?;
        if let Some(code) = &self.code {
            write!(f, " {}{code}", prefix(code, "code_"))?;
        }
        if let Some(mtu) = self.mtu {
            write!(f, " mtu {mtu}")?;
        }
        if let Some(id) = self.echo_id {
            write!(f, " id {id}")?;
        }
        match self.quoted {
            None => Ok(()),
            Some(QuotedSpec::Tcp {
                seq,
                seq_end,
                length,
            }) => write!(f, " [{seq}:{seq_end}({length})]"),
            Some(QuotedSpec::Udp { length }) => write!(f, " [udp ({length})]"),
            Some(QuotedSpec::Raw { length }) => write!(f, " [raw ({length})]"),
        }
    }
}
