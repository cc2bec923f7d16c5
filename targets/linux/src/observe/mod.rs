//! What state each connection is in.

mod connections;
mod sock_diag;

pub(crate) use connections::{Cause, Connections};
pub(crate) use sock_diag::{SockDiag, Tuple};
