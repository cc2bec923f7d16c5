//! An event: a time and what happens, and what times go with which events.

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::TokenKind;
use crate::span::Span;
use crate::tree::{Action, Code, Command, Direction, Event, StateAssertion, TimeSpec, When};

/// The earliest moment at which the event before can have started, as far as the script says, in microseconds.
#[derive(Default)]
pub(super) struct Clock {
    now: i64,
    /// Where that is stated.
    stated: Option<Span>,
}

impl Parser<'_> {
    pub(super) fn event(&mut self) -> Parsed<Event> {
        let start = self.token().span;
        if !self.at_time() {
            let token = self.token();
            let is_number = token.kind == TokenKind::Hex
                || token.kind == TokenKind::Word
                    && token.text.starts_with(|first: char| first.is_ascii_digit());
            return Err(if is_number {
                self.wrong_time(start)
            } else {
                self.missing_time()
            });
        }
        let time = self.time()?;
        let action = self.action(start)?;
        self.check_time(&time, &action);
        self.check_clock(&time);
        self.end_of_event(&action)?;
        Ok(Event {
            span: start.to(self.previous()),
            line: self.lines.line(start.start),
            time,
            action,
        })
    }

    fn at_time(&self) -> bool {
        matches!(
            self.kind(),
            TokenKind::Symbol('+' | '*') | TokenKind::Decimal | TokenKind::Integer
        )
    }

    fn action(&mut self, time: Span) -> Parsed<Action> {
        let token = self.token();
        match token.kind {
            TokenKind::Symbol('<') => self.packet(Direction::Inbound),
            TokenKind::Symbol('>') => self.packet(Direction::Outbound),
            TokenKind::Symbol('@') => self.state().map(Action::State),
            TokenKind::Command => {
                let token = self.bump();
                Ok(Action::Command(Command {
                    span: token.span,
                    text: token.text.into_owned(),
                }))
            }
            TokenKind::Code => {
                let token = self.bump();
                // As packetdrill does: Python is particular about blanks before its first statement.
                let text = token.text.trim_matches([' ', '\t']).to_owned();
                Ok(Action::Code(Code {
                    span: token.span,
                    text,
                }))
            }
            TokenKind::Word if self.peek(1).kind == TokenKind::Symbol('(') => {
                self.call().map(Action::Call)
            }
            _ => Err(self.missing_action(time)),
        }
    }

    /// Which forms of time go with which events.
    fn check_time(&mut self, time: &TimeSpec, action: &Action) {
        let is_open = matches!(
            time.start,
            When::Any | When::Between(..) | When::AfterBetween(..)
        );
        let is_observed = match action {
            Action::Packet(packet) => packet.direction == Direction::Outbound,
            Action::State(state) => matches!(state.assertion, StateAssertion::Becomes(..)),
            _ => false,
        };
        if is_open && !is_observed {
            let form = if time.start == When::Any {
                "`*`"
            } else {
                "a range of times"
            };
            let wrong = Diagnostic::error(time.span, format!("expected one time, found {form}"))
                .label(format!("we {}, at one moment", subject(action)))
                .note("only what the stack does by itself (`>` packets, `@ A -> B` transitions) can happen at any time or within a range");
            self.diagnostics.push(wrong);
        }
        if time.end.is_some() && !matches!(action, Action::Call(_)) {
            let wrong = Diagnostic::error(
                time.span,
                format!(
                    "expected one time, found the time of a blocking call before {}",
                    noun(action)
                ),
            )
            .label("only a call can block")
            .help("for a packet that comes within a range of times, write `~` for `...`");
            self.diagnostics.push(wrong);
        }
    }

    /// Absolute times must not go back.
    fn check_clock(&mut self, time: &TimeSpec) {
        let absolute = match time.start {
            When::At(at) | When::Between(at, _) => Some(at),
            When::After(span) | When::AfterBetween(span, _) => {
                self.clock.now = self.clock.now.saturating_add(span);
                None
            }
            When::Any => None,
        };
        let Some(at) = absolute else {
            if time.start != When::Any {
                self.clock.stated = Some(time.span);
            }
            return;
        };
        if at < self.clock.now {
            let now = self.clock.now;
            let mut wrong = Diagnostic::error(time.span, "time goes backwards")
                .label(format!("{} s since the start", crate::format::seconds(at)))
                .help("write `+0` for \"at once after the event before\"");
            if let Some(stated) = self.clock.stated {
                let label = format!(
                    "the event before is at {} s or later",
                    crate::format::seconds(now)
                );
                wrong = wrong.secondary(stated, label);
            }
            self.diagnostics.push(wrong);
        }
        // From here on as stated, so that one slip is one finding.
        self.clock.now = at;
        self.clock.stated = Some(time.span);
    }
}

const fn subject(action: &Action) -> &'static str {
    match action {
        Action::Packet(_) => "inject this packet",
        Action::Call(_) => "make this call",
        Action::Command(_) => "run this command",
        Action::Code(_) => "take the values for this code",
        Action::State(_) => "look at the state",
    }
}

const fn noun(action: &Action) -> &'static str {
    match action {
        Action::Packet(_) => "a packet",
        Action::Call(_) => "a call",
        Action::Command(_) => "a command",
        Action::Code(_) => "a code block",
        Action::State(_) => "a state line",
    }
}
