//! `halfopen matrix` as a user runs it: exit codes, the catalogue and where it is looked for, and its files.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const HEADER: &str = "id\trfc\tsection\tlevel\ttestable\tsummary\tnote\n";
const ROWS: &str = "\
RFC1-MUST-1\t1\t2.1\tMUST\tyes\tA SYN is answered\t
RFC1-MUST-2\t1\t2.2\tMUST\tno\tIt is thought about\tthoughts are free
";
const UNTESTED: &str = "RFC1-MUST-3\t1\t2.3\tMUST\tyes\tIt is told\t\n";

const ANSWERED: &str = "\
//: title     A SYN is answered
//: requires  RFC1-MUST-1
   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 bind(3, ..., ...) = 0
  +0 listen(3, 1) = 0
  +0 < S 0:0(0) win 65535 <mss 1460>
  +0 > S. 0:0(0) ack 1 <...>
";

/// A folder with a catalogue of these rows and one script.
fn folder(rows: &str, script: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir_all(folder.path().join("suites/rfc1")).expect("a folder");
    let catalogue = folder.path().join("suites/requirements.tsv");
    fs::write(catalogue, format!("{HEADER}{rows}")).expect("a catalogue");
    fs::write(folder.path().join("suites/rfc1/it.pkt"), script).expect("a script");
    folder
}

fn halfopen(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_halfopen"))
        .arg("matrix")
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("the command starts")
}

/// Exit code, standard output and standard error, without what differs from run to run and place to place.
fn shown(folder: &Path, output: &Output) -> String {
    let text = format!(
        "exit {}\n{}{}",
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let real = fs::canonicalize(folder).expect("the folder is there");
    let text = text.replace(&real.display().to_string(), "[folder]");
    let lines: Vec<_> = text
        .lines()
        .map(|line| match line.split_once(" drills in ") {
            Some((before, _)) => format!("{before} drills"),
            None => line.trim_end().to_owned(),
        })
        .collect();
    lines.join("\n")
}

fn exit(folder: &TempDir, arguments: &[&str]) -> i32 {
    let output = halfopen(folder.path(), arguments);
    output.status.code().unwrap_or(-1)
}

fn fails() -> String {
    ANSWERED.replace("ack 1 <", "ack 2 <")
}

#[test]
fn the_table_shows_each_requirement() {
    let folder = folder(&format!("{ROWS}{UNTESTED}"), ANSWERED);
    let output = halfopen(folder.path(), &["suites"]);
    insta::assert_snapshot!(shown(folder.path(), &output));
}

#[test]
fn strict_asks_that_all_is_tested_and_nothing_fails() {
    let whole = folder(ROWS, ANSWERED);
    assert_eq!(exit(&whole, &["suites", "--strict"]), 0);
    let untested = folder(&format!("{ROWS}{UNTESTED}"), ANSWERED);
    assert_eq!(exit(&untested, &["suites"]), 0);
    assert_eq!(exit(&untested, &["suites", "--strict"]), 1);
    let failing = folder(ROWS, &fails());
    assert_eq!(exit(&failing, &["suites"]), 0);
    assert_eq!(exit(&failing, &["suites", "--strict"]), 1);
}

#[test]
fn a_deviation_is_no_failure_as_long_as_it_is_there() {
    let note = "//: targets   reference: expect fail \"a deviation (the source)\"\n";
    let known = folder(ROWS, &format!("{note}{}", fails()));
    let output = halfopen(known.path(), &["suites", "--strict"]);
    let text = shown(known.path(), &output);
    assert!(text.starts_with("exit 0\n"), "{text}");
    assert!(
        text.contains("reference deviates: a deviation (the source)"),
        "{text}"
    );
    assert!(text.contains("suites/rfc1/it.pkt:8 (v4, v6)"), "{text}");
    let stale = folder(ROWS, &format!("{note}{ANSWERED}"));
    assert_eq!(exit(&stale, &["suites", "--strict"]), 1);
}

#[test]
fn what_cannot_be_read_is_neither_tested_nor_missing() {
    let folder = folder(&format!("{ROWS}{UNTESTED}"), ANSWERED);
    let script = ANSWERED.replace("listen(", "lisen(");
    fs::write(folder.path().join("suites/rfc1/wrong.pkt"), script).expect("a script");
    assert_eq!(exit(&folder, &["suites"]), 2);
    assert_eq!(exit(&folder, &["suites", "--strict"]), 2);
}

#[test]
fn the_catalogue_is_found_from_every_path_below_it() {
    let folder = folder(ROWS, ANSWERED);
    for path in [".", "suites", "suites/rfc1", "suites/rfc1/it.pkt"] {
        assert_eq!(exit(&folder, &[path, "--strict"]), 0, "{path}");
    }
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("suites");
    let path = path.display().to_string();
    let output = halfopen(elsewhere.path(), &[&path, "--strict"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_missing_catalogue_is_an_error() {
    let folder = folder(ROWS, ANSWERED);
    fs::remove_file(folder.path().join("suites/requirements.tsv")).expect("it was there");
    let output = halfopen(folder.path(), &["suites"]);
    insta::assert_snapshot!(shown(folder.path(), &output));
    let output = halfopen(folder.path(), &["suites", "--catalogue", "other.tsv"]);
    let text = shown(folder.path(), &output);
    assert!(text.starts_with("exit 2\n"), "{text}");
    assert!(text.contains("the catalogue other.tsv: "), "{text}");
}

#[test]
fn two_catalogues_are_one_too_many() {
    let (one, other) = (folder(ROWS, ANSWERED), folder(ROWS, ANSWERED));
    let path = other.path().join("suites").display().to_string();
    let output = halfopen(one.path(), &["suites", &path]);
    let text = shown(one.path(), &output);
    assert!(text.starts_with("exit 2\n"), "{text}");
    assert!(text.contains("choose one with --catalogue"), "{text}");
    let catalogue = "suites/requirements.tsv";
    assert_eq!(exit(&one, &["suites", &path, "--catalogue", catalogue]), 0);
}

#[test]
fn a_mistake_in_the_catalogue_is_named_with_its_line() {
    let folder = folder(&format!("{ROWS}RFC1-MUST-1\t1\n"), ANSWERED);
    let output = halfopen(folder.path(), &["suites"]);
    insta::assert_snapshot!(shown(folder.path(), &output));
}

#[test]
fn a_requirement_that_the_catalogue_lacks_is_an_error_with_a_suggestion() {
    let script = ANSWERED.replace(
        "RFC1-MUST-1",
        "RFC1-MUST-10, RFC1-MUST-1,\n//:           RFC1-MSUT-2",
    );
    let folder = folder(ROWS, &script);
    let output = halfopen(folder.path(), &["suites"]);
    insta::assert_snapshot!(shown(folder.path(), &output));
}

#[test]
fn every_form_is_written_and_two_runs_give_the_same_bytes() {
    let folder = folder(&format!("{ROWS}{UNTESTED}"), ANSWERED);
    let write = |run: &str| {
        let names = ["md", "json", "html"].map(|form| format!("{run}.{form}"));
        let [markdown, json, html] = &names;
        let forms = ["--markdown", markdown, "--json", json, "--html", html];
        assert_eq!(exit(&folder, &[&["suites"], &forms[..]].concat()), 0);
        names.map(|name| fs::read_to_string(folder.path().join(name)).expect("the file"))
    };
    let [markdown, json, html] = write("one");
    assert!(markdown.contains("| RFC1-MUST-1 |"), "{markdown}");
    let object: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(object["requirements"][0]["targets"][0]["standing"], "pass");
    assert!(
        html.ends_with("</html>\n") || html.ends_with("</html>"),
        "{html}"
    );
    assert_eq!(write("two"), [markdown, json, html]);
}

#[test]
fn one_form_may_go_to_standard_output_alone() {
    let folder = folder(ROWS, ANSWERED);
    let output = halfopen(folder.path(), &["suites", "--json", "-"]);
    let object: Result<serde_json::Value, _> = serde_json::from_slice(&output.stdout);
    assert!(object.is_ok());
    assert!(String::from_utf8_lossy(&output.stderr).contains("RFC1-MUST-1"));
    assert_eq!(
        exit(&folder, &["suites", "--json", "-", "--markdown", "-"]),
        2
    );
}

#[test]
fn a_read_only_file_is_left_alone_and_nothing_runs() {
    let folder = folder(ROWS, ANSWERED);
    for form in ["--markdown", "--json", "--html"] {
        let path = folder.path().join("out");
        fs::write(&path, "precious").expect("a file");
        let mut permissions = path.metadata().expect("it is there").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).expect("they can be set");
        let output = halfopen(folder.path(), &["suites", form, "out"]);
        let text = shown(folder.path(), &output);
        assert!(text.starts_with("exit 2\n"), "{text}");
        assert!(text.contains("cannot write out"), "{text}");
        assert!(!text.contains("drills"), "{text}");
        assert_eq!(fs::read_to_string(&path).expect("the file"), "precious");
        fs::remove_file(path).expect("it is ours");
    }
}
