//! From the stack's words for what went wrong to Linux's error numbers.

use halfopen_target::{AddressFamily, Errno, State};

use crate::{CallError, Failure, Unreachable};

/// The pending error that a failure leaves on a connection in `state`.
pub(crate) const fn of_failure(failure: Failure, state: State, family: AddressFamily) -> Errno {
    match failure {
        Failure::InsufficientResources => Errno::ENOMEM,
        Failure::Refused => Errno::ECONNREFUSED,
        Failure::Reset => match state {
            State::SynSent => Errno::ECONNREFUSED,
            // The remote has closed already: whoever still writes finds the pipe broken.
            State::CloseWait => Errno::EPIPE,
            _ => Errno::ECONNRESET,
        },
        Failure::TimedOut => Errno::ETIMEDOUT,
        Failure::Unreachable(what) => of_unreachable(what, family),
    }
}

const fn of_unreachable(what: Unreachable, family: AddressFamily) -> Errno {
    match (what, family) {
        (Unreachable::AdministrativelyProhibited, AddressFamily::Ipv6) => Errno::EACCES,
        (
            Unreachable::AdministrativelyProhibited | Unreachable::Host | Unreachable::TimeExceeded,
            _,
        ) => Errno::EHOSTUNREACH,
        (Unreachable::Network, _) => Errno::ENETUNREACH,
        (Unreachable::ParameterProblem, _) => Errno::EPROTO,
        (Unreachable::Port, _) => Errno::ECONNREFUSED,
        (Unreachable::Protocol, _) => Errno::ENOPROTOOPT,
        (Unreachable::SourceRoute, _) => Errno::EOPNOTSUPP,
    }
}

/// What `connect` returns when the stack does not open.
pub(crate) const fn of_active_open(error: CallError) -> Errno {
    match error {
        CallError::AlreadyExists | CallError::LocalInvalid | CallError::InsufficientResources => {
            Errno::EADDRNOTAVAIL
        }
        CallError::RemoteInvalid => Errno::ENETUNREACH,
        CallError::Closing | CallError::DoesNotExist => Errno::EINVAL,
        CallError::NotSupported => Errno::EOPNOTSUPP,
    }
}

/// What `listen` returns when the stack does not open.
pub(crate) const fn of_passive_open(error: CallError) -> Errno {
    match error {
        CallError::AlreadyExists => Errno::EADDRINUSE,
        CallError::LocalInvalid => Errno::EADDRNOTAVAIL,
        CallError::InsufficientResources => Errno::ENOMEM,
        CallError::NotSupported => Errno::EOPNOTSUPP,
        CallError::Closing | CallError::DoesNotExist | CallError::RemoteInvalid => Errno::EINVAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_refused_broken_or_reset_by_state() {
        let errno = |state| of_failure(Failure::Reset, state, AddressFamily::Ipv4);
        assert_eq!(errno(State::SynSent), Errno::ECONNREFUSED);
        assert_eq!(errno(State::CloseWait), Errno::EPIPE);
        assert_eq!(errno(State::Established), Errno::ECONNRESET);
        assert_eq!(errno(State::FinWait2), Errno::ECONNRESET);
    }

    #[test]
    fn prohibition_is_another_error_in_ipv6() {
        let failure = Failure::Unreachable(Unreachable::AdministrativelyProhibited);
        let errno = |family| of_failure(failure, State::SynSent, family);
        assert_eq!(errno(AddressFamily::Ipv4), Errno::EHOSTUNREACH);
        assert_eq!(errno(AddressFamily::Ipv6), Errno::EACCES);
    }
}
