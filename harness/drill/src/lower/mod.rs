//! From a call as the script writes it to a call as a target takes it.

mod address;
mod arguments;
mod control;
mod files;
mod options;
mod transfer;

use halfopen_script::tree::{CallSpec, ExpressionKind};
use halfopen_target::{Call, ControlMessage, EpollEvent, PollDescriptor};

use crate::bindings::Bindings;
pub(crate) use arguments::LowerError;
use arguments::{Arguments, field, integer, items};

/// A call ready for the target, and what the script expects of it besides the return value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lowered {
    /// The call.
    pub(crate) call: Call,
    /// What it should write through its arguments.
    pub(crate) outputs: Vec<ExpectedOutput>,
    /// The descriptor in the script that it is about.
    pub(crate) descriptor: Option<i64>,
}

/// What a call should write through one of its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExpectedOutput {
    /// These octets are read.
    Data(Vec<u8>),
    /// An option or `ioctl` gives this integer.
    Int(&'static str, i64),
    /// `SO_LINGER` gives this.
    Linger(bool, i32),
    /// An option gives this string or these octets.
    Bytes(Vec<u8>),
    /// `poll` gives these events, by position.
    Revents(Vec<Option<i16>>),
    /// `recvmsg` gives these flags.
    MessageFlags(i32),
    /// `recvmsg` gives these control messages.
    Control(Vec<ControlMessage>),
    /// `epoll_wait` gives these events first.
    Epoll(Vec<EpollEvent>),
    /// `pipe` gives two descriptors, which the script numbers so.
    Descriptors([i64; 2]),
}

/// Makes `spec` a call for a target, with descriptors and addresses bound.
pub(crate) fn lower(
    spec: &CallSpec,
    bindings: &mut Bindings,
    setup: &halfopen_target::Setup,
) -> Result<Lowered, LowerError> {
    let args = Arguments::new(spec);
    let name = spec.name.as_str();
    match name {
        "socket" => {
            let domain = match &args.at(0)?.kind {
                ExpressionKind::Ellipsis => address::domain(setup.mode),
                _ => args.int(0)?,
            };
            Ok(plain(Call::Socket {
                domain,
                kind: args.int(1)?,
                protocol: args.int(2)?,
            }))
        }
        "bind" | "connect" => {
            let script = args.descriptor(0)?;
            let fd = bindings.descriptor(script);
            let ports = bindings.ports();
            let call = if name == "bind" {
                let address = address::lower(args.at(1)?, setup, setup.local_ip, ports.bind)?;
                Call::Bind { fd, address }
            } else {
                let address = address::lower(args.at(1)?, setup, setup.remote_ip, ports.connect)?;
                Call::Connect { fd, address }
            };
            Ok(about(script, call))
        }
        "listen" => {
            let script = args.descriptor(0)?;
            let fd = bindings.descriptor(script);
            let backlog = args.int(1)?;
            Ok(about(script, Call::Listen { fd, backlog }))
        }
        "accept" | "accept4" => {
            let script = args.descriptor(0)?;
            let fd = bindings.descriptor(script);
            let flags = if name == "accept4" { args.int(3)? } else { 0 };
            Ok(about(script, Call::Accept { fd, flags }))
        }
        "shutdown" => {
            let script = args.descriptor(0)?;
            let fd = bindings.descriptor(script);
            let how = args.int(1)?;
            Ok(about(script, Call::Shutdown { fd, how }))
        }
        "close" => {
            let script = args.descriptor(0)?;
            let fd = bindings.descriptor(script);
            Ok(about(script, Call::Close { fd }))
        }
        "fcntl" => {
            let script = args.descriptor(0)?;
            let call = Call::Fcntl {
                fd: bindings.descriptor(script),
                command: args.int(1)?,
                argument: if args.count() > 2 { args.int(2)? } else { 0 },
            };
            Ok(about(script, call))
        }
        "ioctl" => ioctl(&args, bindings),
        "poll" => poll(&args, bindings),
        "setsockopt" => options::set(&args, bindings),
        "getsockopt" => options::get(&args, bindings),
        "read" | "readv" | "recv" | "recvfrom" | "recvmsg" => {
            transfer::receive(name, &args, bindings)
        }
        "write" | "writev" | "send" | "sendto" | "sendmsg" => {
            transfer::send(name, &args, bindings, setup)
        }
        "epoll_create" | "epoll_create1" => Ok(files::epoll_create(&args)),
        "epoll_ctl" => files::epoll_control(&args, bindings),
        "epoll_wait" => files::epoll_wait(&args, bindings),
        "pipe" | "pipe2" => files::pipe(&args),
        "splice" => files::splice(&args, bindings),
        "sendfile" => files::send_file(&args, bindings),
        "open" => files::open(&args),
        _ => Err(LowerError::Unsupported(format!(
            "the harness does not run `{name}` yet"
        ))),
    }
}

const fn plain(call: Call) -> Lowered {
    Lowered {
        call,
        outputs: Vec::new(),
        descriptor: None,
    }
}

const fn about(descriptor: i64, call: Call) -> Lowered {
    Lowered {
        call,
        outputs: Vec::new(),
        descriptor: Some(descriptor),
    }
}

fn ioctl(args: &Arguments<'_>, bindings: &Bindings) -> Result<Lowered, LowerError> {
    let script = args.descriptor(0)?;
    let mut outputs = Vec::new();
    let mut argument = 0;
    if args.count() > 2 {
        let expression = args.at(2)?;
        if let [only] = items(expression) {
            if !matches!(only.kind, ExpressionKind::Ellipsis) {
                let value = integer(only)?;
                outputs.push(ExpectedOutput::Int("the value", value));
                argument = i32::try_from(value).unwrap_or(0);
            }
        } else if !matches!(expression.kind, ExpressionKind::Ellipsis) {
            argument = args.int(2)?;
        }
    }
    let call = Call::Ioctl {
        fd: bindings.descriptor(script),
        request: args.long(1)? as u64,
        argument,
    };
    Ok(Lowered {
        call,
        outputs,
        descriptor: Some(script),
    })
}

fn poll(args: &Arguments<'_>, bindings: &Bindings) -> Result<Lowered, LowerError> {
    let mut fds = Vec::new();
    let mut revents = Vec::new();
    for entry in items(args.at(0)?) {
        let script = integer(field(entry, "fd", 0)?)?;
        let events = integer(field(entry, "events", 1)?)?;
        fds.push(PollDescriptor {
            descriptor: bindings.descriptor(script),
            events: events as i16,
            revents: 0,
        });
        let expected = field(entry, "revents", 2)?;
        revents.push(match expected.kind {
            ExpressionKind::Ellipsis => None,
            _ => Some(integer(expected)? as i16),
        });
    }
    let timeout = args.int(2)?;
    Ok(Lowered {
        call: Call::Poll { fds, timeout },
        outputs: vec![ExpectedOutput::Revents(revents)],
        descriptor: None,
    })
}
