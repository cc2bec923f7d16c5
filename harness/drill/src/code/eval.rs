//! Evaluating statements.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::tree::{Expression, Statement, StatementKind};
use super::value::{self, Value};

/// The variables of a script's code, kept from one block to the next.
pub(super) type Variables = BTreeMap<String, Value>;

/// How a statement goes wrong.
pub(super) struct Wrong {
    pub(super) line: usize,
    pub(super) message: String,
    pub(super) notes: Vec<String>,
}

/// Runs the statements; gives what they print.
pub(super) fn run(statements: &[Statement], variables: &mut Variables) -> Result<String, Wrong> {
    let mut printed = String::new();
    for statement in statements {
        let error = |message: String| Wrong {
            line: statement.line,
            message,
            notes: Vec::new(),
        };
        match &statement.kind {
            StatementKind::Assert {
                condition,
                text,
                message,
            } => {
                if !evaluate(condition, variables).map_err(error)?.is_true() {
                    let said = message
                        .as_ref()
                        .map(|message| evaluate(message, variables))
                        .transpose()
                        .map_err(error)?;
                    return Err(Wrong {
                        line: statement.line,
                        message: format!("the assertion `{}` does not hold", one_line(text)),
                        notes: notes(condition, said.as_ref(), variables),
                    });
                }
            }
            StatementKind::Assign {
                name,
                operator,
                value,
            } => {
                let value = evaluate(value, variables).map_err(error)?;
                let value = match operator {
                    Some(operator) => {
                        let old = lookup(name, variables).map_err(error)?;
                        value::binary(operator, &old, &value).map_err(error)?
                    }
                    None => value,
                };
                variables.insert(name.clone(), value);
            }
            StatementKind::Print(list) => {
                let values: Result<Vec<_>, _> = list
                    .iter()
                    .map(|item| evaluate(item, variables).map(|value| value.to_string()))
                    .collect();
                printed.push_str(&values.map_err(error)?.join(" "));
                printed.push('\n');
            }
            StatementKind::Evaluate(expression) => {
                evaluate(expression, variables).map_err(error)?;
            }
        }
    }
    Ok(printed)
}

fn one_line(text: &str) -> String {
    text.replace('\\', " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The value of every name in a condition, and what the assertion says.
fn notes(condition: &Expression, said: Option<&Value>, variables: &Variables) -> Vec<String> {
    let mut names = BTreeSet::new();
    names_in(condition, &mut names);
    let mut notes: Vec<_> = names
        .iter()
        .filter_map(|name| Some(format!("{name} is {}", variables.get(*name)?)))
        .collect();
    if let Some(said) = said {
        notes.push(format!("the script says: {said}"));
    }
    notes
}

fn names_in<'e>(expression: &'e Expression, names: &mut BTreeSet<&'e str>) {
    match expression {
        Expression::Name(name) => {
            names.insert(name);
        }
        Expression::Not(inner) | Expression::Unary(_, inner) => names_in(inner, names),
        Expression::Binary(_, left, right)
        | Expression::And(left, right)
        | Expression::Or(left, right) => {
            names_in(left, names);
            names_in(right, names);
        }
        Expression::Compare(first, links) => {
            names_in(first, names);
            for (_, link) in links {
                names_in(link, names);
            }
        }
        Expression::Call(_, items) | Expression::Tuple(items) => {
            for item in items {
                names_in(item, names);
            }
        }
        Expression::Choice(a, b, c) => {
            for part in [a, b, c] {
                names_in(part, names);
            }
        }
        Expression::Integer(_)
        | Expression::Float(_)
        | Expression::Text(_)
        | Expression::Truth(_)
        | Expression::None => {}
    }
}

fn lookup(name: &str, variables: &Variables) -> Result<Value, String> {
    variables
        .get(name)
        .cloned()
        .ok_or_else(|| format!("name '{name}' is not defined"))
}

fn evaluate(expression: &Expression, variables: &Variables) -> Result<Value, String> {
    Ok(match expression {
        Expression::Integer(value) => Value::Integer(*value),
        Expression::Float(value) => Value::Float(*value),
        Expression::Text(text) => Value::Text(text.clone()),
        Expression::Truth(truth) => Value::Truth(*truth),
        Expression::None => Value::None,
        Expression::Name(name) => lookup(name, variables)?,
        Expression::Not(inner) => Value::Truth(!evaluate(inner, variables)?.is_true()),
        Expression::Unary(sign, inner) => unary(sign, &evaluate(inner, variables)?)?,
        Expression::Binary(operator, left, right) => {
            let left = evaluate(left, variables)?;
            value::binary(operator, &left, &evaluate(right, variables)?)?
        }
        Expression::And(left, right) => match evaluate(left, variables)? {
            left if left.is_true() => evaluate(right, variables)?,
            left => left,
        },
        Expression::Or(left, right) => match evaluate(left, variables)? {
            left if left.is_true() => left,
            _ => evaluate(right, variables)?,
        },
        Expression::Compare(first, links) => compare(first, links, variables)?,
        Expression::Call(name, arguments) => {
            let values: Result<Vec<_>, _> = arguments
                .iter()
                .map(|argument| evaluate(argument, variables))
                .collect();
            call(name, &values?)?
        }
        Expression::Tuple(items) => {
            let values: Result<Vec<_>, _> =
                items.iter().map(|item| evaluate(item, variables)).collect();
            Value::Tuple(values?)
        }
        Expression::Choice(value, condition, other) => {
            if evaluate(condition, variables)?.is_true() {
                evaluate(value, variables)?
            } else {
                evaluate(other, variables)?
            }
        }
    })
}

fn unary(sign: &str, value: &Value) -> Result<Value, String> {
    let bad = || format!("bad operand type for unary {sign}");
    match (sign, value.integer()) {
        ("-", Some(number)) => number.checked_neg().map(Value::Integer).ok_or_else(bad),
        ("+", Some(number)) => Ok(Value::Integer(number)),
        ("~", Some(number)) => Ok(Value::Integer(!number)),
        ("-", None) => value
            .float()
            .map(|float| Value::Float(-float))
            .ok_or_else(bad),
        ("+", None) => value.float().map(Value::Float).ok_or_else(bad),
        _ => Err(bad()),
    }
}

fn compare(
    first: &Expression,
    links: &[(&'static str, Expression)],
    variables: &Variables,
) -> Result<Value, String> {
    let mut left = evaluate(first, variables)?;
    for (operator, link) in links {
        let right = evaluate(link, variables)?;
        let order = value::order(&left, &right);
        let holds = match (*operator, order) {
            ("==", order) => order == Some(Ordering::Equal),
            ("!=", order) => order != Some(Ordering::Equal),
            (_, None) => {
                return Err(format!(
                    "'{operator}' does not hold between {left} and {right}"
                ));
            }
            ("<", Some(order)) => order.is_lt(),
            ("<=", Some(order)) => order.is_le(),
            (">", Some(order)) => order.is_gt(),
            (_, Some(order)) => order.is_ge(),
        };
        if !holds {
            return Ok(Value::Truth(false));
        }
        left = right;
    }
    Ok(Value::Truth(true))
}

/// Whether [`call`] knows a function.
pub(super) fn knows(name: &str) -> bool {
    matches!(
        name,
        "abs" | "min" | "max" | "int" | "float" | "str" | "bool" | "len"
    )
}

fn call(name: &str, arguments: &[Value]) -> Result<Value, String> {
    let items = match arguments {
        [Value::Tuple(items)] => items.as_slice(),
        _ => arguments,
    };
    let best = |wanted: Ordering| {
        let mut best = items.first()?;
        for item in items {
            if value::order(item, best)? == wanted {
                best = item;
            }
        }
        Some(best.clone())
    };
    let found = match (name, arguments) {
        ("min", _) => best(Ordering::Less),
        ("max", _) => best(Ordering::Greater),
        ("abs", [value]) => match value.integer() {
            Some(number) => number.checked_abs().map(Value::Integer),
            None => value.float().map(|float| Value::Float(float.abs())),
        },
        ("int", [value]) => match value {
            Value::Text(text) => text.trim().parse().ok().map(Value::Integer),
            _ => value
                .integer()
                .or_else(|| value.float().map(|float| float.trunc() as i128))
                .map(Value::Integer),
        },
        ("float", [value]) => value.float().map(Value::Float),
        ("str", [value]) => Some(Value::Text(value.to_string())),
        ("bool", [value]) => Some(Value::Truth(value.is_true())),
        ("len", [Value::Text(text)]) => Some(Value::Integer(text.chars().count() as i128)),
        ("len", [Value::Tuple(items)]) => Some(Value::Integer(items.len() as i128)),
        _ => None,
    };
    found.ok_or_else(|| format!("{name}() does not take these arguments"))
}
