//! `halfopen check`: every finding of every script, in every address mode, with definitions from the command line.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn folder(scripts: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in scripts {
        fs::write(folder.path().join(name), text).expect("a script");
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

/// Exit code, standard output and standard error.
fn shown(output: &Output) -> (Option<i32>, String, String) {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn every_finding_is_shown_once_though_a_script_is_read_for_three_modes() {
    let script = "\
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 < icmp unreachable CODE
+0 > S 0:0(0) <FO TFO_COOKIE>
+0 lisen(3, 1) = 0
+0 < S 0:0(0) win 70000
";
    let folder = folder(&[("a.pkt", script)]);
    let (code, out, err) = shown(&halfopen(folder.path(), &["check", "a.pkt"]));
    assert_eq!(code, Some(2));
    assert_eq!(out, "1 script, 1 with mistakes\n");
    insta::assert_snapshot!(err);
}

#[test]
fn more_than_twenty_findings_are_counted() {
    let folder = folder(&[("a.pkt", &"+0 lisen(3, 1) = 0\n".repeat(25))]);
    let (_, _, err) = shown(&halfopen(folder.path(), &["check", "a.pkt"]));
    assert_eq!(err.matches("error: there is no call").count(), 20);
    assert!(err.contains("… and 5 more in a.pkt"), "{err}");
}

#[test]
fn symbols_are_defined_on_the_command_line() {
    let script = "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 > S 0:0(0) <mss MSS>\n";
    let folder = folder(&[("a.pkt", script)]);
    let check = |arguments: &[&str]| {
        shown(&halfopen(
            folder.path(),
            &[&["check", "a.pkt"], arguments].concat(),
        ))
    };
    assert_eq!(check(&["-D", "MSS=1460"]).0, Some(0));
    assert_eq!(check(&["-DMSS=1460"]).0, Some(0));
    let (code, _, err) = check(&[]);
    assert_eq!(code, Some(2));
    assert!(err.contains("-D MSS=…"), "{err}");
    let (code, _, err) = check(&["--define", "MSS=70000"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("`MSS` is defined as `70000`"), "{err}");
    let (code, _, err) = check(&["--define=mss=1"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("a word of the language"), "{err}");
}

/// `CMSG_LEVEL_IP` is `SOL_IP` over IPv4 and `SOL_IPV6` else: a script that reads it must do so in each mode.
#[test]
fn a_run_reads_a_script_as_its_address_mode_has_it() {
    let script = "\
   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 setsockopt(3, CMSG_LEVEL_IP, OPTION, [1], 4) = 0
";
    let folder = folder(&[("a.pkt", script)]);
    let run = |mode: &str, option: &str| {
        let define = format!("OPTION={option}");
        shown(&halfopen(
            folder.path(),
            &["run", "a.pkt", "--ip", mode, "-D", &define],
        ))
    };
    for (mode, option) in [("v4", "IP_RECVERR"), ("v6", "IPV6_RECVERR")] {
        let (code, out, err) = run(mode, option);
        assert_eq!(code, Some(0), "{mode} {option}: {out}{err}");
    }
    // Both at once: each as it reads there.
    let script = script.replace("OPTION", "CMSG_TYPE_RECVERR");
    fs::write(folder.path().join("a.pkt"), script).expect("a script");
    let (code, out, err) = shown(&halfopen(folder.path(), &["run", "a.pkt"]));
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("2 passed"), "{out}");
}

const UNTIDY: &str = "// A comment\n0 socket(...,SOCK_STREAM,IPPROTO_TCP)=3\n+0 close(3)=0x0\n";

const TIDY: &str = "\
// A comment
   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 close(3) = 0x0
";

#[test]
fn the_layout_of_one_script_is_printed() {
    let folder = folder(&[("a.pkt", UNTIDY)]);
    let (code, out, err) = shown(&halfopen(folder.path(), &["check", "--format", "a.pkt"]));
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), TIDY, ""));
    let text = fs::read_to_string(folder.path().join("a.pkt")).expect("it is there");
    assert_eq!(text, UNTIDY);
}

#[test]
fn of_several_scripts_those_laid_out_otherwise_are_named_and_written_on_demand() {
    let folder = folder(&[("a.pkt", UNTIDY), ("b.pkt", TIDY)]);
    let check = |arguments: &[&str]| {
        shown(&halfopen(
            folder.path(),
            &[&["check", "--format", "."], arguments].concat(),
        ))
    };
    let (code, out, _) = check(&[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        out,
        "a.pkt\n2 scripts, 1 laid out otherwise, 0 with mistakes\n"
    );
    assert_eq!(check(&["--write"]).0, Some(0));
    let text = fs::read_to_string(folder.path().join("a.pkt")).expect("it is there");
    assert_eq!(text, TIDY);
    assert_eq!(check(&[]).0, Some(0));
}

#[test]
fn a_script_with_mistakes_is_not_laid_out() {
    let folder = folder(&[("a.pkt", "+0 lisen(3,1)=0\n")]);
    let arguments = ["check", "--format", "--write", "a.pkt"];
    let (code, _, err) = shown(&halfopen(folder.path(), &arguments));
    assert_eq!(code, Some(2));
    assert!(err.contains("did you mean `listen`?"), "{err}");
    let text = fs::read_to_string(folder.path().join("a.pkt")).expect("it is there");
    assert_eq!(text, "+0 lisen(3,1)=0\n");
}
