//! System calls: `read(4, ..., 1000) = -1 EAGAIN (Resource temporarily unavailable)`.

use super::{Parsed, Parser, known_number};
use crate::diagnostic::Diagnostic;
use crate::evaluate::{evaluate, unknown_symbol};
use crate::lexer::{Token, TokenKind, quote};
use crate::span::Span;
use crate::symbols;
use crate::tree::{CallSpec, Expression, ExpressionKind};

/// The functions of C that arguments can use.
const FUNCTIONS: [&str; 6] = [
    "htons",
    "htonl",
    "ntohs",
    "ntohl",
    "inet_addr",
    "inet6_addr",
];

/// The fields of the structures that calls take. packetdrill knows no other.
const FIELDS: [&str; 34] = [
    "cmsg_data",
    "cmsg_level",
    "cmsg_type",
    "ee_code",
    "ee_data",
    "ee_errno",
    "ee_info",
    "ee_origin",
    "ee_type",
    "events",
    "fd",
    "iov_base",
    "iov_len",
    "l_linger",
    "l_onoff",
    "linger",
    "msg_control",
    "msg_flags",
    "msg_iov",
    "msg_iovlen",
    "msg_name",
    "msg_namelen",
    "onoff",
    "ptr",
    "revents",
    "sa_family",
    "scm_nsec",
    "scm_sec",
    "sin_addr",
    "sin_port",
    "tv_sec",
    "tv_usec",
    "u32",
    "u64",
];

impl Parser<'_> {
    /// At a word with `(` behind it.
    pub(super) fn call(&mut self) -> Parsed<CallSpec> {
        let name = self.bump();
        let open = self.bump().span;
        let arguments = self.expressions(')', "the call", open)?;
        let arguments_span = open.to(self.previous());
        self.check_name(&name, arguments.len(), arguments_span);
        if !self.eat_symbol('=') {
            return Err(Box::new(
                (*self.expected("`=` and the call's result"))
                    .help("write `= 0` for success, `= ...` for any result"),
            ));
        }
        if self.at_line_end() {
            return Err(Box::new(
                (*self.expected("the call's result"))
                    .help("write `= 0` for success, `= ...` for any result"),
            ));
        }
        if self.at_symbol('=') {
            return Err(Box::new(
                (*self.expected("the call's result")).help("one `=` is enough"),
            ));
        }
        let result = self.expression()?;
        let errno = self.errno()?;
        let remark = self.remark()?;
        let spec = CallSpec {
            span: name.span.to(self.previous()),
            name: name.text.into_owned(),
            name_span: name.span,
            arguments,
            result: Some(result),
            errno,
            remark,
        };
        self.check_call(&spec);
        Ok(spec)
    }

    /// `EAGAIN`, where it stands.
    fn errno(&mut self) -> Parsed<Option<(String, Span)>> {
        let token = self.token();
        if token.kind != TokenKind::Word {
            return Ok(None);
        }
        let name = token.text.as_ref();
        // A call on the next line, without its time, is not an errno.
        let is_errno = symbols::errno(name).is_some();
        if token.starts_line && !is_errno {
            return Ok(None);
        }
        let is_call = symbols::arity(name).is_some() && self.peek(1).kind == TokenKind::Symbol('(');
        if is_call {
            // Reported as what cannot stand behind an event.
            return Ok(None);
        }
        if !is_errno {
            let wrong = *self.expected(
                "an errno such as `EAGAIN`, a remark in parentheses or the end of the line",
            );
            return Err(Box::new(
                match symbols::suggest(name, symbols::errno_names()) {
                    _ if name == "errno" => {
                        wrong.help("an errno is written by its name alone: `-1 EAGAIN`")
                    }
                    Some(known) => wrong.did_you_mean(Some(known)),
                    None => wrong.help("a comment begins with `//`"),
                },
            ));
        }
        let token = self.bump();
        Ok(Some((token.text.into_owned(), token.span)))
    }

    /// `(Resource temporarily unavailable)`: the words, with one blank between each two.
    fn remark(&mut self) -> Parsed<Option<String>> {
        if !self.at_symbol('(') {
            return Ok(None);
        }
        let open = self.bump().span;
        while !self.at_symbol(')') {
            if self.kind() == TokenKind::End || self.begins_event() {
                return Err(Box::new(
                    Diagnostic::error(open, "expected `)`, found the end of the line")
                        .label("this remark is never closed"),
                ));
            }
            self.bump();
        }
        let close = self.bump().span;
        let text = Span::new(open.end, close.start).text(self.source);
        let words: Vec<&str> = text.split_whitespace().collect();
        Ok(Some(words.join(" ")))
    }

    fn check_name(&mut self, name: &Token<'_>, count: usize, arguments: Span) {
        let Some(arity) = symbols::arity(&name.text) else {
            let wrong =
                Diagnostic::error(name.span, format!("there is no call {}", quote(&name.text)))
                    .label("unknown call");
            let known = symbols::suggest(&name.text, symbols::syscall_names());
            self.diagnostics.push(match known {
                Some(known) => wrong.did_you_mean(Some(known)),
                None if name.text == "system" => wrong.help("a command stands in backticks"),
                None => {
                    let names: Vec<_> = symbols::syscall_names().collect();
                    wrong.note(format!("the calls are {}", names.join(", ")))
                }
            });
            return;
        };
        if arity.contains(&count) {
            return;
        }
        let (least, most) = (*arity.start(), *arity.end());
        let expected = match (least, most) {
            (1, 1) => "1 argument".to_owned(),
            _ if least == most => format!("{least} arguments"),
            _ => format!("{least} or {most} arguments"),
        };
        let parameters = symbols::parameters(&name.text).unwrap_or_default();
        let mut wrong = Diagnostic::error(
            arguments,
            format!("expected {expected} of `{}`, found {count}", name.text),
        )
        .help(format!("the form is `{}({parameters})`", name.text));
        if count > 0 && count < least {
            wrong = wrong.help("an argument that does not matter is written `...`");
        }
        self.diagnostics.push(wrong);
    }

    fn check_call(&mut self, spec: &CallSpec) {
        for expression in spec.arguments.iter().chain(&spec.result) {
            self.check_symbols(expression);
        }
        self.check_result(spec);
        let Some((errno, span)) = &spec.errno else {
            return;
        };
        if let Some(result) = &spec.result
            && let Some(value) = known_number(result)
            && value != -1
        {
            self.diagnostics.push(
                Diagnostic::error(
                    result.span,
                    format!("expected the result -1 with {errno}, found {value}"),
                )
                .secondary(*span, "a call that fails returns -1"),
            );
        }
        if spec.remark.is_none() {
            let text = remark_for(errno);
            self.diagnostics.push(
                Diagnostic::warning(*span, format!("no remark stands behind {errno}"))
                    .note("packetdrill demands words in parentheses there, whatever they are")
                    .help(format!("write `{errno} ({text})`")),
            );
        }
    }

    /// An errno is no result.
    fn check_result(&mut self, spec: &CallSpec) {
        let Some(result) = &spec.result else {
            return;
        };
        let symbol = match &result.kind {
            ExpressionKind::Unary {
                operator: '-',
                operand,
            } => &operand.kind,
            other => other,
        };
        if let ExpressionKind::Symbol(name) = symbol
            && symbols::errno(name).is_some()
        {
            self.diagnostics.push(
                Diagnostic::error(
                    result.span,
                    format!(
                        "expected the call's result, found the errno {}",
                        quote(name)
                    ),
                )
                .help(format!(
                    "a call that fails returns -1: `-1 {name} ({})`",
                    remark_for(name)
                )),
            );
        }
    }

    /// Reports every unknown symbol and function of `expression`.
    fn check_symbols(&mut self, expression: &Expression) {
        match &expression.kind {
            ExpressionKind::Symbol(name) => {
                let is_known = symbols::lookup(name).is_some() || name == "in6addr_any";
                if !is_known {
                    self.diagnostics.push(unknown_symbol(expression, name));
                }
            }
            ExpressionKind::Binary {
                operator,
                left,
                right,
            } => {
                if *operator != '=' {
                    self.check_symbols(left);
                }
                self.check_symbols(right);
            }
            ExpressionKind::Unary { operand, .. } => self.check_symbols(operand),
            ExpressionKind::List(items) => {
                items.iter().for_each(|item| self.check_symbols(item));
            }
            ExpressionKind::Struct(fields) => {
                fields
                    .iter()
                    .for_each(|(_, value)| self.check_symbols(value));
            }
            ExpressionKind::Call { name, arguments } => {
                self.check_function(expression, name, arguments);
            }
            _ => {}
        }
    }

    fn check_function(&mut self, expression: &Expression, name: &str, arguments: &[Expression]) {
        if FUNCTIONS.contains(&name) {
            let findings = self.diagnostics.len();
            arguments
                .iter()
                .for_each(|argument| self.check_symbols(argument));
            // A port too large, an address that is none: known as soon as the function is one that gives a number.
            if name != "inet6_addr"
                && self.diagnostics.len() == findings
                && let Err(wrong) = evaluate(expression)
            {
                self.diagnostics.push(*wrong);
            }
            return;
        }
        let wrong = Diagnostic::error(
            expression.span,
            format!("there is no function {}", quote(name)),
        );
        let note = format!("the functions are {}", FUNCTIONS.join(", "));
        self.diagnostics.push(if symbols::arity(name).is_some() {
            wrong.help("a call stands in an event of its own; its result, a number, stands here")
        } else if name == "sizeof" {
            wrong.help("write the number of octets: `4` for an `int`")
        } else {
            wrong
                .did_you_mean(symbols::suggest(name, FUNCTIONS))
                .note(note)
        });
    }

    /// The name of a field in a structure, where it stands.
    pub(super) fn check_field(&mut self, name: &Token<'_>) {
        let text = name.text.as_ref();
        // Statistics of a time stamp are named by symbols.
        if FIELDS.contains(&text) || symbols::lookup(text).is_some() {
            return;
        }
        let wrong = Diagnostic::error(name.span, format!("there is no field {}", quote(text)));
        let known = symbols::suggest(text, FIELDS);
        self.diagnostics.push(match known {
            Some(_) => wrong.did_you_mean(known),
            None => wrong.note(format!("the fields are {}", FIELDS.join(", "))),
        });
    }
}

/// The words that the C library has for the commonest errors.
fn remark_for(errno: &str) -> &'static str {
    match errno {
        "EAGAIN" | "EWOULDBLOCK" => "Resource temporarily unavailable",
        "ECONNREFUSED" => "Connection refused",
        "ECONNRESET" => "Connection reset by peer",
        "EINPROGRESS" => "Operation now in progress",
        "EINVAL" => "Invalid argument",
        "ENOTCONN" => "Transport endpoint is not connected",
        "EPIPE" => "Broken pipe",
        "ETIMEDOUT" => "Connection timed out",
        _ => "why",
    }
}
