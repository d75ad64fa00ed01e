//! What every test here begins with.
#![allow(clippy::unwrap_used, reason = "a broken fixture must stop the test")]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use zhongtai_cap_certificate::{
    Certificate, CertificateProvider, CertificateType, EXAMPLES, EmbeddedCertificates, Paper, Papers, PapersError,
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

/// A shipped type with a plan for its papers.
pub fn printed(example: &str) -> CertificateType {
    let mut file: serde_json::Value = serde_json::from_str(example).unwrap();
    file["papers"] = serde_json::json!({
        "template": "excavation-permit", "seal": "441802-chengguan/permit", "issuer": "清城区城市管理局"
    });
    CertificateType::parse(file.to_string().as_bytes()).unwrap()
}

/// Makes one paper that says the number, or fails when told to.
#[derive(Default)]
pub struct Press {
    pub broken: AtomicBool,
    pub made: AtomicUsize,
}

#[async_trait]
impl Papers for Press {
    async fn make(&self, certificate: &Certificate) -> Result<Vec<Paper>, PapersError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(PapersError("the seal is suspended".to_owned()));
        }
        self.made.fetch_add(1, Ordering::SeqCst);
        let (name, media_type) = ("certificate.pdf".to_owned(), "application/pdf".to_owned());
        Ok(vec![Paper { name, media_type, bytes: certificate.number.to_string().into_bytes() }])
    }
}
