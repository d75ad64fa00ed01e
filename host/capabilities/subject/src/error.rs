use std::time::Duration;

use zhongtai_kernel::ErrorKind;
use zhongtai_store::StoreError;

/// A value that is not what it must be. Says what was expected, never the value: it may be somebody's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: expected {expected}")]
pub struct InvalidValue {
    what: &'static str,
    expected: String,
}

// === impl InvalidValue ===

impl InvalidValue {
    pub(crate) fn new(what: &'static str, expected: impl Into<String>) -> Self {
        Self { what, expected: expected.into() }
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

/// An account or a token can't be had, made or used.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A value is not what it must be.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// Another account has the login name.
    #[error("the login name is taken")]
    LoginTaken,
    /// There is no such account.
    #[error("there is no such account")]
    NoAccount,
    /// There is no such token.
    #[error("there is no such token")]
    NoToken,
    /// There is no such mandate, or it does not hold.
    #[error("there is no such mandate, or it does not hold now")]
    NoMandate,
    /// There is no such session.
    #[error("there is no such session")]
    NoSession,
    /// The account has no second factor, or none that waits to be confirmed.
    #[error("there is no second factor to check a code against: enrol one first")]
    NoFactor,
    /// The password is right, and the account has a second factor.
    #[error("a code of the authenticator app is needed as well")]
    CodeNeeded,
    /// The code is wrong, too old, or was used.
    #[error("the code is wrong, too old, or was used already")]
    WrongCode,
    /// The login name is unknown or the password is wrong; which of the two is not said.
    #[error("the login name or the password is wrong")]
    WrongCredentials,
    /// The password is right, but the account must not be used.
    #[error("the account is disabled")]
    Disabled,
    /// Too many failures with this login name, whether it exists or not, or with this account's second factor.
    #[error("too many failed sign-ins: try again in {} seconds", retry_after.as_secs())]
    Throttled {
        /// When the next try is allowed, in whole seconds.
        retry_after: Duration,
    },
    /// Too many passwords are being checked at once.
    #[error("too many sign-ins at once: try again in a moment")]
    Busy,
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
}

// === impl SubjectError ===

impl SubjectError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Invalid(error) => error.kind(),
            Self::LoginTaken | Self::NoFactor => ErrorKind::Conflict,
            Self::NoAccount | Self::NoToken | Self::NoSession | Self::NoMandate => ErrorKind::NotFound,
            Self::WrongCredentials | Self::CodeNeeded | Self::WrongCode => ErrorKind::Unauthenticated,
            Self::Disabled => ErrorKind::Denied,
            Self::Throttled { .. } | Self::Busy => ErrorKind::Overloaded,
            Self::Fault(_) => ErrorKind::Internal,
        }
    }
}

impl From<sqlx::Error> for SubjectError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<getrandom::Error> for SubjectError {
    fn from(error: getrandom::Error) -> Self {
        Self::Fault(format!("the system gives no random bytes: {error}"))
    }
}
