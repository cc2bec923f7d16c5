//! Trees at random: everything that the language can say.

mod calls;
mod packets;

use halfopen_script::front_matter::{Expectation, FrontMatter, NotedTarget, TargetNote};
use halfopen_script::span::Span;
use halfopen_script::tree::{
    Action, Code, Command, Event, OptionLine, Script, StateAssertion, StateName, StateSpec,
    TimeSpec, When,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) const NOWHERE: Span = Span::new(0, 0);

/// The tree as text without spans and line numbers.
pub(crate) fn without_places(script: &Script) -> String {
    let shown = format!("{script:#?}");
    let is_place = |line: &str| {
        let line = line.trim().trim_end_matches(',');
        let value = line.split_once(": ").map_or(line, |(_, value)| value);
        let is_span = value.split_once("..").is_some_and(|(start, end)| {
            start.parse::<usize>().is_ok() && end.parse::<usize>().is_ok()
        });
        is_span || line.starts_with("line: ")
    };
    shown
        .lines()
        .filter(|line| !is_place(line))
        .collect::<Vec<_>>()
        .join("\n")
}

pub(crate) fn script() -> impl Strategy<Value = Script> {
    (
        front_matter(),
        vec(option_line(), 0..3),
        proptest::option::of(command()),
        vec(event(), 1..6),
        proptest::option::of(command()),
    )
        .prop_map(
            |(front_matter, options, init_command, events, cleanup_command)| Script {
                front_matter,
                options,
                init_command,
                events,
                cleanup_command,
            },
        )
}

/// Words with one blank between each two.
fn sentence() -> impl Strategy<Value = String> {
    vec("[!-~]{1,8}", 1..5).prop_map(|words| words.join(" "))
}

fn front_matter() -> impl Strategy<Value = FrontMatter> {
    let id = "RFC[1-9][0-9]{2}-[A-Z0-9.]{1,5}";
    let mode = proptest::option::of(select(vec!["v4", "v6", "mapped"]));
    let target = ("[a-z]{1,8}(:[a-z]{1,8})?", mode).prop_map(|(name, mode)| NotedTarget {
        name,
        mode: mode.map(str::to_owned),
    });
    let note =
        (vec(target, 1..3), any::<bool>(), sentence()).prop_map(|(targets, fails, reason)| {
            TargetNote {
                targets,
                expectation: if fails {
                    Expectation::Fail
                } else {
                    Expectation::Skip
                },
                reason,
            }
        });
    (
        proptest::option::of(sentence()),
        proptest::collection::btree_set(id, 0..3),
        vec(note, 0..3),
    )
        .prop_map(|(title, requires, targets)| FrontMatter {
            title,
            requires: requires.into_iter().collect(),
            targets,
            span: NOWHERE,
        })
}

fn option_line() -> impl Strategy<Value = OptionLine> {
    let line = |name: &'static str, value: Option<String>| OptionLine {
        span: NOWHERE,
        name: name.to_owned(),
        value,
    };
    prop_oneof![
        (0..=0x7fff_ffff_u32).prop_map(move |mtu| line("mtu", Some(mtu.to_string()))),
        Just(line("strict_segments", None)),
        "[ !#-\\[\\]-~]{1,12}".prop_map(move |flags| line("so_flags", Some(flags))),
        any::<std::net::Ipv6Addr>().prop_map(move |ip| line("local_ip", Some(ip.to_string()))),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    // No backtick and no backslash: they would end the command, or not end it.
    "[a-z][ -\\[\\]-_a-~]{0,20}[a-z]".prop_map(|text| Command {
        span: NOWHERE,
        text,
    })
}

fn code() -> impl Strategy<Value = Code> {
    "[a-z][ -|~]{0,20}[a-z]".prop_map(|text| Code {
        span: NOWHERE,
        text,
    })
}

fn event() -> impl Strategy<Value = Event> {
    let state = select(vec![
        StateName::Closed,
        StateName::Listen,
        StateName::SynSent,
        StateName::SynReceived,
        StateName::Established,
        StateName::FinWait1,
        StateName::FinWait2,
        StateName::CloseWait,
        StateName::Closing,
        StateName::LastAck,
        StateName::TimeWait,
    ]);
    let descriptor = proptest::option::of(0..1000_i64);
    let state = (descriptor, state.clone(), state).prop_map(|(descriptor, from, to)| {
        Action::State(StateSpec {
            span: NOWHERE,
            descriptor,
            assertion: if from == to {
                StateAssertion::Is(from)
            } else {
                StateAssertion::Becomes(from, to)
            },
        })
    });
    prop_oneof![
        4 => packets::packet().prop_flat_map(|packet| timed(Action::Packet(packet))),
        4 => calls::call().prop_flat_map(|call| timed(Action::Call(call))),
        1 => command().prop_flat_map(|command| timed(Action::Command(command))),
        1 => code().prop_flat_map(|code| timed(Action::Code(code))),
        2 => state.prop_flat_map(timed),
    ]
}

/// The action with a time that goes with it. Times are relative: absolute ones would have to grow.
fn timed(action: Action) -> impl Strategy<Value = Event> {
    use halfopen_script::tree::Direction;
    let is_observed = match &action {
        Action::Packet(packet) => packet.direction == Direction::Outbound,
        Action::State(state) => matches!(state.assertion, StateAssertion::Becomes(..)),
        _ => false,
    };
    let is_call = matches!(action, Action::Call(_));
    (0..10_000_000_i64, 0..10_000_000_i64, 0..4_u8).prop_map(move |(start, span, form)| {
        let (start, end) = match form {
            0 if is_observed => (When::Any, None),
            1 if is_observed => (When::AfterBetween(start, start + span), None),
            2 if is_call => (When::After(start), Some(When::After(span))),
            _ => (When::After(start), None),
        };
        Event {
            span: NOWHERE,
            line: 0,
            time: TimeSpec {
                span: NOWHERE,
                start,
                end,
            },
            action: action.clone(),
        }
    })
}
