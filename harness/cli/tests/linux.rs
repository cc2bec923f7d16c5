//! The command on the running kernel. Where the machine forbids namespaces these tests fail, and say what to do.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn halfopen() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_halfopen"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    command
}

#[test]
fn both_targets_agree_on_the_suite_and_give_a_table() {
    // The scripts that wait for a minute run in CI, on their own.
    let output = halfopen()
        .args(["run", "suites/rfc9293/states", "--filter", "not time-wait"])
        .args(["--target", "reference", "--target", "linux"])
        .output()
        .expect("the command starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}{errors}");
    assert!(text.contains("reference"), "{text}");
}

/// The network namespaces that some process is in.
fn namespaces() -> BTreeSet<String> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return BTreeSet::new();
    };
    processes
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path().join("ns/net")).ok())
        .map(|link| link.display().to_string())
        .collect()
}

#[test]
fn nothing_outlives_a_run_that_is_killed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for number in 0..50 {
        let mut script =
            fs::File::create(folder.path().join(format!("{number}.pkt"))).expect("a file");
        // A command of the script's own is the most that could be left behind.
        writeln!(
            script,
            "   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n  +0 bind(3, ..., ...) = 0\n  +0 listen(3, 1) = 0\n  \
             +0 < S 0:0(0) win 65535 <mss 1460>\n  +0 > S. 0:0(0) ack 1 <...>\n +50 < . 1:1(0) ack 1 win 65535"
        )
        .expect("a script");
    }
    let before = namespaces();
    let mut run = halfopen()
        .arg("run")
        .arg(folder.path())
        .args(["--target", "linux", "--ip", "v4", "--jobs", "50"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    let task = format!("/proc/{}/task", run.id());
    let begin = Instant::now();
    // Each drill has a thread of its own and one for its calls.
    while fs::read_dir(&task).map_or(0, Iterator::count) < 100 {
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "the drills do not start"
        );
        assert!(
            run.try_wait().expect("a state").is_none(),
            "the run has ended"
        );
        std::thread::yield_now();
    }
    run.kill().expect("SIGKILL");
    run.wait().expect("the end");
    // Tests beside this one have namespaces, too, but theirs go.
    let end = Instant::now() + Duration::from_secs(30);
    let mut left: BTreeSet<_> = namespaces().difference(&before).cloned().collect();
    while !left.is_empty() && Instant::now() < end {
        std::thread::yield_now();
        let now = namespaces();
        left.retain(|namespace| now.contains(namespace));
    }
    assert!(left.is_empty(), "{left:?}");
}

/// Devices that this kernel lacks skip their scripts; the rest needs none.
#[test]
fn tunnelled_segments_reach_their_connection_and_others_draw_errors() {
    let output = halfopen()
        .args(["run", "suites/tunnels", "--target", "linux"])
        .output()
        .expect("the command starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}{errors}");
    assert!(text.contains(" passed"), "{text}{errors}");
}

#[test]
fn a_command_that_ends_with_77_skips_the_script_with_its_last_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = "`echo looking; echo there is no such device; exit 77`\n\
                  0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 99\n";
    fs::write(folder.path().join("skipped.pkt"), script).expect("a file");
    let output = halfopen()
        .arg("run")
        .arg(folder.path())
        .args(["--target", "linux", "--ip", "v4"])
        .output()
        .expect("the command starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("there is no such device"), "{text}");
    assert!(text.contains("1 skipped"), "{text}");
}
