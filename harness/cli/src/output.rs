//! Text on standard output, whose reader may have gone away.

use std::fmt::Arguments;
use std::io::{self, Write};

/// Prints one line. Nobody may be left to read it (`halfopen targets | head -1`): that is no error, and the exit code
/// still says how things went.
pub(crate) fn line(text: Arguments<'_>) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints one line on standard output.
macro_rules! say {
    () => { $crate::output::line(format_args!("")) };
    ($($argument:tt)*) => { $crate::output::line(format_args!($($argument)*)) };
}
pub(crate) use say;
