//! Calls that make or use descriptors other than sockets: epoll, pipes, files.

use halfopen_script::tree::{Expression, ExpressionKind};
use halfopen_target::{Call, EpollEvent};

use super::arguments::{Arguments, LowerError, integer, items, optional_field};
use super::{ExpectedOutput, Lowered, about, plain};
use crate::bindings::Bindings;

pub(super) fn epoll_create(args: &Arguments<'_>) -> Lowered {
    // The size of `epoll_create` means nothing; `epoll_create1` has flags in its place, and scripts write 1 there for the former.
    let _ = args;
    plain(Call::EpollCreate { flags: 0 })
}

pub(super) fn epoll_control(
    args: &Arguments<'_>,
    bindings: &Bindings,
) -> Result<Lowered, LowerError> {
    let script = args.descriptor(2)?;
    let event = match args.at(3) {
        Ok(expression) => epoll_event(expression)?,
        // EPOLL_CTL_DEL needs none.
        Err(_) => EpollEvent { events: 0, data: 0 },
    };
    let call = Call::EpollControl {
        epoll: bindings.descriptor(args.descriptor(0)?),
        operation: args.int(1)?,
        fd: bindings.descriptor(script),
        event,
    };
    Ok(about(script, call))
}

pub(super) fn epoll_wait(args: &Arguments<'_>, bindings: &Bindings) -> Result<Lowered, LowerError> {
    let mut outputs = Vec::new();
    for expected in items(args.at(1)?) {
        if !matches!(expected.kind, ExpressionKind::Ellipsis) {
            outputs.push(epoll_event(expected)?);
        }
    }
    let call = Call::EpollWait {
        epoll: bindings.descriptor(args.descriptor(0)?),
        room: args.int(2)?,
        timeout: args.int(3)?,
    };
    Ok(Lowered {
        call,
        outputs: vec![ExpectedOutput::Epoll(outputs)],
        descriptor: None,
    })
}

/// `{events=EPOLLIN, fd=4}`; in place of `fd` there may be `ptr`, `u32` or `u64`.
fn epoll_event(expression: &Expression) -> Result<EpollEvent, LowerError> {
    if matches!(expression.kind, ExpressionKind::Ellipsis) || is_null(expression) {
        return Ok(EpollEvent { events: 0, data: 0 });
    }
    let events = optional_field(expression, "events", 0)
        .ok_or_else(|| LowerError::wrong(expression, "expected a field `events`"))?;
    let data = ["fd", "ptr", "u32", "u64"]
        .iter()
        .find_map(|name| optional_field(expression, name, 1));
    let data = match data {
        Some(data) => integer(data)? as u64,
        None => 0,
    };
    Ok(EpollEvent {
        events: integer(events)? as u32,
        data,
    })
}

pub(super) fn is_null(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Symbol(name) if name == "NULL")
}

/// `pipe([5, 6])`: the script's numbers for the two ends.
pub(super) fn pipe(args: &Arguments<'_>) -> Result<Lowered, LowerError> {
    let [read, write] = items(args.at(0)?) else {
        return Err(LowerError::wrong(
            args.at(0)?,
            "expected two descriptors in brackets",
        ));
    };
    let flags = if args.count() > 1 { args.int(1)? } else { 0 };
    Ok(Lowered {
        call: Call::Pipe { flags },
        outputs: vec![ExpectedOutput::Descriptors([
            integer(read)?,
            integer(write)?,
        ])],
        descriptor: None,
    })
}

pub(super) fn splice(args: &Arguments<'_>, bindings: &Bindings) -> Result<Lowered, LowerError> {
    let script = args.descriptor(2)?;
    let call = Call::Splice {
        from: bindings.descriptor(args.descriptor(0)?),
        from_offset: offset(args.at(1)?)?,
        to: bindings.descriptor(script),
        to_offset: offset(args.at(3)?)?,
        length: args.size(4)?,
        flags: args.int(5)?.cast_unsigned(),
    };
    Ok(about(script, call))
}

pub(super) fn send_file(args: &Arguments<'_>, bindings: &Bindings) -> Result<Lowered, LowerError> {
    let script = args.descriptor(0)?;
    let call = Call::SendFile {
        to: bindings.descriptor(script),
        from: bindings.descriptor(args.descriptor(1)?),
        offset: offset(args.at(2)?)?,
        length: args.size(3)?,
    };
    Ok(about(script, call))
}

/// An offset: `[0]`, or NULL for the descriptor's own.
fn offset(expression: &Expression) -> Result<Option<i64>, LowerError> {
    match items(expression) {
        [only] if !is_null(only) => integer(only).map(Some),
        _ => Ok(None),
    }
}

pub(super) fn open(args: &Arguments<'_>) -> Result<Lowered, LowerError> {
    let path = args.at(0)?;
    let ExpressionKind::Text(octets) = &path.kind else {
        return Err(LowerError::wrong(path, "expected a path in quotes"));
    };
    let call = Call::Open {
        path: String::from_utf8_lossy(octets).into_owned(),
        flags: args.int(1)?,
        mode: if args.count() > 2 {
            args.int(2)?.cast_unsigned()
        } else {
            0o600
        },
    };
    Ok(plain(call))
}
