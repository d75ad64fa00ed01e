use std::{collections::BTreeMap, fmt};

use async_trait::async_trait;
use zhongtai_kernel::AccountId;

use crate::SubjectError;

/// Every field that guests may ask for, each a declared `Field::"subject.<name>"`. Other names are never passed on:
/// a guest must not choose the texts in the audit log.
pub const FIELDS: [&str; 7] = ["name", "phone", "email", "address", "resident-id", "credit-code", "department"];

/// Where what is known about subjects comes from.
#[async_trait]
pub trait SubjectProvider: Send + Sync + 'static {
    /// The fields of `names` (out of [`FIELDS`]) that the account has; none for an unknown account.
    async fn fields(&self, account: AccountId, names: &[&str]) -> Result<BTreeMap<String, String>, SubjectError>;

    /// Where notifications reach the account; `None` for an unknown one.
    async fn contact(&self, account: AccountId) -> Result<Option<Contact>, SubjectError>;
}

/// Where notifications reach a subject. `Debug` shows what there is, not its values.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// An e-mail address.
    pub email: Option<String>,
    /// A URL that takes notifications.
    pub webhook: Option<String>,
    /// A phone number.
    pub phone: Option<String>,
    /// The channel that the subject chose: `inbox`, `sms`, `email` or `webhook`.
    pub preferred: Option<String>,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact")
            .field("has_email", &self.email.is_some())
            .field("has_webhook", &self.webhook.is_some())
            .field("has_phone", &self.phone.is_some())
            .field("has_preferred", &self.preferred.is_some())
            .finish()
    }
}
