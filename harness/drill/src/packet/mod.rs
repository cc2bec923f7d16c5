//! Packets of the script: building the inbound ones, comparing the outbound ones.

pub(crate) mod aggregate;
pub(crate) mod build;
pub(crate) mod compare;
mod icmp;
mod options;
pub(crate) mod outer;
pub(crate) mod quote;
pub(crate) mod show;
