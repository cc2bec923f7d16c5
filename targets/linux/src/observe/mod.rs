//! What state each connection is in.

mod connections;
mod sock_diag;
mod tracepoint;

pub(crate) use connections::{Cause, Connections, Seen};
pub(crate) use sock_diag::{SockDiag, Tuple};
pub(crate) use tracepoint::{Step, Tracepoint};
