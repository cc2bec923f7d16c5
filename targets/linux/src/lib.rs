//! The running Linux kernel as a target under test.
