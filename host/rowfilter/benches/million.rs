//! A million rows in SQLite: the filter's clause beside a decision for each row. Prints one JSON object. Run by
//! `cargo xtask bench`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that can't run must say so and stop"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{sync::Arc, time::Instant};

use serde_json::json;
use sqlx::AnyPool;
use support::{
    clerk, compiled, nobody,
    notes::{CREATE, Note, POLICIES, table},
    now, selected,
};
use zhongtai_authz::ActiveSet;
use zhongtai_rowfilter::{Bind, Dialect, RowFilter, Rows};
use zhongtai_store::{Migration, testing};

const ROWS: i64 = 1_000_000;

/// How many rows are decided one by one; the rest would take as long each.
const SAMPLE: i64 = 20_000;

const MIGRATION: Migration = Migration { owner: "notes", version: 1, sql: CREATE };

/// What nobody sees, whatever [`POLICIES`] say.
const DRAFTS: &str = r#"
@id("drafts")
forbid (principal, action == Action::"note:list", resource) when { resource.title like "草稿*" };
"#;

/// One in 50 is the caller's department's, half of these are within the clerk's clearance.
const FILL: &str = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1) \
                    INSERT INTO notes SELECT printf('n%07d', i), 1 + i % 4, \
                    CASE WHEN i % 7 = 0 THEN '草稿 ' ELSE '文件 ' END || i, \
                    CASE WHEN i / 4 % 50 = 0 THEN '441802-chengguan' ELSE 'd' || (i / 4 % 50) END, i % 11 = 0, \
                    CASE WHEN i % 3 = 0 THEN 'holder' || (i % 1000) END FROM n";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test --benches` only asks whether it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let database = testing::sqlite(&[MIGRATION]).await;
    let pool = database.store.pool();
    sqlx::query(FILL).bind(ROWS).execute(pool).await.unwrap();

    let compiled = Arc::new(compiled(&policies()).unwrap());
    let made = best(20, async || filter(&compiled)).await;
    let among_many = support::compiled(&with_others(1_000)).unwrap();
    let made_of_many = best(3, async || filter(&among_many)).await;
    let filter = filter(&compiled);
    assert_eq!(filter.untranslated(), []);
    let counted = best(5, async || count(pool, &filter).await).await;
    let fetched = best(5, async || selected(pool, "notes", &filter).await.unwrap()).await;
    let plain = best(5, async || count_all(pool).await).await;

    let policies = ActiveSet::new(compiled.clone());
    let (sample, one_by_one) = decide_each(pool, &policies).await;
    let by_clause = selected(pool, "notes", &filter).await.unwrap();
    let by_clause: Vec<&String> = by_clause.iter().filter(|id| id.as_str() < limit().as_str()).collect();
    assert_eq!(sample.iter().collect::<Vec<_>>(), by_clause, "both select the same rows of the sample");

    sqlx::query("CREATE INDEX by_department ON notes (department)").execute(pool).await.unwrap();
    sqlx::query("CREATE INDEX by_holder ON notes (holder)").execute(pool).await.unwrap();
    sqlx::query("ANALYZE").execute(pool).await.unwrap();
    let indexed = best(5, async || selected(pool, "notes", &filter).await.unwrap()).await;

    let scaled = one_by_one * (ROWS / SAMPLE) as f64;
    let figures = json!({
        "rows": ROWS,
        "rows_selected": count(pool, &filter).await,
        "make_filter_ms": round(made),
        "make_filter_of_1000_policies_ms": round(made_of_many),
        "count_all_ms": round(plain),
        "count_ms": round(counted),
        "fetch_ids_ms": round(fetched),
        "fetch_ids_indexed_ms": round(indexed),
        "per_row_sample": SAMPLE,
        "per_row_us": round(one_by_one * 1_000.0 / SAMPLE as f64),
        "per_row_loop_ms_scaled_from_sample": round(scaled),
        "loop_over_fetch": round(scaled / (made + fetched)),
        "loop_over_fetch_indexed": round(scaled / (made + indexed)),
    });
    println!("{figures}");
}

fn filter(compiled: &zhongtai_authz::Compiled) -> RowFilter {
    RowFilter::new(compiled, &clerk(), &Rows::new("note:list"), now(), &table(), Dialect::Sqlite).unwrap()
}

fn policies() -> String {
    [POLICIES, DRAFTS].concat()
}

/// The same policies among others that are for another action.
fn with_others(count: usize) -> String {
    let other = |number| {
        format!(
            "permit (principal, action == Action::\"note:count\", resource is Note) \
             when {{ resource.level == {number} && resource.title == \"t{number}\" }};\n"
        )
    };
    let own = policies();
    (own.matches("@id").count()..count).map(other).chain([own]).collect()
}

/// The shortest of several runs, milliseconds.
async fn best<T>(runs: usize, mut run: impl AsyncFnMut() -> T) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..runs {
        let start = Instant::now();
        std::hint::black_box(run().await);
        best = best.min(start.elapsed().as_secs_f64() * 1_000.0);
    }
    best
}

async fn count(pool: &AnyPool, filter: &RowFilter) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM notes WHERE {}", filter.clause(1));
    let mut query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
    for bind in filter.binds() {
        query = match bind {
            Bind::Text(text) => query.bind(text.clone()),
            Bind::Number(number) => query.bind(*number),
        };
    }
    query.fetch_one(pool).await.unwrap()
}

async fn count_all(pool: &AnyPool) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM notes WHERE title > ''").fetch_one(pool).await.unwrap()
}

/// The first id that is not in the sample.
fn limit() -> String {
    format!("n{SAMPLE:07}")
}

/// Reads the sample and decides about each row of it: which are allowed, and how many milliseconds that took.
async fn decide_each(pool: &AnyPool, policies: &ActiveSet) -> (Vec<String>, f64) {
    let start = Instant::now();
    let sql = "SELECT id, level, title, department, sealed, holder FROM notes WHERE id < $1 ORDER BY id";
    type Columns = (String, i64, String, String, i64, Option<String>);
    let rows: Vec<Columns> = sqlx::query_as(sql).bind(limit()).fetch_all(pool).await.unwrap();
    let caller = clerk();
    let note = |(id, level, title, department, sealed, holder)| Note { id, level, title, department, sealed, holder };
    let allowed = rows.into_iter().map(note).filter(|note| note.is_shown(policies, &caller, "note:list"));
    let ids = allowed.map(|note| note.id).collect();
    let elapsed = start.elapsed().as_secs_f64() * 1_000.0;
    // Another caller sees other rows: the figures are not of policies that say the same to all.
    let other =
        RowFilter::new(policies.compiled(), &nobody(), &Rows::new("note:list"), now(), &table(), Dialect::Sqlite);
    assert_eq!(count(pool, &other.unwrap()).await, 0);
    (ids, elapsed)
}

/// To two decimals.
fn round(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
