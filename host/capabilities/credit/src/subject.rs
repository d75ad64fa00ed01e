//! Whom records are about.

use std::fmt;

use async_trait::async_trait;
use zhongtai_kernel::{AccountId, CreditCode, DepartmentId, ResidentId};

use crate::CreditError;

/// Whom records are about: an enterprise by its unified social credit code (GB 32100-2015), or a natural person by the
/// resident ID (GB 11643). `Debug` tells the sort only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum CreditSubject {
    /// An enterprise or another organisation.
    Enterprise(CreditCode),
    /// A natural person.
    Person(ResidentId),
}

// === impl CreditSubject ===

impl CreditSubject {
    /// `enterprise` or `person`: all that logs and records may say.
    pub fn sort(&self) -> &'static str {
        match self {
            Self::Enterprise(_) => "enterprise",
            Self::Person(_) => "person",
        }
    }

    /// Sort and code in one text: what is encrypted and indexed, never what is shown.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Enterprise(code) => format!("credit-code:{code}"),
            Self::Person(id) => format!("resident-id:{}", id.expose()),
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("credit-code", code) => code.parse().ok().map(Self::Enterprise),
            ("resident-id", id) => id.parse().ok().map(Self::Person),
            _ => None,
        }
    }
}

impl fmt::Debug for CreditSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enterprise(_) => "Enterprise(..)",
            Self::Person(_) => "Person(..)",
        })
    }
}

impl From<CreditCode> for CreditSubject {
    fn from(code: CreditCode) -> Self {
        Self::Enterprise(code)
    }
}

impl From<ResidentId> for CreditSubject {
    fn from(id: ResidentId) -> Self {
        Self::Person(id)
    }
}

/// Knows who accounts are. The server wires it to the accounts.
#[async_trait]
pub trait People: Send + Sync + 'static {
    /// The account of a department's handle; `None` when it is none.
    fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId>;

    /// The credit code and the resident ID that are proven to be the account's own.
    async fn identities(&self, account: AccountId) -> Result<Vec<CreditSubject>, CreditError>;
}
