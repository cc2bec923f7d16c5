//! What the stack counts, under the names of Linux's counters: those that mean the same in both.

use halfopen_reference::{Counters, DropReason};

/// Each counter with the name that `nstat` prints.
pub(crate) fn named(counters: &Counters) -> Vec<(&'static str, u64)> {
    vec![
        ("TcpActiveOpens", counters.active_opens),
        ("TcpPassiveOpens", counters.passive_opens),
        ("TcpAttemptFails", counters.attempt_fails),
        ("TcpEstabResets", counters.estab_resets),
        ("TcpCurrEstab", counters.curr_estab),
        ("TcpInSegs", counters.in_segs),
        ("TcpOutSegs", counters.out_segs),
        ("TcpRetransSegs", counters.retrans_segs),
        ("TcpInErrs", counters.in_errs),
        ("TcpOutRsts", counters.out_rsts),
        (
            "TcpExtOutOfWindowIcmps",
            counters.drops_of_connections(DropReason::IcmpNotOurs),
        ),
        ("TcpExtPAWSEstab", counters.drops(DropReason::Paws)),
        (
            "TcpExtListenOverflows",
            counters.drops(DropReason::BacklogFull),
        ),
    ]
}
