//! What is said where an event should begin and does not.

use super::Parser;
use crate::diagnostic::Diagnostic;
use crate::lexer::{Token, TokenKind, quote};
use crate::span::Span;
use crate::symbols;

const TIME_HELP: &str =
    "an event begins with its time: `+0.1` after the event before, or `0.1` since the start";

const EVENTS: &str = "an event is a packet (`<` injected, `>` sent by the stack), a call, a command in backticks, code in `%{ }%` or a state (`@`)";

const COMMENT_HELP: &str = "a comment begins with `//`, or stands between `/*` and `*/`";

const COMMAND_HELP: &str = "a command stands in backticks";

const CODE_HELP: &str = "code stands between `%{` and `}%`";

const DIFF_HELP: &str = "this looks like a diff: take its marks out";

/// Commands that scripts run often.
const COMMANDS: [&str; 14] = [
    "cat", "echo", "ethtool", "ip", "iptables", "nstat", "ping", "python", "sh", "sleep", "ss",
    "sysctl", "tc", "true",
];

impl Parser<'_> {
    /// At a token that begins a line or the script, and is no time.
    pub(super) fn missing_time(&self) -> Box<Diagnostic> {
        let token = self.token();
        let found = token.describe(self.source);
        let wrong = Diagnostic::error(token.span, format!("expected a time, found {found}"));
        let next = self.peek(1).kind;
        if let Some(marker) = self.conflict_marker() {
            return Box::new(
                Diagnostic::error(
                    marker,
                    "expected a time, found the mark of a merge conflict",
                )
                .help("settle the conflict, and take its marks out"),
            );
        }
        let is_action = matches!(
            token.kind,
            TokenKind::Symbol('<' | '>' | '@') | TokenKind::Code
        ) || next == TokenKind::Symbol('(');
        Box::new(match token.kind {
            TokenKind::Symbol('#') if self.peek(1).text == "define" => {
                wrong.help("a name is defined by an option line: `--define=NAME=value`")
            }
            TokenKind::Symbol('#') => {
                wrong.help("a comment begins with `//`; packetdrill knows none with `#`")
            }
            TokenKind::Symbol('@') if next == TokenKind::Symbol('@') => wrong.help(DIFF_HELP),
            TokenKind::Symbol('-') if next == TokenKind::Symbol('+') => wrong.help(DIFF_HELP),
            TokenKind::Symbol('<') if next == TokenKind::Symbol('!') => wrong.help(COMMENT_HELP),
            TokenKind::Symbol('>') if matches!(next, TokenKind::Symbol('+' | '*')) => {
                wrong.help("leave the `>` of a quoted mail out")
            }
            TokenKind::Symbol('-' | '/' | '%' | ';') if self.option_behind_dash().is_none() => {
                wrong.help(COMMENT_HELP)
            }
            TokenKind::Symbol('~') => wrong.help("a range of times has a start too: `+0~+0.1`"),
            TokenKind::Symbol('(' | '[') => wrong.help("the time stands without brackets"),
            _ if is_action => wrong
                .label("no time stands before this event")
                .help("write `+0` before it for \"at once after the event before\""),
            _ => match self.option_behind_dash() {
                Some(name) => wrong.help(format!(
                    "an option line begins with two dashes: `--{name}=…`"
                )),
                None => wrong.help(TIME_HELP).help(COMMENT_HELP),
            },
        })
    }

    /// The option that was meant by `-mtu` or `mtu=`.
    fn option_behind_dash(&self) -> Option<&str> {
        let name = match self.kind() {
            TokenKind::Symbol('-') => self.peek(1).text.as_ref(),
            TokenKind::Word if self.peek(1).kind == TokenKind::Symbol('=') => {
                self.token().text.as_ref()
            }
            _ => return None,
        };
        symbols::option_kind(name).map(|_| name)
    }

    /// Seven `<`, `=` or `>` in a row.
    fn conflict_marker(&self) -> Option<Span> {
        let start = self.token();
        let TokenKind::Symbol('<' | '=' | '>') = start.kind else {
            return None;
        };
        let is_run = (1..7).all(|ahead| {
            self.peek(ahead).kind == start.kind && self.peek(ahead - 1).touches(self.peek(ahead))
        });
        is_run.then(|| start.span.to(self.peek(6).span))
    }

    /// Behind a time that begins at `start`, at what is no action.
    pub(super) fn missing_action(&self, start: Span) -> Box<Diagnostic> {
        let token = self.token();
        if token.starts_line || token.kind == TokenKind::End {
            return Box::new((*self.expected("an event after its time")).note(EVENTS));
        }
        if self.previous().end == token.span.start {
            return self.wrong_time(start);
        }
        let wrong = *self.expected("an event after its time");
        Box::new(match self.meant_action(token) {
            Some(help) => wrong.help(help),
            None => wrong.note(EVENTS),
        })
    }

    /// Something touches the time: it belongs to it, and makes it wrong.
    pub(super) fn wrong_time(&self, start: Span) -> Box<Diagnostic> {
        let rest = &self.source[start.start..];
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let span = Span::new(start.start, start.start + length);
        let text = span.text(self.source);
        let wrong = Diagnostic::error(span, format!("expected a time, found {}", quote(text)));
        Box::new(match time_help(text) {
            Some(help) => wrong.help(help),
            None => wrong.help("a time is a number of seconds, as in `0.1`, `+0.1` or `+0.1~+0.2`"),
        })
    }

    /// What was probably meant by `token` behind a time.
    fn meant_action(&self, token: &Token<'_>) -> Option<String> {
        let next = self.peek(1);
        let word = token.text.as_ref();
        Some(match token.kind {
            TokenKind::Symbol('+') => "an event has one time".to_owned(),
            TokenKind::Arrow => "`<` is a packet injected, `>` one that the stack sends".to_owned(),
            TokenKind::Text | TokenKind::Symbol('\'' | '$') => COMMAND_HELP.to_owned(),
            TokenKind::Symbol('{' | '%') => CODE_HELP.to_owned(),
            TokenKind::Symbol('&') if matches!(next.text.as_ref(), "lt" | "gt") => {
                "`&lt;` and `&gt;` are HTML for `<` and `>`".to_owned()
            }
            TokenKind::Integer if next.kind == TokenKind::Symbol('=') => {
                "the result stands behind the call: `socket(…) = 3`".to_owned()
            }
            TokenKind::Integer if matches!(next.kind, TokenKind::Symbol(':')) => {
                "a packet needs its direction and its flags: `> . 1:1(0)`".to_owned()
            }
            TokenKind::Word => return self.meant_word(word, next),
            _ => return None,
        })
    }

    fn meant_word(&self, word: &str, next: &Token<'_>) -> Option<String> {
        if matches!(
            word,
            "s" | "ms" | "us" | "ns" | "sec" | "msec" | "usec" | "seconds"
        ) {
            return Some("times are seconds, without a unit".to_owned());
        }
        let joined = format!("{word}{}", next.text);
        if next.kind == TokenKind::Word && symbols::arity(&joined).is_some() {
            return Some(format!("did you mean `{joined}`?"));
        }
        if symbols::arity(word).is_some() {
            return Some(format!("a call needs its arguments: `{word}(…) = …`"));
        }
        let is_result = [1, 2]
            .iter()
            .any(|ahead| self.peek(*ahead).kind == TokenKind::Symbol('='));
        if is_result && self.has_call_ahead() {
            return Some(
                "a call's result stands behind it, as the number expected: `socket(…) = 3`"
                    .to_owned(),
            );
        }
        if matches!(word, "assert" | "print" | "import") {
            return Some(CODE_HELP.to_owned());
        }
        if COMMANDS.contains(&word) {
            return Some(COMMAND_HELP.to_owned());
        }
        let are_flags = !word.is_empty() && word.chars().all(|c| "SFRPUEWA".contains(c));
        if are_flags {
            return Some(
                "say whose segment it is: `<` is injected, `>` is sent by the stack".to_owned(),
            );
        }
        let is_shouted = !word.bytes().any(|byte| byte.is_ascii_lowercase());
        if is_shouted && let Some(state) = symbols::suggest_state(word) {
            return Some(format!("a state line has an `@`: `@ {state}`"));
        }
        symbols::suggest(word, symbols::syscall_names())
            .map(|name| format!("did you mean `{name}`?"))
    }

    /// Whether a call follows on this line.
    fn has_call_ahead(&self) -> bool {
        (1..6).any(|ahead| {
            let (token, next) = (self.peek(ahead), self.peek(ahead + 1));
            token.kind == TokenKind::Word && next.kind == TokenKind::Symbol('(')
        })
    }
}

/// What is wrong with a time that goes on like this.
fn time_help(text: &str) -> Option<String> {
    if text.starts_with("*/") {
        return Some("no comment is open that this could close".to_owned());
    }
    if text.starts_with('*') {
        return Some("any time is `*` alone".to_owned());
    }
    let digits = text.trim_start_matches('+');
    let length = digits
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    let (number, rest) = digits.split_at(length);
    let plus = if text.starts_with('+') { "+" } else { "" };
    let micros: Option<f64> = match rest {
        "s" | "sec" => Some(1e6),
        "ms" | "msec" => Some(1e3),
        "us" | "usec" => Some(1.0),
        _ => None,
    };
    if let (Some(factor), Ok(value)) = (micros, number.parse::<f64>()) {
        let seconds = crate::format::seconds((value * factor) as i64);
        return Some(format!(
            "times are seconds, without a unit: write `{plus}{seconds}`"
        ));
    }
    Some(match rest.chars().next() {
        Some(',') => format!("the decimal point is a dot: `{}`", text.replace(',', ".")),
        Some('-') => "a range of times has a tilde: `+0.1~+0.2`".to_owned(),
        Some(':') => "a time is a number of seconds, without a colon".to_owned(),
        Some('e' | 'E') => "a time is written without an exponent: `0.001`".to_owned(),
        Some('x') => "a time is written in decimal digits".to_owned(),
        Some('%') => "how exact a time must be is said by the option lines `--tolerance_usecs` and `--tolerance_percent`".to_owned(),
        None if number.contains("..") => {
            "a range of times has a tilde (`+0.1~+0.2`); the end of a blocking call stands behind three dots (`+0.1...0.3`)".to_owned()
        }
        None if number.ends_with('.') => format!("leave the dot out: `{plus}{}`", number.trim_end_matches('.')),
        _ => return None,
    })
}
