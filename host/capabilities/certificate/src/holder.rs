//! Whose a certificate is.

use std::fmt;

use async_trait::async_trait;
use zhongtai_kernel::{AccountId, CreditCode, DepartmentId, ResidentId};

use crate::CertificateError;

/// Whose a certificate is. `Debug` tells the sort only.
#[derive(Clone, PartialEq, Eq)]
pub enum Holder {
    /// An account of the platform.
    Account(AccountId),
    /// An enterprise or another organisation, by its unified social credit code.
    Enterprise(CreditCode),
    /// A natural person, by the resident ID.
    Person(ResidentId),
}

// === impl Holder ===

impl Holder {
    /// Sort and identity in one text: what is encrypted and indexed.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Account(account) => format!("account:{account}"),
            Self::Enterprise(code) => format!("credit-code:{code}"),
            Self::Person(id) => format!("resident-id:{}", id.expose()),
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (sort, identity) = text.split_once(':')?;
        match sort {
            "account" => identity.parse().ok().map(Self::Account),
            "credit-code" => identity.parse().ok().map(Self::Enterprise),
            "resident-id" => identity.parse().ok().map(Self::Person),
            _ => None,
        }
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account(_) => "Account(..)",
            Self::Enterprise(_) => "Enterprise(..)",
            Self::Person(_) => "Person(..)",
        })
    }
}

/// Knows who accounts are. The server wires it to the accounts.
#[async_trait]
pub trait Holders: Send + Sync + 'static {
    /// The account of a department's handle; `None` when it is none.
    fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId>;

    /// Everything that a certificate of the account may be held under: the account itself, and the resident ID and
    /// credit code that are proven to be its own.
    async fn identities(&self, account: AccountId) -> Result<Vec<Holder>, CertificateError>;
}
