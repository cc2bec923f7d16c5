//! Plug-ins for packetdrill, by the path of their library.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use halfopen_drill::TargetFactory;
use halfopen_linux::privilege;
use halfopen_so::{HostCommand, SoTarget};
use halfopen_target::{Capabilities, Target, TargetError};

use crate::args::Loading;

/// The subcommand that is the process of a plug-in.
const HOST: &str = "plugin-host";

/// A plug-in.
struct Plugin {
    capabilities: Capabilities,
    library: String,
    flags: Option<String>,
    host: HostCommand,
    patience: Duration,
}

impl Plugin {
    fn target(&self) -> SoTarget {
        SoTarget::new(
            Path::new(&self.library),
            self.flags.clone(),
            Arc::clone(&self.host),
            self.patience,
        )
    }
}

impl TargetFactory for Plugin {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn create(&self) -> Result<Box<dyn Target>, TargetError> {
        Ok(Box::new(self.target()))
    }
}

/// The target `so:LIBRARY`, which was loaded once to see that it is one.
pub(super) fn find(library: &str, loading: &Loading) -> Result<Arc<dyn TargetFactory>, String> {
    // Where no namespace may be made, scripts with commands are skipped with that reason.
    let _ = privilege::enter();
    // What runs now, even if its file was replaced since.
    let host: HostCommand = Arc::new(|| {
        let mut command = Command::new("/proc/self/exe");
        command.arg(HOST);
        command
    });
    let plugin = Plugin {
        capabilities: halfopen_so::capabilities(Path::new(library)),
        library: library.to_owned(),
        flags: loading.so_flags.clone(),
        host,
        patience: Duration::from_secs(loading.timeout),
    };
    plugin
        .target()
        .probe()
        .map_err(|error| format!("the target so:{library}: {}", halfopen_drill::chain(&error)))?;
    Ok(Arc::new(plugin))
}
