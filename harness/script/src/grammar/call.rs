//! System calls: `read(4, ..., 1000) = -1 EAGAIN (Resource temporarily unavailable)`.

use super::{Parsed, Parser, known_number};
use crate::diagnostic::Diagnostic;
use crate::evaluate::unknown_symbol;
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
        let arguments = self.expressions(')', "the call")?;
        let arguments_span = open.to(self.previous());
        self.check_name(&name, arguments.len(), arguments_span);
        if !self.eat_symbol('=') {
            return Err(Box::new(
                (*self.expected("`=` and the call's result"))
                    .help("write `= 0` for success, `= ...` for any result"),
            ));
        }
        if self.token().starts_line {
            return Err(self.expected("the call's result"));
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
            return Err(Box::new(
                (*self.expected("the end of the line"))
                    .label("another event begins here")
                    .help("give each event a line of its own, with its time"),
            ));
        }
        if !is_errno {
            return Err(Box::new(
                (*self.expected(
                    "an errno such as `EAGAIN`, a remark in parentheses or the end of the line",
                ))
                .did_you_mean(symbols::suggest(name, symbols::errno_names())),
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
            self.diagnostics.push(
                Diagnostic::error(name.span, format!("there is no call {}", quote(&name.text)))
                    .label("unknown call")
                    .did_you_mean(symbols::suggest(&name.text, symbols::syscall_names())),
            );
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

    /// Reports every unknown symbol, function and field of `expression`.
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
                for (name, value) in fields {
                    if let Some(name) = name {
                        self.check_field(name, value);
                    }
                    self.check_symbols(value);
                }
            }
            ExpressionKind::Call { name, arguments } => {
                if !FUNCTIONS.contains(&name.as_str()) {
                    self.diagnostics.push(
                        Diagnostic::error(
                            expression.span,
                            format!("there is no function {}", quote(name)),
                        )
                        .did_you_mean(symbols::suggest(name, FUNCTIONS))
                        .note(format!("the functions are {}", FUNCTIONS.join(", "))),
                    );
                }
                arguments
                    .iter()
                    .for_each(|argument| self.check_symbols(argument));
            }
            _ => {}
        }
    }

    fn check_field(&mut self, name: &str, value: &Expression) {
        // Statistics of a time stamp are named by symbols.
        if FIELDS.contains(&name) || symbols::lookup(name).is_some() {
            return;
        }
        let known = FIELDS.iter().copied();
        self.diagnostics.push(
            Diagnostic::error(value.span, format!("there is no field {}", quote(name)))
                .label(format!("the value of `{}`", quote(name).trim_matches('`')))
                .did_you_mean(symbols::suggest(name, known)),
        );
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
