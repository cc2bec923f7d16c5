//! Pairs of namespaces, kept for the next drill when nothing of the last one can be seen in them.

use std::sync::{Mutex, PoisonError};

use halfopen_target::TargetError;

use crate::network::{Network, Plan};

/// How many idle pairs are kept.
const KEPT: usize = 64;

/// Pairs of namespaces of this process, shared by all its targets.
#[derive(Debug, Default)]
pub struct Pool {
    idle: Mutex<Vec<Network>>,
}

impl Pool {
    /// An empty pool: pairs are made when they are needed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A pair for `plan`: one that served before and is clean, or a fresh one.
    pub(crate) fn take(&self, plan: Plan) -> Result<Network, TargetError> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let found = idle.iter().position(|network| network.plan == plan);
        match found.map(|index| idle.swap_remove(index)) {
            Some(network) => Ok(network),
            None => {
                drop(idle);
                Network::create(plan)
            }
        }
    }

    /// Takes a pair back; it is kept only when no socket, request or TIME-WAIT is left in it.
    ///
    /// The caller gives back only pairs in which no sysctl was set and no command was run.
    pub(crate) fn give_back(&self, mut network: Network) {
        if !matches!(network.sock_diag.count(), Ok(0)) {
            return;
        }
        let mut room = [0; 2048];
        // What the last drill's sockets sent when they were closed is not the next one's.
        while let Ok(Some(_)) = crate::sys::packet_socket::receive(
            std::os::fd::AsFd::as_fd(&network.packets),
            &mut room,
        ) {}
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(network);
        }
    }
}
