//! How late an acknowledgment may be that scripts for packetdrill state at once: Linux sends some at its next tick.

use std::collections::VecDeque;
use std::path::Path;

use halfopen_drill::{Config, Pacing, Verdict, run};
use halfopen_target::{
    AddressMode, Call, CallId, Capabilities, ClockKind, Duration, Event, EventKind, Setup, Target,
    TargetError, Time,
};
use halfopen_wire::{Flags, IpHeader, Packet, Segment, Seq, TcpOption, Transport};

const TICK: Duration = Duration::from_millis(4);

/// Answers a SYN at once, and anything else with an ACK that comes `delay` later.
struct SlowToAcknowledge {
    capabilities: Capabilities,
    delay: Duration,
    events: VecDeque<Event>,
    now: Time,
}

impl SlowToAcknowledge {
    fn by(delay: Duration) -> Self {
        let capabilities = Capabilities::all("slow", "a test", ClockKind::Virtual);
        Self {
            capabilities: capabilities.with_timer_tick(TICK),
            delay,
            events: VecDeque::new(),
            now: Time::ZERO,
        }
    }

    /// What it answers, and how much later.
    fn answer(&self, to: &Segment) -> (Segment, Duration) {
        let mut answer = Segment {
            source_port: to.destination_port,
            destination_port: to.source_port,
            seq: Seq(7001),
            ack: Seq(to.seq.0.wrapping_add(1)),
            flags: Flags::ACK,
            window: 1000,
            ..Segment::default()
        };
        if !to.flags.contains(Flags::SYN) {
            return (answer, self.delay);
        }
        answer.seq = Seq(7000);
        answer.flags = Flags::SYN | Flags::ACK;
        answer.options = vec![TcpOption::Mss(1400)];
        (answer, Duration::ZERO)
    }
}

impl Target for SlowToAcknowledge {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn reset(&mut self, _: &Setup) -> Result<(), TargetError> {
        Ok(())
    }

    fn now(&self) -> Time {
        self.now
    }

    fn inject(&mut self, packet: &[u8]) -> Result<(), TargetError> {
        let mut packet = Packet::parse(packet).expect("an IP packet");
        let Transport::Tcp(segment) = &packet.transport else {
            return Ok(());
        };
        let (answer, delay) = self.answer(segment);
        packet.ip = IpHeader::new(packet.ip.destination(), packet.ip.source(), 0);
        packet.transport = Transport::Tcp(answer);
        packet.finish();
        self.events.push_back(Event {
            at: self.now + delay,
            kind: EventKind::Outbound(packet.encode()),
        });
        Ok(())
    }

    fn call(&mut self, _: Call) -> Result<CallId, TargetError> {
        Err(TargetError::Unresponsive("it has no calls".to_owned()))
    }

    fn next_event(&mut self, until: Time) -> Result<Option<Event>, TargetError> {
        let is_due = self.events.front().is_some_and(|event| event.at <= until);
        let event = if is_due {
            self.events.pop_front()
        } else {
            None
        };
        self.now = match &event {
            Some(event) => event.at,
            None => self.now.max(until),
        };
        Ok(event)
    }
}

const FIN: &str = "\
   0 < S 0:0(0) win 1000
  +0 > S. 0:0(0) ack 1 <mss 1400>
+.05 < F. 1:1(0) ack 1 win 1000
  +0 > . 1:1(0) ack 2
";

fn passes(script: &str, delay: Duration) -> bool {
    let script = halfopen_script::parse("test", script).expect("a script");
    let config =
        Config::new(&script, Path::new("."), AddressMode::V4, 0).expect("options that exist");
    let mut target = SlowToAcknowledge::by(delay);
    match run(&script, &mut target, &config, Pacing::Judged).verdict {
        Verdict::Pass => true,
        Verdict::Fail(failure) if failure.is_late().is_some() => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_acknowledgment_may_be_one_tick_later_than_the_tolerance() {
    assert!(passes(FIN, Duration::from_micros(7_900)));
    assert!(!passes(FIN, Duration::from_micros(8_100)));
}

#[test]
fn scripts_of_ours_allow_the_tolerance_alone() {
    let strict = format!("//: title  of ours\n{FIN}");
    assert!(passes(&strict, Duration::from_micros(3_900)));
    assert!(!passes(&strict, Duration::from_micros(4_100)));
}
