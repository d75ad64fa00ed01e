//! How many documents of the gallery a second one worker makes, as PDF/A and OFD, and where the time goes. Prints one
//! JSON object. Run by `cargo xtask bench`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use zhongtai_cap_document::{DocumentTemplate, TemplateFile};
use zhongtai_typeset::{Config, Order, Took, Typesetter, WorkerCommand};

/// The best of so many rounds counts, as others use the machine too.
const ROUNDS: usize = 5;
const DOCUMENTS: u32 = 20;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let started = Instant::now();
    let typesetter = typesetter();
    runtime.block_on(typesetter.warm()).expect("fonts: run `cargo xtask setup`");
    let start = started.elapsed();
    let permit = runtime.block_on(measure(&typesetter, "excavation-permit"));
    let licence = runtime.block_on(measure(&typesetter, "business-licence"));
    let start = millis(start);
    println!("{}", json!({ "permit of two pages": permit, "business licence": licence, "start a worker, ms": start }));
}

fn typesetter() -> Arc<Typesetter> {
    let program = env!("CARGO_BIN_EXE_zhongtai-document-worker").into();
    Typesetter::new(WorkerCommand { program, arguments: Vec::new() }, Config { workers: 1, ..Config::default() })
}

/// One document after the other, each with another number, so that nothing of the last one can be used again.
async fn measure(typesetter: &Typesetter, name: &str) -> Value {
    let mut order = order(name);
    let mut best: Option<(Duration, Took)> = None;
    for round in 0..ROUNDS {
        let (started, mut took) = (Instant::now(), Took::default());
        for number in 0..DOCUMENTS {
            order.inputs.insert("number".to_owned(), format!("清城管〔2026〕{round}-{number}号").into());
            let made = typesetter.typeset(&order).await.expect("a document");
            took.layout_us += made.facts.took.layout_us;
            took.pdf_us += made.facts.took.pdf_us;
            took.ofd_us += made.facts.took.ofd_us;
        }
        let all = started.elapsed();
        if best.is_none_or(|(best, _)| all < best) {
            best = Some((all, took));
        }
    }
    let (all, took) = best.unwrap_or_default();
    let each = all / DOCUMENTS;
    let percent = |us: u64| (us as f64 / all.as_micros() as f64 * 100.0).round();
    let rest = (all.as_micros() as u64).saturating_sub(took.layout_us + took.pdf_us + took.ofd_us);
    json!({
        "documents a second, one worker": (1.0 / each.as_secs_f64() * 10.0).round() / 10.0,
        "each, ms": millis(each),
        "layout, %": percent(took.layout_us),
        "PDF/A, %": percent(took.pdf_us),
        "OFD, %": percent(took.ofd_us),
        "everything else, %": percent(rest),
    })
}

fn order(name: &str) -> Order {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("gallery").join(name);
    let file = TemplateFile::of_folder(&folder).expect("a template");
    let template = DocumentTemplate::parse(&serde_json::to_vec(&file).expect("JSON")).expect("a template");
    let (layout, title) = (template.layout().clone(), template.title().to_owned());
    let at = "2026-03-02T02:15:00Z".parse().expect("a time");
    Order { template: layout, inputs: template.sample().clone(), title, at }
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}
