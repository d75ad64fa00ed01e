use std::sync::Arc;

use async_trait::async_trait;
use jiff::civil::Date;
use zhongtai_kernel::ScenarioId;

use crate::{
    Certificate, CertificateError, CertificateId, CertificateNumber, CertificateType, Fields, HistoryEntry, Holder,
    NewPresentation, Presentation, PresentationToken, PurposeName, Usage, UsageRate, Verifier,
};

/// What keeps certificates. It decides nothing about who may: that is [`crate::Certificates`].
#[async_trait]
pub trait CertificateProvider: Send + Sync + 'static {
    /// Registers a type, or a new version of it: returns the version. The same file again changes nothing.
    async fn put_type(&self, kind: CertificateType) -> Result<u32, CertificateError>;

    /// The newest version of a type.
    async fn find_type(&self, name: &str) -> Result<Arc<CertificateType>, CertificateError>;

    /// The newest version of every type, by name.
    async fn types(&self) -> Result<Vec<Arc<CertificateType>>, CertificateError>;

    /// Issues a certificate. The same key and request give the same certificate, also when the first try was cut off.
    async fn issue(&self, act: &Act, new: NewCertificate) -> Result<Certificate, CertificateError>;

    /// Issues a certificate anew: same serial, next version. The one before is superseded.
    async fn reissue(&self, act: &Act, new: Reissue) -> Result<Certificate, CertificateError>;

    /// Takes a certificate back for good. The same key again is fine.
    async fn revoke(&self, act: &Act, id: CertificateId, reason: &str) -> Result<Certificate, CertificateError>;

    /// The certificate with that id.
    async fn get(&self, id: CertificateId) -> Result<Option<Certificate>, CertificateError>;

    /// The certificate with that number.
    async fn find(&self, number: &CertificateNumber) -> Result<Option<Certificate>, CertificateError>;

    /// The certificates that are held under one of `holders`, the newest first; at most 100.
    async fn held_by(&self, holders: &[Holder]) -> Result<Vec<Certificate>, CertificateError>;

    /// A sealed file of a certificate.
    async fn paper(&self, id: CertificateId, name: &str) -> Result<Option<Vec<u8>>, CertificateError>;

    /// What happened to a certificate, the oldest first.
    async fn history(&self, id: CertificateId) -> Result<Vec<HistoryEntry>, CertificateError>;

    /// Makes a presentation. Its token is in the answer, and nowhere else.
    async fn present(&self, by: &ScenarioId, new: NewPresentation) -> Result<PresentationToken, CertificateError>;

    /// The presentation behind a token, redeemed or not; [`crate::TokenRefusal::Unknown`] when there is none.
    async fn presentation(&self, token: &PresentationToken) -> Result<Presentation, CertificateError>;

    /// Redeems a presentation: once, before it expires, for its purpose, by one of `verifiers`, while the certificate
    /// is valid.
    async fn redeem(
        &self,
        by: &ScenarioId,
        token: &PresentationToken,
        verifiers: &[Verifier],
        purpose: &PurposeName,
    ) -> Result<Certificate, CertificateError>;

    /// Counts that a certificate was used by a department instead of paper.
    async fn used(&self, id: CertificateId, by: &ScenarioId) -> Result<(), CertificateError>;

    /// Issued, presented and used, per type and department.
    async fn usage(&self) -> Result<Vec<Usage>, CertificateError>;

    /// Per type, how many certificates were used at all.
    async fn usage_rates(&self) -> Result<Vec<UsageRate>, CertificateError>;

    /// Goes on with what was cut off: makes the papers that certificates wait for. Returns how many were finished.
    async fn resume(&self) -> Result<usize, CertificateError>;
}

/// An irreversible act: whose it is, and the key by which it happens once.
#[derive(Debug, Clone)]
pub struct Act {
    /// The scenario that acts; keys are its own.
    pub scenario: ScenarioId,
    /// The idempotency key.
    pub key: ActKey,
    /// For which case.
    pub case: Option<String>,
}

/// An idempotency key: 1 to 128 characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActKey(String);

// === impl ActKey ===

impl ActKey {
    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ActKey {
    type Error = CertificateError;

    fn try_from(text: String) -> Result<Self, CertificateError> {
        // PostgreSQL's text can't hold a NUL, and nobody could read the others.
        let is_valid = (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        let expected = "1 to 128 characters, none of them a control character";
        if is_valid { Ok(Self(text)) } else { Err(CertificateError::invalid("idempotency key", expected)) }
    }
}

/// What is to be issued.
#[derive(Clone)]
pub struct NewCertificate {
    /// The type's name.
    pub kind: String,
    /// Whose it will be.
    pub holder: Holder,
    /// What it says; checked against the type.
    pub fields: Fields,
    /// Its first day; today when nobody says.
    pub valid_from: Option<Date>,
    /// Its last day; by the type when nobody says.
    pub valid_until: Option<Date>,
}

/// What is to take a certificate's place.
#[derive(Clone)]
pub struct Reissue {
    /// The certificate whose place it takes.
    pub previous: CertificateId,
    /// What it says now.
    pub fields: Fields,
    /// Its last day; by the type when nobody says.
    pub valid_until: Option<Date>,
    /// Why.
    pub reason: String,
}
