//! The commands that the README promises are those that CI runs.

use std::fs;

use halfopen_tidy::root;

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_default()
}

#[test]
fn ci_runs_the_test_command_that_the_readme_gives() {
    let command = "cargo nextest run --workspace --all-features";
    assert!(read("README.md").contains(command));
    assert!(read(".ci/run").contains(command));
}

#[test]
fn ci_runs_the_main_command_that_the_readme_gives() {
    let command = "cargo run --release -- run suites";
    assert!(read("README.md").contains(command));
    assert!(read(".ci/run").contains(command));
}

#[test]
fn the_house_pages_are_there() {
    for page in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "suites/README.md",
    ] {
        assert!(read(page).len() > 500, "{page} is missing or empty");
    }
}
