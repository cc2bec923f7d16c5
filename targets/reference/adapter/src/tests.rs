//! The host over the reference stack: what scripts see of it.

mod bench;
mod connecting;
mod ending;
mod facade;
mod listening;
mod options;
mod receiving;
mod segment;
mod sending;
mod waiting;
