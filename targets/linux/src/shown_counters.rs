//! The counters of a stack that is not the kernel's, for the commands of a drill.
//!
//! `nstat` reads the files that `PROC_NET_SNMP`, `PROC_NET_NETSTAT` and the like name, where they are set. They lie in memory,
//! have the layout of /proc/net/snmp and /proc/net/netstat, and hold what the stack says.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use nix::sys::memfd::{MFdFlags, memfd_create};

/// Counters of this prefix are in a file of their own.
const EXTENDED: &str = "TcpExt";
const PLAIN: &str = "Tcp";

/// The two files.
#[derive(Debug)]
pub(crate) struct ShownCounters {
    plain: File,
    extended: File,
}

impl ShownCounters {
    pub(crate) fn new() -> io::Result<Self> {
        let file = || -> io::Result<File> {
            Ok(memfd_create(c"halfopen-counters", MFdFlags::MFD_CLOEXEC)?.into())
        };
        Ok(Self {
            plain: file()?,
            extended: file()?,
        })
    }

    /// What commands have to find in their environment.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let place = |file: &File| format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
        let nothing = || "/dev/null".to_owned();
        [
            ("PROC_NET_SNMP", place(&self.plain)),
            ("PROC_NET_NETSTAT", place(&self.extended)),
            ("PROC_NET_SNMP6", nothing()),
            ("PROC_NET_SCTP_SNMP", nothing()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// Writes down how the counters stand.
    pub(crate) fn show(&self, counters: &[(&str, u64)]) -> io::Result<()> {
        let extended = |name: &str| name.starts_with(EXTENDED);
        let of = |wanted: bool| {
            counters
                .iter()
                .filter(move |(name, _)| extended(name) == wanted)
        };
        write(&self.plain, &table(PLAIN, of(false)))?;
        write(&self.extended, &table(EXTENDED, of(true)))
    }
}

/// A line with the names, and one with the values.
fn table<'a>(prefix: &str, counters: impl Iterator<Item = &'a (&'a str, u64)>) -> String {
    let (mut names, mut values) = (format!("{prefix}:"), format!("{prefix}:"));
    for (name, value) in counters {
        names.push_str(&format!(" {}", name.strip_prefix(prefix).unwrap_or(name)));
        values.push_str(&format!(" {value}"));
    }
    format!("{names}\n{values}\n")
}

fn write(mut file: &File, text: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all_at(text.as_bytes(), 0)?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_have_the_layout_of_the_kernels_files() {
        let shown = ShownCounters::new().expect("a file in memory");
        for value in [1_000, 7] {
            let counters = [
                ("TcpOutRsts", value),
                ("TcpExtPAWSEstab", 2),
                ("TcpInSegs", 3),
            ];
            shown.show(&counters).expect("it can be written");
        }
        let environment = shown.environment();
        let read = |name: &str| {
            let (_, path) = environment.iter().find(|(key, _)| key == name).expect(name);
            std::fs::read_to_string(path).expect("it can be read")
        };
        assert_eq!(read("PROC_NET_SNMP"), "Tcp: OutRsts InSegs\nTcp: 7 3\n");
        assert_eq!(read("PROC_NET_NETSTAT"), "TcpExt: PAWSEstab\nTcpExt: 2\n");
    }
}
