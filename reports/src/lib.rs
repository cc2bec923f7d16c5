//! Sinks over drills and their traces: console, JUnit, JSON, KTAP.
