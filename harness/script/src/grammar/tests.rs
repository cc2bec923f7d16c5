//! Places where the grammar decides between readings.

use crate::tree::{Action, ExpressionKind, OptionsSpec, PacketBody, Script, TcpOptionKind, When};
use crate::{Definitions, Diagnostic, parse, parse_with};

fn script(source: &str) -> Script {
    parse("x.pkt", source).unwrap_or_else(|findings| {
        let shown: Vec<_> = findings
            .iter()
            .map(|finding| finding.render("x.pkt", source, false))
            .collect();
        panic!("{}", shown.join("\n"))
    })
}

fn lines_of_errors(source: &str) -> Vec<usize> {
    let line = |finding: &Diagnostic| source[..finding.span.start].matches('\n').count() + 1;
    let parse = parse_with("x.pkt", source, &Definitions::none());
    parse.diagnostics.iter().map(line).collect()
}

#[test]
fn one_mistake_hides_no_other() {
    let source =
        "--mtus=1\n0 close(3\n+0 < X 0:0(0)\n+0 listen(3) = 0\n+0 @ OPEN\n+0 close(3) = 0\n";
    assert_eq!(lines_of_errors(source), [1, 2, 3, 4, 5]);
    let parse = parse_with("x.pkt", source, &Definitions::none());
    assert!(!parse.is_ok());
    // What is wrong only in meaning stays in the tree.
    assert_eq!(parse.script.events.len(), 2);
}

#[test]
fn an_event_may_go_on_over_lines() {
    let tree = script(
        "+0 poll([{fd=3,\n 1,\n 5}], 1,\n0) = 1\n+0 close(3) =\t0\n+0\n > . 1:1(0)\n ack 1\n",
    );
    assert_eq!(tree.events.len(), 3);
    assert_eq!(tree.events[2].line, 6);
}

#[test]
fn the_last_command_without_a_time_cleans_up() {
    let tree = script("`first`\n+0 `second`\n`last`\n");
    assert_eq!(
        tree.init_command.map(|command| command.text),
        Some("first".to_owned())
    );
    assert_eq!(
        tree.cleanup_command.map(|command| command.text),
        Some("last".to_owned())
    );
    assert_eq!(tree.events.len(), 1);
}

#[test]
fn both_times_of_a_blocking_call_are_counted_from_the_event_before() {
    let tree =
        script("+0.1...0.3 read(4, ..., 1) = 1\n+1 close(4) = 0\n2...2.5 read(5, ..., 1) = 1\n");
    assert_eq!(tree.events[0].time.start, When::After(100_000));
    assert_eq!(tree.events[0].time.end, Some(When::After(200_000)));
    assert_eq!(tree.events[2].time.end, Some(When::At(2_500_000)));
}

#[test]
fn the_ace_field_is_three_flags() {
    let flags = |text: &str| {
        let tree = script(&format!("+0 > {text} 1:1(0) ack 1\n"));
        match &tree.events[0].action {
            Action::Packet(packet) => match &packet.body {
                PacketBody::Tcp(segment) => segment.flags,
                other => panic!("no segment: {other:?}"),
            },
            other => panic!("no packet: {other:?}"),
        }
    };
    assert_eq!(flags(".5"), 0x150);
    assert_eq!(flags(".5"), flags("EA."));
    assert_eq!(flags("P.2"), flags("WP."));
    assert_eq!(flags("-"), 0);
}

#[test]
fn definitions_of_the_script_go_before_those_of_the_caller() {
    let source = "--define=TFO_COOKIE=0a0b\n+0 > S 0:0(0) <FO TFO_COOKIE>\n";
    let tree = script(source);
    let Action::Packet(packet) = &tree.events[0].action else {
        panic!("no packet");
    };
    let PacketBody::Tcp(segment) = &packet.body else {
        panic!("no segment");
    };
    let OptionsSpec::List(list, _) = &segment.options else {
        panic!("no options");
    };
    assert_eq!(
        list[0].kind,
        TcpOptionKind::FastOpen(Some(vec![0x0a, 0x0b]))
    );
}

#[test]
fn the_lengths_in_a_message_header_are_fields_as_in_c() {
    let tree =
        script("+0 recvmsg(3, {msg_name(...)=..., msg_iov(2)=[{..., 1}], msg_flags=0}, 0) = 1\n");
    let Action::Call(call) = &tree.events[0].action else {
        panic!("no call");
    };
    let ExpressionKind::Struct(fields) = &call.arguments[1].kind else {
        panic!("no structure");
    };
    let names: Vec<_> = fields
        .iter()
        .filter_map(|(name, _)| name.as_deref())
        .collect();
    assert_eq!(
        names,
        [
            "msg_namelen",
            "msg_name",
            "msg_iovlen",
            "msg_iov",
            "msg_flags"
        ]
    );
    assert_eq!(fields[2].1.kind, ExpressionKind::Integer(2));
}

#[test]
fn sequence_numbers_wrap_around() {
    assert_eq!(lines_of_errors("+0 > P. 4294967295:9(10) ack 1\n"), [0; 0]);
}

#[test]
fn a_warning_does_not_make_a_script_wrong() {
    let source = "+0 read(3, ..., 1) = -1 EAGAIN\n";
    let parse = parse_with("x.pkt", source, &Definitions::none());
    assert_eq!(parse.diagnostics.len(), 1);
    assert!(parse.is_ok());
}

#[test]
fn the_last_option_line_of_a_name_counts() {
    let tree = script("--mtu=1500\n--mtu=1400\n+0 close(3) = 0\n");
    let value = |name| tree.option(name).and_then(|option| option.value.as_deref());
    assert_eq!(value("mtu"), Some("1400"));
    assert_eq!(value("mss"), None);
}
