//! What the lexer promises.

use super::*;

fn kinds(source: &str) -> Vec<(TokenKind, String)> {
    lex(source)
        .tokens
        .iter()
        .filter(|token| token.kind != TokenKind::End)
        .map(|token| (token.kind, token.text.to_string()))
        .collect()
}

fn texts(source: &str) -> Vec<String> {
    kinds(source).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn the_end_of_a_blocking_call_is_apart_from_its_start() {
    assert_eq!(texts("0.1...0.2"), ["0.1", "...", "0.2"]);
    assert_eq!(texts("+0...1"), ["+", "0", "...", "1"]);
}

#[test]
fn a_range_of_sequence_numbers_is_no_ipv6_address() {
    assert_eq!(texts("1:1001(1000)"), ["1", ":", "1001", "(", "1000", ")"]);
    assert_eq!(kinds("2001:db8::1")[0].0, TokenKind::Ipv6);
    assert_eq!(kinds("1:2:3:4:5:6:7:8")[0].0, TokenKind::Ipv6);
}

#[test]
fn the_colon_behind_an_address_is_not_part_of_it() {
    assert_eq!(texts("fd00::1:"), ["fd00::1", ":"]);
    assert_eq!(texts("192.0.2.1:"), ["192.0.2.1", ":"]);
}

#[test]
fn the_longest_token_wins() {
    assert_eq!(kinds("3021b9d8")[0].0, TokenKind::Word);
    assert_eq!(kinds("0x1f")[0].0, TokenKind::Hex);
    assert_eq!(kinds("0x1g")[0].0, TokenKind::Word);
    assert_eq!(kinds("-1")[0].0, TokenKind::Integer);
    assert_eq!(kinds("-.5")[0].0, TokenKind::Decimal);
    assert_eq!(texts("S.5 P."), ["S", ".5", "P", "."]);
}

#[test]
fn an_escaped_quote_does_not_end_a_string() {
    assert_eq!(texts(r#""a\"b" c"#), [r#"a\"b"#, "c"]);
}

#[test]
fn an_unclosed_command_ends_before_the_next_event() {
    let lexed = lex("`sysctl -q a=1\n+0 close(3) = 0\n+0 `x`");
    assert_eq!(lexed.diagnostics.len(), 1);
    assert_eq!(lexed.tokens[0].text, "sysctl -q a=1");
    assert!(lexed.tokens[1].starts_line);
}

#[test]
fn front_matter_is_what_stands_before_the_first_token() {
    let lexed = lex("// licence\n//: title x\n+0 close(3) = 0\n//: title y\n");
    assert_eq!(lexed.front_matter, [Span::new(11, 22)]);
    assert_eq!(lexed.diagnostics.len(), 1);
}
