//! Plug-ins for packetdrill as targets, with one whose stack is the running kernel's (`targets/so/tests/plugin`).
//!
//! It needs a C compiler and a TUN device that this user may open; where there is none these tests fail, and say so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

/// Data both ways, over a call that blocks, a setting and a command in the plug-in's own namespace, a code block.
const CONVERSATION: &str = r#"
`sysctl -q net.ipv4.tcp_timestamps=0; echo $PACKETDRILL_PID > started`

   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
  +0 bind(3, ..., ...) = 0
  +0 listen(3, 1) = 0
  +0...0.2 accept(3, ..., ...) = 4

 +.1 < S 0:0(0) win 65535 <mss 1000,sackOK,TS val 1 ecr 0,nop,wscale 7>
  +0 > S. 0:0(0) ack 1 <...>
 +.1 < . 1:1(0) ack 1 win 512

  +0 write(4, ..., 100) = 100
  +0 > P. 1:101(100) ack 1
 +.1 < P. 1:51(50) ack 101 win 512
  +0 > . 101:101(0) ack 51
  +0 read(4, ..., 1000) = 50
  +0 recv(4, ..., 1000, MSG_DONTWAIT) = -1 EAGAIN (Resource temporarily unavailable)
  +0 sendmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 30}, {..., 20}], msg_flags=0}, 0) = 50
  +0 > P. 101:151(50) ack 51
  +0 %{ assert tcpi_bytes_acked == 100 + 1 or tcpi_bytes_acked == 100, tcpi_bytes_acked }%
  +0 `test -s started`

 +.1 < F. 51:51(0) ack 151 win 512
  +0~+.05 > . 151:151(0) ack 52
  +0 close(4) = 0
  +0 > F. 151:151(0) ack 52
 +.1 < . 52:52(0) ack 152 win 512
"#;

/// A handshake whose second packet the plug-in may stumble over.
const HANDSHAKE: &str = "
   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 bind(3, ..., ...) = 0
  +0 listen(3, 1) = 0
  +0 < S 0:0(0) win 65535 <mss 1000>
  +0 > S. 0:0(0) ack 1 <...>
 +.1 < . 1:1(0) ack 1 win 65535
  +0 accept(3, ..., ...) = 4
  +0 fcntl(4, F_SETFL, O_NONBLOCK) = 0
  +0 read(4, ..., 10) = -1 EAGAIN (Resource temporarily unavailable)
";

/// The plug-in, built once.
fn library() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("kernel.so");
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../targets/so/tests/plugin/kernel.c");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let built = Command::new(&compiler)
            .args(["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"])
            .arg(&path)
            .arg(source)
            .output()
            .unwrap_or_else(|error| panic!("a C compiler, {compiler}: {error}"));
        let complaints = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{complaints}");
        (folder, path)
    });
    path
}

struct Ran {
    code: Option<i32>,
    text: String,
}

/// Runs a script on a target.
fn run(script: &str, target: &str, more: &[&str]) -> Ran {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("script.pkt");
    fs::write(&path, script).expect("a script");
    let output: Output = Command::new(env!("CARGO_BIN_EXE_halfopen"))
        .arg("run")
        .arg(path)
        .args(["--target", target])
        .args(more)
        .output()
        .expect("the command starts");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    Ran {
        code: output.status.code(),
        text: text.into_owned(),
    }
}

/// Runs a script on the plug-in.
fn run_on_plugin(script: &str, more: &[&str]) -> Ran {
    run(script, &format!("so:{}", library().display()), more)
}

#[track_caller]
fn assert_ran(ran: &Ran, code: i32, says: &str) {
    assert_eq!(ran.code, Some(code), "{}", ran.text);
    assert!(ran.text.contains(says), "{}", ran.text);
}

#[test]
fn a_conversation_passes_on_the_kernel_behind_a_plug_in_as_on_the_kernel_itself() {
    let modes = ["--ip", "v4", "--ip", "v6", "--ip", "mapped"];
    assert_ran(&run(CONVERSATION, "linux", &modes), 0, "3 passed");
    assert_ran(&run_on_plugin(CONVERSATION, &modes), 0, "3 passed");
}

#[test]
fn what_the_script_expects_wrongly_fails_at_its_line() {
    let wrong = HANDSHAKE.replace("S. 0:0(0) ack 1", "S. 0:0(0) ack 2");
    let ran = run_on_plugin(&wrong, &["--ip", "v4"]);
    assert_ran(&ran, 1, "script.pkt:6:");
    assert_ran(&ran, 1, "acknowledgment number");
}

#[test]
fn a_plug_in_that_waits_inside_for_packets_is_no_trouble() {
    let ran = run_on_plugin(CONVERSATION, &["--ip", "v4", "--so-flags", "block"]);
    assert_ran(&ran, 0, "1 passed");
}

#[test]
fn a_plug_in_that_crashes_fails_its_drill_and_says_how() {
    let ran = run_on_plugin(HANDSHAKE, &["--so-flags", "crash"]);
    assert_ran(&ran, 1, "the plug-in crashed (SIGSEGV)");
    assert_ran(&ran, 1, "2 failed");
}

#[test]
fn a_plug_in_that_hangs_fails_its_drill() {
    let more = ["--ip", "v4", "--so-flags", "hang", "--timeout", "1"];
    assert_ran(
        &run_on_plugin(HANDSHAKE, &more),
        1,
        "the plug-in did not come back within 1 s",
    );
}

#[test]
fn flags_of_the_script_go_before_those_of_the_command() {
    let script = format!("--so_flags=crash\n{HANDSHAKE}");
    let ran = run_on_plugin(&script, &["--ip", "v4", "--so-flags", "none"]);
    assert_ran(&ran, 1, "crashed");
}

#[test]
fn a_call_that_the_plug_in_has_not_skips_the_script() {
    let ran = run_on_plugin(HANDSHAKE, &["--ip", "v4", "--so-flags", "no-read"]);
    assert_ran(&ran, 0, "1 skipped");
    assert_ran(&ran, 0, "the plug-in has no `read`");
}

#[test]
fn scripts_that_assert_states_are_skipped() {
    let script = format!("{HANDSHAKE}  +0 @ 4 ESTABLISHED\n");
    let ran = run_on_plugin(&script, &["--ip", "v4"]);
    assert_ran(&ran, 0, "the interface of plug-ins tells no states");
}

#[test]
fn what_is_no_plug_in_is_refused_before_anything_runs() {
    let ran = run(HANDSHAKE, "so:/nowhere/stack.so", &[]);
    assert_ran(&ran, 2, "/nowhere/stack.so");
    let ran = run(HANDSHAKE, "so:libc.so.6", &[]);
    assert_ran(&ran, 2, "libc.so.6");
    let text = library().with_extension("txt");
    fs::write(&text, "no library").expect("a file");
    assert_ran(
        &run(HANDSHAKE, &format!("so:{}", text.display()), &[]),
        2,
        "",
    );
}

#[test]
fn the_process_of_a_plug_in_takes_no_part_alone() {
    let output = Command::new(env!("CARGO_BIN_EXE_halfopen"))
        .arg("plugin-host")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the command starts");
    assert_eq!(output.status.code(), Some(2));
}
