use std::str::FromStr;

/// Why a delivery, or an attempt, failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// There is no such mailbox, number or URL.
    NoSuchAddress,
    /// The recipient's side does not want it: opted out, blocked.
    Refused,
    /// The text is not let through: too long, not as registered, a word that is filtered.
    Content,
    /// Our account with the carrier: credentials, balance, signature. An operator can mend it.
    Account,
    /// The carrier wants fewer messages.
    Throttled,
    /// No connection, or no answer in time.
    Unreachable,
    /// The carrier failed.
    Carrier,
    /// The carrier gave up: the recipient could not be reached for too long.
    Expired,
    /// No attempt came to an end: each took its host down.
    Interrupted,
    /// The channel is not set up on this host.
    NotSetUp,
    /// Something else.
    Other,
}

// === impl FailureKind ===

impl FailureKind {
    const ALL: [Self; 11] = [
        Self::NoSuchAddress,
        Self::Refused,
        Self::Content,
        Self::Account,
        Self::Throttled,
        Self::Unreachable,
        Self::Carrier,
        Self::Expired,
        Self::Interrupted,
        Self::NotSetUp,
        Self::Other,
    ];

    /// The word used in the database, the API and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSuchAddress => "no-such-address",
            Self::Refused => "refused",
            Self::Content => "content",
            Self::Account => "account",
            Self::Throttled => "throttled",
            Self::Unreachable => "unreachable",
            Self::Carrier => "carrier",
            Self::Expired => "expired",
            Self::Interrupted => "interrupted",
            Self::NotSetUp => "not-set-up",
            Self::Other => "other",
        }
    }
}

impl FromStr for FailureKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no kind of failure"))
    }
}

/// Why an attempt failed. The reason is a code or our own words, never an address or a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What sort of failure.
    pub kind: FailureKind,
    /// For an operator.
    pub reason: String,
}
