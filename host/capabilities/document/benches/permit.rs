//! One permit of two pages from its fields to sealed and time-stamped PDF and OFD, one core, ledger and database included.
//! Prints one JSON object. Run by `cargo xtask bench`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use zhongtai_cap_document::{DocumentTemplate, TemplateFile};
use zhongtai_cap_seal::{
    EmbeddedSeals, MIGRATIONS, SealConfig, SealProvider,
    contract::{act, name, official, order},
};
use zhongtai_kernel::SystemClock;
use zhongtai_store::testing::sqlite;
use zhongtai_typeset::{Config, Order, Typesetter, WorkerCommand};

/// The aim for one permit.
const AIM_MS: f64 = 50.0;
const PERMITS: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let program = env!("CARGO_BIN_EXE_zhongtai-document-worker").into();
    let config = Config { workers: 1, ..Config::default() };
    let typesetter = Typesetter::new(WorkerCommand { program, arguments: Vec::new() }, config);
    typesetter.warm().await.expect("fonts: run `cargo xtask setup`");
    let database = sqlite(MIGRATIONS).await;
    let clock = Arc::new(SystemClock);
    let seals = EmbeddedSeals::new(database.store.clone(), clock, &[7; 32], &SealConfig::default()).expect("seals");
    seals.create(official("permit"), "keeper").await.expect("a seal");

    let mut permit = permit();
    let (mut all, mut generated) = (Vec::with_capacity(PERMITS), Vec::with_capacity(PERMITS));
    let mut bytes = (0, 0);
    for number in 0..PERMITS {
        permit.inputs.insert("number".to_owned(), format!("清城管〔2026〕{number}号").into());
        let began = Instant::now();
        let made = typesetter.typeset(&permit).await.expect("a document");
        generated.push(began.elapsed());
        for (format, document) in [("pdf", made.pdf), ("ofd", made.ofd)] {
            let act = act(&format!("{format}-{number}"));
            let sealed = seals.apply(&act, &name("permit"), order(document)).await.expect("a sealed document");
            match format {
                "pdf" => bytes.0 = sealed.bytes.len(),
                _ => bytes.1 = sealed.bytes.len(),
            }
            black_box(sealed);
        }
        all.push(began.elapsed());
    }
    let (p50, p99) = (quantile(&mut all, 50), quantile(&mut all, 99));
    println!(
        "{}",
        json!({
            "permits": PERMITS,
            "PDF and OFD, bytes": [bytes.0, bytes.1],
            "generated, p50, ms": quantile(&mut generated, 50),
            "generated, sealed twice and stamped, p50, ms": p50,
            "generated, sealed twice and stamped, p99, ms": p99,
            "p99 / aim": (p99 / AIM_MS * 100.0).round() / 100.0,
        })
    );
}

fn permit() -> Order {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("gallery/excavation-permit");
    let file = TemplateFile::of_folder(&folder).expect("a template");
    let template = DocumentTemplate::parse(&serde_json::to_vec(&file).expect("JSON")).expect("a template");
    let (layout, title) = (template.layout().clone(), template.title().to_owned());
    let at = "2026-03-02T02:15:00Z".parse().expect("a time");
    Order { template: layout, inputs: template.sample().clone(), title, at }
}

/// In milliseconds.
fn quantile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let at = times.len().saturating_sub(1) * percent / 100;
    times.get(at).map_or(0.0, |time| (time.as_secs_f64() * 1e4).round() / 10.0)
}
