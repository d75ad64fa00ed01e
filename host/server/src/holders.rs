//! Who accounts are, for certificates: the account itself and the codes that are proven to be its own.

use std::sync::Arc;

use async_trait::async_trait;
use zhongtai_cap_certificate::{CertificateError, Holder, Holders};
use zhongtai_cap_subject::{Handles, SubjectProvider};
use zhongtai_kernel::{AccountId, DepartmentId};

/// The platform's accounts as holders.
pub(crate) struct Accounted {
    pub(crate) subjects: Arc<dyn SubjectProvider>,
    pub(crate) handles: Arc<Handles>,
}

#[async_trait]
impl Holders for Accounted {
    fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId> {
        self.handles.open(department, handle)
    }

    async fn identities(&self, account: AccountId) -> Result<Vec<Holder>, CertificateError> {
        let fields = self.subjects.fields(account, &["resident-id", "credit-code"]).await;
        let fields = fields.map_err(|error| CertificateError::Holders(error.to_string()))?;
        let code = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let person = code("resident-id").parse().ok().map(Holder::Person);
        let enterprise = code("credit-code").parse().ok().map(Holder::Enterprise);
        Ok([Some(Holder::Account(account)), person, enterprise].into_iter().flatten().collect())
    }
}
