//! The whole of `suites/` on this stack, in both of its profiles, over IPv4 and IPv6: every verdict is the one that the script
//! expects.
//!
//! It says the same as `halfopen run suites --target reference --target reference:linux`, without the command, its reports and the kernel's target, so that little has to be
//! linked after a change of the stack: `cargo mutants` judges every mutant by it (see `.cargo/mutants.toml`).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use halfopen_drill::{
    Drill, Options, ScriptFile, SessionEvent, Standing, TargetFactory, run_session,
};
use halfopen_reference_target::{Profile, ReferenceTarget};
use halfopen_script::Definitions;
use halfopen_target::{AddressMode, Capabilities, Target, TargetError};

struct Factory {
    profile: Profile,
    capabilities: Capabilities,
}

impl TargetFactory for Factory {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn create(&self) -> Result<Box<dyn Target>, TargetError> {
        Ok(Box::new(ReferenceTarget::with_profile(
            self.profile.clone(),
        )))
    }
}

/// Every script below `folder`, in order.
fn scripts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of suites") {
            let path = entry.expect("an entry of it").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "pkt") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The script as it reads in `mode`; none where its own option line names another.
fn read(path: &Path, name: &Path, mode: AddressMode) -> Option<Arc<ScriptFile>> {
    let source = fs::read_to_string(path).expect("a script");
    let (definitions, version) = match mode {
        AddressMode::V4 => (Definitions::ipv4(), "ipv4"),
        AddressMode::V6 => (Definitions::ipv6(), "ipv6"),
        AddressMode::Mapped => (Definitions::mapped(), "ipv4-mapped-ipv6"),
    };
    let parse = halfopen_script::parse_with(&name.to_string_lossy(), &source, &definitions);
    let script = parse.into_result().expect("a script without mistakes");
    let own = script
        .option("ip_version")
        .and_then(|option| option.value.as_deref());
    if own.is_some_and(|own| own != version) {
        return None;
    }
    Some(Arc::new(ScriptFile {
        path: name.to_owned(),
        source,
        script,
    }))
}

/// Stops at the first verdict that is not the expected one, so that a faulty stack is known at once.
fn assert_expected(event: SessionEvent) {
    let SessionEvent::Finished(outcome) = event else {
        return;
    };
    match &outcome.standing {
        Standing::Pass | Standing::ExpectedFail { .. } | Standing::Skip(_) => {}
        other => panic!(
            "{} on {} over {}: {other:#?}",
            outcome.file.name(),
            outcome.target,
            outcome.mode.name()
        ),
    }
}

#[test]
fn every_script_has_the_verdict_that_it_expects_of_the_rfcs() {
    judge(Profile::rfc());
}

#[test]
fn every_script_has_the_verdict_that_it_expects_of_linux_choices() {
    judge(Profile::linux());
}

fn judge(profile: Profile) {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let target: Arc<dyn TargetFactory> = Arc::new(Factory {
        capabilities: ReferenceTarget::with_profile(profile.clone())
            .capabilities()
            .clone(),
        profile,
    });
    let mut drills = Vec::new();
    for path in scripts(&top.join("suites")) {
        let name = path.strip_prefix(&top).expect("it was found there");
        for mode in [AddressMode::V4, AddressMode::V6] {
            drills.extend(read(&path, name, mode).map(|file| Drill {
                file,
                target: Arc::clone(&target),
                mode,
            }));
        }
    }
    assert!(!drills.is_empty(), "there are no scripts");
    let counts = run_session(&drills, &Options::default(), &mut assert_expected);
    assert!(
        counts.pass > drills.len() / 2,
        "most scripts pass: {counts:?}"
    );
}
