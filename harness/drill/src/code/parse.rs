//! From tokens to statements. Python that is beyond these is no error: it is left to Python.

use super::lex::{self, Kind, Token};
use super::tree::{Expression, Statement, StatementKind};
use super::{Beyond, Refused, SyntaxError};

/// How deep expressions may be nested.
const DEEPEST: usize = 64;

/// Operators of two sides from the loosest to the tightest, between comparison and the signs.
const LEVELS: [&[&str]; 6] = [
    &["|"],
    &["^"],
    &["&"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "//", "%"],
];
const COMPARISONS: [&str; 6] = ["<", "<=", ">", ">=", "==", "!="];
const ASSIGNMENTS: [(&str, &str); 12] = [
    ("+=", "+"),
    ("-=", "-"),
    ("*=", "*"),
    ("/=", "/"),
    ("//=", "//"),
    ("%=", "%"),
    ("**=", "**"),
    ("&=", "&"),
    ("|=", "|"),
    ("^=", "^"),
    ("<<=", "<<"),
    (">>=", ">>"),
];
/// Words that begin or are part of what only Python knows.
const PYTHON_ONLY: [&str; 19] = [
    "if", "for", "while", "def", "import", "from", "lambda", "class", "with", "try", "return",
    "global", "del", "pass", "in", "is", "yield", "raise", "elif",
];

/// Parses a block.
pub(super) fn parse(text: &str) -> Result<Vec<Statement>, Refused> {
    let tokens = lex::tokens(text)?;
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        depth: 0,
    };
    let mut statements = Vec::new();
    while parser.at < parser.tokens.len() {
        if parser.kind() == Some(&Kind::End) {
            parser.at += 1;
            continue;
        }
        statements.push(parser.statement()?);
    }
    Ok(statements)
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

type Parsed<T> = Result<T, Refused>;

impl Parser<'_> {
    fn kind(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn line(&self) -> usize {
        let last = self.tokens.len().saturating_sub(1);
        self.tokens.get(self.at.min(last)).map_or(0, |t| t.line)
    }

    fn symbol(&mut self, wanted: &str) -> bool {
        let found = matches!(self.kind(), Some(Kind::Symbol(symbol)) if *symbol == wanted);
        self.at += usize::from(found);
        found
    }

    fn one_of(&mut self, wanted: &[&'static str]) -> Option<&'static str> {
        wanted.iter().find(|symbol| self.symbol(symbol)).copied()
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.kind(), Some(Kind::Name(name)) if name == wanted);
        self.at += usize::from(found);
        found
    }

    /// One of these symbols is here: no mistake where Python has a use for it.
    fn leave<T>(&self, symbols: &[&str]) -> Parsed<T> {
        match self.kind() {
            Some(Kind::Symbol(symbol)) if symbols.contains(symbol) => {
                Err(Refused::Beyond(Beyond {
                    line: self.line(),
                    what: format!("`{symbol}`"),
                }))
            }
            _ => self.refuse(),
        }
    }

    /// What is here does not belong here: wrong, or a word of Python's that this does not know.
    fn refuse<T>(&self) -> Parsed<T> {
        let line = self.line();
        let beyond = |what: String| Err(Refused::Beyond(Beyond { line, what }));
        match self.kind() {
            Some(Kind::Name(name)) if PYTHON_ONLY.contains(&name.as_str()) => {
                beyond(format!("`{name}`"))
            }
            // `not in`
            Some(Kind::Name(name)) if name == "not" => beyond(format!("`{name}`")),
            Some(Kind::Symbol(symbol @ ("[" | "." | ":" | "@"))) => beyond(format!("`{symbol}`")),
            Some(Kind::End) | None => Err(Refused::Wrong(SyntaxError {
                line,
                message: "the expression ends too early".to_owned(),
            })),
            Some(_) => {
                let token = &self.tokens[self.at];
                let found = &self.text[token.from..token.to];
                Err(Refused::Wrong(SyntaxError {
                    line,
                    message: format!("`{found}` does not belong here"),
                }))
            }
        }
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let line = self.line();
        let kind = if self.word("assert") {
            let from = self.tokens[self.at.min(self.tokens.len() - 1)].from;
            let condition = self.expression()?;
            let to = self.tokens[self.at - 1].to;
            let text = self.text[from..to.max(from)].to_owned();
            let message = match self.symbol(",") {
                true => Some(self.expression()?),
                false => None,
            };
            StatementKind::Assert {
                condition,
                text,
                message,
            }
        } else if self.word("print") {
            StatementKind::Print(self.printed()?)
        } else {
            self.assignment()?
        };
        match self.kind() {
            Some(Kind::End) | None => {
                self.at += 1;
                Ok(Statement { line, kind })
            }
            // `a = b = 1`, `a, b = 1, 2`, and the like; a condition has none.
            _ if !matches!(kind, StatementKind::Assert { .. }) => self.leave(&["=", ","]),
            _ => self.refuse(),
        }
    }

    /// What `print` shows: arguments of a call, or as in Python 2 what follows.
    fn printed(&mut self) -> Parsed<Vec<Expression>> {
        let begin = self.at;
        if self.symbol("(") {
            let arguments = self.arguments()?;
            if matches!(self.kind(), Some(Kind::End) | None) {
                return Ok(arguments);
            }
            self.at = begin;
        }
        self.expression_list()
    }

    /// What a call is given, behind its opening parenthesis.
    fn arguments(&mut self) -> Parsed<Vec<Expression>> {
        let arguments = self.expression_list()?;
        if self.symbol(")") {
            Ok(arguments)
        } else {
            self.leave(&["="]) // an argument by its name
        }
    }

    fn assignment(&mut self) -> Parsed<StatementKind> {
        let begin = self.at;
        if let Some(Kind::Name(name)) = self.kind().cloned() {
            self.at += 1;
            let operator = ASSIGNMENTS
                .iter()
                .find(|(symbol, _)| self.symbol(symbol))
                .map(|(_, operator)| *operator);
            if operator.is_some() || self.symbol("=") {
                let value = self.expression()?;
                return Ok(StatementKind::Assign {
                    name,
                    operator,
                    value,
                });
            }
            self.at = begin;
        }
        Ok(StatementKind::Evaluate(self.expression()?))
    }

    fn expression_list(&mut self) -> Parsed<Vec<Expression>> {
        let mut list = Vec::new();
        while !matches!(self.kind(), Some(Kind::End | Kind::Symbol(")")) | None) {
            list.push(self.expression()?);
            if !self.symbol(",") {
                break;
            }
        }
        Ok(list)
    }

    fn expression(&mut self) -> Parsed<Expression> {
        if self.depth >= DEEPEST {
            let line = self.line();
            let what = "so deeply nested an expression".to_owned();
            return Err(Refused::Beyond(Beyond { line, what }));
        }
        self.depth += 1;
        let result = self.choice();
        self.depth -= 1;
        result
    }

    fn choice(&mut self) -> Parsed<Expression> {
        let value = self.or()?;
        if !self.word("if") {
            return Ok(value);
        }
        let condition = self.or()?;
        if !self.word("else") {
            return self.refuse();
        }
        let other = self.expression()?;
        Ok(Expression::Choice(
            Box::new(value),
            Box::new(condition),
            Box::new(other),
        ))
    }

    fn or(&mut self) -> Parsed<Expression> {
        let mut left = self.and()?;
        while self.word("or") {
            left = Expression::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expression> {
        let mut left = self.not()?;
        while self.word("and") {
            left = Expression::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed<Expression> {
        let mut count = 0;
        while self.word("not") {
            count += 1;
        }
        let mut inner = self.comparison()?;
        for _ in 0..count.min(DEEPEST) {
            inner = Expression::Not(Box::new(inner));
        }
        Ok(inner)
    }

    fn comparison(&mut self) -> Parsed<Expression> {
        let first = self.level(0)?;
        let mut links = Vec::new();
        while let Some(operator) = self.one_of(&COMPARISONS) {
            links.push((operator, self.level(0)?));
        }
        Ok(if links.is_empty() {
            first
        } else {
            Expression::Compare(Box::new(first), links)
        })
    }

    fn level(&mut self, level: usize) -> Parsed<Expression> {
        let Some(operators) = LEVELS.get(level) else {
            return self.signed();
        };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.one_of(operators) {
            let right = self.level(level + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn signed(&mut self) -> Parsed<Expression> {
        let mut signs = Vec::new();
        while let Some(sign) = self.one_of(&["-", "+", "~"]) {
            signs.push(sign);
            if signs.len() > DEEPEST {
                return self.refuse();
            }
        }
        let mut value = self.power()?;
        while let Some(sign) = signs.pop() {
            value = Expression::Unary(sign, Box::new(value));
        }
        Ok(value)
    }

    fn power(&mut self) -> Parsed<Expression> {
        let base = self.atom()?;
        if !self.symbol("**") {
            return Ok(base);
        }
        // Binds tighter than a sign on its left, looser than one on its right.
        self.depth += 1;
        let exponent = if self.depth < DEEPEST {
            self.signed()
        } else {
            self.refuse()
        };
        self.depth -= 1;
        Ok(Expression::Binary(
            "**",
            Box::new(base),
            Box::new(exponent?),
        ))
    }

    fn atom(&mut self) -> Parsed<Expression> {
        let Some(kind) = self.kind().cloned() else {
            return self.refuse();
        };
        let value = match kind {
            Kind::Integer(value) => Expression::Integer(value),
            Kind::Float(value) => Expression::Float(value),
            Kind::Text(mut text) => {
                // Strings side by side are one.
                while let Some(Kind::Text(more)) = self.tokens.get(self.at + 1).map(|t| &t.kind) {
                    text.push_str(more);
                    self.at += 1;
                }
                Expression::Text(text)
            }
            Kind::Symbol("(") => return self.parenthesis(),
            Kind::Name(name) if PYTHON_ONLY.contains(&name.as_str()) => return self.refuse(),
            Kind::Name(name) => return self.name(name),
            _ => return self.refuse(),
        };
        self.at += 1;
        Ok(value)
    }

    fn parenthesis(&mut self) -> Parsed<Expression> {
        self.at += 1;
        let begin = self.at;
        let mut list = self.expression_list()?;
        let is_tuple = list.len() != 1 || {
            let before = self.tokens.get(self.at.wrapping_sub(1)).map(|t| &t.kind);
            self.at > begin && matches!(before, Some(Kind::Symbol(",")))
        };
        if !self.symbol(")") {
            return self.refuse();
        }
        Ok(match list.pop() {
            Some(only) if !is_tuple => only,
            last => {
                list.extend(last);
                Expression::Tuple(list)
            }
        })
    }

    fn name(&mut self, name: String) -> Parsed<Expression> {
        self.at += 1;
        match name.as_str() {
            "True" => return Ok(Expression::Truth(true)),
            "False" => return Ok(Expression::Truth(false)),
            "None" => return Ok(Expression::None),
            _ => {}
        }
        if !self.symbol("(") {
            return Ok(Expression::Name(name));
        }
        Ok(Expression::Call(name, self.arguments()?))
    }
}
