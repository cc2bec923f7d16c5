//! What cannot stand behind an event on its line, with what was probably meant.

use super::{Parsed, Parser};
use crate::lexer::{Token, TokenKind};
use crate::symbols::{self, suggest};
use crate::tree::{Action, CallSpec, OptionsSpec, PacketBody, SegmentSpec};

const TCP_ORDER: &str = "the order is `seq:end(length)`, `ack`, `win`, `urg`, `<options>`";

const ICMP_ORDER: &str = "the order is type, code, `mtu N`, `id N`, `[quoted packet]`";

impl Parser<'_> {
    /// Behind an event, which ends with its line or where the time of the next one stands.
    pub(super) fn end_of_event(&self, action: &Action) -> Parsed<()> {
        if self.at_line_end() || self.begins_timed_event() {
            return Ok(());
        }
        let token = self.token();
        let wrong = *self.expected("the end of the line");
        let next = self.peek(1).kind;
        let is_event = match token.kind {
            TokenKind::Symbol('>' | '<') => self.begins_packet(),
            TokenKind::Symbol('@') | TokenKind::Code | TokenKind::Command => true,
            TokenKind::Word => {
                symbols::arity(&token.text).is_some() && next == TokenKind::Symbol('(')
            }
            _ => false,
        };
        if is_event {
            return Err(Box::new(
                wrong
                    .label("another event begins here")
                    .help("give each event a line of its own, with its time"),
            ));
        }
        let help = match token.kind {
            TokenKind::Symbol(';') => {
                Some("an event ends with its line, without a mark".to_owned())
            }
            TokenKind::Symbol('#') => {
                Some("a comment begins with `//`; packetdrill knows none with `#`".to_owned())
            }
            _ => match action {
                Action::Packet(packet) => self.behind_packet(&packet.body, token),
                Action::Call(call) => self.behind_call(call, token),
                Action::State(_) => self.behind_state(token),
                Action::Command(_) if token.kind == TokenKind::Symbol('=') => {
                    Some("a command has no result: it must succeed".to_owned())
                }
                Action::Command(_) => Some(
                    "a command ends at the next backtick; the output of another command is `$(…)`"
                        .to_owned(),
                ),
                Action::Code(_) => Some("code ends at the first `}%`".to_owned()),
            },
        };
        Err(Box::new(match help {
            Some(help) => wrong.help(help),
            None => wrong.help("a comment begins with `//`"),
        }))
    }

    pub(super) fn at_line_end(&self) -> bool {
        self.token().starts_line || self.kind() == TokenKind::End
    }

    /// Whether a time stands here with an event behind it.
    pub(super) fn begins_timed_event(&self) -> bool {
        let next = self.peek(1);
        match self.kind() {
            TokenKind::Symbol('+') => true,
            TokenKind::Symbol('*') | TokenKind::Integer | TokenKind::Decimal => match next.kind {
                TokenKind::Symbol('<' | '>' | '@' | '~')
                | TokenKind::Command
                | TokenKind::Code
                | TokenKind::Ellipsis => true,
                TokenKind::Word => self.peek(2).kind == TokenKind::Symbol('('),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether flags, or what else a packet begins with, stand behind a `<` or `>`.
    fn begins_packet(&self) -> bool {
        let (first, second) = (self.peek(1), self.peek(2));
        match first.kind {
            TokenKind::Symbol('.' | '-' | '[') => true,
            TokenKind::Word => {
                let is_flags = first.text.chars().all(|c| "SFRPUEWA".contains(c));
                is_flags
                    || matches!(
                        first.text.as_ref(),
                        "udp" | "icmp" | "ipv4" | "ipv6" | "gre" | "mpls"
                    )
            }
            TokenKind::Integer => second.kind == TokenKind::Symbol('>'),
            _ => false,
        }
    }

    fn behind_packet(&self, body: &PacketBody, token: &Token<'_>) -> Option<String> {
        match body {
            PacketBody::Tcp(segment) => Some(self.behind_segment(segment, token)),
            PacketBody::Udp(_) => {
                Some("nothing stands behind the length of a UDP datagram".to_owned())
            }
            PacketBody::Icmp(_) => Some(match token.kind {
                TokenKind::Symbol('(') => {
                    "type and code have a blank between; the quoted packet stands in brackets"
                        .to_owned()
                }
                TokenKind::Symbol('/' | ',' | ':') => {
                    "type and code have a blank between".to_owned()
                }
                TokenKind::Integer if self.peek(1).kind == TokenKind::Symbol(':') => {
                    "the quoted packet stands in brackets: `[1:1001(1000)]`".to_owned()
                }
                TokenKind::Integer => {
                    format!("a code by its number is written `code_{}`", token.text)
                }
                _ => ICMP_ORDER.to_owned(),
            }),
        }
    }

    fn behind_segment(&self, segment: &SegmentSpec, token: &Token<'_>) -> String {
        const OPTIONS: &str = "TCP options stand in angle brackets: `<mss 1460,nop,wscale 7>`";
        let word = token.text.as_ref();
        match token.kind {
            TokenKind::Symbol(',') => "no commas stand between the fields".to_owned(),
            TokenKind::Symbol('[') if super::is_tcp_option(&self.peek(1).text) => OPTIONS.to_owned(),
            TokenKind::Symbol('[') => {
                "fields of the IP header stand in front of the flags: `> [ect0] . 1:1(0)`".to_owned()
            }
            TokenKind::Symbol('{') => OPTIONS.to_owned(),
            TokenKind::Symbol('<') if segment.options != OptionsSpec::Absent => {
                "all options stand in one list, with commas between".to_owned()
            }
            TokenKind::Symbol(':') => "an acknowledgment is one number".to_owned(),
            TokenKind::Text => {
                "a payload is not written out: its length says all, and its octets are a fixed pattern".to_owned()
            }
            TokenKind::Integer if segment.ack.is_none() => {
                format!("a number needs its word, as in `ack {word}` or `win {word}`")
            }
            TokenKind::Word => behind_segment_word(segment, word),
            _ => TCP_ORDER.to_owned(),
        }
    }

    fn behind_call(&self, call: &CallSpec, token: &Token<'_>) -> Option<String> {
        Some(match token.kind {
            TokenKind::Symbol('[' | '{') => "a remark stands in parentheses".to_owned(),
            TokenKind::Symbol(',') => {
                "an errno stands behind the result, with a blank between: `-1 EAGAIN`".to_owned()
            }
            TokenKind::Symbol('=') => "a call has one result".to_owned(),
            TokenKind::Symbol('<') => "leave out the time that `strace` shows".to_owned(),
            TokenKind::Integer => {
                let name = token.text.parse().ok().and_then(symbols::errno_name);
                format!(
                    "an errno is written by its name, as in `-1 {}`",
                    name.unwrap_or("EAGAIN")
                )
            }
            TokenKind::Word if symbols::errno(&token.text).is_some() && call.remark.is_some() => {
                format!(
                    "the errno stands in front of the remark: `-1 {} (…)`",
                    token.text
                )
            }
            _ => return None,
        })
    }

    fn behind_state(&self, token: &Token<'_>) -> Option<String> {
        const ARROW: &str = "a transition is written `@ LISTEN -> SYN-RECEIVED`";
        Some(match token.kind {
            TokenKind::Arrow => {
                "one line says one transition: give the next one a line of its own".to_owned()
            }
            TokenKind::Symbol('|' | '/') => "a state line names one state".to_owned(),
            TokenKind::Symbol('>' | '=' | '-' | ',' | '(') | TokenKind::OptionName => {
                ARROW.to_owned()
            }
            TokenKind::Integer => format!(
                "the descriptor stands in front: `@ {} ESTABLISHED`",
                token.text
            ),
            TokenKind::Word if token.text == "to" => ARROW.to_owned(),
            TokenKind::Word
                if token
                    .text
                    .starts_with(|first: char| first.is_ascii_uppercase()) =>
            {
                ARROW.to_owned()
            }
            _ => return None,
        })
    }
}

fn behind_segment_word(segment: &SegmentSpec, word: &str) -> String {
    if super::is_tcp_option(word) {
        return "TCP options stand in angle brackets: `<mss 1460,nop,wscale 7>`".to_owned();
    }
    let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let name = &word[..word.len() - digits.len()];
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && matches!(name, "ack" | "win" | "urg") {
        return format!("write a blank between: `{name} {digits}`");
    }
    let known = match word {
        "ack" | "win" | "urg" => return TCP_ORDER.to_owned(),
        "window" | "wnd" => Some("win"),
        "urgent" => Some("urg"),
        _ => {
            let next = ["ack", "win", "urg"].into_iter();
            suggest(word, next.skip(usize::from(segment.ack.is_some())))
        }
    };
    match known {
        Some(known) => format!("did you mean `{known}`?"),
        None => TCP_ORDER.to_owned(),
    }
}
