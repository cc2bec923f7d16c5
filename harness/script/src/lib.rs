//! The packetdrill language with state lines and front matter: from text to a typed tree and back.
//!
//! Scripts that packetdrill takes are taken unchanged. Two things are added: state lines (`+0 @ LISTEN ->
//! SYN-RECEIVED`), and front matter (`//:` lines at the top, comments to packetdrill). The crate knows no stack, no
//! clock and no socket: it reads, checks and writes scripts.
//!
//! Parsing never fails as a whole: [`Parse`] holds what could be read and every [`Diagnostic`] of the file, each
//! with its place, what was found there, and what could stand there instead.
//!
//! ```
//! let script = halfopen_script::parse("listen.pkt", "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n")
//!     .expect("the script is right");
//! assert_eq!(script.events.len(), 1);
//!
//! let source = "+0 < S 0:0(0) win 1000 <sackok>\n";
//! let wrong = halfopen_script::parse("syn.pkt", source).expect_err("the option is misspelt");
//! let shown = wrong[0].render("syn.pkt", source, false);
//! assert!(shown.contains("did you mean `sackOK`?"));
//! ```
#![forbid(unsafe_code)]

mod define;
pub mod diagnostic;
mod evaluate;
pub mod format;
pub mod front_matter;
mod grammar;
mod lexer;
pub mod span;
pub mod symbols;
mod sysctl;
pub mod tree;

pub use define::{Definitions, split_definition};
pub use diagnostic::{Diagnostic, Severity};
pub use evaluate::evaluate;
pub use tree::Script;

/// What came of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Parse {
    /// What could be read; events with an error are left out.
    pub script: Script,
    /// All findings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parse {
    /// Whether the script can be run.
    pub fn is_ok(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The script, or all findings when one of them is an error.
    ///
    /// # Errors
    /// The diagnostics, warnings among them.
    pub fn into_result(self) -> Result<Script, Vec<Diagnostic>> {
        if self.is_ok() {
            Ok(self.script)
        } else {
            Err(self.diagnostics)
        }
    }
}

/// Parses the script `source` with packetdrill's customary definitions for IPv4.
///
/// `name` is for messages only; it is not opened.
///
/// # Errors
/// All findings of the file, when one of them is an error.
pub fn parse(name: &str, source: &str) -> Result<Script, Vec<Diagnostic>> {
    parse_with(name, source, &Definitions::ipv4()).into_result()
}

/// Parses the script `source`, in which the symbols of `definitions` stand for their values, as `-D` makes them for
/// packetdrill. `--define` lines of the script go before them.
pub fn parse_with(_name: &str, source: &str, definitions: &Definitions) -> Parse {
    grammar::parse(source, definitions)
}
