//! Coverage-guided fuzzing of TCP stacks under named invariants.
