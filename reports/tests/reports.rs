//! Each report of one made-up session that has every standing, and each kind of failure in full.

mod common;
mod matrix;
mod page;
mod pcap;

use std::fs;
use std::io::{self, Write};

use halfopen_drill::{FailureKind, Standing};
use halfopen_reports::{
    Console, Json, Junit, Ktap, OutputFile, Style, render_failure, render_ladder,
};
use halfopen_target::{AddressMode, State, StopReason, Time};

use common::{
    BECOMES, CHALLENGE, IS_LISTEN, Page, READ, SYN_ACK, failure, outcome, outcomes, play, trace,
};

const QUIET: Style = Style {
    colour: false,
    verbose: false,
    progress: false,
};

fn console(style: Style) -> String {
    let page = Page::default();
    play(outcomes(), &mut Console::new(page.clone(), style));
    page.text()
}

fn json(with_trace: bool) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.json");
    let file = OutputFile::create(&path).expect("it can be written");
    play(outcomes(), &mut Json::new(file, with_trace));
    fs::read_to_string(&path).expect("the report is there")
}

#[test]
fn the_console_shows_what_wants_attention() {
    insta::assert_snapshot!(console(QUIET));
}

#[test]
fn the_verbose_console_shows_every_drill_and_the_reasons_of_expected_failures() {
    let style = Style {
        verbose: true,
        ..QUIET
    };
    insta::assert_snapshot!(console(style));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let style = Style {
        colour: true,
        ..QUIET
    };
    let coloured = console(style);
    assert!(coloured.contains('\u{1b}'));
    let mut plain = String::new();
    let mut is_code = false;
    for letter in coloured.chars() {
        match letter {
            '\u{1b}' => is_code = true,
            'm' if is_code => is_code = false,
            _ if is_code => {}
            letter => plain.push(letter),
        }
    }
    assert_eq!(plain, console(QUIET));
}

#[test]
fn json_lines_hold_every_drill_and_the_counts() {
    let text = json(false);
    for line in text.lines() {
        let object: serde_json::Value = serde_json::from_str(line).expect("each line is an object");
        assert!(object.is_object());
    }
    insta::assert_snapshot!(text);
}

#[test]
fn json_traces_hold_every_event_and_the_octets_of_packets() {
    let text = json(true);
    let first = text.lines().next().expect("a drill");
    let object: serde_json::Value = serde_json::from_str(first).expect("an object");
    let events = object["trace"].as_array().expect("the trace");
    let made = trace("reference", AddressMode::V4);
    assert_eq!(events.len(), made.entries.len());
    insta::assert_snapshot!(serde_json::to_string_pretty(&object["trace"]).expect("it is JSON"));
}

#[test]
fn junit_has_a_suite_for_each_target() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.xml");
    let file = OutputFile::create(&path).expect("it can be written");
    play(outcomes(), &mut Junit::new(file));
    insta::assert_snapshot!(fs::read_to_string(&path).expect("the report is there"));
}

#[test]
fn ktap_has_a_plan_and_a_line_for_each_drill() {
    let page = Page::default();
    play(outcomes(), &mut Ktap::new(page.clone()));
    let text = page.text();
    let results = text
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with("ok ") || line.starts_with("not ok "));
    for line in results.clone() {
        assert!(
            line.matches('#').count() <= 1,
            "one directive at most: {line}"
        );
    }
    assert_eq!(results.count(), outcomes().len());
    insta::assert_snapshot!(text);
}

#[test]
fn a_ladder_shows_a_whole_drill_and_leaves_nothing_out() {
    let drill = outcome("x.pkt", "reference", AddressMode::V4, Standing::Pass);
    insta::assert_snapshot!(render_ladder(&drill, usize::MAX));
}

#[test]
fn every_kind_of_failure_is_shown_in_full() {
    let moment = Time::from_micros;
    let window = (moment(96_000), moment(104_000));
    let call = || "read".to_owned();
    let kinds = [
        ("packet", CHALLENGE, common::wrong_ack().kind),
        ("time", CHALLENGE, common::late().kind),
        (
            "missing",
            SYN_ACK,
            FailureKind::Missing {
                what: "a packet".to_owned(),
                until: moment(2_004_000),
                instead: vec!["the transition SYN-RECEIVED -> CLOSED".to_owned()],
            },
        ),
        (
            "transition",
            BECOMES,
            FailureKind::Transition {
                expected: (State::SynReceived, State::Established),
                observed: (State::SynReceived, State::Closed),
            },
        ),
        (
            "unlisted transition",
            usize::MAX,
            FailureKind::UnlistedTransition {
                observed: (State::Established, State::Closed),
            },
        ),
        (
            "unlisted packet",
            usize::MAX,
            FailureKind::UnlistedPacket {
                observed: "R 1:1(0) win 0".to_owned(),
            },
        ),
        (
            "state",
            IS_LISTEN,
            FailureKind::State {
                expected: State::Listen,
                observed: None,
            },
        ),
        (
            "return",
            READ,
            FailureKind::Return {
                call: call(),
                expected: "-1 EAGAIN (Resource temporarily unavailable)".to_owned(),
                observed: "0".to_owned(),
            },
        ),
        (
            "output",
            READ,
            FailureKind::Output {
                call: call(),
                argument: "argument 2".to_owned(),
                expected: "the octets that were sent".to_owned(),
                observed: "other octets from offset 3 on".to_owned(),
            },
        ),
        (
            "still running",
            READ,
            FailureKind::StillRunning { call: call() },
        ),
        (
            "not blocking",
            READ,
            FailureKind::NotBlocking {
                call: call(),
                expected: window,
                observed: moment(90_000),
            },
        ),
        (
            "stack",
            CHALLENGE,
            FailureKind::Stack(StopReason::Panicked("index out of bounds".to_owned())),
        ),
    ];
    let mut text = String::new();
    for (name, event, kind) in kinds {
        let mut failure = failure(event.min(READ), kind);
        if event == usize::MAX {
            failure.event = None;
            failure.span = None;
        }
        let drill = outcome(
            "x.pkt",
            "reference",
            AddressMode::V4,
            Standing::Fail(failure),
        );
        text.push_str(&format!("== {name}\n{}\n", render_failure(&drill, false)));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_stack_that_breaks_before_the_first_event_has_no_line() {
    let mut failure = failure(
        0,
        FailureKind::Stack(StopReason::Unresponsive("no answer for 20 s".to_owned())),
    );
    failure.event = None;
    failure.line = None;
    failure.span = None;
    let mut drill = outcome(
        "x.pkt",
        "reference",
        AddressMode::V4,
        Standing::Fail(failure),
    );
    drill.trace.entries.clear();
    insta::assert_snapshot!(render_failure(&drill, false));
}

/// A pipe whose reader went away.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

#[test]
fn a_reader_who_went_away_is_no_error() {
    play(outcomes(), &mut Console::new(Closed, QUIET));
    play(outcomes(), &mut Ktap::new(Closed));
}
