//! The commands, one file each.

pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod fuzz;
pub(crate) mod matrix;
pub(crate) mod plugin_host;
pub(crate) mod run;
pub(crate) mod targets;
