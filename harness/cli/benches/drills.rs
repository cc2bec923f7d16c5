//! How many drills a second the reference stack runs in virtual time: the handshake–data–close script, parsed once.

use std::path::Path;

use divan::Bencher;
use halfopen_drill::{Config, Pacing, Verdict, run};
use halfopen_reference_target::ReferenceTarget;
use halfopen_target::AddressMode;

const SCRIPT: &str = r#"//: title  Handshake, data both ways, close
   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 bind(3, ..., ...) = 0
  +0 listen(3, 1) = 0
  +0 < S 0:0(0) win 65535 <mss 1460>
  +0 > S. 0:0(0) ack 1 <...>
 +.1 < . 1:1(0) ack 1 win 65535
  +0 accept(3, ..., ...) = 4
  +0 < P. 1:1001(1000) ack 1 win 65535
+0~+1 > . 1:1(0) ack 1001
  +0 read(4, ..., 1000) = 1000
  +0 write(4, ..., 1000) = 1000
  +0 > P. 1:1001(1000) ack 1001
 +.1 < . 1001:1001(0) ack 1001 win 65535
  +0 close(4) = 0
  +0 > F. 1001:1001(0) ack 1001
 +.1 < F. 1001:1001(0) ack 1002 win 65535
  +0 > . 1002:1002(0) ack 1002
"#;

fn main() {
    divan::main();
}

/// One drill; its inverse is the number of drills a second.
#[divan::bench(args = [AddressMode::V4, AddressMode::V6])]
fn handshake_data_close(bencher: Bencher<'_, '_>, mode: AddressMode) {
    let script = halfopen_script::parse("bench.pkt", SCRIPT).expect("the script is right");
    let config = Config::new(&script, Path::new("."), mode, 0).expect("it has no options");
    let mut target = ReferenceTarget::new();
    bencher.bench_local(|| {
        let run = run(&script, &mut target, &config, Pacing::Judged);
        assert_eq!(run.verdict, Verdict::Pass);
    });
}
