//! The benches that lie beside the crates they measure. Each prints one JSON object.

use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value};

use crate::run::{cargo, output, step};

/// Crate, bench, and what it is about.
const BENCHES: &[(&str, &str, &str)] = &[
    ("zhongtai-runtime", "sandbox", "in process, one thread, without policy and audit"),
    ("zhongtai-authz", "decide", "a decision that nobody remembers"),
    ("zhongtai-audit", "append", "the audit log"),
    ("zhongtai-rowfilter", "million", "the row filter"),
    ("zhongtai-cap-subject", "sign_in", "signing in"),
    ("zhongtai-analysis", "analyse", "the analysis of one changed permit"),
    ("zhongtai-cap-certificate", "verify", "certificates, SQLite"),
    ("zhongtai-cap-files", "throughput", "files in and out"),
    ("zhongtai-cap-document", "render", "documents from templates, one worker"),
    ("zhongtai-cap-document", "permit", "a permit, from its fields to sealed PDF and OFD"),
    ("zhongtai-cap-seal", "seal", "seals on documents, with the ledger"),
    ("zhongtai-cap-notify", "outbox", "notifications through the outbox, without policy and audit"),
    ("zhongtai-cap-payment", "orders", "payment orders with ledger, policy and audit"),
    ("zhongtai-cap-geo", "geocode", "addresses by what people write, a million of them"),
    ("zhongtai-cap-geo", "grid", "places in their grids"),
    ("zhongtai-cap-geo", "tiles", "vector tiles"),
    ("zhongtai-cap-credit", "checks", "credit checks over a million subjects, without policy and audit"),
];

/// What each bench measured, by what it is about.
pub(super) fn measure(components: &Path) -> anyhow::Result<Map<String, Value>> {
    let mut measured = Map::new();
    for (package, bench, about) in BENCHES {
        step(about);
        measured.insert((*about).to_owned(), one(package, bench, components)?);
    }
    Ok(measured)
}

/// The JSON of one bench.
fn one(package: &str, bench: &str, components: &Path) -> anyhow::Result<Value> {
    let mut command = cargo(&["bench", "--quiet", "--package", package, "--bench", bench]);
    let text = output(command.env("ZHONGTAI_GUESTS", components).env_remove("RUST_BACKTRACE"))?;
    let line = text.lines().find(|line| line.starts_with('{'));
    Ok(serde_json::from_str(line.with_context(|| format!("the bench {bench} of {package} printed no JSON"))?)?)
}

/// A table per bench.
pub(super) fn report(measured: &Map<String, Value>) {
    for (about, figures) in measured {
        println!("\n| {about} | |\n|---|---:|");
        rows("", figures);
    }
}

/// A row for each figure, named by the way to it. What is told of a size stands under that size.
fn rows(way: &str, figures: &Value) {
    match figures {
        Value::Object(fields) => {
            for (name, figure) in fields {
                rows(&format!("{way}{}{name}", if way.is_empty() { "" } else { ": " }), figure);
            }
        }
        Value::Array(sizes) => {
            for size in sizes {
                let number = size.get("policies").map(ToString::to_string).unwrap_or_default();
                rows(&format!("{number} policies"), size);
            }
        }
        figure => println!("| {way} | {figure} |"),
    }
}
