//! Certificates in the platform's own database.

mod act;
mod count;
mod find;
mod issue;
mod present;
mod revoke;
mod types;

use std::sync::Arc;

use async_trait::async_trait;
use quick_cache::sync::Cache;
use zhongtai_kernel::{Clock, ScenarioId, Timestamp};
use zhongtai_store::Store;

use crate::{
    Act, Certificate, CertificateError, CertificateId, CertificateNumber, CertificateProvider, CertificateType,
    HistoryEntry, Holder, NewCertificate, NewPresentation, Papers, Presentation, PresentationToken, PurposeName,
    Reissue, Usage, UsageRate, Verifier, vault::Vault,
};

/// Versions of types whose compiled schemas are kept in memory.
const KEPT: usize = 256;

/// Certificates in the platform's own database. Cheap to clone.
#[derive(Clone)]
pub struct EmbeddedCertificates(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    vault: Vault,
    papers: Option<Arc<dyn Papers>>,
    kinds: Cache<(String, i64), Arc<CertificateType>>,
}

// === impl EmbeddedCertificates ===

impl EmbeddedCertificates {
    /// Certificates of a store that has [`crate::MIGRATIONS`]. `key` seals holders and fields: every host of a
    /// database needs the same one. Without `papers` certificates are records only.
    pub fn new(store: Store, clock: Arc<dyn Clock>, key: [u8; 32], papers: Option<Arc<dyn Papers>>) -> Self {
        Self(Arc::new(Inner { store, clock, vault: Vault::new(&key), papers, kinds: Cache::new(KEPT) }))
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn vault(&self) -> &Vault {
        &self.0.vault
    }

    fn papers(&self) -> Option<&Arc<dyn Papers>> {
        self.0.papers.as_ref()
    }

    fn kinds(&self) -> &Cache<(String, i64), Arc<CertificateType>> {
        &self.0.kinds
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

#[async_trait]
impl CertificateProvider for EmbeddedCertificates {
    async fn put_type(&self, kind: CertificateType) -> Result<u32, CertificateError> {
        types::put(self, kind).await
    }

    async fn find_type(&self, name: &str) -> Result<Arc<CertificateType>, CertificateError> {
        types::newest(self, name).await
    }

    async fn types(&self) -> Result<Vec<Arc<CertificateType>>, CertificateError> {
        types::all(self).await
    }

    async fn issue(&self, act: &Act, new: NewCertificate) -> Result<Certificate, CertificateError> {
        issue::first(self, act, new).await
    }

    async fn reissue(&self, act: &Act, new: Reissue) -> Result<Certificate, CertificateError> {
        issue::again(self, act, new).await
    }

    async fn revoke(&self, act: &Act, id: CertificateId, reason: &str) -> Result<Certificate, CertificateError> {
        revoke::revoke(self, act, id, reason).await
    }

    async fn get(&self, id: CertificateId) -> Result<Option<Certificate>, CertificateError> {
        find::by_id(self, id).await
    }

    async fn find(&self, number: &CertificateNumber) -> Result<Option<Certificate>, CertificateError> {
        find::by_number(self, number).await
    }

    async fn held_by(&self, holders: &[Holder]) -> Result<Vec<Certificate>, CertificateError> {
        find::held_by(self, holders).await
    }

    async fn paper(&self, id: CertificateId, name: &str) -> Result<Option<Vec<u8>>, CertificateError> {
        find::paper(self, id, name).await
    }

    async fn history(&self, id: CertificateId) -> Result<Vec<HistoryEntry>, CertificateError> {
        find::history(self, id).await
    }

    async fn present(&self, by: &ScenarioId, new: NewPresentation) -> Result<PresentationToken, CertificateError> {
        present::make(self, by, new).await
    }

    async fn presentation(&self, token: &PresentationToken) -> Result<Presentation, CertificateError> {
        present::find(self, token).await
    }

    async fn redeem(
        &self,
        by: &ScenarioId,
        token: &PresentationToken,
        verifiers: &[Verifier],
        purpose: &PurposeName,
    ) -> Result<Certificate, CertificateError> {
        present::redeem(self, by, token, verifiers, purpose).await
    }

    async fn used(&self, id: CertificateId, by: &ScenarioId) -> Result<(), CertificateError> {
        count::used(self, id, by).await
    }

    async fn usage(&self) -> Result<Vec<Usage>, CertificateError> {
        count::usage(self).await
    }

    async fn usage_rates(&self) -> Result<Vec<UsageRate>, CertificateError> {
        count::rates(self).await
    }

    async fn resume(&self) -> Result<usize, CertificateError> {
        issue::resume(self).await
    }
}
