//! Code blocks, `%{ … }%`: Python that asserts something about the connection.
//!
//! The common form (assertions, arithmetic, comparisons, `and`, `or`, `not`, assignments, `print`) is evaluated here. Anything richer
//! goes to `python3`, all blocks of the script together once it is over, as packetdrill does; where there is none, the script is
//! skipped. Variables live from one block to the next.

mod eval;
mod facts;
mod lex;
mod parse;
mod python;
mod text;
mod tree;
mod value;

#[cfg(test)]
mod tests;

use self::eval::Variables;
pub(crate) use self::facts::Facts;
use self::tree::{Expression, Statement, StatementKind};

/// Code that is wrong in any Python.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SyntaxError {
    /// Within the block, counted from 0.
    line: usize,
    message: String,
}

/// Why a block is not evaluated here.
enum Refused {
    /// It is wrong in any Python.
    Wrong(SyntaxError),
    /// It is Python that this does not know.
    Beyond(Beyond),
}

/// Code that only Python knows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Beyond {
    /// Within the block, counted from 0.
    line: usize,
    what: String,
}

/// How a block, or all of them, came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything holds; what was printed.
    Passed(String),
    /// Something does not.
    Failed {
        /// The script's line.
        line: usize,
        /// What is wrong.
        message: String,
        /// The values that it depends on.
        notes: Vec<String>,
    },
    /// It needs Python, which is not here; why.
    NeedsPython(String),
}

/// The code of one script as it runs.
#[derive(Default)]
pub(crate) struct Program {
    variables: Variables,
    blocks: Vec<python::Block>,
    /// Why the blocks go to Python, when they do.
    beyond: Option<String>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program")
            .field("blocks", &self.blocks.len())
            .field("beyond", &self.beyond)
            .finish_non_exhaustive()
    }
}

impl Program {
    /// Runs a block that begins on this line of the script; one for Python is kept until [`finish`](Self::finish).
    pub(crate) fn block(&mut self, line: usize, text: &str, facts: Facts) -> Outcome {
        let parsed = parse::parse(text);
        facts.define(&mut self.variables);
        self.blocks.push(python::Block {
            line,
            text: text.to_owned(),
            facts,
        });
        let failed = |at: usize, message, notes| Outcome::Failed {
            line: line + at,
            message,
            notes,
        };
        let statements = match parsed {
            Ok(statements) => statements,
            Err(Refused::Wrong(error)) => return failed(error.line, error.message, Vec::new()),
            Err(Refused::Beyond(beyond)) => return self.leave_to_python(line, &beyond),
        };
        if let Some(beyond) = unknown_function(&statements) {
            return self.leave_to_python(line, &beyond);
        }
        if self.beyond.is_some() {
            // It may use what an earlier block, which is not run yet, defines.
            return Outcome::Passed(String::new());
        }
        match eval::run(&statements, &mut self.variables) {
            Ok(printed) => Outcome::Passed(printed),
            Err(wrong) => failed(wrong.line, wrong.message, wrong.notes),
        }
    }

    fn leave_to_python(&mut self, line: usize, beyond: &Beyond) -> Outcome {
        self.beyond.get_or_insert_with(|| {
            let line = line + beyond.line;
            format!(
                "the code on line {line} uses {}, which is left to python3",
                beyond.what
            )
        });
        Outcome::Passed(String::new())
    }

    /// Runs what was left to Python.
    pub(crate) fn finish(&self) -> Outcome {
        let Some(reason) = &self.beyond else {
            return Outcome::Passed(String::new());
        };
        match python::run(&self.blocks) {
            python::Said::Passed(printed) => Outcome::Passed(printed),
            python::Said::Failed(line, message) => Outcome::Failed {
                line,
                message,
                notes: Vec::new(),
            },
            python::Said::Missing(why) => Outcome::NeedsPython(format!("{reason}: {why}")),
        }
    }
}

/// The first call of a function that is not known here.
fn unknown_function(statements: &[Statement]) -> Option<Beyond> {
    statements.iter().find_map(|statement| {
        let parts: Vec<&Expression> = match &statement.kind {
            StatementKind::Assert {
                condition, message, ..
            } => std::iter::once(condition).chain(message).collect(),
            StatementKind::Assign { value, .. } | StatementKind::Evaluate(value) => vec![value],
            StatementKind::Print(list) => list.iter().collect(),
        };
        let name = parts.into_iter().find_map(unknown_in)?;
        Some(Beyond {
            line: statement.line,
            what: format!("the function `{name}`"),
        })
    })
}

fn unknown_in(expression: &Expression) -> Option<&str> {
    match expression {
        Expression::Call(name, arguments) => (!eval::knows(name))
            .then_some(name.as_str())
            .or_else(|| arguments.iter().find_map(unknown_in)),
        Expression::Not(inner) | Expression::Unary(_, inner) => unknown_in(inner),
        Expression::Binary(_, left, right)
        | Expression::And(left, right)
        | Expression::Or(left, right) => unknown_in(left).or_else(|| unknown_in(right)),
        Expression::Compare(first, links) => {
            unknown_in(first).or_else(|| links.iter().find_map(|(_, link)| unknown_in(link)))
        }
        Expression::Tuple(items) => items.iter().find_map(unknown_in),
        Expression::Choice(a, b, c) => [a, b, c].into_iter().find_map(|part| unknown_in(part)),
        _ => None,
    }
}
