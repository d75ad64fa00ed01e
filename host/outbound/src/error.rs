use std::time::Duration;

use zhongtai_kernel::ErrorKind;

use crate::Outcome;

/// A call that brought no answer. The words name the system and what happened: never a URL, a header, a body or a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The configuration can't be used.
    #[error("{system}: {key}: {problem}")]
    Config {
        /// The system's name.
        system: String,
        /// The key.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The path, or the URL, would leave what was configured. Nothing was sent.
    #[error("{system}: this must not be asked: {problem}")]
    NotAllowed {
        /// The system's name.
        system: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The system failed often and is left alone for a while. Nothing was sent.
    #[error("{system}: it failed repeatedly and is left alone; the next try is in {} seconds", seconds(retry_after))]
    Resting {
        /// The system's name.
        system: String,
        /// When it will be tried again.
        retry_after: Duration,
    },
    /// Too many calls to the system are under way. Nothing was sent.
    #[error("{system}: too many calls are under way")]
    Busy {
        /// The system's name.
        system: String,
    },
    /// There was no connection. Nothing was sent.
    #[error("{system}: no connection: {reason}")]
    Unreachable {
        /// The system's name.
        system: String,
        /// Why.
        reason: Unreachable,
    },
    /// There was no whole answer in time. The request may have arrived.
    #[error("{system}: no answer in time")]
    TimedOut {
        /// The system's name.
        system: String,
    },
    /// The connection broke before the answer was whole. The request may have arrived.
    #[error("{system}: the answer broke off")]
    BrokenOff {
        /// The system's name.
        system: String,
    },
    /// The answer is a redirect, which is never followed. The request arrived.
    #[error("{system}: the answer is a redirect (HTTP {status})")]
    Redirected {
        /// The system's name.
        system: String,
        /// Which.
        status: u16,
    },
    /// The answer is longer than the bound. The request arrived.
    #[error("{system}: the answer is longer than {most} bytes")]
    TooLarge {
        /// The system's name.
        system: String,
        /// The bound.
        most: usize,
    },
}

/// Why there was no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// Nobody listens, or no route leads there.
    #[error("nobody answers")]
    Refused,
    /// The host's name is not known.
    #[error("its name is not known")]
    Name,
    /// The connection was not made in time.
    #[error("not in time")]
    Timeout,
    /// The certificate comes from no trusted authority.
    #[error("its certificate comes from no trusted authority")]
    Untrusted,
    /// The certificate is for another name.
    #[error("its certificate is for another name")]
    OtherName,
    /// The certificate has expired, or is not valid yet.
    #[error("its certificate is not valid today")]
    Expired,
    /// TLS failed otherwise.
    #[error("TLS failed")]
    Tls,
}

// === impl OutboundError ===

impl OutboundError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Config { .. } | Self::NotAllowed { .. } => ErrorKind::Invalid,
            Self::Busy { .. } => ErrorKind::Overloaded,
            Self::TimedOut { .. } | Self::Unreachable { reason: Unreachable::Timeout, .. } => ErrorKind::Timeout,
            // Also an answer that is too large: what our own caller sent is not.
            Self::Resting { .. }
            | Self::Unreachable { .. }
            | Self::BrokenOff { .. }
            | Self::Redirected { .. }
            | Self::TooLarge { .. } => ErrorKind::Unavailable,
        }
    }

    /// True when the system may have acted on the request: whoever sent something that changes anything has to ask what
    /// became of it. False when certainly nothing was sent.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::TimedOut { .. } | Self::BrokenOff { .. } | Self::Redirected { .. } | Self::TooLarge { .. } => true,
            Self::Config { .. }
            | Self::NotAllowed { .. }
            | Self::Resting { .. }
            | Self::Busy { .. }
            | Self::Unreachable { .. } => false,
        }
    }

    /// For metrics.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Config { .. } | Self::NotAllowed { .. } => Outcome::NotAllowed,
            Self::Resting { .. } => Outcome::Resting,
            Self::Busy { .. } => Outcome::Busy,
            Self::Unreachable { .. } => Outcome::Unreachable,
            Self::TimedOut { .. } => Outcome::TimedOut,
            Self::BrokenOff { .. } => Outcome::BrokenOff,
            Self::Redirected { .. } => Outcome::Redirected,
            Self::TooLarge { .. } => Outcome::TooLarge,
        }
    }

    pub(crate) fn config(system: &str, key: &'static str, problem: impl Into<String>) -> Self {
        Self::Config { system: system.to_owned(), key, problem: problem.into() }
    }

    pub(crate) fn not_allowed(system: &str, problem: &'static str) -> Self {
        Self::NotAllowed { system: system.to_owned(), problem }
    }
}

/// Whole seconds, upwards: never "in 0 seconds".
fn seconds(time: &Duration) -> u64 {
    time.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}
