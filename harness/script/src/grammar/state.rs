//! State lines: `@ LISTEN -> SYN-RECEIVED`, `@ 4 ESTABLISHED`.

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::{TokenKind, quote};
use crate::span::Span;
use crate::symbols::{parse_state, suggest_state};
use crate::tree::{StateAssertion, StateName, StateSpec};

impl Parser<'_> {
    pub(super) fn state(&mut self) -> Parsed<StateSpec> {
        let start = self.bump().span;
        let descriptor = if self.kind() == TokenKind::Integer && !self.token().starts_line {
            Some(self.integer_in("a descriptor", 0..=i64::from(i32::MAX))?.0)
        } else {
            None
        };
        let (from, from_span) = self.state_name()?;
        let assertion = if self.eat(TokenKind::Arrow) {
            let (to, to_span) = self.state_name()?;
            if from == to {
                self.diagnostics.push(
                    Diagnostic::error(from_span.to(to_span), "a transition leads to another state")
                        .label("twice the same")
                        .help(format!(
                            "to assert the state at this moment, write `@ {from}`"
                        )),
                );
            }
            StateAssertion::Becomes(from, to)
        } else {
            StateAssertion::Is(from)
        };
        Ok(StateSpec {
            span: start.to(self.previous()),
            descriptor,
            assertion,
        })
    }

    fn state_name(&mut self) -> Parsed<(StateName, Span)> {
        const WHAT: &str = "a state of RFC 9293";
        if self.kind() != TokenKind::Word || self.token().starts_line {
            return Err(self.no_state(WHAT));
        }
        let start = self.bump().span;
        // `FIN-WAIT-1` comes as a word, a hyphen, a word and the number -1.
        while self.tokens[self.at - 1].touches(self.token())
            && matches!(
                self.kind(),
                TokenKind::Word | TokenKind::Integer | TokenKind::Symbol('-')
            )
        {
            self.bump();
        }
        let span = start.to(self.previous());
        let text = span.text(self.source);
        if let Some(state) = parse_state(text) {
            return Ok((state, span));
        }
        let wrong = Diagnostic::error(span, format!("expected {WHAT}, found {}", quote(text)))
            .label("unknown state");
        Err(Box::new(match suggest_state(text) {
            Some(state) if text.ends_with('-') && self.at_symbol('>') => {
                wrong.help(format!("the arrow has no blank in it: `{state} -> …`"))
            }
            Some(state) => wrong.help(format!("RFC 9293 spells it `{state}`")),
            None => self.unknown_state(text, wrong),
        }))
    }

    fn unknown_state(&self, text: &str, wrong: Diagnostic) -> Diagnostic {
        let next = self.token();
        let joined = suggest_state(&format!("{text}{}", next.text));
        match (text, joined) {
            ("fd" | "socket", _) if next.kind == TokenKind::Integer => wrong.help(format!(
                "the descriptor stands alone: `@ {} ESTABLISHED`",
                next.text
            )),
            ("state", _) => wrong.help(FORM),
            (_, Some(state)) if next.kind == TokenKind::Word && !next.starts_line => {
                wrong.help(format!("RFC 9293 spells it `{state}`, with hyphens"))
            }
            _ => wrong.note("the states are CLOSED, LISTEN, SYN-SENT, SYN-RECEIVED, ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT, CLOSING, LAST-ACK and TIME-WAIT"),
        }
    }

    fn no_state(&self, what: &str) -> Box<Diagnostic> {
        let wrong = *self.expected(what);
        if self.at_line_end() {
            return Box::new(wrong.help(FORM));
        }
        Box::new(match self.kind() {
            TokenKind::Symbol(':') => {
                wrong.help("no colon stands behind the descriptor: `@ 4 ESTABLISHED`")
            }
            TokenKind::Symbol('!') => {
                wrong.help("a state line says which state it is, not which it is not")
            }
            TokenKind::Symbol('@') => wrong.help("one `@` is enough"),
            TokenKind::Symbol('(') | TokenKind::Text => {
                wrong.help("a state is written without quotes and brackets")
            }
            TokenKind::Integer => wrong
                .help("a state is written by its name; one descriptor may stand in front of it"),
            _ => wrong.help(FORM),
        })
    }
}

const FORM: &str = "the forms are `@ LISTEN -> SYN-RECEIVED`, `@ ESTABLISHED` and, with a descriptor, `@ 4 ESTABLISHED`";
