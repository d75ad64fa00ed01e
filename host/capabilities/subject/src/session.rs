use std::{fmt, str::FromStr, sync::Arc};

use zhongtai_kernel::{AccountId, Assurance, Subject, Timestamp};

use crate::{Account, InvalidValue, MandateId, TokenId};

/// Who came in with a valid token or cookie, and what it may be used for. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who asks: an enterprise, where somebody acts for one.
    pub subject: Arc<Subject>,
    /// Who signed in.
    pub person: Arc<Subject>,
    /// For whom they act.
    pub acting: Acting,
    /// What the token or the cookie may be used for.
    pub scopes: Arc<[String]>,
    /// What it came in with.
    pub credential: Credential,
    /// What stands behind it.
    pub proof: Proof,
    /// From when on it no longer counts.
    pub expires_at: Timestamp,
}

/// For whom somebody who is signed in acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// For themselves.
    Oneself,
    /// By this mandate, which holds.
    By(MandateId),
    /// By a mandate that does not hold any more: what they do now must not be taken for their own.
    Ended,
}

/// What a request came in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A bearer token: a program.
    Token(TokenId),
    /// A cookie: a browser.
    Cookie(SessionId),
}

/// How somebody showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// They did not: an administrator issued the token to a program of theirs.
    Issued,
    /// By a password alone.
    Password,
    /// By a second factor too, or by an identity provider that says as much.
    SecondFactor,
}

/// The two doors of a host. A session of one is none at the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Listener {
    /// For citizens, enterprises and officers.
    Public,
    /// For administrators.
    Admin,
}

/// Names a session without being its cookie.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(ulid::Ulid);

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// At which door.
    pub listener: Listener,
    /// How sure the host is of who it is.
    pub assurance: Assurance,
    /// What the browser is, roughly: `Firefox, Linux`.
    pub device: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When it ends, however much it is used.
    pub expires_at: Timestamp,
}

// === impl Session ===

impl Session {
    /// The account that signed in.
    pub fn account(&self) -> AccountId {
        self.person.account
    }

    /// True when it may be used for `scope`.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|has| has == scope)
    }
}

// === impl Proof ===

impl Proof {
    /// What a stored assurance says of how it was come by: none is a token that was issued.
    pub(crate) fn of(assurance: Option<Assurance>) -> Self {
        match assurance {
            None => Self::Issued,
            Some(Assurance::Low) => Self::Password,
            Some(_) => Self::SecondFactor,
        }
    }
}

// === impl Account ===

impl Account {
    /// How sure a sign-in makes the host of who this is. A password alone never says much, whoever it is; with a
    /// second factor it counts how well the person behind the account is known.
    pub fn assurance_by(&self, proof: Proof) -> Assurance {
        match proof {
            Proof::Issued => self.subject.assurance,
            Proof::Password => Assurance::Low,
            Proof::SecondFactor => self.subject.assurance.max(Assurance::Substantial),
        }
    }
}

// === impl Listener ===

impl Listener {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Admin => "admin",
        }
    }

    /// What a session at this door may be used for.
    pub(crate) fn scope(self) -> &'static str {
        match self {
            Self::Public => "scenario",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Listener {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let known = [Self::Public, Self::Admin].into_iter().find(|listener| listener.as_str() == text);
        known.ok_or_else(|| InvalidValue::new("listener", "public or admin"))
    }
}

// === impl SessionId ===

impl SessionId {
    pub(crate) fn generate() -> Self {
        Self(ulid::Ulid::generate())
    }
}

impl FromStr for SessionId {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        text.parse().map(Self).map_err(|_| InvalidValue::new("session id", "26 characters of a ULID"))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
