//! Proofs that the suites notice what they say they test.
//!
//! A proof names a requirement and a small change of the reference stack that breaks it (`suites/proofs/*.toml`). It holds if a
//! drill of some script that claims the requirement passes without the change and fails with it. [`Catalogue`] reads the proofs and
//! says what is wrong with them, which every test run asks; [`Workshop`] carries them out on a copy of the workspace, nearly all of
//! them in one build.
//!
//! What nobody wrote down is tried too: [`mutants`] lists what cargo-mutants would change, and [`Gauntlet`] says which tests notice it.
#![forbid(unsafe_code)]

mod catalogue;
mod copy;
mod drills;
mod gauntlet;
mod judgement;
mod mutants;
mod process;
mod suites;
mod weave;
mod workshop;

pub use catalogue::{Catalogue, Change, Coverage, Proof};
pub use drills::Drills;
pub use gauntlet::Gauntlet;
pub use judgement::{Finding, judge};
pub use mutants::{Mutant, mutants};
pub use suites::{Requirement, Suites};
pub use workshop::{Build, Workshop};

use std::path::{Path, PathBuf};

/// The top of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}
