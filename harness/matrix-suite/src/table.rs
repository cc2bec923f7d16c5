//! A table as text: rows of columns between `|`, names for sets, and errors with their place.

use std::collections::BTreeMap;
use std::fmt;

/// A mistake in a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TableError {
    file: String,
    line: usize,
    column: usize,
    message: String,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            message,
        } = self;
        write!(f, "{file}:{line}:{column}: {message}")
    }
}

/// A table: its rows, each with one field for every column.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    file: String,
    line: usize,
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    column: usize,
    text: String,
}

impl Table {
    /// Reads a table whose first row must name exactly these columns.
    ///
    /// `#` begins a comment line. `let NAME = WORDS` gives a name to a set of words, for use in any column from then on.
    pub(crate) fn parse(file: &str, text: &str, columns: &[&str]) -> Result<Self, TableError> {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let mut rows = Vec::new();
        let mut has_header = false;
        for (index, line) in text.lines().enumerate() {
            let at = |column: usize, message: String| TableError {
                file: file.to_owned(),
                line: index + 1,
                column,
                message,
            };
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            if let Some(definition) = trimmed.strip_prefix("let ") {
                let (name, words) = definition
                    .split_once('=')
                    .ok_or_else(|| at(1, "expected `let NAME = WORDS`".to_owned()))?;
                names.insert(name.trim().to_owned(), expand(words, &names));
                continue;
            }
            let fields = split(line);
            if fields.len() != columns.len() {
                let (want, got) = (columns.len(), fields.len());
                return Err(at(
                    1,
                    format!(
                        "expected {want} columns ({}), found {got}",
                        columns.join(" | ")
                    ),
                ));
            }
            if !has_header {
                let wrong = fields
                    .iter()
                    .zip(columns)
                    .find(|(field, name)| field.text != **name);
                if let Some((field, name)) = wrong {
                    return Err(at(
                        field.column,
                        format!("expected the column `{name}`, found `{}`", field.text),
                    ));
                }
                has_header = true;
                continue;
            }
            let last = fields.len() - 1;
            let fields = fields.into_iter().enumerate().map(|(index, mut field)| {
                // The last column is a sentence, in which every word stands for itself.
                if index != last {
                    field.text = expand(&field.text, &names);
                }
                field
            });
            rows.push(Row {
                file: file.to_owned(),
                line: index + 1,
                fields: fields.collect(),
            });
        }
        Ok(Self { rows })
    }
}

/// Puts sets in the place of their names.
fn expand(words: &str, names: &BTreeMap<String, String>) -> String {
    let words: Vec<&str> = words
        .split_whitespace()
        .map(|word| names.get(word).map_or(word, String::as_str))
        .collect();
    words.join(" ")
}

fn split(line: &str) -> Vec<Field> {
    let mut column = 1;
    line.split('|')
        .map(|part| {
            let blanks = part.len() - part.trim_start().len();
            let field = Field {
                column: column + blanks,
                text: part.trim().to_owned(),
            };
            column += part.len() + 1;
            field
        })
        .collect()
}

impl Row {
    /// The text of a column.
    pub(crate) fn text(&self, index: usize) -> &str {
        self.fields
            .get(index)
            .map_or("", |field| field.text.as_str())
    }

    /// The words of a column, each made into what it stands for.
    pub(crate) fn words<T>(
        &self,
        index: usize,
        what: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, TableError> {
        self.text(index)
            .split_whitespace()
            .map(|word| {
                read(word).ok_or_else(|| self.error(index, format!("`{word}` is no {what}")))
            })
            .collect()
    }

    /// As [`words`](Self::words), of which `*` means all.
    pub(crate) fn words_or_all<T: Copy>(
        &self,
        index: usize,
        what: &str,
        all: &[T],
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, TableError> {
        if self.text(index) == "*" {
            return Ok(all.to_vec());
        }
        self.words(index, what, read)
    }

    /// The one word of a column.
    pub(crate) fn word<T>(
        &self,
        index: usize,
        what: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, TableError> {
        let mut words = self.words(index, what, read)?;
        match (words.pop(), words.is_empty()) {
            (Some(word), true) => Ok(word),
            _ => Err(self.error(index, format!("expected one {what}"))),
        }
    }

    /// A mistake in a column of this row.
    pub(crate) fn error(&self, index: usize, message: String) -> TableError {
        TableError {
            file: self.file.clone(),
            line: self.line,
            column: self.fields.get(index).map_or(1, |field| field.column),
            message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Table, String> {
        Table::parse("t.txt", text, &["states", "rule"]).map_err(|error| error.to_string())
    }

    #[test]
    fn sets_are_expanded_except_in_the_sentence() {
        let table = table("let ends = A B\nstates | rule\nends C | ends meet\n")
            .expect("the table is right");
        assert_eq!(table.rows[0].text(0), "A B C");
        assert_eq!(table.rows[0].text(1), "ends meet");
    }

    #[test]
    fn a_wrong_word_is_named_with_its_place() {
        let table = table("states | rule\n  A X | x\n").expect("the table is right");
        let error = table.rows[0].words(0, "state", |word| (word == "A").then_some(()));
        assert_eq!(
            error.map_err(|e| e.to_string()),
            Err("t.txt:2:3: `X` is no state".to_owned())
        );
    }

    #[test]
    fn wrong_columns_are_named_with_their_place() {
        assert_eq!(
            table("states | rules\n").map(|_| ()),
            Err("t.txt:1:10: expected the column `rule`, found `rules`".to_owned())
        );
        assert_eq!(
            table("states | rule\na\n").map(|_| ()),
            Err("t.txt:2:1: expected 2 columns (states | rule), found 1".to_owned())
        );
    }
}
