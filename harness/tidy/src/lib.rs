//! Tests that walk the repository and keep the house rules.
