//! Expressions: arguments and results of calls.

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::TokenKind;
use crate::span::Span;
use crate::tree::{Expression, ExpressionKind};

/// How deeply lists, structures and functions can hold each other.
const DEEPEST: usize = 24;

/// How many operands `|` can have.
const MOST_OPERANDS: usize = 32;

impl Parser<'_> {
    /// `a | b | …`
    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        if self.depth >= DEEPEST {
            return Err(Box::new(
                Diagnostic::error(self.token().span, "this expression is nested too deeply")
                    .label(format!("at most {DEEPEST} levels")),
            ));
        }
        self.depth += 1;
        let parsed = self.alternatives();
        self.depth -= 1;
        parsed
    }

    fn alternatives(&mut self) -> Parsed<Expression> {
        let mut left = self.operand()?;
        let mut operands = 1;
        while self.at_symbol('|') {
            self.bump();
            operands += 1;
            if operands > MOST_OPERANDS {
                return Err(Box::new(
                    Diagnostic::error(self.previous(), "too many operands of `|`")
                        .label(format!("at most {MOST_OPERANDS}")),
                ));
            }
            let right = self.operand()?;
            left = Expression {
                span: left.span.to(right.span),
                kind: ExpressionKind::Binary {
                    operator: '|',
                    left: Box::new(left),
                    right: Box::new(right),
                },
            };
        }
        Ok(left)
    }

    fn operand(&mut self) -> Parsed<Expression> {
        let start = self.token().span;
        let kind = match self.kind() {
            TokenKind::Ellipsis => {
                self.bump();
                ExpressionKind::Ellipsis
            }
            TokenKind::Integer | TokenKind::Hex => {
                ExpressionKind::Integer(self.any_integer("a number")?.0)
            }
            TokenKind::Decimal => self.fraction()?,
            TokenKind::Text => self.string()?,
            TokenKind::Word => self.word()?,
            TokenKind::Symbol('[') => {
                let open = self.bump().span;
                ExpressionKind::List(self.expressions(']', "the list", open)?)
            }
            TokenKind::Symbol('{') => {
                let open = self.bump().span;
                self.structure(open)?
            }
            TokenKind::Symbol(operator @ ('~' | '-')) => {
                self.bump();
                self.unary(operator)?
            }
            _ => return Err(self.no_expression()),
        };
        Ok(Expression {
            span: start.to(self.previous()),
            kind,
        })
    }

    fn no_expression(&self) -> Box<Diagnostic> {
        const COMMA: &str = "leave the comma out, or write a value behind it (any value is `...`)";
        let wrong = *self.expected("a value");
        if self.at_line_end() {
            return Box::new(wrong);
        }
        let before = self.previous().text(self.source);
        let next = self.peek(1);
        Box::new(match self.kind() {
            TokenKind::Symbol(')' | ']' | '}' | ',') if before == "," => wrong.help(COMMA),
            TokenKind::Symbol(')' | ']' | '}' | ',' | '|') if before == "|" => {
                wrong.help("flags have one `|` between: `O_RDWR|O_NONBLOCK`")
            }
            TokenKind::Symbol('|') => wrong.help("flags have one `|` between: `O_RDWR|O_NONBLOCK`"),
            TokenKind::Symbol(',' | ')' | '*') => {
                wrong.help("a value that does not matter is written `...`")
            }
            TokenKind::Symbol('.') if next.kind == TokenKind::Word => wrong.help(format!(
                "a field is written without a dot: `{}=…`",
                next.text
            )),
            TokenKind::Symbol('=') => wrong.help("a field is written `name=value`"),
            TokenKind::Symbol('.') => wrong.help("any value is written `...`, with three dots"),
            TokenKind::Symbol('\'') => {
                wrong.help("strings stand in double quotes, symbols in none")
            }
            TokenKind::Symbol('&') => wrong.help("values are written without `&`"),
            TokenKind::Symbol('$') => wrong.help("a name is written without `$`"),
            TokenKind::Symbol('\\') => wrong
                .help("an event goes on over lines without a mark, until its brackets are closed"),
            TokenKind::Symbol('(') => {
                wrong.help("values are written without parentheses and without types")
            }
            TokenKind::Symbol('!') => wrong.help("the complement of a value is `~`"),
            TokenKind::Symbol('+') => wrong.help("a number has no `+`"),
            TokenKind::OptionName => wrong.help("one `-` is enough"),
            TokenKind::Ipv4 => wrong.help(format!(
                "an address is a string in a function: `inet_addr(\"{}\")`",
                self.token().text
            )),
            TokenKind::Ipv6 => wrong.help(format!(
                "an address is a string in a function: `inet6_addr(\"{}\")`",
                self.token().text
            )),
            _ => wrong,
        })
    }

    fn fraction(&mut self) -> Parsed<ExpressionKind> {
        let token = self.bump();
        match token.text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(ExpressionKind::Float(value)),
            _ => Err(Box::new(Diagnostic::error(
                token.span,
                "this number is too large",
            ))),
        }
    }

    fn unary(&mut self, operator: char) -> Parsed<ExpressionKind> {
        if self.depth >= DEEPEST {
            // Reported there, with its place.
            self.expression()?;
        }
        self.depth += 1;
        let operand = self.operand();
        self.depth -= 1;
        let operand = operand?;
        Ok(match (operator, &operand.kind) {
            // `- 5` with a blank is still a number.
            ('-', ExpressionKind::Integer(value)) => ExpressionKind::Integer(value.wrapping_neg()),
            ('-', ExpressionKind::Float(value)) => ExpressionKind::Float(-value),
            _ => ExpressionKind::Unary {
                operator,
                operand: Box::new(operand),
            },
        })
    }

    /// A symbol, a function, or `name = value`.
    fn word(&mut self) -> Parsed<ExpressionKind> {
        let token = self.bump();
        let name = token.text.into_owned();
        if self.at_symbol('(')
            && !self.token().starts_line
            && self.tokens[self.at - 1].touches(self.token())
        {
            self.bump();
            let open = self.previous();
            let arguments = self.expressions(')', "the function", open)?;
            return Ok(ExpressionKind::Call { name, arguments });
        }
        if !self.eat_symbol('=') {
            return Ok(ExpressionKind::Symbol(name));
        }
        let left = Expression {
            span: token.span,
            kind: ExpressionKind::Symbol(name),
        };
        Ok(ExpressionKind::Binary {
            operator: '=',
            left: Box::new(left),
            right: Box::new(self.expression()?),
        })
    }

    /// Expressions with commas between, up to and with `close`.
    ///
    /// `open` is where the bracket stands that `close` closes.
    pub(super) fn expressions(
        &mut self,
        close: char,
        of: &str,
        open: Span,
    ) -> Parsed<Vec<Expression>> {
        let mut list = Vec::new();
        if self.eat_symbol(close) {
            return Ok(list);
        }
        loop {
            list.push(self.expression()?);
            if self.eat_symbol(close) {
                return Ok(list);
            }
            if !self.eat_symbol(',') {
                return Err(self.unseparated(close, of, open));
            }
        }
    }

    fn unseparated(&self, close: char, of: &str, open: Span) -> Box<Diagnostic> {
        const OPERATORS: &str = "flags are put together with `|`; there is no arithmetic";
        let wrong = *self.expected(format!("`,` or `{close}` in {of}"));
        if self.at_line_end() {
            return Box::new(wrong.secondary(open, format!("{of} begins here")));
        }
        let before = self.previous().text(self.source);
        Box::new(match self.kind() {
            TokenKind::Symbol('+' | '-' | '*' | '/' | '<' | '>' | '&' | '^' | '%') => {
                wrong.note(OPERATORS)
            }
            TokenKind::Symbol(')' | ']' | '}' | '=') => {
                wrong.secondary(open, format!("{of} begins here"))
            }
            TokenKind::Symbol(':') if close == '}' => wrong.help("a field is written `name=value`"),
            TokenKind::Symbol(':') => wrong.help("arguments stand in their order, without names"),
            TokenKind::Symbol(';') => wrong.help("write a comma"),
            TokenKind::Text => wrong.help("a string stands alone, in double quotes"),
            _ if matches!(before, "struct" | "union") => {
                wrong.help("a structure is written `{fd=3, events=POLLIN}`, without its name")
            }
            TokenKind::Decimal | TokenKind::Symbol('.') => {
                wrong.help("a number has one decimal point at most")
            }
            TokenKind::Integer | TokenKind::Hex | TokenKind::Word if close == '}' => {
                wrong.help("a field is written `name=value`, with a comma before the next")
            }
            TokenKind::Integer
            | TokenKind::Hex
            | TokenKind::Word
            | TokenKind::Symbol('[' | '{') => wrong.help("values have commas between"),
            _ => wrong,
        })
    }

    /// One string or several in a row.
    fn string(&mut self) -> Parsed<ExpressionKind> {
        let mut octets = Vec::new();
        while self.kind() == TokenKind::Text {
            let token = self.bump();
            self.unescape(&token.text, token.span, &mut octets);
        }
        if self.kind() == TokenKind::Ellipsis && !self.token().starts_line {
            self.bump();
            return Ok(ExpressionKind::TextPrefix(octets));
        }
        Ok(ExpressionKind::Text(octets))
    }

    fn unescape(&mut self, text: &str, span: Span, octets: &mut Vec<u8>) {
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            octets.extend(rest[..at].bytes());
            let escape = &rest[at + 1..];
            let Some(letter) = escape.chars().next() else {
                octets.push(b'\\');
                return;
            };
            let mut length = letter.len_utf8();
            let octet = match letter {
                '\\' | '"' => u8::try_from(letter).ok(),
                'f' => Some(0x0c),
                'n' => Some(b'\n'),
                'r' => Some(b'\r'),
                't' => Some(b'\t'),
                'v' => Some(0x0b),
                'x' => {
                    let digits = escape
                        .get(1..3)
                        .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
                    length += digits.map_or(0, str::len);
                    digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())
                }
                _ => None,
            };
            match octet {
                Some(octet) => octets.push(octet),
                None => {
                    let offset = text.len() - rest.len() + at;
                    self.wrong_escape(text, span, offset, letter);
                }
            }
            rest = &escape[length..];
        }
        octets.extend(rest.bytes());
    }

    fn wrong_escape(&mut self, text: &str, span: Span, offset: usize, letter: char) {
        // A defined string does not stand in the source; its name is pointed at.
        let is_literal = span.end - span.start == text.len() + 2;
        let place = match is_literal {
            true => {
                let start = span.start + 1 + offset;
                Span::new(start, start + 1 + letter.len_utf8())
            }
            false => span,
        };
        let wrong = Diagnostic::error(place, format!("there is no escape `\\{letter}`")).note(
            "the escapes are \\n \\r \\t \\f \\v \\\\ \\\" and \\x with two hexadecimal digits",
        );
        let wrong = match letter {
            '0' => wrong.help("write `\\x00`"),
            _ => wrong,
        };
        self.diagnostics.push(wrong);
    }

    /// Behind the `{`.
    fn structure(&mut self, open: Span) -> Parsed<ExpressionKind> {
        let first = self.token();
        let is_flags =
            first.kind == TokenKind::Word && matches!(first.text.as_ref(), "flags" | "Flags");
        let after = self.peek(1).kind;
        if is_flags
            && matches!(
                after,
                TokenKind::Symbol('[') | TokenKind::Integer | TokenKind::Hex
            )
        {
            let octets = self.gre_header()?;
            self.close('}', "at the end of the GRE header", open)?;
            return Ok(ExpressionKind::Gre(octets));
        }
        if self.at_symbol('(') {
            let entries = self.mpls_stack()?;
            self.close('}', "at the end of the label stack", open)?;
            return Ok(ExpressionKind::Mpls(entries));
        }
        let mut fields = Vec::new();
        if self.eat_symbol('}') {
            return Ok(ExpressionKind::Struct(fields));
        }
        loop {
            self.field(&mut fields)?;
            if self.eat_symbol('}') {
                return Ok(ExpressionKind::Struct(fields));
            }
            if !self.eat_symbol(',') {
                return Err(self.unseparated('}', "the structure", open));
            }
        }
    }

    /// `value`, `name = value`, or `msg_iov(2) = value`.
    fn field(&mut self, fields: &mut Vec<(Option<String>, Expression)>) -> Parsed<()> {
        let next = self.peek(1).kind;
        if self.kind() != TokenKind::Word {
            fields.push((None, self.expression()?));
            return Ok(());
        }
        let is_counted = self.at_word("msg_name") || self.at_word("msg_iov");
        if next == TokenKind::Symbol('(') && is_counted {
            let name = self.bump().text.into_owned();
            let open = self.bump().span;
            let count = self.expression()?;
            self.close(')', &format!("after the length of `{name}`"), open)?;
            if !self.at_symbol('=') {
                let wrong = *self.expected(format!("`=` and the value of `{name}`"));
                return Err(Box::new(wrong.help(format!("the form is `{name}(…)=…`"))));
            }
            self.bump();
            fields.push((Some(format!("{name}len")), count));
            fields.push((Some(name), self.expression()?));
        } else if next == TokenKind::Symbol('=') {
            let name = self.bump();
            self.check_field(&name);
            self.bump();
            fields.push((Some(name.text.into_owned()), self.expression()?));
        } else {
            fields.push((None, self.expression()?));
        }
        Ok(())
    }
}
