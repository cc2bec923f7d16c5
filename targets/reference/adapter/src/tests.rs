//! The host over the reference stack: what scripts see of it.

mod bench;
mod buffering;
mod connecting;
mod ending;
mod epoll;
mod error_queue;
mod facade;
mod fast_open;
mod files;
mod listening;
mod options;
mod receiving;
mod segment;
mod sending;
mod waiting;
