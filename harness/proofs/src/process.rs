//! Programs that may never end.

use std::io;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// How long to sleep between two looks at a program.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How it ended; none if it took longer than `longest`, and was ended.
pub(crate) fn wait(mut child: Child, longest: Duration) -> io::Result<Option<ExitStatus>> {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begin.elapsed() > longest {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}
