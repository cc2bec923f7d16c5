//! The C layouts of what socket calls pass by address: socket addresses, option values, control messages.
//!
//! Calls come as values of [`halfopen_target`]; a target whose stack takes them through the C interface (the kernel's, a
//! plug-in's) needs the octets that such values stand for, and the values of what was written. This crate makes no call itself.
//!
//! ```
//! use halfopen_target::OptionValue;
//!
//! let octets = halfopen_posix::encode_option(&OptionValue::Int(1));
//! assert_eq!(octets, 1i32.to_ne_bytes());
//! ```

mod address;
mod control;
mod message;
mod option;

pub use address::RawAddress;
pub use control::{Received, encode_control, received_control};
pub use message::{buffer_vector, message_header};
pub use option::{decode_option, encode_option};
