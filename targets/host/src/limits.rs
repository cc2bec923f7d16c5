//! Limits that sysctls under `net.core` set: they bound what sockets may ask for.

use crate::SysctlError;

/// Bounds of socket calls; the defaults are Linux's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The greatest backlog of `listen`.
    pub(crate) somaxconn: usize,
    /// The greatest `SO_RCVBUF`, in octets, before it is doubled.
    pub(crate) rmem_max: i32,
    /// The greatest `SO_SNDBUF`, in octets, before it is doubled.
    pub(crate) wmem_max: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            somaxconn: 4_096,
            rmem_max: 212_992,
            wmem_max: 212_992,
        }
    }
}

impl Limits {
    /// Sets the limit of this name; `Unknown` for any other, which is the stack's business.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), SysctlError> {
        match name {
            "net.core.somaxconn" => self.somaxconn = positive(value)? as usize,
            "net.core.rmem_max" => self.rmem_max = positive(value)?,
            "net.core.wmem_max" => self.wmem_max = positive(value)?,
            _ => return Err(SysctlError::Unknown),
        }
        Ok(())
    }
}

fn positive(value: &str) -> Result<i32, SysctlError> {
    match value.trim().parse::<i32>() {
        Ok(value) if value >= 0 => Ok(value),
        _ => Err(SysctlError::Invalid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_takes_whole_numbers_from_zero() {
        let mut limits = Limits::default();
        assert_eq!(limits.set("net.core.somaxconn", " 7\n"), Ok(()));
        assert_eq!(limits.somaxconn, 7);
        assert_eq!(
            limits.set("net.core.rmem_max", "-1"),
            Err(SysctlError::Invalid)
        );
        assert_eq!(
            limits.set("net.core.rmem_max", "many"),
            Err(SysctlError::Invalid)
        );
        assert_eq!(
            limits.set("net.ipv4.tcp_sack", "1"),
            Err(SysctlError::Unknown)
        );
    }
}
