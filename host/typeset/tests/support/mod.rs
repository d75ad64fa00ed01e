//! A typesetter with the worker of this crate, and templates to try.
#![allow(clippy::unwrap_used, reason = "a broken fixture must stop the test")]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{path::PathBuf, sync::Arc};

use serde_json::{Value, json};
use tempfile::TempDir;
use zhongtai_typeset::{Config, Fault, Order, Template, Typeset, TypesetError, Typesetter, WorkerCommand};

/// A permit with what such papers have: headings, a table, Chinese and Latin text, a seal's place over the date line.
pub const PERMIT: &str = r#"
#let data = sys.inputs
#set page(paper: "a4", margin: 30mm)
#set text(lang: "zh", region: "cn", size: 12pt)
#align(center, text(size: 22pt, weight: "bold")[占道挖掘许可证])
编号：#data.number

#table(columns: (30mm, 1fr), stroke: 0.6pt,
  [被许可人], data.applicant,
  [面积], [#data.area_m2 平方米],
)
#place(bottom + right, dx: 0mm, dy: -20mm, [#box(width: 42mm, height: 42mm) <seal>])
#place(bottom + right, dx: -8mm, dy: -34mm)[#datetime.today().display("[year]年[month padding:none]月[day padding:none]日")]
#pagebreak()
#text(font: "Noto Sans CJK SC")[附件：许可条件。施工现场应当设置“明显标志”；竣工后及时清理现场。]
"#;

pub fn worker() -> WorkerCommand {
    WorkerCommand { program: env!("CARGO_BIN_EXE_zhongtai-typeset-worker").into(), arguments: Vec::new() }
}

/// What is slow on a busy machine must not fail here: only tests of the deadline set a short one.
pub fn config() -> Config {
    Config { deadline_ms: 60_000, queue_ms: 60_000, ..Config::default() }
}

pub fn typesetter() -> Arc<Typesetter> {
    Typesetter::new(worker(), config())
}

pub fn inputs() -> Value {
    json!({ "number": "清城管〔2026〕12号", "applicant": "清远市清城区水务工程有限公司", "area_m2": 186.5 })
}

pub fn order(template: Template, inputs: Value) -> Order {
    let Value::Object(inputs) = inputs else { unreachable!("a test gives an object") };
    Order { template, inputs, title: "占道挖掘许可证".to_owned(), at: "2026-03-01T18:30:00Z".parse().unwrap() }
}

pub fn text(text: &str) -> Order {
    order(Template::of_text(text).unwrap(), inputs())
}

pub async fn made(order: &Order) -> Typeset {
    typesetter().typeset(order).await.unwrap()
}

/// What is wrong with a template of that text.
pub async fn faults(template: &str) -> Vec<Fault> {
    match typesetter().typeset(&text(template)).await {
        Err(TypesetError::Template(faults)) => faults,
        other => unreachable!("no faults but {other:?}"),
    }
}

pub fn saved(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}
