//! The statements and expressions that are evaluated without Python.

/// A statement with its line within the block, counted from 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) line: usize,
    pub(super) kind: StatementKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum StatementKind {
    /// `assert condition, message`; the condition also as it is written.
    Assert {
        condition: Expression,
        text: String,
        message: Option<Expression>,
    },
    /// `name = value`, or with an operator `name += value`.
    Assign {
        name: String,
        operator: Option<&'static str>,
        value: Expression,
    },
    /// `print(a, b)` or Python 2's `print a, b`.
    Print(Vec<Expression>),
    /// An expression for its own sake.
    Evaluate(Expression),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Integer(i128),
    Float(f64),
    Text(String),
    Truth(bool),
    None,
    Name(String),
    Not(Box<Self>),
    /// `-`, `+`, `~`
    Unary(&'static str, Box<Self>),
    Binary(&'static str, Box<Self>, Box<Self>),
    /// `and`, `or`
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    /// `a < b <= c`
    Compare(Box<Self>, Vec<(&'static str, Self)>),
    /// `abs(x)`
    Call(String, Vec<Self>),
    /// `(a, b)`
    Tuple(Vec<Self>),
    /// `a if condition else b`
    Choice(Box<Self>, Box<Self>, Box<Self>),
}
