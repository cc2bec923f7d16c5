//! Where in the script a failure points, down to the field, and what is said right there.

use halfopen_drill::{Failure, FailureKind, FieldMismatch, Outcome};
use halfopen_script::span::{LineIndex, Span};
use halfopen_script::tree::{Action, Event, OptionsSpec, PacketBody, SegmentSpec};

/// A place with its words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) span: Span,
    pub(crate) label: String,
}

/// The places to point at, the main one first; none when the failure has no line.
pub(crate) fn marks(outcome: &Outcome, failure: &Failure) -> Vec<Mark> {
    let file = &outcome.file;
    let event = failure
        .event
        .and_then(|index| file.script.events.get(index));
    if let (Some(event), FailureKind::Packet { mismatches, .. }) = (event, &failure.kind)
        && !mismatches.is_empty()
    {
        return fields(event, mismatches);
    }
    let span = event
        .and_then(|event| part(event, &failure.kind))
        .or(failure.span)
        .or_else(|| line(&file.source, failure.line?));
    let label = label(failure);
    span.map(|span| Mark { span, label }).into_iter().collect()
}

/// Each field that differs, where the script states it; the whole event for those that it leaves to a default.
fn fields(event: &Event, mismatches: &[FieldMismatch]) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for mismatch in mismatches {
        let span = field(event, &mismatch.field).unwrap_or(event.span);
        let label = format!("{}: observed {}", mismatch.field, mismatch.observed);
        // `1:1(0)` is the place of two fields.
        match marks.iter_mut().find(|mark| mark.span == span) {
            Some(mark) => mark.label = format!("{}; {label}", mark.label),
            None => marks.push(Mark { span, label }),
        }
    }
    marks
}

fn field(event: &Event, name: &str) -> Option<Span> {
    let Action::Packet(packet) = &event.action else {
        return None;
    };
    match &packet.body {
        PacketBody::Tcp(segment) => segment_field(segment, name),
        PacketBody::Icmp(icmp) if name.starts_with("ICMP") => Some(icmp.span),
        _ => None,
    }
}

fn segment_field(segment: &SegmentSpec, name: &str) -> Option<Span> {
    match name {
        "flags" => Some(segment.flags_span),
        "sequence number" | "payload length" | "payload" => Some(segment.seq_span),
        "acknowledgment number" => segment.ack.map(|(_, span)| span),
        "window" => segment.window.map(|(_, span)| span),
        "urgent pointer" => segment.urgent.map(|(_, span)| span),
        "options" => match &segment.options {
            OptionsSpec::Absent => None,
            OptionsSpec::Any(span) | OptionsSpec::List(_, span) => Some(*span),
        },
        _ => None,
    }
}

/// The part of the event that was not met, where it has a place of its own.
fn part(event: &Event, kind: &FailureKind) -> Option<Span> {
    match (kind, &event.action) {
        (FailureKind::Time { .. } | FailureKind::NotBlocking { .. }, _) => Some(event.time.span),
        (FailureKind::Return { .. }, Action::Call(call)) => {
            let value = call.result.as_ref()?.span;
            let errno = call.errno.as_ref();
            Some(errno.map_or(value, |(_, errno)| value.to(*errno)))
        }
        (FailureKind::StillRunning { .. }, Action::Call(call)) => Some(call.name_span),
        (_, Action::State(state)) => Some(state.span),
        (_, Action::Packet(packet)) => Some(packet.span),
        (_, Action::Call(call)) => Some(call.span),
        _ => None,
    }
}

/// A line's text without the blanks around it.
fn line(source: &str, number: usize) -> Option<Span> {
    let start = LineIndex::new(source).start(number);
    let text = source.get(start..)?.lines().next()?;
    let indent = text.len() - text.trim_start().len();
    let end = text.trim_end().len().max(indent);
    Some(Span::new(start + indent, start + end))
}

/// What is said right under the place.
fn label(failure: &Failure) -> String {
    match &failure.kind {
        FailureKind::Time { observed, .. } | FailureKind::NotBlocking { observed, .. } => {
            format!("observed at {observed} s")
        }
        FailureKind::Missing { instead, .. } if instead.is_empty() => "observed nothing".to_owned(),
        FailureKind::Missing { instead, .. } => format!("observed {}", instead.join("; ")),
        FailureKind::Transition { observed, .. } => {
            format!("observed {} -> {}", observed.0, observed.1)
        }
        FailureKind::UnlistedTransition { .. } | FailureKind::UnlistedPacket { .. } => {
            "nothing is listed after this".to_owned()
        }
        FailureKind::State { observed, .. } => match observed {
            Some(state) => format!("observed {state}"),
            None => "observed no such connection".to_owned(),
        },
        FailureKind::Packet { observed, .. }
        | FailureKind::Return { observed, .. }
        | FailureKind::Output { observed, .. } => format!("observed {observed}"),
        FailureKind::StillRunning { .. } => "observed no return".to_owned(),
        FailureKind::Code { line, .. } => format!("line {line} does not hold"),
        FailureKind::Stack(_) => "the last event that the stack took".to_owned(),
    }
}
