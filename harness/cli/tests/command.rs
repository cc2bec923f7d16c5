//! The command as a user runs it: the real binary, in a folder of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// The lines before what a test is about: a connection that is accepted.
const OPENING: &str = "\
   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 bind(3, ..., ...) = 0
  +0 listen(3, 1) = 0
  +0 < S 0:0(0) win 65535 <mss 1460>
  +0 > S. 0:0(0) ack 1 <...>
 +.1 < . 1:1(0) ack 1 win 65535
  +0 accept(3, ..., ...) = 4
";

/// A folder with one script, `it.pkt`: the opening and these lines.
fn folder(lines: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = format!("//: title  A script of a test\n{OPENING}{lines}");
    fs::write(folder.path().join("it.pkt"), script).expect("a script");
    folder
}

fn halfopen(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_halfopen"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("the command starts")
}

/// Exit code, standard output and standard error, without what differs from run to run.
fn shown(output: &Output) -> String {
    let text = format!(
        "exit {}\n{}{}",
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let lines: Vec<_> = text.lines().map(without_times).collect();
    lines.join("\n")
}

/// Takes wall times out of a line: at the end of a drill's line, and in the summary.
fn without_times(line: &str) -> String {
    let line = line.trim_end();
    if let Some((start, wall)) = line.rsplit_once(" (")
        && wall.ends_with(" s)")
    {
        return start.to_owned();
    }
    match (line.find(" in "), line.find(" s: ")) {
        (Some(start), Some(end)) if line.contains(" drill") => {
            format!("{}{}", &line[..start], &line[end + 2..])
        }
        _ => line.to_owned(),
    }
}

/// Runs `it.pkt` with these lines over IPv4 on the reference stack.
fn run(lines: &str) -> String {
    let folder = folder(lines);
    shown(&halfopen(folder.path(), &["run", "it.pkt", "--ip", "v4"]))
}

#[test]
fn a_script_that_holds_passes() {
    let text = run("  +0 close(4) = 0\n  +0 > F. 1:1(0) ack 1\n");
    assert!(text.starts_with("exit 0\n"), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

#[test]
fn a_wrong_segment_field_is_named() {
    insta::assert_snapshot!(run("  +0 close(4) = 0\n  +0 > F. 1:1(0) ack 2\n"));
}

#[test]
fn a_wrong_time_is_named() {
    insta::assert_snapshot!(run(
        "  +0 write(4, ..., 10) = 10\n  +0 > P. 1:11(10) ack 1\n+.2~+.3 > P. 1:11(10) ack 1\n"
    ));
}

/// Likewise, with the transitions of the opening listed.
fn run_with_states(lines: &str) -> String {
    let folder = folder(lines);
    let path = folder.path().join("it.pkt");
    let script = fs::read_to_string(&path)
        .expect("the script")
        .replace("  +0 > S.", "  +0 @ LISTEN -> SYN-RECEIVED\n  +0 > S.")
        .replace(
            "  +0 accept",
            "  +0 @ SYN-RECEIVED -> ESTABLISHED\n  +0 accept",
        );
    fs::write(&path, script).expect("the script");
    shown(&halfopen(folder.path(), &["run", "it.pkt", "--ip", "v4"]))
}

#[test]
fn a_wrong_state_is_named() {
    insta::assert_snapshot!(run_with_states("  +0 @ 4 CLOSE-WAIT\n"));
}

#[test]
fn another_transition_is_named() {
    insta::assert_snapshot!(run_with_states(
        "  +0 close(4) = 0\n  +0 @ ESTABLISHED -> CLOSE-WAIT\n  +0 > F. 1:1(0) ack 1\n"
    ));
}

#[test]
fn an_unlisted_transition_is_named() {
    insta::assert_snapshot!(run_with_states(
        "  +0 close(4) = 0\n  +0 > F. 1:1(0) ack 1\n"
    ));
}

#[test]
fn a_wrong_return_value_is_named() {
    insta::assert_snapshot!(run("  +0 write(4, ..., 10) = 11\n"));
}

#[test]
fn a_wrong_errno_is_named() {
    insta::assert_snapshot!(run(
        "  +0 fcntl(4, F_SETFL, O_NONBLOCK) = 0\n  +0 read(4, ..., 10) = -1 ECONNRESET (Connection reset by peer)\n"
    ));
}

#[test]
fn a_segment_that_never_comes_is_named() {
    insta::assert_snapshot!(run("  +0 > F. 1:1(0) ack 1\n"));
}

#[test]
fn an_unlisted_segment_is_named() {
    insta::assert_snapshot!(run("  +0 close(4) = 0\n"));
}

#[test]
fn a_call_that_blocks_is_named() {
    insta::assert_snapshot!(run("  +0 read(4, ..., 10) = 10\n"));
}

#[test]
fn every_mistake_of_a_script_is_shown_before_anything_runs() {
    insta::assert_snapshot!(run(
        "  +0 > F. 1:1(0) ack 1 <sackok>\n  +0 @ 4 SYN_RECV\n  +0 clse(4) = 0\n"
    ));
}

#[test]
fn an_expected_failure_that_passes_fails_the_run() {
    let folder = folder("");
    let path = folder.path().join("it.pkt");
    let script = fs::read_to_string(&path).expect("the script");
    let note = "//: targets  reference: expect fail \"a deviation that was mended\"\n";
    fs::write(&path, format!("{note}{script}")).expect("the script");
    let text = shown(&halfopen(folder.path(), &["run", "it.pkt", "--ip", "v4"]));
    assert!(text.starts_with("exit 1\n"), "{text}");
    assert!(text.contains("unexpected-pass"), "{text}");
}

#[test]
fn a_folder_without_scripts_is_an_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    insta::assert_snapshot!(shown(&halfopen(folder.path(), &["run", "."])));
}

#[test]
fn a_path_that_does_not_exist_is_an_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    insta::assert_snapshot!(shown(&halfopen(folder.path(), &["run", "suits"])));
}

#[test]
fn an_unknown_target_is_an_error() {
    let folder = folder("");
    let output = halfopen(folder.path(), &["run", "it.pkt", "--target", "linx"]);
    insta::assert_snapshot!(shown(&output));
}

#[test]
fn a_report_that_cannot_be_written_is_found_out_before_anything_runs() {
    let folder = folder("");
    let arguments = ["run", "it.pkt", "--json", "missing/out.json"];
    let text = shown(&halfopen(folder.path(), &arguments));
    assert!(text.starts_with("exit 2\n"), "{text}");
    assert!(text.contains("cannot write missing/out.json"), "{text}");
    assert!(!text.contains("passed"), "{text}");
}

#[test]
fn two_runs_give_the_same_bytes_but_for_wall_times() {
    let folder = folder("  +0 close(4) = 0\n  +0 > F. 1:1(0) ack 1\n");
    let report = |name: &str| {
        let arguments = ["run", ".", "--json", name, "--json-trace"];
        assert!(halfopen(folder.path(), &arguments).status.success());
        let text = fs::read_to_string(folder.path().join(name)).expect("the report");
        text.lines()
            .map(|line| {
                let mut value: serde_json::Value = serde_json::from_str(line).expect("JSON");
                if let Some(object) = value.as_object_mut() {
                    assert!(object.remove("wall_us").is_some());
                }
                value.to_string()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(report("one.json"), report("two.json"));
}

#[test]
fn check_reports_mistakes_and_runs_nothing() {
    let good = folder("");
    assert_eq!(
        halfopen(good.path(), &["check", "."]).status.code(),
        Some(0)
    );
    let bad = folder("  +0 clse(4) = 0\n");
    let text = shown(&halfopen(bad.path(), &["check", "."]));
    assert!(text.starts_with("exit 2\n"), "{text}");
    assert!(text.contains("did you mean `close`"), "{text}");
}

#[test]
fn diff_of_a_stack_with_itself_finds_nothing() {
    let folder = folder("");
    let arguments = ["diff", "it.pkt", "--targets", "reference,reference"];
    let text = shown(&halfopen(folder.path(), &arguments));
    // The same target twice is no comparison.
    assert!(text.starts_with("exit 2\n"), "{text}");
}
