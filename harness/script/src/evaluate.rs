//! The number that an expression stands for.

use crate::diagnostic::Diagnostic;
use crate::lexer::quote;
use crate::symbols;
use crate::tree::{Expression, ExpressionKind};

/// The number that `expression` stands for: integers, symbols, `|`, `~`, `-`, and the functions of C that scripts use
/// (`htons`, `htonl`, `inet_addr`), whose values are in network byte order as in C.
///
/// # Errors
/// What is no number, or a symbol that is not known, with its place.
pub fn evaluate(expression: &Expression) -> Result<i64, Box<Diagnostic>> {
    match &expression.kind {
        ExpressionKind::Integer(value) => Ok(*value),
        ExpressionKind::Symbol(name) => {
            symbols::lookup(name).ok_or_else(|| Box::new(unknown_symbol(expression, name)))
        }
        ExpressionKind::Binary {
            operator: '|',
            left,
            right,
        } => Ok(evaluate(left)? | evaluate(right)?),
        ExpressionKind::Unary { operator, operand } => {
            let value = evaluate(operand)?;
            match operator {
                '~' => Ok(!value),
                '-' => Ok(value.wrapping_neg()),
                other => Err(wrong(expression, format!("there is no operator `{other}`"))),
            }
        }
        ExpressionKind::Call { name, arguments } => call(expression, name, arguments),
        other => Err(wrong(
            expression,
            format!("expected a number, found {}", describe(other)),
        )),
    }
}

fn wrong(expression: &Expression, message: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(expression.span, message))
}

pub(crate) fn unknown_symbol(expression: &Expression, name: &str) -> Diagnostic {
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return Diagnostic::error(
            expression.span,
            format!("expected a number, found {}", quote(name)),
        )
        .help(crate::grammar::not_a_number(name));
    }
    let wrong = Diagnostic::error(
        expression.span,
        format!("there is no symbol {}", quote(name)),
    )
    .label("unknown symbol");
    match name {
        "_" => wrong.help("any value is written `...`"),
        "true" | "yes" | "on" => wrong.help("write `1`"),
        "false" | "no" | "off" => wrong.help("write `0`"),
        "null" | "nil" | "None" | "nullptr" => wrong.did_you_mean(Some("NULL")),
        _ => match symbols::suggest(name, symbols::names()) {
            Some(known) => wrong.did_you_mean(Some(known)),
            None if crate::grammar::is_constant(name) => {
                wrong.help(crate::grammar::define_help(name))
            }
            None => wrong.note(
                "a value is a number, a symbol such as `SOL_SOCKET`, a string, a list or a structure",
            ),
        },
    }
}

fn call(
    expression: &Expression,
    name: &str,
    arguments: &[Expression],
) -> Result<i64, Box<Diagnostic>> {
    let [argument] = arguments else {
        return Err(wrong(
            expression,
            format!("`{name}` takes one argument, found {}", arguments.len()),
        ));
    };
    let out_of_range = |bits: u32| {
        let most = (1_u64 << bits) - 1;
        let wrong = *wrong(argument, format!("`{name}` takes a number of {bits} bits"));
        Box::new(wrong.label(format!("from 0 to {most}")))
    };
    match (name, &argument.kind) {
        ("htons" | "ntohs", _) => u16::try_from(evaluate(argument)?)
            .map(|value| i64::from(value.to_be()))
            .map_err(|_| out_of_range(16)),
        ("htonl" | "ntohl", _) => u32::try_from(evaluate(argument)?)
            .map(|value| i64::from(value.to_be()))
            .map_err(|_| out_of_range(32)),
        ("inet_addr", ExpressionKind::Text(text)) => std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse::<std::net::Ipv4Addr>().ok())
            .map(|address| i64::from(u32::from_ne_bytes(address.octets())))
            .ok_or_else(|| {
                let found = quote(&String::from_utf8_lossy(text));
                wrong(argument, format!("expected an IPv4 address, found {found}"))
            }),
        _ => Err(wrong(expression, format!("`{name}(…)` is not a number"))),
    }
}

/// For "found …" in messages.
pub(crate) const fn describe(kind: &ExpressionKind) -> &'static str {
    match kind {
        ExpressionKind::Ellipsis => "`...`",
        ExpressionKind::Integer(_) => "a number",
        ExpressionKind::Float(_) => "a fraction",
        ExpressionKind::Symbol(_) => "a symbol",
        ExpressionKind::Text(_) | ExpressionKind::TextPrefix(_) => "a string",
        ExpressionKind::Binary { .. } | ExpressionKind::Unary { .. } => "an operation",
        ExpressionKind::List(_) => "a list",
        ExpressionKind::Struct(_) => "a structure",
        ExpressionKind::Call { .. } => "a function",
        ExpressionKind::Mpls(_) => "a label stack",
        ExpressionKind::Gre(_) => "a GRE header",
    }
}

#[cfg(test)]
mod tests {
    use crate::tree::{Action, Script};

    fn result_of(expression: &str) -> Result<i64, String> {
        let source = format!("+0 fcntl(3, F_SETFL, {expression}) = 0");
        let script: Script = crate::parse("x", &source).map_err(|all| all[0].message.clone())?;
        let Action::Call(call) = &script.events[0].action else {
            return Err("no call".to_owned());
        };
        super::evaluate(&call.arguments[2]).map_err(|diagnostic| diagnostic.message)
    }

    #[test]
    fn symbols_and_operators_make_numbers() {
        assert_eq!(result_of("O_RDWR|O_NONBLOCK"), Ok(0o4002));
        assert_eq!(result_of("~0"), Ok(-1));
        assert_eq!(result_of("0x10 | -1"), Ok(-1));
        assert_eq!(result_of("NULL"), Ok(0));
    }

    #[test]
    fn functions_give_network_byte_order() {
        assert_eq!(
            result_of("htons(0x1f90)"),
            Ok(i64::from(0x1f90_u16.to_be()))
        );
        assert_eq!(
            result_of("inet_addr(\"192.0.2.1\")"),
            Ok(i64::from(u32::from_ne_bytes([192, 0, 2, 1])))
        );
        assert!(result_of("htons(65536)").is_err());
    }

    #[test]
    fn what_is_no_number_is_said_so() {
        assert_eq!(
            result_of("\"text\"").unwrap_err(),
            "expected a number, found a string"
        );
    }
}
