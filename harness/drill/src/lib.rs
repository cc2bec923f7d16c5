//! Runs a script against a target, and judges the trace.
