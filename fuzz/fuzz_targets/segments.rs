//! Segments, user calls and time steps into one reference stack; see `halfopen_fuzz::segments`.
#![no_main]

libfuzzer_sys::fuzz_target!(|program: halfopen_fuzz::segments::Program| {
    halfopen_fuzz::segments::assert_no_violation(&program);
});
