//! What a call wrote through its arguments, held against what the script says.

use halfopen_target::{
    ControlData, ControlMessage, Duration, EpollEvent, OptionValue, Output, Returned, Time,
};

use crate::lower::ExpectedOutput;
use crate::verdict::FailureKind;

/// How the times that a stack hands out are held against a script's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeScale {
    /// When the script's own clock began.
    pub(crate) origin: Time,
    /// How far apart they may be.
    pub(crate) tolerance: Duration,
}

/// How what a call wrote differs from what the script says; `scale` says how times are held against each other.
pub(crate) fn compare(
    name: &str,
    expected: &[ExpectedOutput],
    returned: &Returned,
    scale: &TimeScale,
) -> Option<FailureKind> {
    expected.iter().find_map(|expected| {
        let difference = returned
            .outputs
            .iter()
            .map(|output| compare_output(expected, output, scale))
            .find(|difference| !matches!(difference, Compared::OtherKind));
        match difference {
            Some(Compared::Differs(argument, expected, observed)) => Some(FailureKind::Output {
                call: name.to_owned(),
                argument,
                expected,
                observed,
            }),
            _ => None,
        }
    })
}

enum Compared {
    OtherKind,
    Same,
    Differs(String, String, String),
}

fn compare_output(expected: &ExpectedOutput, output: &Output, scale: &TimeScale) -> Compared {
    let (argument, expected, observed) = match (expected, output) {
        (ExpectedOutput::Data(expected), Output::Data(data)) => {
            let shown = |bytes: &[u8]| format!("\"{}\"", bytes.escape_ascii());
            ("the octets read", shown(expected), shown(data))
        }
        // Scripts write an unsigned value as it is, and the harness sees a C int.
        (ExpectedOutput::Int(what, value), Output::Int(seen))
        | (ExpectedOutput::Int(what, value), Output::Option(OptionValue::Int(seen))) => {
            let seen = match u32::try_from(*value) {
                Ok(_) => i64::from(seen.cast_unsigned()),
                Err(_) => i64::from(*seen),
            };
            (*what, value.to_string(), seen.to_string())
        }
        (ExpectedOutput::Int(what, value), Output::Option(OptionValue::Bytes(bytes)))
            if bytes.len() == 1 =>
        {
            (*what, value.to_string(), bytes[0].to_string())
        }
        (
            ExpectedOutput::Linger(on, seconds),
            Output::Option(OptionValue::Linger {
                on: seen_on,
                seconds: seen_seconds,
            }),
        ) => {
            let shown = |on: bool, s: i32| format!("{{onoff={}, linger={s}}}", i32::from(on));
            (
                "the value",
                shown(*on, *seconds),
                shown(*seen_on, *seen_seconds),
            )
        }
        (ExpectedOutput::Bytes(expected), Output::Option(OptionValue::Bytes(bytes))) => {
            let end = bytes
                .iter()
                .rposition(|b| *b != 0)
                .map_or(0, |last| last + 1);
            let shown = |bytes: &[u8]| format!("\"{}\"", bytes.escape_ascii());
            ("the value", shown(expected), shown(&bytes[..end]))
        }
        (ExpectedOutput::Revents(expected), Output::Poll(fds)) => {
            for (want, seen) in expected.iter().zip(fds) {
                if let Some(want) = want
                    && *want != seen.revents
                {
                    return Compared::Differs(
                        "revents".to_owned(),
                        format!("{want:#x}"),
                        format!("{:#x}", seen.revents),
                    );
                }
            }
            return Compared::Same;
        }
        (ExpectedOutput::MessageFlags(expected), Output::MessageFlags(flags)) => {
            ("msg_flags", format!("{expected:#x}"), format!("{flags:#x}"))
        }
        (ExpectedOutput::Epoll(expected), Output::Epoll(events)) => {
            let none = EpollEvent { events: 0, data: 0 };
            let seen: Vec<_> = (0..expected.len())
                .map(|index| *events.get(index).unwrap_or(&none))
                .collect();
            ("the events", epoll_text(expected), epoll_text(&seen))
        }
        (ExpectedOutput::Control(expected), Output::Control(messages)) => {
            return compare_control(expected, messages, scale);
        }
        _ => return Compared::OtherKind,
    };
    if expected == observed {
        Compared::Same
    } else {
        Compared::Differs(argument.to_owned(), expected, observed)
    }
}

fn epoll_text(events: &[EpollEvent]) -> String {
    let shown: Vec<_> = events
        .iter()
        .map(|event| format!("{{events={:#x}, data={:#x}}}", event.events, event.data))
        .collect();
    shown.join(", ")
}

fn compare_control(
    expected: &[ControlMessage],
    observed: &[ControlMessage],
    scale: &TimeScale,
) -> Compared {
    let same = expected.len() == observed.len()
        && expected.iter().zip(observed).all(|(a, b)| {
            (a.level, a.kind) == (b.level, b.kind) && same_data(&a.data, &b.data, scale)
        });
    if same {
        return Compared::Same;
    }
    let shown = |messages: &[ControlMessage]| {
        let shown: Vec<_> = messages.iter().map(|m| control_text(m, scale)).collect();
        format!("[{}]", shown.join(", "))
    };
    let expected: Vec<_> = expected
        .iter()
        .map(|message| match message.data {
            // The script counts from its own start.
            ControlData::Timestamp(Some(at)) => ControlMessage {
                data: ControlData::Timestamp(Some(scale.origin + at.since(Time::ZERO))),
                ..message.clone()
            },
            _ => message.clone(),
        })
        .collect();
    Compared::Differs(
        "the control messages".to_owned(),
        shown(&expected),
        shown(observed),
    )
}

fn same_data(expected: &ControlData, observed: &ControlData, scale: &TimeScale) -> bool {
    match (expected, observed) {
        // A timestamp of zero in the script is not looked at.
        (ControlData::Timestamp(None), ControlData::Timestamp(_)) => true,
        (ControlData::Timestamp(Some(stated)), ControlData::Timestamp(Some(at))) => {
            let stated = scale.origin + stated.since(Time::ZERO);
            at.since(stated).max(stated.since(*at)) <= scale.tolerance
        }
        _ => expected == observed,
    }
}

fn control_text(message: &ControlMessage, scale: &TimeScale) -> String {
    let data = match &message.data {
        ControlData::Int(value) => value.to_string(),
        ControlData::ExtendedError {
            errno,
            origin,
            kind,
            code,
            info,
            data,
        } => format!(
            "{{ee_errno={errno}, ee_origin={origin}, ee_type={kind}, ee_code={code}, ee_info={info}, ee_data={data}}}"
        ),
        ControlData::Timestamp(Some(at)) => {
            format!("{:.6} s", at.since(scale.origin).as_secs_f64())
        }
        ControlData::Timestamp(None) => "no timestamp".to_owned(),
        ControlData::Bytes(octets) => format!("{} octets", octets.len()),
        other => format!("{other:?}"),
    };
    format!(
        "{{cmsg_level={}, cmsg_type={}, cmsg_data={data}}}",
        message.level, message.kind
    )
}
