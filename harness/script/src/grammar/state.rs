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
            self.check_arrow()?;
            StateAssertion::Is(from)
        };
        Ok(StateSpec {
            span: start.to(self.previous()),
            descriptor,
            assertion,
        })
    }

    /// What people write for `->`.
    fn check_arrow(&self) -> Parsed<()> {
        let token = self.token();
        let looks_like_arrow = matches!(token.kind, TokenKind::Symbol('>' | '=' | '-' | '→' | ','))
            || self.at_word("to");
        if looks_like_arrow && !token.starts_line {
            return Err(Box::new(
                (*self.expected("`->` or the end of the line"))
                    .help("a transition is written `@ LISTEN -> SYN-RECEIVED`"),
            ));
        }
        Ok(())
    }

    fn state_name(&mut self) -> Parsed<(StateName, Span)> {
        const WHAT: &str = "a state of RFC 9293";
        if self.kind() != TokenKind::Word || self.token().starts_line {
            return Err(Box::new(
                (*self.expected(WHAT)).help("`ESTABLISHED`, `SYN-RECEIVED`, `FIN-WAIT-1`, …"),
            ));
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
            Some(state) => wrong.help(format!("RFC 9293 spells it `{state}`")),
            None => wrong.note("the states are CLOSED, LISTEN, SYN-SENT, SYN-RECEIVED, ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT, CLOSING, LAST-ACK and TIME-WAIT"),
        }))
    }
}
