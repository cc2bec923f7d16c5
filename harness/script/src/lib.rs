//! The packetdrill language with state lines and front matter.

pub mod front_matter;
pub mod span;
pub mod tree;
