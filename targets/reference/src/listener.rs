//! LISTEN: a passive OPEN that stays and spawns connections.

use alloc::collections::{BTreeSet, VecDeque};

use crate::rfc7413::ResetRequests;
use crate::{Config, ConnectionId, ConnectionOptions, Endpoint};

/// An endpoint that waits for connection requests.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) id: ConnectionId,
    pub(crate) local: Endpoint,
    pub(crate) remote: Option<Endpoint>,
    pub(crate) backlog: usize,
    pub(crate) options: ConnectionOptions,
    /// Connections in SYN-RECEIVED.
    pub(crate) pending: BTreeSet<ConnectionId>,
    /// Connections that reached ESTABLISHED and were not accepted, oldest first.
    pub(crate) ready: VecDeque<ConnectionId>,
    /// Fast opens that were reset and count as pending for a while.
    pub(crate) reset: ResetRequests,
}

impl Listener {
    /// Whether one more SYN would be more than the backlog; a backlog of 0 admits one connection.
    pub(crate) fn is_full(&self) -> bool {
        self.pending.len() + self.ready.len() > self.backlog
    }

    /// Whether those that wait to be accepted fill the backlog by themselves.
    pub(crate) fn is_full_of_ready(&self) -> bool {
        self.ready.len() > self.backlog
    }

    /// What a connection that it spawns starts with.
    pub(crate) fn options_of_spawned(&self, config: &Config) -> ConnectionOptions {
        let route = self.options.source_route;
        ConnectionOptions {
            source_route: route.filter(|_| config.listeners_pass_route_on),
            ..self.options.clone()
        }
    }

    /// Whether a SYN from `remote` to `local` is for this listener.
    pub(crate) fn matches(&self, local: Endpoint, remote: Endpoint) -> bool {
        let family = self.local.addr.is_ipv4() == local.addr.is_ipv4()
            || (self.options.dual_stack && self.local.addr.is_unspecified());
        let addr = self.local.addr == local.addr || self.local.addr.is_unspecified();
        let peer = self.remote.is_none_or(|wanted| {
            (wanted.addr == remote.addr || wanted.addr.is_unspecified())
                && (wanted.port == remote.port || wanted.port == 0)
        });
        self.local.port == local.port && family && addr && peer
    }

    /// How closely it names its ends: the closest of several that match takes the SYN.
    pub(crate) fn closeness(&self) -> (bool, bool, bool) {
        (
            self.remote.is_some(),
            !self.local.addr.is_unspecified(),
            !self.options.dual_stack,
        )
    }
}
