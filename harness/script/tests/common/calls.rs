//! Calls at random.

use halfopen_script::symbols;
use halfopen_script::tree::{CallSpec, Expression, ExpressionKind};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::NOWHERE;

pub(super) fn call() -> impl Strategy<Value = CallSpec> {
    let names: Vec<_> = symbols::syscall_names().collect();
    let errnos: Vec<_> = symbols::errno_names().collect();
    let remark = vec("[A-Za-z'0-9,.]{1,8}", 1..4).prop_map(|words| words.join(" "));
    (
        select(names),
        vec(expression(), 6),
        expression(),
        any::<bool>(),
        select(errnos),
        of(remark),
    )
        .prop_map(|(name, mut arguments, result, fails, errno, remark)| {
            let arity = symbols::arity(name).unwrap_or(0..=0);
            arguments.truncate(*arity.end());
            let result = if fails {
                expression_of(ExpressionKind::Integer(-1))
            } else if is_errno(&result) {
                // An errno in place of the result is told as the mistake that it is.
                expression_of(ExpressionKind::Integer(0))
            } else {
                result
            };
            CallSpec {
                span: NOWHERE,
                name: name.to_owned(),
                name_span: NOWHERE,
                arguments,
                result: Some(result),
                errno: fails.then(|| (errno.to_owned(), NOWHERE)),
                remark,
            }
        })
}

fn is_errno(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Symbol(name) => symbols::errno_names().any(|errno| errno == name),
        ExpressionKind::Unary { operand, .. } => is_errno(operand),
        _ => false,
    }
}

const fn expression_of(kind: ExpressionKind) -> Expression {
    Expression {
        span: NOWHERE,
        kind,
    }
}

/// An expression that a script can write: the right of `|` and the operand of `~` are no operations themselves.
fn expression() -> impl Strategy<Value = Expression> {
    leaf().prop_recursive(3, 12, 3, |inner| {
        let field = of(select(vec!["fd", "events", "ptr", "msg_flags", "ee_info"]))
            .prop_map(|name| name.map(str::to_owned));
        let counted = (
            inner.clone(),
            inner.clone(),
            select(vec!["msg_name", "msg_iov"]),
        )
            .prop_map(|(count, value, name)| {
                ExpressionKind::Struct(vec![
                    (Some(format!("{name}len")), count),
                    (Some(name.to_owned()), value),
                ])
            });
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(ExpressionKind::List),
            vec((field, inner.clone()), 0..3).prop_map(ExpressionKind::Struct),
            counted,
            function(),
            (inner, leaf()).prop_map(|(left, right)| ExpressionKind::Binary {
                operator: '|',
                left: Box::new(left),
                right: Box::new(right),
            }),
            symbol().prop_map(|operand| ExpressionKind::Unary {
                operator: '~',
                operand: Box::new(expression_of(operand)),
            }),
        ]
        .prop_map(expression_of)
    })
}

/// A function with an argument that it takes.
fn function() -> impl Strategy<Value = ExpressionKind> {
    let call = |name: &str, argument| ExpressionKind::Call {
        name: name.to_owned(),
        arguments: vec![expression_of(argument)],
    };
    prop_oneof![
        any::<u16>().prop_map(move |port| call("htons", ExpressionKind::Integer(port.into()))),
        any::<u32>().prop_map(move |number| call("htonl", ExpressionKind::Integer(number.into()))),
        any::<std::net::Ipv4Addr>().prop_map(move |address| {
            call(
                "inet_addr",
                ExpressionKind::Text(address.to_string().into_bytes()),
            )
        }),
    ]
}

fn symbol() -> impl Strategy<Value = ExpressionKind> {
    let names: Vec<_> = symbols::names().collect();
    select(names).prop_map(|name| ExpressionKind::Symbol(name.to_owned()))
}

fn leaf() -> impl Strategy<Value = Expression> {
    prop_oneof![
        Just(ExpressionKind::Ellipsis),
        any::<i64>().prop_map(ExpressionKind::Integer),
        (-1e9..1e9_f64).prop_map(ExpressionKind::Float),
        symbol(),
        vec(any::<u8>(), 0..12).prop_map(ExpressionKind::Text),
        vec(any::<u8>(), 0..12).prop_map(ExpressionKind::TextPrefix),
        vec(any::<u32>(), 1..4).prop_map(ExpressionKind::Mpls),
        Just(ExpressionKind::Gre(vec![0x20, 0, 0, 0, 0, 0, 0, 7])),
    ]
    .prop_map(expression_of)
}
