//! Any octets as a script; see `halfopen_fuzz::script`. To ask for much memory for one of them is a finding as well.
#![no_main]

use std::alloc::System;

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Octets that may be allocated for one input.
const LIMIT: usize = 64 << 20;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    // Above what is kept between inputs. A limit that can't be set is one that has been passed, which the next allocation tells.
    let _ = ALLOCATOR.set_limit(ALLOCATOR.allocated() + LIMIT);
    halfopen_fuzz::script::assert_faithful(input);
});
