//! The typed tree of a script.
//!
//! Every node that an error may point at carries its [`Span`]. Numbers are as written: sequence numbers
//! relative to each side's initial one, times in microseconds.

use std::time::Duration;

use crate::front_matter::FrontMatter;
use crate::span::Span;

/// A whole script.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// The `//:` lines at the top.
    pub front_matter: FrontMatter,
    /// The `--name=value` lines.
    pub options: Vec<OptionLine>,
    /// The command in backticks before the first event.
    pub init_command: Option<Command>,
    /// The timeline.
    pub events: Vec<Event>,
    /// The command in backticks after the last event, run at the end whatever happened, where the script has one.
    pub cleanup_command: Option<Command>,
}

impl Script {
    /// Whether the script asserts states: then a transition that it does not list fails it.
    pub fn asserts_states(&self) -> bool {
        self.events
            .iter()
            .any(|event| matches!(event.action, Action::State(_)))
    }

    /// How long the script takes on a live clock, as far as its own times say.
    pub fn length(&self) -> Duration {
        let end = self
            .events
            .iter()
            .fold(0_i64, |at, event| match event.time.start {
                When::Any => at,
                When::At(time) | When::Between(time, _) => time,
                When::After(time) | When::AfterBetween(time, _) => at.saturating_add(time),
            });
        Duration::from_micros(u64::try_from(end).unwrap_or(0))
    }

    /// Whether the script sends packets through tunnels: in IP, GRE or MPLS headers.
    pub fn uses_tunnels(&self) -> bool {
        self.packets().any(|packet| {
            let is_tunnel = |outer: &Encapsulation| !matches!(outer, Encapsulation::Psp(_));
            packet.direction == Direction::Inbound && packet.encapsulations.iter().any(is_tunnel)
        })
    }

    /// Whether segments of the script are encrypted by PSP.
    pub fn uses_psp(&self) -> bool {
        let is_psp = |outer: &Encapsulation| matches!(outer, Encapsulation::Psp(_));
        self.packets()
            .any(|packet| packet.encapsulations.iter().any(is_psp))
    }

    fn packets(&self) -> impl Iterator<Item = &PacketSpec> {
        self.events.iter().filter_map(|event| match &event.action {
            Action::Packet(packet) => Some(packet),
            _ => None,
        })
    }

    /// Whether the script is written for halfopen (`@` lines or front matter): then a segment that
    /// the stack sends after the last expected one fails it too, where packetdrill would not look.
    pub fn is_strict(&self) -> bool {
        self.asserts_states() || !self.front_matter.is_empty()
    }

    /// The last `--name` line with this name, where there is one.
    pub fn option(&self, name: &str) -> Option<&OptionLine> {
        self.options.iter().rev().find(|option| option.name == name)
    }
}

/// A `--name=value` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionLine {
    /// Where it stands.
    pub span: Span,
    /// The name without dashes.
    pub name: String,
    /// The value, where one is given.
    pub value: Option<String>,
}

/// One event of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// From the time to the end of the action.
    pub span: Span,
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// When it happens or should happen.
    pub time: TimeSpec,
    /// What happens.
    pub action: Action,
}

/// The time before an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpec {
    /// Where it stands.
    pub span: Span,
    /// When the event starts.
    pub start: When,
    /// When a blocking call ends (`0.1...0.2`).
    pub end: Option<When>,
}

/// A moment or a range of moments, in microseconds.
///
/// Of the end of a blocking call: packetdrill counts both numbers of `+0.1...0.3` from the event before, so that this
/// call starts 0.1 s after it and ends 0.3 s after it. The tree says the same from where the call stands: its end is
/// `After(200_000)`, since its own start. With an absolute start the end is absolute too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// `*`: any time.
    Any,
    /// `0.1`: since the start of the script.
    At(i64),
    /// `+0.1`: since the event before (for the end of a blocking call: since its start).
    After(i64),
    /// `0.1~0.2`: a range since the start of the script.
    Between(i64, i64),
    /// `+0.1~+0.2`: a range since the event before.
    AfterBetween(i64, i64),
}

/// What an event is.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A packet, `<` injected or `>` expected.
    Packet(PacketSpec),
    /// A system call.
    Call(CallSpec),
    /// A shell command in backticks.
    Command(Command),
    /// A code block, `%{ … }%`.
    Code(Code),
    /// A state line, `@`.
    State(StateSpec),
}

impl Action {
    /// Whether it is a segment that acknowledges and does nothing else that takes up sequence space or ends a connection.
    #[must_use]
    pub const fn is_bare_acknowledgment(&self) -> bool {
        const SYN_FIN_RST: u16 = 0x007;
        match self {
            Self::Packet(packet) => matches!(
                &packet.body,
                PacketBody::Tcp(segment)
                    if segment.length == 0 && segment.flags & SYN_FIN_RST == 0 && segment.ack.is_some()
            ),
            _ => false,
        }
    }
}

/// A shell command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Where it stands, backticks included.
    pub span: Span,
    /// The text between the backticks.
    pub text: String,
}

/// A code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Where it stands, `%{` and `}%` included.
    pub span: Span,
    /// The text between.
    pub text: String,
}

/// A state line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateSpec {
    /// Where it stands.
    pub span: Span,
    /// The script's descriptor of the socket, where the line names one.
    pub descriptor: Option<i64>,
    /// What is asserted.
    pub assertion: StateAssertion,
}

/// What a state line asserts; states are indices into RFC 9293's eleven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateAssertion {
    /// The state at this moment.
    Is(StateName),
    /// A transition, an event like an outbound segment.
    Becomes(StateName, StateName),
}

/// One of the eleven states, spelt as in RFC 9293 section 3.3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the RFC's")]
pub enum StateName {
    Closed,
    Listen,
    SynSent,
    SynReceived,
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
}

/// Which way a packet goes, seen from the stack under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `<`: we inject it.
    Inbound,
    /// `>`: the stack sends it.
    Outbound,
}

/// A packet of the timeline: for an inbound one what to send, for an outbound one what to expect.
#[derive(Clone, Debug, PartialEq)]
pub struct PacketSpec {
    /// Where it stands, from the direction on.
    pub span: Span,
    /// Which way it goes.
    pub direction: Direction,
    /// Outer headers, from the outermost in.
    pub encapsulations: Vec<Encapsulation>,
    /// Fields of the IP header in square brackets.
    pub ip: IpSpec,
    /// What it carries.
    pub body: PacketBody,
}

impl PacketSpec {
    /// Whether it is a TCP segment of the connection that the script speaks of at that point, since it names no ports.
    pub const fn is_tcp_without_ports(&self) -> bool {
        matches!(&self.body, PacketBody::Tcp(segment) if segment.ports.is_none())
    }
}

/// Fields of the IP header that a script states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IpSpec {
    /// `[ect0]`, `[ce]`, …: the ECN bits.
    pub ecn: Option<EcnSpec>,
    /// `[tos 0x10]`: the whole DS field with ECN bits.
    pub tos: Option<u8>,
    /// `[ttl 64]`: TTL or hop limit.
    pub ttl: Option<u8>,
    /// `[flowlabel 0x12345]`: of IPv6.
    pub flow_label: Option<u32>,
    /// `[source 127.0.0.1]`: in place of the sender's own address.
    pub source: Option<std::net::IpAddr>,
    /// `[destination 224.0.0.1]`: in place of the receiver's own address.
    pub destination: Option<std::net::IpAddr>,
    /// `[options 94040000]`: the IPv4 options, as octets.
    pub options: Option<Vec<u8>>,
    /// `[wrong_checksum]`: the transport's checksum is sent with one bit flipped. packetdrill has none of these four.
    pub wrong_checksum: bool,
}

/// ECN bits of the IP header (RFC 3168 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EcnSpec {
    /// Not ECN-capable, 0.
    NotEct,
    /// ECT(1), 1.
    Ect1,
    /// ECT(0), 2.
    Ect0,
    /// Either of ECT(0) and ECT(1).
    Ect01,
    /// Congestion experienced, 3.
    Ce,
    /// Not checked.
    NoCheck,
}

/// An outer header around a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encapsulation {
    /// `ipv4 [ttl 4] 1.1.1.1 > 2.2.2.2:`, with what is stated of that header.
    Ipv4(std::net::Ipv4Addr, std::net::Ipv4Addr, IpSpec),
    /// `ipv6 a > b:`, likewise.
    Ipv6(std::net::Ipv6Addr, std::net::Ipv6Addr, IpSpec),
    /// `gre flags …:` as raw header octets (RFC 2890), the protocol type zero.
    Gre(Vec<u8>),
    /// `mpls (label 0, tc 0, [S], ttl 0) …:` one word an entry (RFC 3032).
    Mpls(Vec<u32>),
    /// `encap psp spi 7`: UDP and PSP headers between the IP header and the segment; the security parameters index.
    Psp(u32),
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq)]
pub enum PacketBody {
    /// A TCP segment.
    Tcp(SegmentSpec),
    /// A UDP datagram.
    Udp(UdpSpec),
    /// An ICMP error.
    Icmp(IcmpSpec),
}

/// A TCP segment as a script states it.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentSpec {
    /// Source and destination port, where stated.
    pub ports: Option<(u16, u16)>,
    /// The flags stated, in the header's bit order: FIN 0x001 … CWR 0x080, AE 0x100.
    pub flags: u16,
    /// Where the flags stand.
    pub flags_span: Span,
    /// First sequence number, relative to the sender's initial one.
    pub seq: u32,
    /// Sequence number after the last octet, relative likewise.
    pub seq_end: u32,
    /// Octets of payload.
    pub length: u32,
    /// Where `seq:end(length)` stands.
    pub seq_span: Span,
    /// The acknowledgment number, relative to the receiver's initial sequence number.
    pub ack: Option<(u32, Span)>,
    /// The window field as on the wire.
    pub window: Option<(u16, Span)>,
    /// The urgent pointer.
    pub urgent: Option<(u16, Span)>,
    /// The options.
    pub options: OptionsSpec,
}

/// The option list of a segment.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionsSpec {
    /// No list: none are sent, none are expected.
    Absent,
    /// `<...>`: not checked (outbound only).
    Any(Span),
    /// `<mss 1460,nop>`: exactly these, in this order.
    List(Vec<TcpOptionSpec>, Span),
}

/// One TCP option of a script.
#[derive(Clone, Debug, PartialEq)]
pub struct TcpOptionSpec {
    /// Where it stands.
    pub span: Span,
    /// Which option.
    pub kind: TcpOptionKind,
}

/// A TCP option as scripts write it.
#[derive(Clone, Debug, PartialEq)]
pub enum TcpOptionKind {
    /// `nop`
    Nop,
    /// `eol`
    Eol,
    /// `mss 1460`
    Mss(u16),
    /// `wscale 7`
    WindowScale(u8),
    /// `sackOK`
    SackPermitted,
    /// `sack 1:2 3:4`, relative to the other side's initial sequence number; `None` is `sack ...`.
    Sack(Option<Vec<(u32, u32)>>),
    /// `TS val 100 ecr 0`; `None` is `...`.
    Timestamps {
        /// TSval.
        val: Option<u32>,
        /// TSecr.
        ecr: Option<u32>,
    },
    /// `FO cookie` (RFC 7413), empty for a cookie request; `None` is `FO ...`.
    FastOpen(Option<Vec<u8>>),
    /// `FOEXP cookie` (the experimental kind 254).
    FastOpenExp(Option<Vec<u8>>),
    /// `md5 digest` (RFC 2385); `None` is not checked.
    Md5(Option<Vec<u8>>),
    /// `ECN e1b 1 ceb 0 e0b 1` (RFC 9768): the fields in the order given.
    AccEcn(Vec<(AccEcnField, u32)>),
    /// `raw 99 0a0b` or `raw 99 length 0 0a0b`: any other kind with its raw octets after kind and length. The one
    /// option of ours that packetdrill has not, as is `...` in place of an option's value.
    Raw {
        /// The option kind.
        kind: u8,
        /// The length octet as sent, right or wrong; `None` is the right one.
        length: Option<u8>,
        /// The octets after.
        data: Vec<u8>,
    },
}

/// A counter of the AccECN option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccEcnField {
    /// `e0b`
    E0b,
    /// `ceb`
    Ceb,
    /// `e1b`
    E1b,
}

/// A UDP datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpSpec {
    /// Source and destination port, where stated.
    pub ports: Option<(u16, u16)>,
    /// Octets of payload.
    pub length: u32,
}

/// An ICMP error (for IPv6 drills its ICMPv6 counterpart).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IcmpSpec {
    /// The type: a name, or a number (`type_3` in a script is `3` here).
    pub kind: String,
    /// The code, where one is written: a name, or a number (`code_4` is `4` here).
    pub code: Option<String>,
    /// Where type and code stand.
    pub span: Span,
    /// The MTU of "fragmentation needed" or "packet too big".
    pub mtu: Option<u32>,
    /// The identifier of an echo message.
    pub echo_id: Option<u16>,
    /// The quoted packet, where stated: the sequence range of the TCP segment, or a UDP payload.
    pub quoted: Option<QuotedSpec>,
}

/// The packet that an ICMP error quotes, as sent by the stack under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuotedSpec {
    /// `[1:1001(1000)]`: a segment with this range.
    Tcp {
        /// First sequence number.
        seq: u32,
        /// After the last octet.
        seq_end: u32,
        /// Octets of payload.
        length: u32,
    },
    /// `[udp (1000)]`
    Udp {
        /// Octets of payload.
        length: u32,
    },
    /// `[raw (1000)]`: nothing is quoted; the message is that long, filled with zeros.
    Raw {
        /// Octets of the ICMP message, header included.
        length: u32,
    },
}

/// A system call with its expected result.
#[derive(Clone, Debug, PartialEq)]
pub struct CallSpec {
    /// From the name to the end of the result.
    pub span: Span,
    /// The call's name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The arguments.
    pub arguments: Vec<Expression>,
    /// The expected return value.
    pub result: Option<Expression>,
    /// The expected errno symbol, when the value is -1.
    pub errno: Option<(String, Span)>,
    /// The remark in parentheses after the errno; never checked.
    pub remark: Option<String>,
}

/// An expression with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: ExpressionKind,
}

/// An argument or a result of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// `...`: any value, or a value that we choose.
    Ellipsis,
    /// An integer, decimal or hexadecimal.
    Integer(i64),
    /// A decimal fraction.
    Float(f64),
    /// A symbol, such as `SOL_SOCKET`, or a word that stands for itself.
    Symbol(String),
    /// A string literal, escapes resolved; several in a row are one.
    Text(Vec<u8>),
    /// A string literal with `...` behind it, as `strace` shortens them; packetdrill takes it for the string alone.
    TextPrefix(Vec<u8>),
    /// `left | right`, or `name = value` outside of braces.
    Binary {
        /// The operator as written.
        operator: char,
        /// Left operand.
        left: Box<Expression>,
        /// Right operand.
        right: Box<Expression>,
    },
    /// `~x` or `-x`
    Unary {
        /// The operator as written.
        operator: char,
        /// The operand.
        operand: Box<Expression>,
    },
    /// `[a, b]`
    List(Vec<Expression>),
    /// `{name = value, …}` or `{value, …}`. `msg_iov(1)=[…]` becomes two fields, `msg_iovlen` and `msg_iov`, and
    /// `msg_name(…)=…` becomes `msg_namelen` and `msg_name`, as in C.
    Struct(Vec<(Option<String>, Expression)>),
    /// `htons(8080)`, `inet_addr("192.0.2.1")`
    Call {
        /// The function's name.
        name: String,
        /// Its arguments.
        arguments: Vec<Expression>,
    },
    /// `{(label 0, tc 0, [S], ttl 0)}`: entries of an MPLS label stack.
    Mpls(Vec<u32>),
    /// `{flags [none], sum 0, off 0, key = 0, seq 0}`: the octets of a GRE header.
    Gre(Vec<u8>),
}
