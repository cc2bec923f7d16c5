//! The scripts of `test_data/ok` have no finding; what they parse to stands beside them.

use std::path::{Path, PathBuf};

use halfopen_script::{Definitions, parse_with};

/// The scripts of a folder of `test_data`, by name.
fn scripts(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("test_data")
        .join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder of the scripts is there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pkt"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} holds no script", folder.display());
    paths
}

/// Calls `shown` with each script of `folder` and compares with the snapshot beside it.
fn check(folder: &str, shown: impl Fn(&str, &str) -> String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../test_data/{folder}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for path in scripts(folder) {
            let source = std::fs::read_to_string(&path).expect("the script can be read");
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            insta::assert_snapshot!(stem.as_str(), shown(&format!("{stem}.pkt"), &source));
        }
    });
}

#[test]
fn right_scripts_become_trees() {
    check("ok", |name, source| {
        let parse = parse_with(name, source, &Definitions::ipv4());
        let findings: Vec<_> = parse
            .diagnostics
            .iter()
            .map(|finding| finding.render(name, source, false))
            .collect();
        assert!(findings.is_empty(), "{}", findings.join("\n\n"));
        format!("{}\n{:#?}", parse.script, parse.script)
    });
}
