//! What it costs to seal a document through the provider, ledger and database included, on one core, and which share each
//! step has. Prints one JSON object. Run by `cargo xtask bench`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use zhongtai_cap_seal::{
    EmbeddedSeals, MIGRATIONS, SealConfig, SealProvider,
    contract::{act, name, ofd, official, order, pdf},
    examine,
};
use zhongtai_kernel::{Clock, SystemClock};
use zhongtai_pki::{Algorithm, TimeStamper, testing};
use zhongtai_store::testing::sqlite;

/// The best of so many rounds counts, as others use the machine too.
const ROUNDS: usize = 5;
const TIMES: u32 = 40;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let database = sqlite(MIGRATIONS).await;
    let clock = Arc::new(SystemClock);
    let host = EmbeddedSeals::new(database.store.clone(), clock.clone(), &[7; 32], &SealConfig::default());
    let host = host.expect("a provider");
    host.create(official("permit"), "keeper").await.expect("a seal");
    let pdf = measure(&host, "pdf", pdf(1), Algorithm::EcdsaP256Sha256).await;
    let ofd = measure(&host, "ofd", ofd(50), Algorithm::Sm2Sm3).await;
    println!("{}", json!({ "seals through the ledger, SQLite": { "PDF, one page": pdf, "OFD, one page": ofd } }));
}

async fn measure(host: &EmbeddedSeals, format: &str, document: Vec<u8>, algorithm: Algorithm) -> Value {
    let world = testing::World::new(algorithm);
    let signing = best(|| drop(black_box(world.seal.signer.sign(&[7; 4096]).expect("a signature"))));
    let stamping = best(|| drop(black_box(world.stamper.stamp(&[7; 32]).expect("a stamp"))));
    let first = host.apply(&act(format), &name("permit"), order(document.clone())).await.expect("a sealed document");
    let trust = host.trust().await.expect("what is trusted");
    let verifying = best(|| {
        let report = examine(&first.bytes, &trust, SystemClock.now());
        assert!(black_box(report).is_valid(), "the seal must hold");
    });
    // The same again: everything but the keys, the use and the record.
    let again = best_of(host, |_| format.to_owned(), &document).await;
    let whole = best_of(host, |number| format!("{format}-{number}"), &document).await;
    let share = |part: Duration| (part.as_secs_f64() / whole.as_secs_f64() * 1000.0).round() / 10.0;
    json!({
        "bytes": document.len(),
        "seal, ms": millis(whole),
        "seals per second, one core": (1.0 / whole.as_secs_f64()).round(),
        "share, %": {
            "signature": share(signing),
            "time stamp": share(stamping),
            "reading, keys from the vault, laying out, digests": share(again),
            "claim, use and record on the disk": share(whole.saturating_sub(again + signing + stamping)),
        },
        "the same answer again, ms": millis(again),
        "verify, ms": millis(verifying),
    })
}

fn best(mut work: impl FnMut()) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        for _ in 0..TIMES {
            work();
        }
        began.elapsed() / TIMES
    });
    rounds.min().unwrap_or_default()
}

async fn best_of(host: &EmbeddedSeals, key: impl Fn(u32) -> String, document: &[u8]) -> Duration {
    let (mut fastest, mut number) = (Duration::MAX, 0);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..TIMES {
            number += 1;
            let sealed = host.apply(&act(&key(number)), &name("permit"), order(document.to_vec())).await;
            drop(black_box(sealed.expect("a sealed document")));
        }
        fastest = fastest.min(began.elapsed() / TIMES);
    }
    fastest
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e5).round() / 100.0
}
