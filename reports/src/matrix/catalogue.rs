//! The catalogue of requirements: a table in a text file, one requirement a line.

use std::collections::BTreeMap;

/// The columns that a catalogue must have, in no particular order; `note` may be there as well, others are left alone.
const COLUMNS: [&str; 6] = ["id", "rfc", "section", "level", "testable", "summary"];

/// A catalogue that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct CatalogueError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there, and what was expected.
    pub problem: String,
}

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// What scripts name after `requires`.
    pub id: String,
    /// The RFC's number.
    pub rfc: String,
    /// Its section or sections.
    pub section: String,
    /// How binding it is, in the words of RFC 2119 where the RFC uses them.
    pub level: String,
    /// What it asks.
    pub summary: String,
    /// Why neither segments nor calls can show it; none where they can.
    pub not_testable: Option<String>,
}

/// All requirements, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The requirements.
    pub requirements: Vec<Requirement>,
}

impl Catalogue {
    /// Reads a table whose first line names its columns, which are separated by tabs. Lines that begin with `#` are comments.
    ///
    /// What cannot be tested has `no` in the column `testable` and the reason in `note`, or both in one: `no: the reason`.
    ///
    /// # Errors
    /// The first line that is not as it should be.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim_end_matches('\r')))
            .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let (number, header) = lines.next().ok_or_else(|| CatalogueError {
            line: 1,
            problem: format!(
                "expected a line that names the columns {}",
                COLUMNS.join(", ")
            ),
        })?;
        let columns = Columns::read(number, header)?;
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut requirements = Vec::new();
        for (number, line) in lines {
            let requirement = columns.requirement(number, line)?;
            if let Some(first) = known.insert(requirement.id.clone(), number) {
                let problem = format!("`{}` stands on line {first} already", requirement.id);
                return Err(CatalogueError {
                    line: number,
                    problem,
                });
            }
            requirements.push(requirement);
        }
        Ok(Self { requirements })
    }

    /// Whether it has this requirement.
    pub fn has(&self, id: &str) -> bool {
        self.requirements.iter().any(|known| known.id == id)
    }
}

/// Where each column stands.
struct Columns<'h> {
    places: BTreeMap<&'h str, usize>,
    count: usize,
}

impl<'h> Columns<'h> {
    fn read(line: usize, header: &'h str) -> Result<Self, CatalogueError> {
        let names: Vec<_> = header.split('\t').map(str::trim).collect();
        let places: BTreeMap<_, _> = names
            .iter()
            .enumerate()
            .map(|(place, name)| (*name, place))
            .collect();
        match COLUMNS.iter().find(|name| !places.contains_key(*name)) {
            Some(missing) => Err(CatalogueError {
                line,
                problem: format!(
                    "expected the names of the columns {}, separated by tabs; there is no `{missing}`",
                    COLUMNS.join(", ")
                ),
            }),
            None => Ok(Self {
                places,
                count: names.len(),
            }),
        }
    }

    fn requirement(&self, line: usize, text: &str) -> Result<Requirement, CatalogueError> {
        let wrong = |problem| CatalogueError { line, problem };
        let fields: Vec<_> = text.split('\t').map(str::trim).collect();
        if fields.len() > self.count {
            let problem = format!("expected {} columns, found {}", self.count, fields.len());
            return Err(wrong(problem));
        }
        let field = |name: &str| {
            let place = self.places.get(name)?;
            fields.get(*place).copied()
        };
        let text = |name: &str| match field(name) {
            Some(value) if !value.is_empty() => Ok(value.to_owned()),
            _ => Err(wrong(format!("the column `{name}` is empty"))),
        };
        let note = field("note").unwrap_or_default();
        Ok(Requirement {
            id: text("id")?,
            rfc: text("rfc")?,
            section: text("section")?,
            level: text("level")?,
            summary: text("summary")?,
            not_testable: not_testable(&text("testable")?, note).map_err(wrong)?,
        })
    }
}

/// Why a requirement cannot be tested, from the columns `testable` and `note`.
fn not_testable(value: &str, note: &str) -> Result<Option<String>, String> {
    let reason = match value.split_once(':') {
        None if value == "yes" => return Ok(None),
        None if value == "no" => note,
        Some(("no", reason)) => reason.trim(),
        _ => {
            return Err(format!(
                "expected `yes` or `no` in `testable`, found `{value}`"
            ));
        }
    };
    if reason.is_empty() {
        return Err("expected in `note` why it cannot be tested, found nothing".to_owned());
    }
    Ok(Some(reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "id\trfc\tsection\tlevel\ttestable\tsummary\tnote\n";

    fn problem(lines: &str) -> String {
        let text = format!("{HEADER}{lines}");
        let error = Catalogue::parse(&text).expect_err("it is wrong");
        error.to_string()
    }

    #[test]
    fn columns_are_found_by_their_names() {
        let text = "# a comment\nsummary\tbasis\tid\ttestable\tlevel\tsection\trfc\r\n\
                    Drop it\ttext\tRFC1-A\tno: nobody sees it\tMUST\t2.1\t1\r\n";
        let catalogue = Catalogue::parse(text).expect("it is right");
        let [only] = &catalogue.requirements[..] else {
            panic!("one requirement");
        };
        assert_eq!((only.id.as_str(), only.rfc.as_str()), ("RFC1-A", "1"));
        assert_eq!(
            (only.section.as_str(), only.level.as_str()),
            ("2.1", "MUST")
        );
        assert_eq!(only.summary, "Drop it");
        assert_eq!(only.not_testable.as_deref(), Some("nobody sees it"));
    }

    #[test]
    fn the_reason_may_stand_in_the_note() {
        let text = format!("{HEADER}RFC1-A\t1\t2\tMAY\tno\tKeep it\tinternal\n");
        let catalogue = Catalogue::parse(&text).expect("it is right");
        let why = catalogue.requirements[0].not_testable.as_deref();
        assert_eq!(why, Some("internal"));
        assert!(catalogue.has("RFC1-A") && !catalogue.has("RFC1-B"));
    }

    #[test]
    fn trailing_columns_may_be_left_out() {
        let text = format!("{HEADER}RFC1-A\t1\t2\tMAY\tyes\tKeep it\n");
        assert!(Catalogue::parse(&text).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let row = "RFC1-A\t1\t2\tMAY\tyes\tKeep it\t\n";
        assert_eq!(
            problem(&format!("{row}# c\n{row}")),
            "line 4: `RFC1-A` stands on line 2 already"
        );
        assert_eq!(
            problem("RFC1-A\t1\t2\tMAY\tperhaps\tKeep it\t\n"),
            "line 2: expected `yes` or `no` in `testable`, found `perhaps`"
        );
        assert_eq!(
            problem("RFC1-A\t1\t2\tMAY\tno\tKeep it\t\n"),
            "line 2: expected in `note` why it cannot be tested, found nothing"
        );
        assert_eq!(
            problem("RFC1-A\t1\n"),
            "line 2: the column `section` is empty"
        );
        assert_eq!(
            problem("RFC1-A\t1\t2\tMAY\tyes\tKeep it\t\tmore\n"),
            "line 2: expected 7 columns, found 8"
        );
        let error = Catalogue::parse("id\trfc\n").expect_err("columns are missing");
        assert!(error.to_string().contains("there is no `section`"));
        let error = Catalogue::parse("\n# nothing\n").expect_err("it is empty");
        assert!(error.to_string().contains("names the columns"));
    }
}
