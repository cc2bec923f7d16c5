//! RFC 5681: congestion avoidance and what a loss costs (RFC 9293 MUST-19).

/// The algorithm that everything else is measured by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reno {
    /// Octets acknowledged since cwnd last grew.
    credit: usize,
}

impl Reno {
    /// Congestion avoidance: one segment for each cwnd of octets acknowledged (section 3.1).
    pub(crate) fn avoid(&mut self, cwnd: usize, smss: usize, acked: usize) -> usize {
        self.credit = self.credit.saturating_add(acked);
        if self.credit < cwnd {
            return cwnd;
        }
        self.credit = (self.credit - cwnd).min(cwnd);
        cwnd.saturating_add(smss)
    }

    /// Equation 4: half of what is in flight, two segments at the least.
    pub(crate) fn reduced(&mut self, flight_size: usize, smss: usize) -> usize {
        self.credit = 0;
        (flight_size / 2).max(smss * 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_acknowledged_beyond_a_window_counts_for_the_next() {
        let mut reno = Reno::default();
        assert_eq!(reno.avoid(10_000, 1_000, 9_999), 10_000);
        assert_eq!(reno.avoid(10_000, 1_000, 5_001), 11_000);
        assert_eq!(reno.avoid(11_000, 1_000, 5_999), 11_000);
        assert_eq!(reno.avoid(11_000, 1_000, 1), 12_000);
    }
}
