use zhongtai_kernel::ErrorKind;
use zhongtai_runtime::Refusal;
use zhongtai_store::StoreError;

use crate::{FieldProblem, InvalidNumber, Standing};

/// Why a token that a certificate was presented with is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// Nobody made it.
    #[error("there is no such presentation")]
    Unknown,
    /// Its minutes are over.
    #[error("the presentation has expired: ask the holder for a new one")]
    Expired,
    /// It was redeemed before.
    #[error("the presentation was used before: ask the holder for a new one")]
    Used,
    /// It is for somebody else.
    #[error("the presentation is for another verifier")]
    OtherVerifier,
    /// It is for another purpose.
    #[error("the presentation is for another purpose")]
    OtherPurpose,
    /// The certificate is not valid any more.
    #[error("the certificate is {0}")]
    NotValid(Standing),
}

/// A certificate can't be issued, found, changed or presented.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Policy refuses; carries the record's reference.
    #[error("access denied ({0})")]
    Denied(String),
    /// Policy lets the asker see a part of what the certificate says, and its paper shows all of it.
    #[error("only a part of the certificate may be seen: read its fields instead of its paper")]
    Partly,
    /// The decision can't be recorded, so nothing happened.
    #[error("the decision can't be recorded; try again later")]
    Unrecorded,
    /// The purpose is not one of those in the plugin's manifest.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// Nobody signed in.
    #[error("nobody signed in")]
    Anonymous,
    /// No such type was registered.
    #[error("there is no certificate type `{0}`: an operator registers one with `zt cert type put`")]
    UnknownType(String),
    /// A type's file is not one.
    #[error("not a certificate type: {0}")]
    InvalidType(String),
    /// Fields don't fit the schema of their type.
    #[error("the fields do not fit the type: {}", list(.0))]
    Fields(Vec<FieldProblem>),
    /// Not a number of a certificate.
    #[error(transparent)]
    Number(#[from] InvalidNumber),
    /// A value is not what it must be.
    #[error("{what}: expected {expected}")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// What was expected.
        expected: String,
    },
    /// There is no such certificate, or none that the caller may know of.
    #[error("there is no such certificate")]
    NotFound,
    /// The certificate's state does not allow it.
    #[error("the certificate is {0}")]
    Standing(Standing),
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request: choose a new one")]
    KeyReused,
    /// The serials of the year, or the versions of the certificate, have run out.
    #[error("there are no numbers left: {0}")]
    NoNumbers(&'static str),
    /// The papers can't be made. The certificate has its number and waits: the same request goes on.
    #[error("the papers can't be made; the certificate waits for them, so send the same request again")]
    Papers(#[source] crate::PapersError),
    /// A presentation is not good.
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    /// Who the holder is can't be found out.
    #[error("the holder can't be looked up: {0}")]
    Holders(String),
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
}

// === impl CertificateError ===

impl CertificateError {
    pub(crate) fn invalid(what: &'static str, expected: impl Into<String>) -> Self {
        Self::Invalid { what, expected: expected.into() }
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Denied(_) | Self::Partly => ErrorKind::Denied,
            Self::Anonymous => ErrorKind::Unauthenticated,
            Self::Unrecorded | Self::Papers(_) | Self::Holders(_) => ErrorKind::Unavailable,
            Self::UndeclaredPurpose(_) | Self::InvalidType(_) | Self::Fields(_) | Self::Invalid { .. } => {
                ErrorKind::Invalid
            }
            Self::Number(error) => error.kind(),
            Self::UnknownType(_) | Self::NotFound => ErrorKind::NotFound,
            Self::Standing(_) | Self::KeyReused | Self::NoNumbers(_) => ErrorKind::Conflict,
            Self::Token(TokenRefusal::Unknown) => ErrorKind::NotFound,
            Self::Token(TokenRefusal::OtherVerifier | TokenRefusal::OtherPurpose) => ErrorKind::Denied,
            Self::Token(_) => ErrorKind::Conflict,
            Self::Fault(_) => ErrorKind::Internal,
        }
    }

    /// For programs: stays the same where words change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(_) | Self::Holders(_) | Self::Fault(_) => "certificate",
            Self::Denied(_) => "access-denied",
            Self::Partly => "only-in-part",
            Self::Unrecorded => "audit-unavailable",
            Self::UndeclaredPurpose(_) => "undeclared-purpose",
            Self::Anonymous => "unauthenticated",
            Self::UnknownType(_) => "unknown-type",
            Self::InvalidType(_) => "invalid-type",
            Self::Fields(_) => "invalid-fields",
            Self::Number(_) => "invalid-number",
            Self::Invalid { .. } => "invalid-value",
            Self::NotFound => "not-found",
            Self::Standing(_) => "not-allowed-while",
            Self::KeyReused => "key-reused",
            Self::NoNumbers(_) => "no-numbers",
            Self::Papers(_) => "papers-pending",
            Self::Token(refusal) => refusal.code(),
        }
    }
}

// === impl TokenRefusal ===

impl TokenRefusal {
    fn code(self) -> &'static str {
        match self {
            Self::Unknown => "token-unknown",
            Self::Expired => "token-expired",
            Self::Used => "token-used",
            Self::OtherVerifier => "token-other-verifier",
            Self::OtherPurpose => "token-other-purpose",
            Self::NotValid(_) => "token-not-valid",
        }
    }
}

fn list(problems: &[FieldProblem]) -> String {
    let one = |FieldProblem { field, problem, .. }: &FieldProblem| match field.as_str() {
        "" => problem.en.clone(),
        field => format!("`{field}`: {}", problem.en),
    };
    problems.iter().map(one).collect::<Vec<_>>().join("; ")
}

impl From<sqlx::Error> for CertificateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<getrandom::Error> for CertificateError {
    fn from(error: getrandom::Error) -> Self {
        Self::Fault(format!("the system gives no random bytes: {error}"))
    }
}

impl From<Refusal> for CertificateError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(reference) => Self::Denied(reference),
            Refusal::Unrecorded => Self::Unrecorded,
        }
    }
}
