//! What every test here begins with.
#![allow(clippy::unwrap_used, reason = "a broken fixture must stop the test")]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use zhongtai_cap_certificate::{
    Certificate, CertificateProvider, CertificateType, EXAMPLES, EmbeddedCertificates, PaperFile, Papers, PapersError,
};
use zhongtai_kernel::ManualClock;
use zhongtai_store::testing::TestDatabase;

pub const KEY: [u8; 32] = [7; 32];

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-01-05T02:00:00Z".parse().unwrap()))
}

/// The certificates as one host sees them; another call is another host.
pub fn host(database: &TestDatabase, clock: &Arc<ManualClock>) -> EmbeddedCertificates {
    EmbeddedCertificates::new(database.store.clone(), clock.clone(), KEY, None)
}

/// The same with the shipped types.
pub async fn with_types(provider: &dyn CertificateProvider) {
    for example in EXAMPLES {
        provider.put_type(CertificateType::parse(example.as_bytes()).unwrap()).await.unwrap();
    }
}

/// Makes one paper with digests of the number, or fails when told to.
#[derive(Default)]
pub struct Press {
    pub broken: AtomicBool,
    pub made: AtomicUsize,
}

#[async_trait]
impl Papers for Press {
    async fn make(&self, certificate: &Certificate) -> Result<Vec<PaperFile>, PapersError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(PapersError("the seal is suspended".to_owned()));
        }
        self.made.fetch_add(1, Ordering::SeqCst);
        let digest = *zhongtai_kernel::Digest::of(certificate.number.to_string().as_bytes())
            .hex()
            .as_bytes()
            .first_chunk()
            .unwrap();
        let (name, media_type) = ("certificate.pdf".to_owned(), "application/pdf".to_owned());
        Ok(vec![PaperFile { name, media_type, sha256: digest, sm3: [3; 32] }])
    }
}
