//! Error numbers of Linux's user-space ABI, with their names.

use std::fmt;

/// An error number of a socket call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Errno(pub i32);

macro_rules! errnos {
    ($($name:ident $number:literal $text:literal)*) => {
        #[expect(missing_docs, reason = "the names are those of POSIX")]
        impl Errno {
            $(pub const $name: Self = Self($number);)*

            const TABLE: &'static [(&'static str, i32, &'static str)] =
                &[$((stringify!($name), $number, $text)),*];
        }
    };
}

errnos! {
    EPERM 1 "Operation not permitted"
    ENOENT 2 "No such file or directory"
    EINTR 4 "Interrupted system call"
    EIO 5 "Input/output error"
    ENXIO 6 "No such device or address"
    EBADF 9 "Bad file descriptor"
    EAGAIN 11 "Resource temporarily unavailable"
    ENOMEM 12 "Cannot allocate memory"
    EACCES 13 "Permission denied"
    EFAULT 14 "Bad address"
    EBUSY 16 "Device or resource busy"
    EEXIST 17 "File exists"
    ENODEV 19 "No such device"
    EISDIR 21 "Is a directory"
    EINVAL 22 "Invalid argument"
    ENFILE 23 "Too many open files in system"
    EMFILE 24 "Too many open files"
    ENOTTY 25 "Inappropriate ioctl for device"
    EFBIG 27 "File too large"
    ENOSPC 28 "No space left on device"
    ESPIPE 29 "Illegal seek"
    EPIPE 32 "Broken pipe"
    EDOM 33 "Numerical argument out of domain"
    ERANGE 34 "Numerical result out of range"
    ENAMETOOLONG 36 "File name too long"
    ENOSYS 38 "Function not implemented"
    ELOOP 40 "Too many levels of symbolic links"
    ENOMSG 42 "No message of desired type"
    ENODATA 61 "No data available"
    ETIME 62 "Timer expired"
    ENOLINK 67 "Link has been severed"
    EPROTO 71 "Protocol error"
    EBADMSG 74 "Bad message"
    EOVERFLOW 75 "Value too large for defined data type"
    EILSEQ 84 "Invalid or incomplete multibyte or wide character"
    EUSERS 87 "Too many users"
    ENOTSOCK 88 "Socket operation on non-socket"
    EDESTADDRREQ 89 "Destination address required"
    EMSGSIZE 90 "Message too long"
    EPROTOTYPE 91 "Protocol wrong type for socket"
    ENOPROTOOPT 92 "Protocol not available"
    EPROTONOSUPPORT 93 "Protocol not supported"
    ESOCKTNOSUPPORT 94 "Socket type not supported"
    EOPNOTSUPP 95 "Operation not supported"
    EAFNOSUPPORT 97 "Address family not supported by protocol"
    EADDRINUSE 98 "Address already in use"
    EADDRNOTAVAIL 99 "Cannot assign requested address"
    ENETDOWN 100 "Network is down"
    ENETUNREACH 101 "Network is unreachable"
    ENETRESET 102 "Network dropped connection on reset"
    ECONNABORTED 103 "Software caused connection abort"
    ECONNRESET 104 "Connection reset by peer"
    ENOBUFS 105 "No buffer space available"
    EISCONN 106 "Transport endpoint is already connected"
    ENOTCONN 107 "Transport endpoint is not connected"
    ESHUTDOWN 108 "Cannot send after transport endpoint shutdown"
    ETOOMANYREFS 109 "Too many references: cannot splice"
    ETIMEDOUT 110 "Connection timed out"
    ECONNREFUSED 111 "Connection refused"
    EHOSTDOWN 112 "Host is down"
    EHOSTUNREACH 113 "No route to host"
    EALREADY 114 "Operation already in progress"
    EINPROGRESS 115 "Operation now in progress"
    ECANCELED 125 "Operation canceled"
    EKEYREJECTED 129 "Key was rejected by service"
}

impl Errno {
    /// The symbol, such as `ECONNRESET`; `None` for a number without one.
    pub fn name(self) -> Option<&'static str> {
        Self::TABLE
            .iter()
            .find(|row| row.1 == self.0)
            .map(|row| row.0)
    }

    /// The number behind a symbol; `EWOULDBLOCK` is `EAGAIN` and `ENOTSUP` is `EOPNOTSUPP`.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = match name {
            "EWOULDBLOCK" => "EAGAIN",
            "ENOTSUP" => "EOPNOTSUPP",
            other => other,
        };
        Self::TABLE
            .iter()
            .find(|row| row.0 == name)
            .map(|row| Self(row.1))
    }

    /// What the number means, as `strerror` would say.
    pub fn text(self) -> &'static str {
        Self::TABLE
            .iter()
            .find(|row| row.1 == self.0)
            .map_or("Unknown error", |row| row.2)
    }

    /// Every symbol that [`from_name`](Self::from_name) knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::TABLE.iter().map(|row| row.0)
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "errno {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Errno;

    #[test]
    fn names_and_numbers_map_both_ways() {
        for name in Errno::names() {
            let errno = Errno::from_name(name).expect("a listed name has a number");
            assert_eq!(errno.name(), Some(name));
        }
        assert_eq!(Errno::from_name("EWOULDBLOCK"), Some(Errno::EAGAIN));
        assert_eq!(Errno(9999).to_string(), "errno 9999");
    }
}
