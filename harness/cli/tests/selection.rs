//! Which scripts a run takes, where its reports go, and what the commands besides `run` print.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const OPENING: &str = "\
   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 bind(3, ..., ...) = 0
  +0 listen(3, 1) = 0
  +0 < S 0:0(0) win 65535 <mss 1460>
  +0 > S. 0:0(0) ack 1 <...>
 +.1 < . 1:1(0) ack 1 win 65535
  +0 accept(3, ..., ...) = 4
";

/// A folder with these scripts.
fn folder(scripts: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in scripts {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
        fs::write(path, text).expect("a script");
    }
    folder
}

fn halfopen(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_halfopen"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the command starts")
}

/// The scripts that a run over IPv4 takes, in its order.
fn taken(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let all = [&["run", "--ip", "v4", "-v"], arguments].concat();
    let output = halfopen(folder, &all);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .filter_map(|line| line.split_whitespace().find(|word| word.ends_with(".pkt")))
        .map(str::to_owned)
        .collect()
}

#[test]
fn filters_choose_by_name_and_requirement() {
    let required = format!("//: requires  RFC9293-MUST-1\n{OPENING}");
    let folder = folder(&[
        ("a/one.pkt", &required),
        ("a/two.pkt", OPENING),
        ("b/one.pkt", OPENING),
    ]);
    let run = |filter| taken(folder.path(), &[".", "--filter", filter]);
    assert_eq!(run("one"), ["a/one.pkt", "b/one.pkt"]);
    assert_eq!(run("one and not b/"), ["a/one.pkt"]);
    let either = run("requires:RFC9293-MUST-1 or b/");
    assert_eq!(either, ["a/one.pkt", "b/one.pkt"]);
    assert_eq!(run("not (one or two)"), [""; 0]);
}

#[test]
fn shards_are_a_partition() {
    let names = ["a.pkt", "b.pkt", "c.pkt", "d.pkt", "e.pkt"];
    let folder = folder(&names.map(|name| (name, OPENING)));
    let mut seen = taken(folder.path(), &[".", "--shard", "1/2"]);
    seen.extend(taken(folder.path(), &[".", "--shard", "2/2"]));
    seen.sort();
    assert_eq!(seen, names);
}

#[test]
fn a_script_named_twice_runs_once() {
    let folder = folder(&[("a.pkt", OPENING)]);
    let seen = taken(folder.path(), &[".", "a.pkt", "./a.pkt"]);
    assert_eq!(seen, ["a.pkt"]);
}

#[test]
fn no_script_left_is_an_error() {
    let only_v4 = format!("--ip_version=ipv4\n{OPENING}");
    let folder = folder(&[("a.pkt", &only_v4)]);
    for arguments in [["--filter", "b"], ["--ip", "v6"], ["--shard", "2/2"]] {
        let output = halfopen(folder.path(), &[&["run", "a.pkt"], &arguments[..]].concat());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains("nothing to run"), "{arguments:?}: {text}");
    }
}

#[test]
fn a_mistyped_script_does_not_keep_the_others_from_running() {
    let folder = folder(&[("good.pkt", OPENING), ("wrong.pkt", "+0 lisen(3, 1) = 0\n")]);
    let output = halfopen(folder.path(), &["run", ".", "--ip", "v4"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("wrong.pkt:1:4"));
    // A failure says more than a mistake does.
    let fails = format!("{OPENING}  +0 @ 4 CLOSED\n");
    fs::write(folder.path().join("good.pkt"), fails).expect("a script");
    let output = halfopen(folder.path(), &["run", ".", "--ip", "v4"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_read_only_report_is_left_alone() {
    let folder = folder(&[("a.pkt", OPENING), ("out.json", "precious")]);
    let path = folder.path().join("out.json");
    let mut permissions = path.metadata().expect("it is there").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).expect("they can be set");
    let output = halfopen(folder.path(), &["run", "a.pkt", "--json", "out.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(path).expect("it is there"), "precious");
}

#[test]
fn a_full_device_is_no_success() {
    let folder = folder(&[("a.pkt", OPENING)]);
    let output = halfopen(folder.path(), &["run", "a.pkt", "--json", "/dev/full"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("/dev/full"), "{text}");
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    let folder = folder(&[("a.pkt", OPENING)]);
    for arguments in [&["targets"][..], &["check", "a.pkt"], &["run", "a.pkt"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_halfopen"))
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::from(writer))
            .stderr(Stdio::piped())
            .output()
            .expect("the command starts");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {text}");
    }
}

#[cfg(feature = "planted-bugs")]
#[test]
fn diff_shows_the_first_difference_of_each_script_in_order() {
    let fin = format!("{OPENING}  +0 < F. 1:1(0) ack 1 win 65535\n  +0 > . 1:1(0) ack 2\n");
    let folder = folder(&[("a.pkt", &fin), ("b.pkt", OPENING), ("c.pkt", &fin)]);
    let targets = "reference,reference+fin-not-counted";
    let arguments = ["diff", ".", "--ip", "v4", "--targets", targets];
    let output = halfopen(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_page_is_one_file_in_its_folder() {
    let folder = folder(&[("a.pkt", OPENING), ("page/precious", "")]);
    let output = halfopen(folder.path(), &["run", "a.pkt", "--html", "page"]);
    assert_eq!(output.status.code(), Some(0));
    let names = fs::read_dir(folder.path().join("page")).expect("the folder");
    assert_eq!(names.count(), 2);
    let page = fs::read_to_string(folder.path().join("page/index.html")).expect("the page");
    assert!(page.contains("2 passed"), "{page}");
    let output = halfopen(folder.path(), &["run", "a.pkt", "--html", "a.pkt"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn captures_are_the_same_in_every_run_in_virtual_time() {
    let folder = folder(&[("a.pkt", OPENING)]);
    let run = |name: &str| {
        let output = halfopen(folder.path(), &["run", "a.pkt", "--pcap", name]);
        assert_eq!(output.status.code(), Some(0));
        let of = |mode: &str| {
            folder
                .path()
                .join(format!("{name}/a.reference.{mode}.pcapng"))
        };
        ["v4", "v6"].map(|mode| fs::read(of(mode)).expect("the capture"))
    };
    assert_eq!(run("one"), run("two"));
    let output = halfopen(folder.path(), &["run", "a.pkt", "--pcap", "a.pkt"]);
    assert_eq!(output.status.code(), Some(2));
}
