//! The names that scripts use for numbers, by what they concern. The numbers are Linux's.

mod capability;
mod errno;
mod file;
mod icmp;
mod ip;
mod options;
mod poll;
mod socket;
mod states;
mod suggest;
mod syscalls;
mod tcp;
mod timestamping;

pub use icmp::{icmp_code_names, icmp_type_names};
pub use options::{OptionKind, option_kind, option_names};
pub use suggest::suggest;
pub use syscalls::{arity, parameters, syscall_names};

pub(crate) use icmp::{is_icmp_code, is_icmp_type};
pub(crate) use states::{parse_state, suggest_state};

/// A name and its number.
type Row = (&'static str, i64);

/// Declares `TABLE`: names that the `libc` crate has, then names with literal numbers.
macro_rules! table {
    (
        libc: [$($name:ident),* $(,)?]
        literal: [$($other:ident = $value:expr),* $(,)?]
    ) => {
        pub(super) const TABLE: &[super::Row] = &[
            $((stringify!($name), libc::$name as i64),)*
            $((stringify!($other), $value),)*
        ];
    };
}
use table;

const TABLES: [&[Row]; 8] = [
    capability::TABLE,
    errno::TABLE,
    file::TABLE,
    ip::TABLE,
    poll::TABLE,
    socket::TABLE,
    tcp::TABLE,
    timestamping::TABLE,
];

/// The number of a symbol: `SOL_SOCKET`, `EAGAIN`, `NULL`.
pub fn lookup(name: &str) -> Option<i64> {
    if name == "NULL" {
        return Some(0);
    }
    TABLES.iter().find_map(|table| find(table, name))
}

/// The number of an errno symbol.
pub fn errno(name: &str) -> Option<i64> {
    find(errno::TABLE, name)
}

/// The symbol of an errno.
pub fn errno_name(number: i64) -> Option<&'static str> {
    errno::TABLE
        .iter()
        .find(|(_, value)| *value == number)
        .map(|(name, _)| *name)
}

/// All symbols with a number.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().flatten().map(|(name, _)| *name)
}

/// All errno symbols.
pub fn errno_names() -> impl Iterator<Item = &'static str> {
    errno::TABLE.iter().map(|(name, _)| *name)
}

fn find(table: &[Row], name: &str) -> Option<i64> {
    table
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_have_the_numbers_of_linux() {
        assert_eq!(lookup("SOL_SOCKET"), Some(1));
        assert_eq!(lookup("TCP_NODELAY"), Some(1));
        assert_eq!(lookup("MSG_ZEROCOPY"), Some(0x400_0000));
        assert_eq!(lookup("EPOLLET"), Some(0x8000_0000));
        assert_eq!(lookup("TCP_NLA_SRTT"), Some(22));
        assert_eq!(lookup("NULL"), Some(0));
        assert_eq!(lookup("SO_NOTHING"), None);
    }

    #[test]
    fn errno_symbols_go_both_ways() {
        assert_eq!(errno("EAGAIN"), Some(11));
        assert_eq!(errno_name(104), Some("ECONNRESET"));
        assert_eq!(errno("SOL_SOCKET"), None);
    }

    #[test]
    fn no_symbol_stands_twice_with_two_numbers() {
        let mut seen = std::collections::BTreeMap::new();
        for (name, value) in TABLES.into_iter().flatten() {
            if let Some(other) = seen.insert(name, value) {
                assert_eq!(other, value, "{name}");
            }
        }
    }
}
