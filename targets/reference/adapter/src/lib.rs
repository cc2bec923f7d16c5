//! The reference stack as a target under test.
