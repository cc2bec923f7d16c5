//! `--filter`: which scripts, by words of their names and ids of their requirements.

use halfopen_drill::ScriptFile;

/// A condition on scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    Name(String),
    Requires(String),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

impl Filter {
    /// Reads `a and not b or requires:X`; `and` binds closer than `or`, parentheses group.
    ///
    /// # Errors
    /// What was found where something else should stand.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut reader = Reader { words, at: 0 };
        let filter = reader.or()?;
        match reader.peek() {
            None => Ok(filter),
            Some(word) => Err(format!(
                "expected `and`, `or` or the end of the filter, found `{word}`"
            )),
        }
    }

    pub(crate) fn holds(&self, file: &ScriptFile) -> bool {
        match self {
            Self::Name(word) => file.name().contains(word.as_str()),
            Self::Requires(id) => file
                .script
                .front_matter
                .requires
                .iter()
                .any(|required| required == id),
            Self::Not(inner) => !inner.holds(file),
            Self::And(left, right) => left.holds(file) && right.holds(file),
            Self::Or(left, right) => left.holds(file) || right.holds(file),
        }
    }
}

struct Reader<'t> {
    words: Vec<&'t str>,
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t str> {
        self.words.get(self.at).copied()
    }

    fn take(&mut self, word: &str) -> bool {
        let is_there = self.peek() == Some(word);
        self.at += usize::from(is_there);
        is_there
    }

    fn or(&mut self) -> Result<Filter, String> {
        let mut filter = self.and()?;
        while self.take("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.and()?));
        }
        Ok(filter)
    }

    fn and(&mut self) -> Result<Filter, String> {
        let mut filter = self.not()?;
        while self.take("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.not()?));
        }
        Ok(filter)
    }

    fn not(&mut self) -> Result<Filter, String> {
        let mut is_negated = false;
        while self.take("not") {
            is_negated = !is_negated;
        }
        let inner = self.word()?;
        Ok(if is_negated {
            Filter::Not(Box::new(inner))
        } else {
            inner
        })
    }

    fn word(&mut self) -> Result<Filter, String> {
        if self.take("(") {
            let inner = self.or()?;
            return if self.take(")") {
                Ok(inner)
            } else {
                Err("expected `)`, found the end of the filter".to_owned())
            };
        }
        let word = self
            .peek()
            .filter(|word| !matches!(*word, "and" | "or" | ")"))
            .ok_or_else(|| {
                let found = self.peek().unwrap_or("the end of the filter");
                format!("expected a word of a script's name or `requires:ID`, found `{found}`")
            })?;
        self.at += 1;
        Ok(match word.strip_prefix("requires:") {
            Some(id) => Filter::Requires(id.to_owned()),
            None => Filter::Name(word.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;

    #[test]
    fn and_binds_closer_than_or() {
        let name = |word: &str| Box::new(Filter::Name(word.to_owned()));
        let expected = Filter::Or(
            name("a"),
            Box::new(Filter::And(name("b"), Box::new(Filter::Not(name("c"))))),
        );
        assert_eq!(Filter::parse("a or b and not c"), Ok(expected));
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for wrong in ["", "and", "a b", "(a", "a or", "not"] {
            assert!(Filter::parse(wrong).is_err(), "{wrong}");
        }
    }
}
