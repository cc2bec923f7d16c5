//! `halfopen targets`: what can be put under test here.

use std::sync::Arc;

use halfopen_drill::TargetFactory;
use halfopen_target::ClockKind;

use crate::args::Loading;
use crate::exit::Exit;
use crate::output::say;
use crate::registry;

pub(crate) fn run() -> Result<Exit, String> {
    for name in registry::NAMES {
        match registry::find(&[name.to_owned()], &Loading::default(), false) {
            Ok(targets) => targets.iter().for_each(show),
            Err(why) => say!("{name:12} not here: {why}"),
        }
    }
    say!(
        "{:12} a stack as a shared library, as packetdrill's --so_filename takes it (live)",
        "so:LIBRARY"
    );
    Ok(Exit::AsExpected)
}

fn show(target: &Arc<dyn TargetFactory>) {
    let capabilities = target.capabilities();
    let clock = match capabilities.clock {
        ClockKind::Virtual => "virtual time",
        ClockKind::Live => "live",
    };
    say!("{:12} {} ({clock})", capabilities.name, capabilities.stack);
    for (capability, reason) in capabilities.missing() {
        say!("{:12} lacks {capability}: {reason}", "");
    }
}
