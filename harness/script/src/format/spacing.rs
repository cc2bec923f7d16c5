//! Whether a blank stands between two tokens of an event.

use crate::lexer::{Token, TokenKind};
use crate::tree::{Action, CallSpec, OptionsSpec, PacketBody, PacketSpec};

/// What the blanks of an event depend on, besides its tokens.
pub(super) enum Context {
    Packet {
        /// Where the segment's flags and ports, `udp` or `icmp` begin: behind all outer headers.
        body: usize,
        /// Where the flags stand.
        flags: (usize, usize),
        /// Where the option list stands.
        options: (usize, usize),
        is_udp: bool,
    },
    Call {
        /// Where the remark begins.
        remark: usize,
    },
    State,
    Other,
}

impl Context {
    pub(super) fn new(action: &Action, tokens: &[Token<'_>]) -> Self {
        match action {
            Action::Packet(packet) => packet_context(packet, tokens),
            Action::Call(call) => Self::Call {
                remark: remark(call, tokens),
            },
            Action::State(_) => Self::State,
            Action::Command(_) | Action::Code(_) => Self::Other,
        }
    }

    /// Where the remark of a call begins.
    pub(super) const fn remark(&self) -> usize {
        match self {
            Self::Call { remark } => *remark,
            _ => usize::MAX,
        }
    }
}

fn packet_context(packet: &PacketSpec, tokens: &[Token<'_>]) -> Context {
    let (flags, options) = match &packet.body {
        PacketBody::Tcp(segment) => {
            let list = match &segment.options {
                OptionsSpec::Absent => (usize::MAX, usize::MAX),
                OptionsSpec::Any(span) | OptionsSpec::List(_, span) => (span.start, span.end),
            };
            ((segment.flags_span.start, segment.flags_span.end), list)
        }
        PacketBody::Udp(_) | PacketBody::Icmp(_) => {
            ((usize::MAX, usize::MAX), (usize::MAX, usize::MAX))
        }
    };
    let named = |name: &str| {
        let word = tokens
            .iter()
            .find(|token| token.kind == TokenKind::Word && token.text == name);
        word.map_or(usize::MAX, |token| token.span.start)
    };
    let body = match &packet.body {
        PacketBody::Tcp(_) => flags.0,
        PacketBody::Udp(_) => named("udp"),
        // A quoted packet may stand in front, in brackets.
        PacketBody::Icmp(_) => 0,
    };
    Context::Packet {
        body: if matches!(packet.body, PacketBody::Icmp(_)) && has_outer_header(packet) {
            named("icmp")
        } else {
            body
        },
        flags,
        options,
        is_udp: matches!(packet.body, PacketBody::Udp(_)),
    }
}

const fn has_outer_header(packet: &PacketSpec) -> bool {
    !packet.encapsulations.is_empty()
}

/// The parenthesis that opens the remark: the last one outside of the arguments and the result.
fn remark(call: &CallSpec, tokens: &[Token<'_>]) -> usize {
    if call.remark.is_none() {
        return usize::MAX;
    }
    let end_of_result = match (&call.errno, &call.result) {
        (Some((_, span)), _) => span.end,
        (None, Some(result)) => result.span.end,
        (None, None) => return usize::MAX,
    };
    tokens
        .iter()
        .map(|token| token.span.start)
        .find(|start| *start >= end_of_result)
        .unwrap_or(usize::MAX)
}

/// Three tokens of an event in a row; the first may be missing.
pub(super) struct Place<'a, 's> {
    pub(super) before: Option<&'a Token<'s>>,
    pub(super) left: &'a Token<'s>,
    pub(super) right: &'a Token<'s>,
    /// The brackets that are open behind `left`, each with the token in front of it.
    pub(super) open: &'a [(char, String)],
}

impl Place<'_, '_> {
    fn left_is(&self, symbol: char) -> bool {
        self.left.kind == TokenKind::Symbol(symbol)
    }

    fn right_is(&self, symbol: char) -> bool {
        self.right.kind == TokenKind::Symbol(symbol)
    }

    fn right_is_any(&self, symbols: &[char]) -> bool {
        symbols.iter().any(|symbol| self.right_is(*symbol))
    }

    /// Whether a blank stands between `left` and `right`.
    pub(super) fn has_blank(&self, context: &Context) -> bool {
        // `- -1` would become the option `--1`.
        if self.left_is('-') && self.right.span_starts_with('-') {
            return true;
        }
        match context {
            Context::Packet {
                body,
                flags,
                options,
                is_udp,
            } => self.in_packet(*body, *flags, *options, *is_udp),
            Context::Call { .. } => self.in_call(),
            Context::State => {
                let is_arrow = |token: &Token<'_>| token.kind == TokenKind::Arrow;
                self.left_is('@')
                    || is_arrow(self.left)
                    || is_arrow(self.right)
                    || !self.left.touches(self.right)
            }
            Context::Other => true,
        }
    }

    fn in_packet(
        &self,
        body: usize,
        flags: (usize, usize),
        options: (usize, usize),
        is_udp: bool,
    ) -> bool {
        let within = |(start, end): (usize, usize)| {
            self.left.span.start >= start && self.right.span.end <= end
        };
        if within(flags) {
            return false;
        }
        if within(options) {
            let is_tight = self.left_is('<')
                || self.left_is(',')
                || self.left_is(':')
                || self.right_is_any(&['>', ',', ':']);
            return !is_tight;
        }
        if self.right_is_any(&[',', ')', ']', ':', '#']) || self.left_is('(') || self.left_is('[') {
            return false;
        }
        if self.left_is(':') {
            return self.left.span.start < body;
        }
        if self.right_is('(') {
            let is_range = self.before.is_some_and(|token| {
                token.kind == TokenKind::Symbol(':') && token.span.start >= body
            });
            return is_udp || !is_range;
        }
        if self.left_is(',') {
            // `[ect0,ttl 64]`, but `(label 0, tc 0, [S], ttl 0)` and `flags [key present, none]`.
            let is_field = |(bracket, before): &(char, String)| {
                *bracket == '[' && !matches!(before.as_str(), "flags" | "Flags")
                    || *bracket == '(' && !matches!(before.as_str(), "mpls" | ")")
            };
            return !self.open.last().is_some_and(is_field);
        }
        true
    }

    fn in_call(&self) -> bool {
        if self.right_is_any(&[',', ')', ']', '}', '|', ':', ';', '#'])
            || self.left_is('(')
            || self.left_is('[')
            || self.left_is('{')
            || self.left_is('|')
            || self.left_is('~')
            || self.left_is('-')
        {
            return false;
        }
        if self.right_is('(') {
            return self.left.kind != TokenKind::Word;
        }
        if self.left_is('=') || self.right_is('=') {
            let name = match self.left_is('=') {
                true => self.before,
                false => Some(self.left),
            };
            return self.open.is_empty() || name.is_some_and(|token| token.text == "key");
        }
        !(self.left.kind == TokenKind::Text && self.right.kind == TokenKind::Ellipsis)
    }
}
