//! Stacks that misbehave: each planted bug is noticed by the suite, and a stack that hangs or panics ends with a verdict.
#![cfg(feature = "planted-bugs")]

use std::path::Path;
use std::process::{Command, Output};

fn run(target: &str, more: &[&str]) -> (Option<i32>, String) {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output: Output = Command::new(env!("CARGO_BIN_EXE_halfopen"))
        .args(["run", "suites/rfc9293/states", "--target", target])
        .args(more)
        .current_dir(top)
        .output()
        .expect("the command starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text)
}

/// The bug is noticed, by scripts whose names say what it breaks.
#[track_caller]
fn assert_caught(bug: &str, script: &str) {
    let (code, text) = run(&format!("reference+{bug}"), &[]);
    assert_eq!(code, Some(1), "{text}");
    let named = text
        .lines()
        .any(|line| line.trim_start().starts_with("fail ") && line.contains(script));
    assert!(named, "no failure of {script}:\n{text}");
}

#[test]
fn the_suite_notices_a_reset_that_is_not_exact() {
    assert_caught("accepts-rst-in-window", "rst-in-window");
}

#[test]
fn the_suite_notices_a_fin_without_a_sequence_number() {
    assert_caught("fin-not-counted", "fin-goes-to-close-wait");
}

#[test]
fn the_suite_notices_a_missing_time_wait() {
    assert_caught("time-wait-skipped", "time-wait");
}

#[test]
fn the_sound_stack_passes() {
    let (code, text) = run("reference", &[]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_stack_that_panics_fails_and_the_run_goes_on() {
    let more = ["--filter", "established/close-goes", "--ip", "v4"];
    let (code, text) = run("reference+panics", &more);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("panicked: index out of bounds"), "{text}");
    assert!(text.contains("1 failed"), "{text}");
}

#[test]
fn a_stack_that_hangs_fails_and_the_run_ends() {
    let more = [
        "--filter",
        "established/close-goes",
        "--ip",
        "v4",
        "--timeout",
        "1",
    ];
    let (code, text) = run("reference+hangs", &more);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("stopped responding"), "{text}");
}
