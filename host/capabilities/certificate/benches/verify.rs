//! What it costs to verify a certificate by its number, and to show one once, on one core over SQLite; beside a bare
//! lookup of the same rows. Prints one JSON object. Run by `cargo xtask bench`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use zhongtai_cap_certificate::{
    CertificateNumber, CertificateProvider, CertificateType, EXAMPLES, EmbeddedCertificates, MIGRATIONS,
    NewPresentation, Verifier,
    contract::{act, enterprise, permit, scenario},
};
use zhongtai_kernel::{Clock, SystemClock};
use zhongtai_store::testing::sqlite;

/// Certificates in the database.
const CERTIFICATES: usize = 2_000;
/// The best of so many rounds counts, as others use the machine too.
const ROUNDS: usize = 5;
/// Presentations that are made and redeemed; each is two writes that are synced.
const SHOWN: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let database = sqlite(MIGRATIONS).await;
    let host = EmbeddedCertificates::new(database.store.clone(), Arc::new(SystemClock), [7; 32], None);
    for example in EXAMPLES {
        host.put_type(CertificateType::parse(example.as_bytes()).expect("a shipped type")).await.expect("a version");
    }
    let mut issued = Vec::with_capacity(CERTIFICATES);
    let began = Instant::now();
    for number in 0..CERTIFICATES {
        issued.push(host.issue(&act(&format!("key-{number}")), permit(enterprise())).await.expect("a certificate"));
    }
    let issue = began.elapsed() / CERTIFICATES as u32;
    let numbers: Vec<_> = issued.iter().map(|certificate| certificate.number.to_string()).collect();

    let (mut bare, mut found) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for certificate in &issued {
            let sql = "SELECT COUNT(*) FROM certificates WHERE id = $1";
            let id = certificate.id.to_string();
            let rows: i64 = sqlx::query_scalar(sql).bind(id).fetch_one(database.store.pool()).await.expect("a row");
            assert_eq!(black_box(rows), 1);
        }
        bare = bare.min(began.elapsed());
        let began = Instant::now();
        for number in &numbers {
            // As it comes in: a text whose check character is checked first.
            let number: CertificateNumber = number.parse().expect("a number");
            assert!(black_box(host.find(&number).await.expect("an answer")).is_some());
        }
        found = found.min(began.elapsed());
    }
    let began = Instant::now();
    for certificate in issued.iter().take(SHOWN) {
        let department = scenario().department().clone();
        let new = NewPresentation {
            certificate: certificate.id,
            fields: Vec::new(),
            purpose: "loan".parse().expect("a purpose"),
            verifier: Verifier::Department(department.clone()),
            expires_at: SystemClock.now() + Duration::from_secs(600),
        };
        let token = host.present(&scenario(), new).await.expect("a presentation");
        let purpose = "loan".parse().expect("a purpose");
        host.redeem(&scenario(), &token, &[Verifier::Department(department)], &purpose).await.expect("a certificate");
    }
    let shown = began.elapsed() / SHOWN as u32;
    let micros = |time: Duration| (time.as_secs_f64() * 1e7).round() / 10.0;
    let one = |all: Duration| all / CERTIFICATES as u32;
    println!(
        "{}",
        json!({
            "certificates": CERTIFICATES,
            "verified by number, decrypted, us": micros(one(found)),
            "verified per second": (1.0 / one(found).as_secs_f64()).round(),
            "a bare lookup, us": micros(one(bare)),
            "verified / bare lookup": (found.as_secs_f64() / bare.as_secs_f64() * 100.0).round() / 100.0,
            "issued, synced, us": micros(issue),
            "shown once: presented and redeemed, synced, us": micros(shown),
        })
    );
}
