//! TCP options: `<mss 1460,nop,wscale 7,sackOK,TS val 1 ecr 0>`.

use super::cursor::{define_help, is_constant};
use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::{TokenKind, quote};
use crate::span::Span;
use crate::symbols::suggest;
use crate::tree::{AccEcnField, TcpOptionKind, TcpOptionSpec};

const NAMES: [&str; 12] = [
    "mss", "nop", "eol", "wscale", "sackOK", "sack", "TS", "FO", "FOEXP", "md5", "ECN", "raw",
];

/// How others name some of them.
const ALIASES: [(&str, &str); 15] = [
    ("accecn", "ECN"),
    ("cookie", "FO"),
    ("end", "eol"),
    ("fastopen", "FO"),
    ("md5sig", "md5"),
    ("sack_perm", "sackOK"),
    ("sack_permitted", "sackOK"),
    ("sackperm", "sackOK"),
    ("sackpermitted", "sackOK"),
    ("tfo", "FO"),
    ("timestamp", "TS"),
    ("timestamps", "TS"),
    ("window_scale", "wscale"),
    ("winscale", "wscale"),
    ("ws", "wscale"),
];

/// Octets for options in a TCP header.
const OPTION_SPACE: usize = 40;

/// packetdrill takes no longer digest.
const LONGEST_DIGEST: usize = 16;

/// Whether `name` is a TCP option of the language.
pub(crate) fn is_tcp_option(name: &str) -> bool {
    NAMES.contains(&name)
}

/// The option that was meant by `name`.
fn meant(name: &str) -> Option<&'static str> {
    let folded = name.to_ascii_lowercase().replace('-', "_");
    let alias = ALIASES.iter().find(|(alias, _)| *alias == folded);
    alias
        .map(|(_, known)| *known)
        .or_else(|| suggest(name, NAMES))
}

impl Parser<'_> {
    /// Behind the `<` at `open`, up to and with the `>`.
    pub(super) fn tcp_option_list(&mut self, open: Span) -> Parsed<Vec<TcpOptionSpec>> {
        let mut list: Vec<TcpOptionSpec> = Vec::new();
        loop {
            let is_block = matches!(
                list.last().map(|last| &last.kind),
                Some(TcpOptionKind::Sack(_))
            );
            if is_block && self.kind() == TokenKind::Integer {
                return Err(Box::new((*self.expected("a TCP option")).help(
                    "SACK blocks have blanks between: `sack 1001:2001 3001:4001`",
                )));
            }
            list.push(self.tcp_option(open)?);
            if self.eat_symbol('>') {
                return Ok(list);
            }
            if !self.at_symbol(',') {
                return Err(self.no_comma(&list, open));
            }
            self.bump();
        }
    }

    /// Behind an option, at neither `,` nor `>`.
    fn no_comma(&self, list: &[TcpOptionSpec], open: Span) -> Box<Diagnostic> {
        let wrong = *self.expected("`,` or `>` after a TCP option");
        if self.at_line_end() {
            return Box::new(wrong.secondary(open, "the list of options begins here"));
        }
        let help = match (list.last().map(|last| &last.kind), self.kind()) {
            (Some(TcpOptionKind::Nop | TcpOptionKind::Eol), TokenKind::Integer) => {
                "this option has no number; write it as often as it is there"
            }
            (Some(TcpOptionKind::SackPermitted), TokenKind::Integer) => "`sackOK` has no value",
            (Some(TcpOptionKind::Sack(_)), TokenKind::Symbol('(')) => {
                "a SACK block has two edges and no length: `sack 1001:2001`"
            }
            (Some(TcpOptionKind::FastOpen(_) | TcpOptionKind::FastOpenExp(_)), _)
                if matches!(
                    self.kind(),
                    TokenKind::Text | TokenKind::Word | TokenKind::Integer
                ) =>
            {
                "a cookie is one run of hexadecimal digits, without quotes and blanks"
            }
            _ => "options have commas between: `<mss 1460,nop,wscale 7>`",
        };
        Box::new(wrong.help(help))
    }

    fn tcp_option(&mut self, open: Span) -> Parsed<TcpOptionSpec> {
        let start = self.token().span;
        if self.kind() != TokenKind::Word || self.token().starts_line {
            return Err(self.no_option(open));
        }
        let name = self.token().text.clone().into_owned();
        if !NAMES.contains(&name.as_str()) {
            return Err(Box::new(
                (*self.expected("a TCP option"))
                    .label("unknown option")
                    .did_you_mean(meant(&name))
                    .note(format!("the options are {}", NAMES.join(", "))),
            ));
        }
        self.bump();
        let kind = match name.as_str() {
            "mss" => TcpOptionKind::Mss(self.u16("a segment size after `mss`")?.0),
            "nop" => TcpOptionKind::Nop,
            "eol" => TcpOptionKind::Eol,
            "wscale" => TcpOptionKind::WindowScale(self.u8("a shift count after `wscale`")?.0),
            "sackOK" => TcpOptionKind::SackPermitted,
            "sack" => TcpOptionKind::Sack(self.sack_blocks()?),
            "TS" => self.timestamps()?,
            "FO" => TcpOptionKind::FastOpen(self.octets_or_any("a cookie", false)?),
            "FOEXP" => TcpOptionKind::FastOpenExp(self.octets_or_any("a cookie", false)?),
            "md5" => TcpOptionKind::Md5(self.digest()?),
            "ECN" => TcpOptionKind::AccEcn(self.accurate_ecn()?),
            _ => self.raw_option()?,
        };
        Ok(TcpOptionSpec {
            span: start.to(self.previous()),
            kind,
        })
    }

    fn no_option(&self, open: Span) -> Box<Diagnostic> {
        const ANY: &str = "all options unchecked is `<...>`";
        let wrong = *self.expected("a TCP option");
        if self.at_line_end() {
            return Box::new(wrong.secondary(open, "the list of options begins here"));
        }
        let is_first = self.previous() == open;
        Box::new(match self.kind() {
            TokenKind::Ellipsis if is_first => wrong.help(ANY),
            TokenKind::Ellipsis => {
                wrong.help("`...` stands alone, as `<...>`: all options unchecked")
            }
            TokenKind::Symbol('*' | '.') => wrong.help(ANY),
            TokenKind::Symbol('>') if is_first => {
                wrong.help("no options: leave the list out; any options: `<...>`")
            }
            TokenKind::Symbol('>' | ',') => wrong.help("one `,` stands between two options"),
            TokenKind::Integer => {
                let kind = self.token().text.as_ref();
                wrong.help(format!(
                    "an option by its number is `raw {kind}`, with its octets behind"
                ))
            }
            _ => wrong.note(format!("the options are {}", NAMES.join(", "))),
        })
    }

    /// `1:2 3:4` or `...`.
    fn sack_blocks(&mut self) -> Parsed<Option<Vec<(u32, u32)>>> {
        const FORM: &str = "the form is `sack 1001:2001 3001:4001`";
        if self.eat(TokenKind::Ellipsis) {
            return Ok(None);
        }
        let mut blocks = Vec::new();
        loop {
            if self.kind() != TokenKind::Integer {
                let wrong = *self.expected("a SACK block, `left:right`");
                let is_permitted = self.at_symbol('-') || self.at_word("ok") || self.at_word("OK");
                return Err(Box::new(match is_permitted {
                    true => wrong.help("the option of a SYN is `sackOK`"),
                    false => wrong.help(FORM),
                }));
            }
            let (left, _) = self.u32("a SACK block, `left:right`")?;
            if !self.at_symbol(':') {
                let wrong = *self.expected("`:` and the right edge of the SACK block");
                return Err(Box::new(wrong.help(FORM)));
            }
            self.bump();
            if self.kind() != TokenKind::Integer {
                let wrong = *self.expected("the right edge of a SACK block");
                return Err(Box::new(wrong.help(FORM)));
            }
            let (right, _) = self.u32("the right edge of a SACK block")?;
            blocks.push((left, right));
            if self.kind() != TokenKind::Integer {
                return Ok(Some(blocks));
            }
        }
    }

    fn timestamps(&mut self) -> Parsed<TcpOptionKind> {
        let mut values = [None; 2];
        for (value, name) in values.iter_mut().zip(["val", "ecr"]) {
            if !self.eat_word(name) {
                return Err(Box::new(
                    (*self.expected(format!("`{name}`"))).help("the form is `TS val 100 ecr 0`"),
                ));
            }
            if !self.eat(TokenKind::Ellipsis) {
                *value = Some(self.u32(&format!("a timestamp after `{name}`"))?.0);
            }
        }
        let [val, ecr] = values;
        Ok(TcpOptionKind::Timestamps { val, ecr })
    }

    /// The digest of a segment, which has 16 octets (RFC 2385 section 3) or fewer.
    fn digest(&mut self) -> Parsed<Option<Vec<u8>>> {
        let span = self.token().span;
        let octets = self.octets_or_any("a digest", true)?;
        let length = octets.as_ref().map_or(0, Vec::len);
        if length > LONGEST_DIGEST {
            self.diagnostics.push(
                Diagnostic::error(
                    span,
                    format!("expected a digest of at most {LONGEST_DIGEST} octets, found {length}"),
                )
                .help("whatever octets an option has, `raw 19` takes them"),
            );
        }
        Ok(octets)
    }

    /// Octets in hexadecimal digits, `...`, or nothing where that is allowed.
    fn octets_or_any(&mut self, what: &str, needed: bool) -> Parsed<Option<Vec<u8>>> {
        if self.eat(TokenKind::Ellipsis) {
            return Ok(None);
        }
        match self.kind() {
            TokenKind::Word | TokenKind::Integer => self.octets(what).map(Some),
            TokenKind::Hex => Err(Box::new(
                (*self.expected(format!("{what} in hexadecimal digits"))).help("leave `0x` out"),
            )),
            _ if needed => Err(self.expected(format!("{what} in hexadecimal digits"))),
            _ => Ok(Some(Vec::new())),
        }
    }

    pub(super) fn octets(&mut self, what: &str) -> Parsed<Vec<u8>> {
        let token = self.bump();
        let text = token.text.as_ref();
        let wrong = |message: String| Box::new(Diagnostic::error(token.span, message));
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let message = format!(
                "expected {what} in hexadecimal digits, found {}",
                quote(text)
            );
            return Err(if is_constant(text) {
                Box::new((*wrong(message)).help(define_help(text)))
            } else {
                Box::new(
                    (*wrong(message)).help("the digits are 0 to 9 and a to f, two for an octet"),
                )
            });
        }
        if text.len() % 2 != 0 {
            return Err(Box::new(
                (*wrong(format!(
                    "expected {what} with an even number of digits, found {}",
                    text.len()
                )))
                .label("two digits make an octet"),
            ));
        }
        Ok(text
            .as_bytes()
            .chunks(2)
            .filter_map(|pair| std::str::from_utf8(pair).ok())
            .filter_map(|pair| u8::from_str_radix(pair, 16).ok())
            .collect())
    }

    /// `e0b 1 ceb 0 e1b 1` or in reverse, cut off anywhere behind the first (RFC 9768 section 3.2.3).
    fn accurate_ecn(&mut self) -> Parsed<Vec<(AccEcnField, u32)>> {
        const FORWARD: [(&str, AccEcnField); 3] = [
            ("e0b", AccEcnField::E0b),
            ("ceb", AccEcnField::Ceb),
            ("e1b", AccEcnField::E1b),
        ];
        let mut order = FORWARD;
        if self.at_word("e1b") {
            order.reverse();
        }
        let mut fields = Vec::new();
        for (name, field) in order {
            if !self.at_word(name) {
                break;
            }
            self.bump();
            let (value, _) = self.integer_in(
                &format!("a counter of 24 bits after `{name}`"),
                0..=0xff_ffff,
            )?;
            fields.push((field, u32::try_from(value).unwrap_or(0)));
        }
        let left_over = FORWARD.iter().any(|(name, _)| self.at_word(name));
        if fields.is_empty() || left_over {
            let what = match fields.len() {
                0 => "`e0b` or `e1b` after `ECN`".to_owned(),
                3 => "`,` or `>` after the three counters".to_owned(),
                taken => format!("`{}`, `,` or `>`", order[taken].0),
            };
            return Err(Box::new((*self.expected(what)).help(
                "the counters come as `e0b N ceb N e1b N` or `e1b N ceb N e0b N`; the last ones can be left out",
            )));
        }
        Ok(fields)
    }

    /// `99 0a0b` or `99 length 0 0a0b`.
    fn raw_option(&mut self) -> Parsed<TcpOptionKind> {
        let (kind, _) = self.u8("an option kind after `raw`")?;
        let length = match self.eat_word("length") {
            true => Some(self.u8("a length octet after `length`")?.0),
            false => None,
        };
        let data = self.octets_or_any("the option's data", false)?;
        Ok(TcpOptionKind::Raw {
            kind,
            length,
            data: data.unwrap_or_default(),
        })
    }

    /// Options fill at most 40 octets, and a multiple of four.
    pub(super) fn check_option_space(&mut self, list: &[TcpOptionSpec], span: Span) {
        let Some(octets) = list.iter().map(octets_of).sum::<Option<usize>>() else {
            return;
        };
        let wrong = if octets > OPTION_SPACE {
            Diagnostic::error(span, "these options do not fit into a TCP header")
                .label(format!("{octets} octets; there is room for {OPTION_SPACE}"))
        } else if octets % 4 != 0 {
            let missing = 4 - octets % 4;
            let plural = if missing == 1 { "" } else { "s" };
            Diagnostic::warning(
                span,
                "these options do not fill whole words of the TCP header",
            )
            .label(format!("{octets} octets"))
            .note("packetdrill refuses such a list; here it is filled up with zeros")
            .help(format!("add {missing} `nop`{plural}"))
        } else {
            return;
        };
        self.diagnostics.push(wrong);
    }
}

/// The octets that an option takes; `None` when that is left open.
fn octets_of(option: &TcpOptionSpec) -> Option<usize> {
    Some(match &option.kind {
        TcpOptionKind::Nop | TcpOptionKind::Eol => 1,
        TcpOptionKind::Mss(_) => 4,
        TcpOptionKind::WindowScale(_) => 3,
        TcpOptionKind::SackPermitted => 2,
        TcpOptionKind::Sack(blocks) => 2 + 8 * blocks.as_ref()?.len(),
        TcpOptionKind::Timestamps { .. } => 10,
        TcpOptionKind::FastOpen(octets) | TcpOptionKind::Md5(octets) => 2 + octets.as_ref()?.len(),
        TcpOptionKind::FastOpenExp(octets) => 4 + octets.as_ref()?.len(),
        TcpOptionKind::AccEcn(fields) => 2 + 3 * fields.len(),
        TcpOptionKind::Raw { data, .. } => 2 + data.len(),
    })
}
