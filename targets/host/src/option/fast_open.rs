//! The options of fast open (RFC 7413) that are more than a number to remember.

use halfopen_target::posix::IPPROTO_TCP;
use halfopen_target::{Errno, OptionValue, Returned, State};

use super::numbers::{TCP_FASTOPEN_CONNECT, TCP_FASTOPEN_KEY, TCP_FASTOPEN_NO_COOKIE};
use super::value;
use crate::call::Reply;
use crate::host::Host;
use crate::socket::SocketId;
use crate::{InProcessStack, StackOption};

impl<S: InProcessStack> Host<S> {
    /// Whether a value of this option can be set, in the state that the socket is in.
    pub(super) fn check_fast_open(&self, id: SocketId, name: i32, value: i32) -> Result<(), Errno> {
        let state = self.view(id)?.state;
        match name {
            TCP_FASTOPEN_CONNECT | TCP_FASTOPEN_NO_COOKIE if !(0..=1).contains(&value) => {
                Err(Errno::EINVAL)
            }
            TCP_FASTOPEN_CONNECT if !self.stack.opens_fast() => Err(Errno::EOPNOTSUPP),
            TCP_FASTOPEN_CONNECT if state != State::Closed => Err(Errno::EINVAL),
            TCP_FASTOPEN_NO_COOKIE if !matches!(state, State::Closed | State::Listen) => {
                Err(Errno::EINVAL)
            }
            _ => Ok(()),
        }
    }

    /// `TCP_FASTOPEN_KEY`: 16 octets, or 32 with the key before.
    pub(super) fn set_fast_open_key(
        &mut self,
        id: SocketId,
        value: &OptionValue,
        length: Option<u32>,
    ) -> Reply {
        let octets = value::bytes_of(value, length);
        let (Some(key), rest) = (octets.first_chunk::<16>(), octets.get(16..)) else {
            return Err(Errno::EINVAL);
        };
        let old = match rest.unwrap_or_default() {
            [] => None,
            old => Some(old.try_into().map_err(|_| Errno::EINVAL)?),
        };
        let option = StackOption::FastOpenKeys(*key, old);
        if let (State::Listen, Some(listener)) = (self.view(id)?.state, self.socket(id)?.key) {
            self.stack.set_option(self.now, listener, option);
        }
        let settings = &mut self.socket_mut(id)?.settings;
        settings.keep(IPPROTO_TCP, TCP_FASTOPEN_KEY, option);
        Ok(Returned::value(0))
    }

    /// What `getsockopt` shows of the keys: nothing where the stack's own is in use, which is its secret.
    pub(super) fn fast_open_key(&self, id: SocketId) -> Result<OptionValue, Errno> {
        let kept = self
            .socket(id)?
            .settings
            .kept(IPPROTO_TCP, TCP_FASTOPEN_KEY);
        Ok(OptionValue::Bytes(match kept {
            Some(StackOption::FastOpenKeys(key, None)) => key.to_vec(),
            Some(StackOption::FastOpenKeys(key, Some(old))) => [key, old].concat(),
            _ => Vec::new(),
        }))
    }
}
