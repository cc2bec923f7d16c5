//! The process that holds a plug-in: what stands behind a target `so:LIBRARY`.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use crate::exit::Exit;

/// Serves the drill at the other end of standard input.
pub(crate) fn run() -> Result<Exit, String> {
    let serve = || {
        let end = io::stdin().as_fd().try_clone_to_owned()?;
        halfopen_so::serve(UnixStream::from(end))
    };
    serve().map(|()| Exit::AsExpected).map_err(|error| {
        format!("plugin-host is for the command itself, and takes no part alone: {error}")
    })
}
