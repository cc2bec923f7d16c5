//! TCP options: `<mss 1460,nop,wscale 7,sackOK,TS val 1 ecr 0>`.

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::{TokenKind, quote};
use crate::span::Span;
use crate::symbols::suggest;
use crate::tree::{AccEcnField, TcpOptionKind, TcpOptionSpec};

const NAMES: [&str; 12] = [
    "mss", "nop", "eol", "wscale", "sackOK", "sack", "TS", "FO", "FOEXP", "md5", "ECN", "raw",
];

/// Octets for options in a TCP header.
const OPTION_SPACE: usize = 40;

impl Parser<'_> {
    /// Behind the `<`, up to and with the `>`.
    pub(super) fn tcp_option_list(&mut self) -> Parsed<Vec<TcpOptionSpec>> {
        let mut list = Vec::new();
        loop {
            list.push(self.tcp_option()?);
            if self.eat_symbol('>') {
                return Ok(list);
            }
            if !self.at_symbol(',') {
                return Err(self.expected("`,` or `>` after a TCP option"));
            }
            self.bump();
        }
    }

    fn tcp_option(&mut self) -> Parsed<TcpOptionSpec> {
        const WHAT: &str = "a TCP option";
        let start = self.token().span;
        if self.kind() == TokenKind::Ellipsis {
            return Err(Box::new(
                (*self.expected(WHAT))
                    .help("`...` stands alone, as `<...>`: all options unchecked"),
            ));
        }
        if self.kind() != TokenKind::Word || self.token().starts_line {
            return Err(self.expected(WHAT));
        }
        let name = self.token().text.clone().into_owned();
        if !NAMES.contains(&name.as_str()) {
            return Err(Box::new(
                (*self.expected(WHAT))
                    .label("unknown option")
                    .did_you_mean(suggest(&name, NAMES))
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
            "md5" => TcpOptionKind::Md5(self.octets_or_any("a digest", true)?),
            "ECN" => TcpOptionKind::AccEcn(self.accurate_ecn()?),
            _ => self.raw_option()?,
        };
        Ok(TcpOptionSpec {
            span: start.to(self.previous()),
            kind,
        })
    }

    /// `1:2 3:4` or `...`.
    fn sack_blocks(&mut self) -> Parsed<Option<Vec<(u32, u32)>>> {
        if self.eat(TokenKind::Ellipsis) {
            return Ok(None);
        }
        let mut blocks = Vec::new();
        loop {
            let (left, _) = self.u32("a SACK block, `left:right`")?;
            self.expect_symbol(':', "and the right edge of the SACK block")?;
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
            let known = text
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            return Err(if known {
                Box::new(
                    (*wrong(message))
                        .help(format!("if it is a symbol, define it: `--define={text}=…` in the script, or `-D {text}=…` on the command line")),
                )
            } else {
                wrong(message)
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
