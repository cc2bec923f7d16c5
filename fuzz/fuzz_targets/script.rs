//! Any octets as a script; see `halfopen_fuzz::script`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    halfopen_fuzz::script::assert_faithful(input);
});
