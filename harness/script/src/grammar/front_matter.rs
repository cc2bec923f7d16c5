//! The `//:` lines: `key value`, where a line that begins further right than its key goes on with the value before.

use crate::diagnostic::Diagnostic;
use crate::front_matter::{Expectation, FrontMatter, NotedTarget, TargetNote};
use crate::lexer::quote;
use crate::span::Span;
use crate::symbols::suggest;

const KEYS: [&str; 3] = ["requires", "targets", "title"];

const MODES: [&str; 3] = ["v4", "v6", "mapped"];

/// One key with its value, which may be spread over lines.
struct Entry {
    key: Span,
    /// The pieces of the value, one a line.
    pieces: Vec<Span>,
}

/// Reads the lines at `lines`.
pub(super) fn parse(
    source: &str,
    lines: &[Span],
    diagnostics: &mut Vec<Diagnostic>,
) -> FrontMatter {
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
        return FrontMatter::default();
    };
    let mut reader = Reader {
        source,
        diagnostics,
        front_matter: FrontMatter {
            span: first.to(*last),
            ..FrontMatter::default()
        },
        title: None,
    };
    for entry in reader.entries(lines) {
        reader.entry(&entry);
    }
    reader.front_matter
}

struct Reader<'a> {
    source: &'a str,
    diagnostics: &'a mut Vec<Diagnostic>,
    front_matter: FrontMatter,
    /// Where the title stands.
    title: Option<Span>,
}

impl<'a> Reader<'a> {
    fn entries(&mut self, lines: &[Span]) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut key_column = usize::MAX;
        for line in lines {
            let body = Span::new(line.start + "//:".len(), line.end);
            let text = trimmed(self.source, body);
            if text.start == text.end {
                continue;
            }
            let column = text.start - line.start;
            match entries.last_mut() {
                Some(entry) if column > key_column => entry.pieces.push(text),
                None if column > 12 => self.diagnostics.push(
                    Diagnostic::error(text, "expected a key, found the continuation of a value")
                        .label("no key stands before this line"),
                ),
                _ => {
                    key_column = column;
                    let length = text
                        .text(self.source)
                        .find(char::is_whitespace)
                        .unwrap_or(text.end - text.start);
                    let key = Span::new(text.start, text.start + length);
                    let value = trimmed(self.source, Span::new(key.end, text.end));
                    let pieces = if value.start == value.end {
                        Vec::new()
                    } else {
                        vec![value]
                    };
                    entries.push(Entry { key, pieces });
                }
            }
        }
        entries
    }

    fn entry(&mut self, entry: &Entry) {
        let key = entry.key.text(self.source);
        if !KEYS.contains(&key) {
            let bare = key.split([':', '=']).next().unwrap_or(key);
            let wrong = Diagnostic::error(
                entry.key,
                format!("expected a key of the front matter, found {}", quote(key)),
            );
            self.diagnostics.push(if KEYS.contains(&bare) {
                wrong.help(format!(
                    "only blanks stand between a key and its value: `//: {bare}  …`"
                ))
            } else {
                wrong
                    .label("unknown key")
                    .did_you_mean(suggest(bare, KEYS))
                    .note("the keys are `title`, `requires` and `targets`")
            });
            return;
        }
        if entry.pieces.is_empty() {
            let form = match key {
                "title" => "what is tested, in a sentence",
                "requires" => "RFC9293-MUST-13, RFC9293-MUST-14",
                _ => "linux: expect fail \"why, with the source\"",
            };
            self.diagnostics.push(
                Diagnostic::error(
                    entry.key.after(),
                    format!("expected a value after `{key}`, found the end of the line"),
                )
                .help(format!("write `//: {key}  {form}`")),
            );
            return;
        }
        match key {
            "title" => self.set_title(entry),
            "requires" => self.requires(entry),
            _ => {
                let text = Joined::new(self.source, &entry.pieces);
                match target_note(&text) {
                    Ok(note) => self.front_matter.targets.push(note),
                    Err(diagnostic) => self.diagnostics.push(*diagnostic),
                }
            }
        }
    }

    fn set_title(&mut self, entry: &Entry) {
        if let Some(first) = self.title {
            self.diagnostics.push(
                Diagnostic::error(entry.key, "the script already has a title")
                    .secondary(first, "the first title")
                    .help("to go on with the title, leave the key out and begin further right"),
            );
            return;
        }
        self.title = Some(entry.key);
        self.front_matter.title = Some(Joined::new(self.source, &entry.pieces).text);
    }

    fn requires(&mut self, entry: &Entry) {
        for piece in &entry.pieces {
            let mut at = piece.start;
            for part in piece.text(self.source).split(',') {
                let id = trimmed(self.source, Span::new(at, at + part.len()));
                at += part.len() + 1;
                if id.start < id.end {
                    self.requirement(id);
                }
            }
        }
    }

    fn requirement(&mut self, span: Span) {
        let id = span.text(self.source);
        if !is_requirement(id) {
            self.diagnostics.push(
                Diagnostic::error(
                    span,
                    format!("expected the id of a requirement, found {}", quote(id)),
                )
                .did_you_mean(meant(id).as_deref())
                .note("ids look like `RFC9293-MUST-13` or `RFC5961-3.2-2`, with commas between"),
            );
        } else if self.front_matter.requires.iter().any(|known| known == id) {
            self.diagnostics.push(
                Diagnostic::warning(span, format!("{} is required twice", quote(id)))
                    .help("leave one out"),
            );
        } else {
            self.front_matter.requires.push(id.to_owned());
        }
    }
}

/// `RFC`, a number, a hyphen and the rest.
fn is_requirement(id: &str) -> bool {
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    id.strip_prefix("RFC").is_some_and(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let tail = rest[digits..].strip_prefix('-');
        digits > 0 && tail.is_some_and(|tail| !tail.is_empty() && tail.chars().all(belongs))
    })
}

/// The ids that were meant, where only their spelling is wrong.
fn meant(text: &str) -> Option<String> {
    let text = text.trim_matches(['"', '\'', '`']).to_ascii_uppercase();
    let joined = text.replace("RFC ", "RFC").replace("RFC-", "RFC");
    let hyphenated = joined.split_whitespace().collect::<Vec<_>>().join("-");
    if joined.matches("RFC").count() < 2 {
        return is_requirement(&hyphenated).then_some(hyphenated);
    }
    let pieces: Vec<_> = joined
        .split([';', ' '])
        .filter(|piece| !piece.is_empty())
        .collect();
    let are_ids = pieces.iter().all(|piece| is_requirement(piece));
    are_ids.then(|| pieces.join(", "))
}

/// `span` without blanks at its ends.
fn trimmed(source: &str, span: Span) -> Span {
    let text = span.text(source);
    let start = span.start + (text.len() - text.trim_start().len());
    let end = start + text.trim().len();
    Span::new(start, end)
}

/// A value as one line, with the way back to the places of its pieces.
struct Joined {
    text: String,
    /// Where a piece begins, in the text and in the source.
    starts: Vec<(usize, usize)>,
}

impl Joined {
    fn new(source: &str, pieces: &[Span]) -> Self {
        let mut joined = Self {
            text: String::new(),
            starts: Vec::new(),
        };
        for piece in pieces {
            if !joined.text.is_empty() {
                joined.text.push(' ');
            }
            joined.starts.push((joined.text.len(), piece.start));
            joined.text.push_str(piece.text(source));
        }
        joined
    }

    /// The place in the source of `start..end` of the text, which must begin within one piece; whole characters of it.
    fn span(&self, start: usize, end: usize) -> Span {
        let boundary = |at: usize| {
            let last = self.text.len();
            (at..last)
                .find(|at| self.text.is_char_boundary(*at))
                .unwrap_or(last)
        };
        let start = boundary(start);
        let next = self.starts.partition_point(|(at, _)| *at <= start);
        let (at, source) = self.starts[..next].last().copied().unwrap_or((0, 0));
        // A blank stands between two pieces.
        let last = self
            .starts
            .get(next)
            .map_or(self.text.len(), |(at, _)| at - 1);
        let end = boundary(end.max(start)).min(last.max(start));
        Span::new(source + start - at, source + end - at)
    }
}

const TARGET_NOTE: &str = "the form is `linux: expect fail \"why, with the source\"`, `linux/v6: …` for one address mode, `linux, reference:linux: …` for more than one target, or `linux: skip \"why\"`";

/// `linux/v6, reference:linux: expect fail "why"`
fn target_note(value: &Joined) -> Result<TargetNote, Box<Diagnostic>> {
    let text = value.text.as_str();
    let wrong = |start: usize, end: usize, message: String| {
        Box::new(Diagnostic::error(value.span(start, end), message).note(TARGET_NOTE))
    };
    let Some(colon) = end_of_names(text) else {
        let end = text.find(' ').unwrap_or(text.len());
        return Err(wrong(
            end,
            end,
            "expected `:` after the target's name".to_owned(),
        ));
    };
    let targets = noted_targets(value, colon)?;
    let rest = text[colon + 1..].trim_start();
    let start = text.len() - rest.len();
    let (expectation, word) = if rest.starts_with("expect fail") {
        (Expectation::Fail, "expect fail")
    } else if rest.starts_with("skip") {
        (Expectation::Skip, "skip")
    } else {
        let end = rest.find('"').unwrap_or(rest.len());
        let found = rest[..end].trim();
        let message = match found {
            "" => "expected `expect fail` or `skip`".to_owned(),
            _ => format!("expected `expect fail` or `skip`, found {}", quote(found)),
        };
        let wrong = *wrong(start, start + found.len().max(1), message);
        return Err(Box::new(match found.to_ascii_lowercase().as_str() {
            "skip" | "skipped" | "ignore" => wrong.did_you_mean(Some("skip")),
            "expect pass" | "pass" => {
                wrong.help("a pass is expected where nothing is said: leave the line out")
            }
            "" => wrong,
            _ => wrong.did_you_mean(Some("expect fail").filter(|_| found.contains("fail"))),
        }));
    };
    let quoted = rest[word.len()..].trim_start();
    let start = text.len() - quoted.len();
    let reason = reason(quoted).map_err(|found| {
        let (place, message) = match found {
            Reason::Missing => (
                start - usize::from(quoted.is_empty()),
                format!("expected the reason after `{word}`"),
            ),
            Reason::Empty => (start, format!("the reason after `{word}` is empty")),
            Reason::Open => (start, "expected `\"`, found the end of the line".to_owned()),
            Reason::Trailing(at) => (
                start + at,
                "expected the end of the line after the reason".to_owned(),
            ),
        };
        let place = value.span(place, place + 1);
        Box::new(
            Diagnostic::error(place, message)
                .help(format!("write `{word} \"why, with the source\"`")),
        )
    })?;
    Ok(TargetNote {
        targets,
        expectation,
        reason,
    })
}

/// Where the colon stands that ends the targets' names: one that is followed by a blank, since a name may have a profile.
fn end_of_names(text: &str) -> Option<usize> {
    let before_reason = &text[..text.find('"').unwrap_or(text.len())];
    before_reason
        .find(": ")
        .or_else(|| before_reason.rfind(':'))
}

/// `linux/v6, reference:linux`, which ends at `colon`.
fn noted_targets(value: &Joined, colon: usize) -> Result<Vec<NotedTarget>, Box<Diagnostic>> {
    let mut start = 0;
    let mut targets = Vec::new();
    for part in value.text[..colon].split(',') {
        let blanks = part.len() - part.trim_start().len();
        targets.push(noted_target(value, part.trim(), start + blanks)?);
        start += part.len() + 1;
    }
    Ok(targets)
}

/// `linux/v6`, which begins at `start`.
fn noted_target(value: &Joined, text: &str, start: usize) -> Result<NotedTarget, Box<Diagnostic>> {
    let wrong = |start: usize, end: usize, message: String| {
        Diagnostic::error(value.span(start, end), message).note(TARGET_NOTE)
    };
    let (name, mode) = match text.split_once('/') {
        Some((name, mode)) => (name.trim(), Some(mode.trim())),
        None => (text, None),
    };
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    if !name.split(':').all(is_word) {
        let found = if name.is_empty() {
            let found = &value.text[start..];
            quote(&found[..found.chars().next().map_or(0, char::len_utf8)])
        } else {
            quote(name)
        };
        let message = format!("expected a target's name, found {found}");
        let error = wrong(start, start + text.len().max(1), message);
        return Err(Box::new(if name.contains(' ') {
            error.help("a comma stands between two targets")
        } else {
            error
        }));
    }
    if let Some(mode) = mode
        && !MODES.contains(&mode)
    {
        let message = format!(
            "expected the address mode `v4`, `v6` or `mapped`, found {}",
            quote(mode)
        );
        let known = match mode {
            "ipv4" | "4" => Some("v4"),
            "ipv6" | "6" => Some("v6"),
            _ => suggest(mode, MODES),
        };
        let (start, end) = (start + name.len() + 1, start + text.len());
        return Err(Box::new(wrong(start, end, message).did_you_mean(known)));
    }
    Ok(NotedTarget {
        name: name.to_owned(),
        mode: mode.map(str::to_owned),
    })
}

/// What is wrong with a reason.
enum Reason {
    Missing,
    Empty,
    Open,
    Trailing(usize),
}

/// The text in quotes, `\"` and `\\` resolved.
fn reason(quoted: &str) -> Result<String, Reason> {
    let Some(body) = quoted.strip_prefix('"') else {
        return Err(Reason::Missing);
    };
    let mut text = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if !body[at + 1..].trim().is_empty() => {
                return Err(Reason::Trailing(at + 2));
            }
            '"' if text.trim().is_empty() => return Err(Reason::Empty),
            '"' => return Ok(text),
            '\\' => text.extend(chars.next().map(|(_, c)| c)),
            _ => text.push(c),
        }
    }
    Err(Reason::Open)
}
