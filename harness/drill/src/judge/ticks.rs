//! How late an acknowledgment may be that scripts for packetdrill state at once: Linux sends some at its next tick.

use std::path::Path;

use halfopen_target::{AddressMode, Duration};
use halfopen_wire::{Flags, IpHeader, Packet, Segment, Seq, TcpOption, Transport};

use crate::answering::Answering;
use crate::{Config, Pacing, Verdict, run};

const TICK: Duration = Duration::from_millis(4);

/// Answers a SYN at once, and anything else with an ACK that comes `delay` later.
fn acknowledge(packet: &[u8], delay: Duration) -> Option<(Vec<u8>, Duration)> {
    let mut packet = Packet::parse(packet).expect("an IP packet");
    let Transport::Tcp(to) = &packet.transport else {
        return None;
    };
    let is_syn = to.flags.contains(Flags::SYN);
    let mut answer = Segment {
        source_port: to.destination_port,
        destination_port: to.source_port,
        seq: Seq(7001),
        ack: Seq(to.seq.0.wrapping_add(1)),
        flags: Flags::ACK,
        window: 1000,
        ..Segment::default()
    };
    if is_syn {
        answer.seq = Seq(7000);
        answer.flags = Flags::SYN | Flags::ACK;
        answer.options = vec![TcpOption::Mss(1400)];
    }
    packet.ip = IpHeader::new(packet.ip.destination(), packet.ip.source(), 0);
    packet.transport = Transport::Tcp(answer);
    packet.finish();
    let delay = if is_syn { Duration::ZERO } else { delay };
    Some((packet.encode(), delay))
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
    let answer = |packet: &[u8]| acknowledge(packet, delay);
    let mut target = Answering::new("slow", answer).with_timer_tick(TICK);
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
