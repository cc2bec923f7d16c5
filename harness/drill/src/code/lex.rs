//! From the text of a code block to tokens, line by line.

use super::{Beyond, Refused, SyntaxError};

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Integer(i128),
    Float(f64),
    Text(String),
    Name(String),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// The end of a statement: a line's end or `;`.
    End,
}

/// A token with its line within the block, counted from 0, and its text's place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Longest first, so that `**` is not read as two `*`.
const SYMBOLS: [&str; 40] = [
    "**=", "//=", "<<=", ">>=", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "+=", "-=", "*=",
    "/=", "%=", "&=", "|=", "^=", "+", "-", "*", "/", "%", "&", "|", "^", "~", "<", ">", "(", ")",
    "[", "]", ",", "=", ":", ".", "@",
];

/// What makes a string another kind of string (raw, formatted, of octets …), in lower case.
const STRING_PREFIXES: [&str; 11] = ["b", "br", "f", "fr", "r", "rb", "rf", "rt", "t", "tr", "u"];

/// Reads a whole block.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Refused> {
    let mut lexer = Lexer {
        text,
        at: 0,
        line: 0,
        depth: 0,
        found: Vec::new(),
    };
    while lexer.step()? {}
    lexer.push(Kind::End, text.len(), text.len());
    Ok(lexer.found)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    /// How many brackets are open: inside of them a line's end means nothing.
    depth: usize,
    found: Vec<Token>,
}

impl Lexer<'_> {
    fn push(&mut self, kind: Kind, from: usize, to: usize) {
        let line = self.line;
        self.found.push(Token {
            kind,
            line,
            from,
            to,
        });
    }

    fn error(&self, message: &str) -> Refused {
        Refused::Wrong(SyntaxError {
            line: self.line,
            message: message.to_owned(),
        })
    }

    fn beyond(&self, what: String) -> Refused {
        Refused::Beyond(Beyond {
            line: self.line,
            what,
        })
    }

    fn step(&mut self) -> Result<bool, Refused> {
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else {
            return Ok(false);
        };
        if first == '\n' {
            if self.depth == 0 {
                self.push(Kind::End, self.at, self.at + 1);
            }
            self.at += 1;
            self.line += 1;
        } else if rest.starts_with("\\\n") {
            self.at += 2;
            self.line += 1;
        } else if first == '#' {
            self.at += rest.find('\n').unwrap_or(rest.len());
        } else if first == ';' {
            self.push(Kind::End, self.at, self.at + 1);
            self.at += 1;
        } else if first.is_whitespace() {
            self.at += first.len_utf8();
        } else if first.is_ascii_digit()
            || first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            self.number(rest.len())?;
        } else if first.is_alphabetic() || first == '_' {
            let length = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            if STRING_PREFIXES.contains(&rest[..length].to_ascii_lowercase().as_str())
                && rest[length..].starts_with(['"', '\''])
            {
                return Err(
                    self.beyond(format!("a string that begins with `{}`", &rest[..=length]))
                );
            }
            self.push(
                Kind::Name(rest[..length].to_owned()),
                self.at,
                self.at + length,
            );
            self.at += length;
        } else if rest.starts_with(r#"""""#) || rest.starts_with("'''") {
            return Err(self.beyond(format!("a string that begins with `{}`", &rest[..3])));
        } else if first == '"' || first == '\'' {
            self.string(first)?;
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            match *symbol {
                "(" | "[" => self.depth += 1,
                ")" | "]" => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            self.push(Kind::Symbol(symbol), self.at, self.at + symbol.len());
            self.at += symbol.len();
        } else if matches!(first, '{' | '}') {
            return Err(self.beyond(format!("`{first}`")));
        } else {
            return Err(self.error(&format!("`{first}` has no meaning here")));
        }
        Ok(true)
    }

    fn number(&mut self, rest: usize) -> Result<(), Refused> {
        let text = &self.text[self.at..self.at + rest];
        let length = text
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_')
            .unwrap_or(text.len());
        let written = text[..length].replace('_', "");
        let lower = written.to_ascii_lowercase();
        let radix = |prefix: &str, radix| {
            let digits = lower.strip_prefix(prefix)?;
            i128::from_str_radix(digits, radix).ok()
        };
        let integer = radix("0x", 16)
            .or_else(|| radix("0o", 8))
            .or_else(|| radix("0b", 2))
            .or_else(|| lower.parse().ok());
        let kind = match (integer, lower.parse::<f64>()) {
            (Some(value), _) => Kind::Integer(value),
            (None, Ok(value)) if value.is_finite() => Kind::Float(value),
            _ => return Err(self.error(&format!("`{written}` is not a number"))),
        };
        self.push(kind, self.at, self.at + length);
        self.at += length;
        Ok(())
    }

    fn string(&mut self, quote: char) -> Result<(), Refused> {
        let begin = self.at;
        let mut text = String::new();
        let mut letters = self.text[begin + 1..].char_indices();
        while let Some((offset, letter)) = letters.next() {
            match letter {
                '\\' => match letters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, '\n')) => {}
                    Some((_, other)) => text.push(other),
                    None => break,
                },
                '\n' => break,
                _ if letter == quote => {
                    let end = begin + 1 + offset + 1;
                    self.push(Kind::Text(text), begin, end);
                    self.at = end;
                    return Ok(());
                }
                _ => text.push(letter),
            }
        }
        Err(self.error("a string that does not end on its line"))
    }
}
