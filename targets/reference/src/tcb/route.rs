//! The IP source route of what the connection sends (RFC 9293 section 3.9.2.1).

use alloc::boxed::Box;
use core::net::IpAddr;

use super::Tcb;
use crate::segment::Segment;
use crate::{Config, SourceRoute, demux};

impl Tcb {
    /// Octets of IP options in what is sent.
    #[inline]
    pub(crate) fn ip_options_len(&self) -> usize {
        self.route.as_ref().map_or(0, |route| route.encoded_len())
    }

    /// Sends along this route from now on.
    pub(crate) fn set_route(&mut self, route: Option<SourceRoute>, config: &Config) {
        self.route = route.filter(|_| self.remote.addr.is_ipv4()).map(Box::new);
        if self.established {
            // RFC 9293 MUST-16: the options of IP take room, too.
            let smss = self.smss(config);
            self.congestion.set_smss(smss);
        }
    }

    /// RFC 9293 MUST-53: after a passive OPEN, what is sent goes back along the route that the remote's segments come by.
    #[cold]
    pub(crate) fn save_return_route(&mut self, seg: &Segment<'_>, config: &Config) {
        // MUST-52: the user's own route takes precedence.
        if self.options.source_route.is_some() || self.listener.is_none() {
            return;
        }
        let route = seg.return_route();
        let is_news = self.route.as_deref() != route.as_ref();
        if is_news && route.is_some_and(|route| is_possible(&route, config)) {
            self.set_route(route, config);
        }
    }
}

/// Whether packets can set out on this route: its first hop is some other host.
pub(crate) fn is_possible(route: &SourceRoute, config: &Config) -> bool {
    let first = IpAddr::V4(route.first_hop());
    demux::is_host(&first, config) && !config.addresses.contains(&first)
}
