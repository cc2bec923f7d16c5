//! A sans-I/O TCP stack that reads like RFC 9293.
