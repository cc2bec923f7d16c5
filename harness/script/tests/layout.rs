//! The canonical layout: it changes no meaning, loses no comment, and is itself laid out.

mod common;

use std::path::{Path, PathBuf};

use common::{script, without_places};
use halfopen_script::{Definitions, format, parse_with};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// What a script says, without places.
fn meaning(source: &str, definitions: &Definitions) -> Option<String> {
    let parse = parse_with("x.pkt", source, definitions);
    parse.is_ok().then(|| without_places(&parse.script))
}

/// The words of all comments and of the front matter, in order.
fn comments(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in source.match_indices("//") {
        let line = source[at..].lines().next().unwrap_or_default();
        let text = line.trim_start_matches("//").trim_start_matches(':');
        found.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    found
}

/// Lays `source` out and holds the result against what must be.
fn check(name: &str, source: &str, definitions: &Definitions) -> Result<String, String> {
    let before = meaning(source, definitions);
    let text = format::layout(source, definitions)
        .map_err(|findings| format!("{name}: {} findings", findings.len()))?;
    let after = meaning(&text, definitions);
    if before != after {
        return Err(format!(
            "{name}: the meaning changed:\n{source}\n---\n{text}"
        ));
    }
    if comments(source) != comments(&text) {
        return Err(format!(
            "{name}: the comments changed:\n{source}\n---\n{text}"
        ));
    }
    match format::layout(&text, definitions) {
        Ok(again) if again == text => Ok(text),
        Ok(again) => Err(format!("{name}: not stable:\n{text}\n---\n{again}")),
        Err(_) => Err(format!("{name}: cannot be laid out again:\n{text}")),
    }
}

fn scripts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            scripts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "pkt") {
            found.push(path);
        }
    }
}

/// Checks all scripts below `folder` that have no error, and gives how many those are.
fn check_folder(folder: &Path) -> usize {
    let mut definitions = Definitions::ipv4();
    // What runners of public scripts define besides.
    definitions.set("MSS", "1460");
    let mut found = Vec::new();
    scripts(folder, &mut found);
    let mut right = 0;
    for path in found {
        let octets = std::fs::read(&path).expect("the script can be read");
        let source = String::from_utf8_lossy(&octets);
        if meaning(&source, &definitions).is_some() {
            right += 1;
            if let Err(wrong) = check(&path.display().to_string(), &source, &definitions) {
                panic!("{wrong}");
            }
        }
    }
    right
}

#[test]
fn every_script_of_the_suites_keeps_its_meaning() {
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites");
    assert!(check_folder(&suites) > 100);
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("test_data/ok");
    assert!(check_folder(&examples) > 10);
}

/// Other collections: `HALFOPEN_SCRIPTS=/path/to/packetdrill cargo test -p halfopen-script --test layout`.
#[test]
fn every_script_of_another_collection_keeps_its_meaning() {
    if let Some(folder) = std::env::var_os("HALFOPEN_SCRIPTS") {
        println!("{} scripts", check_folder(Path::new(&folder)));
    }
}

#[test]
fn comments_and_lines_find_their_places() {
    let source = "\
//: title A title
//:   that goes on
//: requires RFC9293-MUST-1
// A comment of the whole script
--mtu = 1500 --strict_segments
// why
`sysctl -q a=1`
0 socket ( ... ,SOCK_STREAM,IPPROTO_TCP )=3 // trailing
  // indented
+0   setsockopt(3,SOL_SOCKET, SO_REUSEADDR , [ 1 ] ,4) = 0 /* two */ // comments


+.1...0.3 poll( [ { fd = 3 , events = POLLIN|POLLERR,
    // within
  revents=0x1 } ], 1,
  0 ) = 1 +0 < 80 > 8080 S . 0:0(0) win 65535 <mss 1460 , nop , wscale 7>
+ 0.5~+ 0.7 > [ ect0 , ttl 64 ] P. 1 : 1001 ( 1000 ) ack 1 <nop,nop,sack 1 : 2 3:4>
* > ipv4 1.1.1.1>2.2.2.2:gre flags[ none ] ,sum 0,off 0,key=1,seq 0 : mpls ( label 1,tc 0,[S],ttl 3 ): . 1:1(0) ack 1
+0 read(4, \"ab\"... , 2) = -1 EAGAIN(Resource   temporarily unavailable)
+0 < icmp unreachable frag_needed mtu 1400 [ 1:1001( 1000 ) ]
+0 @ 4   LISTEN->SYN-RECEIVED
+0 %{ a = 1
b = 2 }%
/* the
     end */
`cleanup`
// last";
    let text =
        check("x.pkt", source, &Definitions::ipv4()).unwrap_or_else(|wrong| panic!("{wrong}"));
    insta::assert_snapshot!(text);
}

/// Blanks, newlines and comments in place of the blanks of a script.
fn disturbed(text: &str, choices: &[u8]) -> String {
    let mut choices = choices.iter().cycle();
    let mut out = String::new();
    let mut in_quotes = false;
    let mut in_front_matter = false;
    for (at, c) in text.char_indices() {
        let starts_line = at == 0 || text[..at].ends_with('\n');
        if starts_line {
            in_front_matter = text[at..].starts_with("//:") || text[at..].starts_with("--");
        }
        in_quotes ^= matches!(c, '"' | '`');
        let is_free = !in_quotes && !in_front_matter && !text.contains("%{");
        match choices.next() {
            Some(0) if c == ' ' && is_free => out.push_str("   "),
            Some(1) if c == ' ' && is_free => out.push_str(" /* c */ "),
            Some(2) if c == ' ' && is_free => out.push('\t'),
            Some(3) if c == '\n' => out.push_str("\n\n\n"),
            Some(4) if c == '\n' && is_free => out.push_str(" // c\n"),
            _ => out.push(c),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("seeds"))),
        ..ProptestConfig::with_cases(512)
    })]

    #[test]
    fn what_a_tree_is_written_as_is_canonical(tree in script()) {
        let text = tree.to_string();
        let laid_out = check("x.pkt", &text, &Definitions::none());
        prop_assert_eq!(laid_out, Ok(text));
    }

    #[test]
    fn blanks_and_comments_change_no_meaning(
        tree in script(),
        choices in proptest::collection::vec(0..12_u8, 1..40),
    ) {
        let text = disturbed(&tree.to_string(), &choices);
        if meaning(&text, &Definitions::none()).is_some() {
            let laid_out = check("x.pkt", &text, &Definitions::none());
            prop_assert!(laid_out.is_ok(), "{}", laid_out.unwrap_err());
        }
    }
}
