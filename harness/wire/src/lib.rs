//! TCP/IP packets as values, and the bytes they stand for.
