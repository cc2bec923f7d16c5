//! Properties: no text makes the parser panic, and what is written is read back as the same tree.

mod common;

use common::{script, without_places};
use halfopen_script::{Definitions, parse_with, tree::Script};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// Parses, and shows every finding with and without colour.
fn read(source: &str) -> (Script, Vec<String>) {
    let parse = parse_with("x.pkt", source, &Definitions::ipv4());
    let errors = parse
        .diagnostics
        .iter()
        .filter(|finding| finding.is_error());
    let shown = errors
        .map(|finding| finding.render("x.pkt", source, false))
        .collect();
    for finding in &parse.diagnostics {
        assert!(finding.span.start <= finding.span.end && finding.span.end <= source.len());
        finding.render("x.pkt", source, true);
    }
    (parse.script, shown)
}

/// The right scripts of `test_data`.
fn examples() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/test_data/ok");
    let entries = std::fs::read_dir(folder).expect("the folder of the scripts is there");
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "pkt"))
        .map(|path| std::fs::read_to_string(path).expect("the script can be read"))
        .collect()
}

#[test]
fn the_examples_are_read_back_as_they_were_written() {
    for source in examples() {
        let (first, errors) = read(&source);
        assert_eq!(errors, [""; 0], "{source}");
        let text = first.to_string();
        let (second, errors) = read(&text);
        assert_eq!(errors, [""; 0], "{text}");
        assert_eq!(without_places(&second), without_places(&first), "{text}");
        assert_eq!(second.to_string(), text);
    }
}

#[test]
fn the_time_to_parse_grows_with_the_text_only() {
    // Each of these is one byte or two of trouble, many times over; a quadratic parser would take minutes.
    for piece in [
        "\"",
        "`",
        "%{",
        "/*",
        "\\\"\n",
        "[",
        "{",
        "-",
        "+",
        "|",
        "//:",
        "a=",
        "\n+0 ",
        "\"\\\n+0 ",
    ] {
        let source = format!("+0 close({}", piece.repeat(100_000));
        parse_with("x.pkt", &source, &Definitions::none());
        let source = piece.repeat(100_000);
        parse_with("x.pkt", &source, &Definitions::none());
    }
}

/// Pieces of the language, to be put together at random.
fn token() -> impl Strategy<Value = String> {
    let words: Vec<&'static str> = "+0 \n ~ ... * < > @ -> . - S. P. : ( ) [ ] { } , = | ~ 1:1(0) ack 1 win 10 urg <...> \
        mss sackOK sack TS val ecr FO md5 ECN e0b raw icmp udp ipv4 ipv6 gre mpls encap psp spi label tc ttl tos ect0 \
        flags none sum off key seq present type_3 mtu socket close msg_iov msg_name AF_INET htons -1 EAGAIN 0x10 0.5 .5 \
        \"a\" \"\\x \" `true` ` %{ }% --mtu=1 --define=A=1 A //: title requires targets linux: skip /* */ // :: 1::2 \
        192.0.2.1 LISTEN SYN-RECEIVED FIN-WAIT-1 ü"
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect();
    prop_oneof![
        8 => proptest::sample::select(words).prop_map(str::to_owned),
        1 => "[ -~]{1,3}",
        1 => Just("\n".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("seeds"))),
        ..ProptestConfig::with_cases(512)
    })]

    #[test]
    fn no_text_makes_the_parser_panic(source in "\\PC*") {
        read(&source);
    }

    #[test]
    fn no_row_of_tokens_makes_the_parser_panic(
        tokens in proptest::collection::vec(token(), 0..60),
        blank in any::<bool>(),
    ) {
        let source = tokens.join(if blank { " " } else { "" });
        read(&source);
        read(&format!("+0 {source}"));
    }

    #[test]
    fn no_change_to_a_script_makes_the_parser_panic(
        which in any::<proptest::sample::Index>(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), 0..4_usize, token()), 1..6),
    ) {
        let examples = examples();
        let mut characters: Vec<char> = which.get(&examples).chars().collect();
        for (at, length, insert) in changes {
            let at = at.index(characters.len() + 1);
            let end = (at + length).min(characters.len());
            characters.splice(at..end, insert.chars());
        }
        let source: String = characters.into_iter().collect();
        let (tree, errors) = read(&source);
        if errors.is_empty() {
            let text = tree.to_string();
            let (again, errors) = read(&text);
            prop_assert_eq!(&errors, &[""; 0], "{}", text);
            prop_assert_eq!(without_places(&again), without_places(&tree), "{}", text);
        }
    }

    #[test]
    fn a_tree_is_read_back_as_it_was_written(tree in script()) {
        let text = tree.to_string();
        let (again, errors) = read(&text);
        prop_assert_eq!(&errors, &[""; 0], "{}", text);
        prop_assert_eq!(without_places(&again), without_places(&tree), "{}", text);
    }
}
