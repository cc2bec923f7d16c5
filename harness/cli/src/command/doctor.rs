//! `halfopen doctor`: what this machine allows.

use std::process::{Command, Stdio};

use halfopen_linux::{Finding, diagnose, privilege};

use crate::exit::Exit;
use crate::output::say;

pub(crate) fn run() -> Result<Exit, String> {
    say!("reference target");
    say!("  ok    needs nothing\n");
    say!("linux target");
    let entered = privilege::enter();
    let how = match &entered {
        Ok(privilege::Privilege::Root) => "as it is".to_owned(),
        Ok(privilege::Privilege::UserNamespace) => "in a user namespace of its own".to_owned(),
        Err(error) => error.to_string(),
    };
    let mark = if entered.is_ok() { "ok  " } else { "FAIL" };
    say!("  {mark}  privilege: {how}");
    for finding in diagnose() {
        show(&finding);
    }
    say!("\nfuzzing");
    let has_cargo_fuzz = succeeds("cargo", &["fuzz", "--version"]);
    say!(
        "  {}",
        if has_cargo_fuzz {
            "ok    cargo-fuzz"
        } else {
            "note  no cargo-fuzz: cargo install cargo-fuzz"
        }
    );
    Ok(Exit::AsExpected)
}

fn show(finding: &Finding) {
    let mark = match (finding.is_ok, finding.is_needed) {
        (true, _) => "ok  ",
        (false, true) => "FAIL",
        (false, false) => "note",
    };
    say!("  {mark}  {}: {}", finding.what, finding.detail);
    if !finding.remedy.is_empty() {
        say!("        {}", finding.remedy);
    }
}

pub(super) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
