//! The stack through its public interface alone.

mod common;
mod hostile_input;
mod lossy_link;
mod network;
mod robustness;
