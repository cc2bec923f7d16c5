//! The target as a whole: configuration, seeds, capabilities.

use halfopen_target::{AddressMode, Capability, ClockKind, Setup, Target};

use super::bench::*;
use crate::ReferenceTarget;

/// Every packet of a connection that is opened, used, and left to time out.
fn packets(seed: u64) -> Vec<Vec<u8>> {
    let setup = Setup {
        seed,
        ..Setup::defaults(AddressMode::V4)
    };
    let mut bench = Bench::with(ReferenceTarget::new(), setup);
    let fd = bench.socket();
    let address = bench.remote(PEER);
    bench.start(halfopen_target::Call::Connect { fd, address });
    bench.inject(&seg("S."));
    bench.ok(write(fd.0, &[1; 3_000]));
    bench.wait(60_000);
    bench.packets
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_others() {
    let first = packets(1);
    assert!(first.len() > 5);
    assert_eq!(first, packets(1));
    assert_ne!(
        first[0][24..28],
        packets(2)[0][24..28],
        "the ISS comes from the seed"
    );
}

#[test]
fn an_altered_configuration_holds_for_every_drill() {
    let target = ReferenceTarget::with_config(|config| config.ttl = 9);
    let mut bench = Bench::with(target, Setup::defaults(AddressMode::V4));
    for _ in 0..2 {
        bench.inject(&seg("S"));
        let answer = bench.packets.last().expect("a RST was sent");
        assert_eq!(answer[8], 9);
        let setup = bench.setup.clone();
        bench.target.reset(&setup).expect("it resets");
    }
}

#[test]
fn it_says_what_it_lacks_and_why() {
    let target = ReferenceTarget::default();
    let capabilities = target.capabilities();
    assert_eq!(capabilities.name, "reference");
    assert_eq!(capabilities.clock, ClockKind::Virtual);
    for lacking in [Capability::Commands, Capability::Udp, Capability::Tunnels] {
        let missing = capabilities.require(lacking).expect_err("it is lacking");
        assert!(!missing.reason.is_empty());
    }
    for present in [
        Capability::MappedIpv4,
        Capability::Ecn,
        Capability::FastOpen,
        Capability::Icmp,
        Capability::Sysctls,
        Capability::TcpInfo,
    ] {
        assert_eq!(capabilities.require(present), Ok(()));
    }
}

#[test]
fn the_mtu_bounds_the_mss() {
    let setup = Setup {
        mtu: 1_000,
        ..Setup::defaults(AddressMode::V4)
    };
    let mut bench = Bench::with(ReferenceTarget::new(), setup);
    let fd = bench.socket();
    let address = bench.remote(PEER);
    bench.start(halfopen_target::Call::Connect { fd, address });
    let syn = bench.packets.first().expect("a SYN was sent");
    assert_eq!(syn[40..44], [2, 4, 3, 192], "MSS 960");
    assert!(
        bench
            .target
            .stack()
            .config()
            .addresses
            .contains(&bench.setup.local_ip)
    );
}

#[cfg(feature = "planted-bugs")]
#[test]
fn a_planted_bug_shows() {
    use halfopen_reference::PlantedBug;
    let target = ReferenceTarget::with_config(|config| {
        config.planted_bug = Some(PlantedBug::AcceptsRstInWindow);
    });
    let mut bench = Bench::with(target, Setup::defaults(AddressMode::V4));
    let fd = bench.socket();
    let address = bench.local(PORT);
    bench.ok(halfopen_target::Call::Bind { fd, address });
    bench.ok(halfopen_target::Call::Listen { fd, backlog: 1 });
    bench.handshake(PEER);
    bench.log();
    bench.inject(&seg("R").at(100));
    assert_eq!(bench.log(), ["@ 2 ESTABLISHED -> CLOSED"]);
}
