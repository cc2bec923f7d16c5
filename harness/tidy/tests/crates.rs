//! Crates depend only along the arrows of ARCHITECTURE.md.

use std::collections::BTreeMap;
use std::fs;

use halfopen_tidy::{assert_none, root};

/// Crate by crate, which of ours it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("harness/wire", &[]),
    ("harness/script", &["wire"]),
    ("harness/target", &[]),
    ("harness/drill", &["script", "target", "wire"]),
    (
        "harness/cli",
        &[
            "drill",
            "fuzz",
            "linux",
            "reference-target",
            "reports",
            "script",
            "so",
            "target",
            "wire",
        ],
    ),
    // It writes scripts as text; only its tests read them as the language does.
    ("harness/matrix-suite", &[]),
    ("harness/proofs", &["script"]),
    ("harness/tidy", &[]),
    ("reports", &["drill", "script", "target", "wire"]),
    ("targets/host", &["target"]),
    ("targets/linux", &["posix", "target"]),
    ("targets/posix", &["target"]),
    ("targets/so", &["posix", "target"]),
    // The stack under test shares no code with the harness that judges it.
    ("targets/reference", &[]),
    (
        "targets/reference/adapter",
        &["host", "reference", "target"],
    ),
    (
        "fuzz",
        &["drill", "reference-target", "script", "target", "wire"],
    ),
];

/// The names of our crates in a manifest's `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if inside && let Some(rest) = line.strip_prefix("halfopen-") {
            let end = rest.find(['.', ' ', '=']).unwrap_or(rest.len());
            found.push(rest[..end].to_owned());
        }
    }
    found
}

#[test]
fn crates_depend_only_along_the_arrows() {
    let mut complaints = Vec::new();
    for (folder, allowed) in ARROWS {
        let path = root().join(folder).join("Cargo.toml");
        let manifest = fs::read_to_string(&path).unwrap_or_default();
        assert!(!manifest.is_empty(), "{} is missing", path.display());
        for name in dependencies(&manifest) {
            if !allowed.contains(&name.as_str()) {
                complaints.push(format!("{folder} depends on halfopen-{name}"));
            }
        }
    }
    assert_none("a crate depends against the arrows", &complaints);
}

#[test]
fn every_crate_has_its_arrows_and_takes_the_common_lints() {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap_or_default();
    let known: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let members = workspace
        .lines()
        .skip_while(|line| !line.starts_with("members"))
        .skip(1)
        .take_while(|line| !line.starts_with(']'))
        .map(|line| line.trim().trim_matches(['"', ',']).to_owned());
    let mut complaints = Vec::new();
    for member in members {
        if !known.contains_key(member.as_str()) {
            complaints.push(format!("{member} is not in the table of arrows"));
        }
        let manifest = root().join(&member).join("Cargo.toml");
        let text = fs::read_to_string(manifest).unwrap_or_default();
        if !text.contains("[lints]\nworkspace = true") {
            complaints.push(format!("{member} does not take the workspace's lints"));
        }
    }
    assert_none("a crate is outside the house", &complaints);
}
