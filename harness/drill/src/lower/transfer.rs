//! Calls that read and calls that write.

use halfopen_script::tree::{Expression, ExpressionKind};
use halfopen_target::{Call, CallName, Setup};

use super::arguments::{Arguments, LowerError, field, integer, items, optional_field, size};
use super::files::is_null;
use super::{ExpectedOutput, Lowered, address, control};
use crate::bindings::Bindings;
use crate::payload;

pub(crate) fn receive(
    name: &str,
    args: &Arguments<'_>,
    bindings: &Bindings,
) -> Result<Lowered, LowerError> {
    let script = args.descriptor(0)?;
    let mut outputs = Vec::new();
    let mut flags = 0;
    let mut control = 0;
    let (call_name, buffers) = match name {
        "readv" => (CallName::Readv, vector(args.at(1)?, &mut outputs)?),
        "recvmsg" => {
            let message = args.at(1)?;
            flags = args.int(2)?;
            if let Some(expected) = optional_field(message, "msg_flags", usize::MAX)
                && !matches!(expected.kind, ExpressionKind::Ellipsis)
            {
                outputs.push(ExpectedOutput::MessageFlags(integer(expected)? as i32));
            }
            if let Some(expected) = optional_field(message, "msg_control", usize::MAX) {
                control = control::AMPLE;
                if let Some(messages) = control::messages(expected)? {
                    outputs.push(ExpectedOutput::Control(messages));
                }
            }
            if let Some(room) = optional_field(message, "msg_controllen", usize::MAX) {
                control = size(room)?;
            }
            let iov = field(message, "msg_iov", usize::MAX)?;
            (CallName::Recvmsg, vector(iov, &mut outputs)?)
        }
        _ => {
            let call_name = match name {
                "recv" => CallName::Recv,
                "recvfrom" => CallName::Recvfrom,
                _ => CallName::Read,
            };
            if call_name != CallName::Read {
                flags = args.int(3)?;
            }
            if is_null(args.at(1)?) {
                let call = Call::NullBuffer {
                    name: call_name,
                    fd: bindings.descriptor(script),
                    length: args.size(2)?,
                    flags,
                    address: None,
                };
                return Ok(super::about(script, call));
            }
            expect_data(args.at(1)?, &mut outputs);
            (call_name, vec![args.size(2)?])
        }
    };
    let call = Call::Receive {
        name: call_name,
        fd: bindings.descriptor(script),
        buffers,
        flags,
        control,
    };
    Ok(Lowered {
        call,
        outputs,
        descriptor: Some(script),
    })
}

fn vector(
    expression: &Expression,
    outputs: &mut Vec<ExpectedOutput>,
) -> Result<Vec<usize>, LowerError> {
    let entries = items(expression);
    if let [only] = entries {
        expect_data(field(only, "iov_base", 0)?, outputs);
    }
    entries
        .iter()
        .map(|entry| size(field(entry, "iov_len", 1)?))
        .collect()
}

fn expect_data(expression: &Expression, outputs: &mut Vec<ExpectedOutput>) {
    if let ExpressionKind::Text(bytes) = &expression.kind {
        outputs.push(ExpectedOutput::Data(bytes.clone()));
    }
}

pub(crate) fn send(
    name: &str,
    args: &Arguments<'_>,
    bindings: &mut Bindings,
    setup: &Setup,
) -> Result<Lowered, LowerError> {
    let script = args.descriptor(0)?;
    let written = bindings
        .flow_of(script)
        .map_or(0, |flow| flow.written.len()) as u64;
    let ports = bindings.ports();
    let mut flags = 0;
    let mut destination = None;
    let mut messages = Vec::new();
    let mut to = |expression: &Expression| -> Result<(), LowerError> {
        // NULL means the peer that the socket is connected to; `...` is the tester, as in `connect`.
        let names_one = !is_null(expression);
        if names_one {
            let address = address::lower(expression, setup, setup.remote_ip, ports.connect)?;
            destination = Some(address);
        }
        Ok(())
    };
    let (call_name, buffers) = match name {
        "writev" => (CallName::Writev, gather(args.at(1)?, written)?),
        "sendmsg" => {
            let message = args.at(1)?;
            flags = args.int(2)?;
            if let Some(name) = optional_field(message, "msg_name", usize::MAX) {
                to(name)?;
            }
            if let Some(given) = optional_field(message, "msg_control", usize::MAX) {
                messages = control::messages(given)?.unwrap_or_default();
            }
            let iov = field(message, "msg_iov", usize::MAX)?;
            (CallName::Sendmsg, gather(iov, written)?)
        }
        _ => {
            let call_name = match name {
                "send" => CallName::Send,
                "sendto" => CallName::Sendto,
                _ => CallName::Write,
            };
            if call_name != CallName::Write {
                flags = args.int(3)?;
            }
            if call_name == CallName::Sendto {
                to(args.at(4)?)?;
            }
            if is_null(args.at(1)?) {
                let call = Call::NullBuffer {
                    name: call_name,
                    fd: bindings.descriptor(script),
                    length: args.size(2)?,
                    flags,
                    address: destination,
                };
                return Ok(super::about(script, call));
            }
            let data = octets(args.at(1)?, args.size(2)?, written)?;
            (call_name, vec![data])
        }
    };
    let call = Call::Send {
        name: call_name,
        fd: bindings.descriptor(script),
        buffers,
        flags,
        address: destination,
        control: messages,
    };
    Ok(super::about(script, call))
}

fn gather(expression: &Expression, mut written: u64) -> Result<Vec<Vec<u8>>, LowerError> {
    let mut buffers = Vec::new();
    for entry in items(expression) {
        let length = size(field(entry, "iov_len", 1)?)?;
        let buffer = octets(field(entry, "iov_base", 0)?, length, written)?;
        written += buffer.len() as u64;
        buffers.push(buffer);
    }
    Ok(buffers)
}

/// The octets to write: a literal, cut or filled to `length`, or our pattern.
fn octets(expression: &Expression, length: usize, written: u64) -> Result<Vec<u8>, LowerError> {
    match &expression.kind {
        ExpressionKind::Ellipsis => Ok(payload::outbound(written, length)),
        ExpressionKind::Text(bytes) => {
            let mut octets = bytes.clone();
            octets.resize(length, 0);
            Ok(octets)
        }
        _ => Err(LowerError::wrong(
            expression,
            "expected `...` or a string in place of the octets to write",
        )),
    }
}
