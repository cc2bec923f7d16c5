//! OPEN (RFC 9293 section 3.10.1).

use alloc::collections::{BTreeSet, VecDeque};
use core::net::IpAddr;

use crate::listener::Listener;
use crate::output::{Output, control, segmentation};
use crate::rfc7413::ResetRequests;
use crate::tcb::{Tcb, header_len, route_is_possible};
use crate::{
    ConnectionId, ConnectionOptions, Endpoint, Event, Instant, SourceRoute, Stack, State,
    UserError, demux, isn,
};

impl Stack {
    /// Passive OPEN: a listener, which stays in LISTEN and spawns a connection for each SYN.
    ///
    /// An unspecified local address stands for all of its family. `remote`, if given, is the only one
    /// whose SYN is taken. Existing connections are left alone (RFC 9293 MUST-41, MUST-42). A backlog of
    /// `n` admits `n + 1` connections that are not accepted yet.
    ///
    /// # Errors
    /// `ConnectionAlreadyExists`, `LocalInvalid`, `InsufficientResources`, and `RemoteInvalid` for a source route on which nothing
    /// can set out.
    pub fn open_passive(
        &mut self,
        now: Instant,
        local: Endpoint,
        remote: Option<Endpoint>,
        backlog: usize,
        options: &ConnectionOptions,
    ) -> Result<ConnectionId, UserError> {
        self.check_local(local.addr)?;
        self.check_route(options.source_route)?;
        self.check_room()?;
        let port = match local.port {
            0 => self
                .unused_port(local)
                .ok_or(UserError::InsufficientResources)?,
            port => port,
        };
        let local = Endpoint { port, ..local };
        if self
            .table
            .listeners
            .values()
            .any(|other| other.local == local && other.remote == remote)
        {
            return Err(UserError::ConnectionAlreadyExists);
        }
        let id = self.table.next_id();
        let backlog = backlog.min(self.config().max_backlog);
        let options = options.clone();
        let (pending, ready) = (BTreeSet::new(), VecDeque::new());
        self.table.listeners.insert(
            id,
            Listener {
                id,
                local,
                remote,
                backlog,
                options,
                pending,
                ready,
                reset: ResetRequests::default(),
            },
        );
        self.out.event(Event::Transition {
            connection: id,
            from: State::Closed,
            to: State::Listen,
            at: now,
        });
        Ok(id)
    }

    /// Changes a listener's backlog; connections that exist already stay.
    ///
    /// # Errors
    /// `ConnectionDoesNotExist`, or `NotSupported` on a connection.
    pub fn set_backlog(&mut self, listener: ConnectionId, backlog: usize) -> Result<(), UserError> {
        let backlog = backlog.min(self.config().max_backlog);
        match self.table.listeners.get_mut(&listener) {
            Some(listener) => listener.backlog = backlog,
            None => {
                return Err(self
                    .tcb(listener)
                    .map_or_else(|error| error, |_| UserError::NotSupported));
            }
        }
        Ok(())
    }

    /// Active OPEN: sends a SYN.
    ///
    /// An unspecified local address, and port 0, are chosen by the stack (RFC 9293 MUST-43 to MUST-45).
    ///
    /// # Errors
    /// `RemoteUnspecified`, `RemoteInvalid`, `LocalInvalid`, `ConnectionAlreadyExists`,
    /// `InsufficientResources`.
    pub fn open_active(
        &mut self,
        now: Instant,
        local: Endpoint,
        remote: Endpoint,
        options: &ConnectionOptions,
    ) -> Result<ConnectionId, UserError> {
        self.check_room()?;
        self.check_route(options.source_route)?;
        let local = self.choose_local(local, remote)?;
        let id = self.table.next_id();
        self.begin(id, (local, remote), options.clone(), State::Closed, now);
        Ok(id)
    }

    /// Active OPEN with data for the SYN (RFC 7413): how many octets of it were taken.
    ///
    /// None are taken where the remote's cookie is not known yet: the SYN then asks for one, and a SEND will
    /// have to follow.
    ///
    /// # Errors
    /// Those of [`Stack::open_active`], and `NotSupported` where the configuration rules it out.
    pub fn open_fast(
        &mut self,
        now: Instant,
        local: Endpoint,
        remote: Endpoint,
        options: &ConnectionOptions,
        data: &[u8],
    ) -> Result<(ConnectionId, usize), UserError> {
        if !self.config().fast_open_client {
            return Err(UserError::NotSupported);
        }
        self.check_room()?;
        self.check_route(options.source_route)?;
        let ends = (self.choose_local(local, remote)?, remote);
        let id = self.table.next_id();
        let iss = isn::initial_sequence_number(&self.config().secret, now, ends.0, ends.1);
        let mut tcb = Tcb::new(id, ends, options.clone(), iss, self.config(), now);
        let known = self.fast_open_peers.find(remote.addr);
        let option = known.map(|peer| peer.option).unwrap_or_default();
        tcb.fast_open_request = Some(option);
        tcb.fast_open_asked = true;
        let ip_options = tcb.ip_options_len();
        let link = tcb.path_mtu.saturating_sub(header_len(remote));
        let limits = [known.map(|peer| peer.mss), tcb.options.max_segment];
        let limits = limits.into_iter().flatten().map(usize::from);
        let mss = limits.fold(link, usize::min).saturating_sub(ip_options);
        let has_cookie = !option.cookie.octets().is_empty();
        let without =
            self.config().fast_open_client_without_cookie || options.fast_open_without_cookie;
        if without {
            tcb.fast_open_request = None;
        }
        // Section 4.1.3: what the remembered MSS leaves beside the options.
        let used = control::syn_options(&tcb, now).encoded_len();
        let room = if has_cookie || without {
            mss.saturating_sub(used.max(self.config().syn_option_room))
        } else {
            0
        };
        let first = data.get(..room).unwrap_or(data);
        let taken = tcb.send.push(first, tcb.options.send_buffer);
        tcb.snd_nxt = iss.wrapping_add(1).plus(taken);
        // What leaves in the SYN leaves as it is if it has to leave again.
        tcb.records.push(tcb.snd_nxt);
        send_syn(&mut tcb, now, &mut self.out);
        self.table.insert(tcb);
        self.settle(id, now);
        Ok((id, taken))
    }

    /// Whether [`Stack::open_fast`] would take data for the SYN to this remote: its cookie is known, or none is asked for.
    #[must_use]
    pub fn knows_cookie(&self, remote: IpAddr) -> bool {
        let config = self.config();
        let without = config.fast_open_client_without_cookie;
        config.fast_open_client && (without || self.fast_open_peers.has_cookie(remote))
    }

    /// Forgets what servers said about fast open: their cookies and their MSS.
    pub fn forget_cookies(&mut self) {
        self.fast_open_peers.forget();
    }

    /// SEND on a listener whose remote is known turns it into an active OPEN (RFC 9293 section 3.10.2).
    pub(super) fn convert_listener(
        &mut self,
        id: ConnectionId,
        now: Instant,
    ) -> Result<(), UserError> {
        let listener = self
            .table
            .listeners
            .get(&id)
            .ok_or(UserError::ConnectionDoesNotExist)?;
        let remote = listener.remote.ok_or(UserError::RemoteUnspecified)?;
        let (local, options) = (listener.local, listener.options.clone());
        let local = self.choose_local(local, remote)?;
        self.shut_listener(id, now);
        self.table.listeners.remove(&id);
        self.begin(id, (local, remote), options, State::Listen, now);
        Ok(())
    }

    fn begin(
        &mut self,
        id: ConnectionId,
        ends: (Endpoint, Endpoint),
        options: ConnectionOptions,
        from: State,
        now: Instant,
    ) {
        let iss = isn::initial_sequence_number(&self.config().secret, now, ends.0, ends.1);
        let mut tcb = Tcb::new(id, ends, options, iss, self.config(), now);
        tcb.state = from;
        send_syn(&mut tcb, now, &mut self.out);
        self.table.insert(tcb);
        self.settle(id, now);
    }

    fn check_room(&self) -> Result<(), UserError> {
        if self.table.len() < self.config().max_connections {
            Ok(())
        } else {
            Err(UserError::InsufficientResources)
        }
    }

    fn check_local(&self, addr: IpAddr) -> Result<(), UserError> {
        if addr.is_unspecified() || self.config().addresses.contains(&addr) {
            Ok(())
        } else {
            Err(UserError::LocalInvalid)
        }
    }

    pub(super) fn check_route(&self, route: Option<SourceRoute>) -> Result<(), UserError> {
        match route {
            Some(route) if !route_is_possible(&route, self.config()) => {
                Err(UserError::RemoteInvalid)
            }
            _ => Ok(()),
        }
    }

    /// Fills in what the user left open of the local end.
    fn choose_local(&mut self, local: Endpoint, remote: Endpoint) -> Result<Endpoint, UserError> {
        if remote.addr.is_unspecified() || remote.port == 0 {
            return Err(UserError::RemoteUnspecified);
        }
        // RFC 9293 MUST-46.
        if !demux::is_host(&remote.addr, self.config()) {
            return Err(UserError::RemoteInvalid);
        }
        self.check_local(local.addr)?;
        let addr = if local.addr.is_unspecified() {
            // RFC 9293 MUST-44: the first address of the remote's family stands for what routing would say.
            let same_family = |addr: &&IpAddr| addr.is_ipv4() == remote.addr.is_ipv4();
            self.config()
                .addresses
                .iter()
                .find(same_family)
                .copied()
                .ok_or(UserError::RemoteInvalid)?
        } else if local.addr.is_ipv4() == remote.addr.is_ipv4() {
            local.addr
        } else {
            return Err(UserError::RemoteInvalid);
        };
        let local = Endpoint { addr, ..local };
        if local.port != 0 {
            let taken = self.table.find(&local, &remote).is_some();
            return if taken {
                Err(UserError::ConnectionAlreadyExists)
            } else {
                Ok(local)
            };
        }
        // RFC 6056 section 3.3.3: no port is used again soon, though the same remote always gets the same offset.
        let offset = isn::port_offset(&self.config().secret, local, remote);
        let start = offset.wrapping_add(self.table.ports_chosen);
        let listening: BTreeSet<u16> = self
            .table
            .listeners
            .values()
            .map(|listener| listener.local.port)
            .collect();
        let free = |port: &u16| {
            let local = Endpoint::new(local.addr, *port);
            !listening.contains(port) && self.table.find(&local, &remote).is_none()
        };
        let port = self
            .ports_from(start)
            .find(free)
            .ok_or(UserError::InsufficientResources)?;
        self.table.ports_chosen = self.table.ports_chosen.wrapping_add(1);
        Ok(Endpoint { port, ..local })
    }

    /// A local port that no connection and no listener uses, for a bind to port 0.
    #[must_use]
    pub fn unused_port(&self, local: Endpoint) -> Option<u16> {
        let connections = self.table.connections.values().map(|tcb| tcb.local.port);
        let listeners = self
            .table
            .listeners
            .values()
            .map(|listener| listener.local.port);
        let used: BTreeSet<u16> = connections.chain(listeners).collect();
        let start = isn::port_offset(&self.config().secret, local, Endpoint::new(local.addr, 0));
        self.ports_from(start).find(|port| !used.contains(port))
    }

    /// Every ephemeral port once, from a place that `start` determines.
    fn ports_from(&self, start: u32) -> impl Iterator<Item = u16> + use<> {
        let (first, last) = self.config().ephemeral_ports;
        let first = first.max(1);
        let count = u32::from(last.saturating_sub(first)) + 1;
        (0..count).map(move |step| {
            let offset = start.wrapping_add(step) % count;
            // Below 2^16: `offset` is at most `last - first`.
            first.saturating_add(offset as u16)
        })
    }
}

/// `<SEQ=ISS><CTL=SYN>`; SND.UNA = ISS, SND.NXT = ISS + 1.
fn send_syn(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    tcb.enter(State::SynSent, now, out);
    tcb.snd_nxt = tcb.snd_nxt.max(tcb.iss.wrapping_add(1));
    control::send_syn(tcb, now, out);
    // Text in the SYN may be left out of what is acknowledged: the SYN itself is timed.
    tcb.rtt.sent(tcb.iss.wrapping_add(1), now);
    tcb.last_sent = now;
    segmentation::schedule(tcb, now, out);
}
