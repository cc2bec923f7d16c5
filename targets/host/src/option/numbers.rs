//! Option numbers of Linux's user-space ABI that only this crate needs.

pub(crate) const SO_DEBUG: i32 = 1;
pub(crate) const SO_DONTROUTE: i32 = 5;
pub(crate) const SO_BROADCAST: i32 = 6;
pub(crate) const SO_PRIORITY: i32 = 12;
pub(crate) const SO_SNDLOWAT: i32 = 19;
pub(crate) const SO_SNDBUFFORCE: i32 = 32;
pub(crate) const SO_RCVBUFFORCE: i32 = 33;
pub(crate) const SO_MARK: i32 = 36;
/// Also the type of its control message.
pub(crate) const SO_TIMESTAMPING: i32 = 37;
pub(crate) const SO_BUSY_POLL: i32 = 46;
pub(crate) const SO_ZEROCOPY: i32 = 60;

pub(crate) const TCP_DEFER_ACCEPT: i32 = 9;
pub(crate) const TCP_WINDOW_CLAMP: i32 = 10;
pub(crate) const TCP_NOTSENT_LOWAT: i32 = 25;
pub(crate) const TCP_FASTOPEN: i32 = 23;
pub(crate) const TCP_FASTOPEN_CONNECT: i32 = 30;
pub(crate) const TCP_FASTOPEN_KEY: i32 = 33;
pub(crate) const TCP_FASTOPEN_NO_COOKIE: i32 = 34;
/// Also the type of its control message.
pub(crate) const TCP_INQ: i32 = 36;

pub(crate) const IP_OPTIONS: i32 = 4;
pub(crate) const IP_MTU_DISCOVER: i32 = 10;
pub(crate) const IP_MTU: i32 = 14;
pub(crate) const IP_FREEBIND: i32 = 15;
pub(crate) const IPV6_MTU_DISCOVER: i32 = 23;
pub(crate) const IPV6_MTU: i32 = 24;
pub(crate) const IPV6_RECVERR: i32 = 25;
pub(crate) const IPV6_FREEBIND: i32 = 78;

pub(crate) const MSG_EOR: i32 = 0x80;
pub(crate) const MSG_ERRQUEUE: i32 = 0x2000;
pub(crate) const MSG_ZEROCOPY: i32 = 0x400_0000;
pub(crate) const MSG_FASTOPEN: i32 = 0x2000_0000;
