//! From tokens to the tree, by recursive descent: a file a family of constructs.
//!
//! An event with an error is reported and left out; parsing goes on at the next line that begins like an event, so that
//! one mistake hides no other. What is wrong only in meaning (a length that does not fit its range) is reported without
//! leaving the event.

mod call;
mod cursor;
mod encapsulation;
mod end;
mod event;
mod expression;
mod flags;
mod front_matter;
mod icmp;
mod ip;
mod no_event;
mod option_line;
mod packet;
mod segment;
mod state;
mod tcp_option;
mod time;

use crate::define::Definitions;
use crate::diagnostic::Diagnostic;
use crate::lexer::{Token, TokenKind, lex};
use crate::span::LineIndex;
use crate::tree::{Command, Event, Script};
use crate::{Parse, evaluate};

pub(crate) use cursor::{define_help, is_constant, not_a_number};
pub(crate) use encapsulation::gre;
pub(crate) use tcp_option::is_tcp_option;

/// What a rule gives: its part of the tree, or why the event cannot be read.
type Parsed<T> = Result<T, Box<Diagnostic>>;

/// Reads a whole script.
pub(crate) fn parse(source: &str, definitions: &Definitions) -> Parse {
    let lexed = lex(source);
    let mut parser = Parser {
        source,
        tokens: lexed.tokens,
        at: 0,
        depth: 0,
        lines: LineIndex::new(source),
        diagnostics: lexed.diagnostics,
        clock: event::Clock::default(),
        unclosed: lexed.unclosed,
    };
    let front_matter = front_matter::parse(source, &lexed.front_matter, &mut parser.diagnostics);
    let mut script = parser.script(definitions);
    script.front_matter = front_matter;
    let mut diagnostics = parser.diagnostics;
    diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    Parse {
        script,
        diagnostics,
    }
}

/// A place in the tokens, and what was found on the way.
struct Parser<'s> {
    source: &'s str,
    tokens: Vec<Token<'s>>,
    at: usize,
    /// How deeply nested the expression is that is being read.
    depth: usize,
    lines: LineIndex,
    diagnostics: Vec<Diagnostic>,
    clock: event::Clock,
    /// Where the tokens begin that are never closed.
    unclosed: Vec<usize>,
}

impl Parser<'_> {
    fn script(&mut self, definitions: &Definitions) -> Script {
        let options = self.option_lines(definitions);
        let init_command = self.command_alone();
        let mut events: Vec<Event> = Vec::new();
        let mut cleanup_command: Option<Command> = None;
        while self.kind() != TokenKind::End {
            let start = self.at;
            match self.kind() {
                TokenKind::OptionName => self.late_option(),
                TokenKind::Command => {
                    if let Some(command) = self.command_alone() {
                        if self.kind() == TokenKind::End {
                            cleanup_command = Some(command);
                        } else {
                            self.untimed_command(&command);
                        }
                    }
                }
                _ => match self.event() {
                    Ok(event) => events.push(event),
                    Err(diagnostic) => {
                        if !self.follows_unclosed(start) {
                            self.diagnostics.push(*diagnostic);
                        }
                        self.recover(start);
                    }
                },
            }
        }
        if events.is_empty() && !self.diagnostics.iter().any(Diagnostic::is_error) {
            self.diagnostics.push(
                Diagnostic::error(self.token().span, "expected an event, found the end of the file")
                    .help("a script holds at least one event, such as `+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3`"),
            );
        }
        Script {
            front_matter: Default::default(),
            options,
            init_command,
            events,
            cleanup_command,
        }
    }

    /// A command that no time stands before.
    fn command_alone(&mut self) -> Option<Command> {
        if self.kind() != TokenKind::Command {
            return None;
        }
        let token = self.bump();
        Some(Command {
            span: token.span,
            text: token.text.into_owned(),
        })
    }

    fn untimed_command(&mut self, command: &Command) {
        self.diagnostics.push(
            Diagnostic::error(command.span, "expected a time, found a command in backticks")
                .label("no time stands before this command")
                .note("only the first command of a script, before all events, and the last, after all events, have no time")
                .help("write `+0` before it"),
        );
    }

    /// Whether a token since `start` is never closed: that is reported, and whatever comes of it is no news.
    fn follows_unclosed(&self, start: usize) -> bool {
        let (from, to) = (self.tokens[start].span.start, self.token().span.start);
        let next = self.unclosed.partition_point(|at| *at < from);
        self.unclosed.get(next).is_some_and(|at| *at <= to)
    }

    /// Goes to the next token that can begin an event, but at least one further than `start`.
    fn recover(&mut self, start: usize) {
        self.depth = 0;
        if self.at == start {
            self.bump();
        }
        while self.kind() != TokenKind::End && !self.begins_event() {
            self.bump();
        }
    }

    fn begins_event(&self) -> bool {
        let token = self.token();
        let next = self.peek(1);
        token.starts_line
            && match token.kind {
                TokenKind::Symbol('+' | '*' | '@') => true,
                // A mail that quotes a script.
                TokenKind::Symbol('>') => next.kind == TokenKind::Symbol('+'),
                TokenKind::Command | TokenKind::OptionName => true,
                // Line numbers in front of the times: `2: +0 close(3) = 0`.
                TokenKind::Integer
                    if next.kind == TokenKind::Symbol(':')
                        && self.peek(2).kind == TokenKind::Symbol('+') =>
                {
                    true
                }
                TokenKind::Decimal | TokenKind::Integer => {
                    !token.text.starts_with('-')
                        && !matches!(
                            next.kind,
                            TokenKind::Symbol(',' | ')' | ']' | '}' | ':') | TokenKind::End
                        )
                }
                TokenKind::Word => next.kind == TokenKind::Symbol('('),
                _ => false,
            }
    }
}

/// The number that an expression stands for, where it is one for sure.
fn known_number(expression: &crate::tree::Expression) -> Option<i64> {
    evaluate(expression).ok()
}

#[cfg(test)]
mod tests;
