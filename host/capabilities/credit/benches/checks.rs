//! Checks per second over a million subjects, in process, without policy and audit: prints one JSON object. Run with
//! `cargo bench -p zhongtai-cap-credit`; `ZHONGTAI_BENCH_SUBJECTS` takes another number of them.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{
    collections::HashMap,
    fmt::Write as _,
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use zhongtai_cap_credit::{
    CreditConfig, CreditProvider, CreditSubject, EmbeddedCredit, Format, ImportOptions, Known, MIGRATIONS, Spool,
    Standing, Table,
};
use zhongtai_kernel::SystemClock;
use zhongtai_store::Store;

/// Who is asked about again and again.
const HOT: u32 = 1_000;
/// How long each figure is measured.
const SPAN: Duration = Duration::from_secs(3);
/// Questions at once where the database answers.
const AT_ONCE: u32 = 8;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let subjects =
        std::env::var("ZHONGTAI_BENCH_SUBJECTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let folder = std::env::var_os("ZHONGTAI_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let dir = tempfile::tempdir_in(folder).expect("a folder");
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("bench.db").display());
    let store = Store::open(&url, MIGRATIONS).await.expect("a store");
    let config = CreditConfig::default();
    let credit = Arc::new(EmbeddedCredit::new(store.clone(), Arc::new(SystemClock), &[7; 32], config));
    let (rows, imported) = import(&credit, dir.path(), subjects).await;
    let rules = Arc::new(Table::parse(Table::BUILT_IN).expect("rules").0);

    let hot: Vec<CreditSubject> = (0..HOT).map(enterprise).collect();
    let plain = plain(&credit, &hot).await;
    let bare = per_second(|n| {
        black_box(hot.get((n % HOT) as usize).and_then(|whom| plain.get(whom)));
    });
    let at_hand = at_hand(&credit, &rules, &hot).await;
    let spread = spread(&credit, &rules, subjects).await;
    let lookups = lookups(&store, subjects).await;
    println!(
        "{{\"subjects\": {subjects}, \"imported, rows/s\": {imported:.0}, \"rows\": {rows}, \
         \"checks at hand, /s\": {at_hand:.0}, \"a map's lookups alone, /s\": {bare:.0}, \
         \"at hand / map\": {:.3}, \"checks over all subjects, /s\": {spread:.0}, \
         \"SQLite lookups by key alone, /s\": {lookups:.0}, \"checks / lookups\": {:.2}}}",
        at_hand / bare,
        spread / lookups,
    );
}

/// Every fourth subject has a penalty, every hundredth is on a blacklist, the others have a licence.
async fn import(credit: &EmbeddedCredit, folder: &std::path::Path, subjects: u32) -> (u64, f64) {
    let mut spool = Spool::new(folder, 4_096).expect("a spool");
    spool.write(b"id,code,category,source,since,detail\n").expect("a header");
    let mut text = String::new();
    for n in 0..subjects {
        let category = match n {
            n if n % 100 == 0 => "black-list",
            n if n % 4 == 0 => "penalty",
            _ => "licence",
        };
        writeln!(text, "{n},{},{category},城市管理局,2026-01-01,占道施工未恢复", code(n)).expect("a row");
        if text.len() > 1 << 20 {
            spool.write(text.as_bytes()).expect("a part");
            text.clear();
        }
    }
    spool.write(text.as_bytes()).expect("the last part");
    let options =
        ImportOptions { format: Format::Csv, encoding: None, skip_bad: false, again: false, department: None };
    let begun = Instant::now();
    let report = credit.import(spool, options, "bench").await.expect("an import");
    (report.accepted, report.accepted as f64 / begun.elapsed().as_secs_f64())
}

/// The same records in a map of the standard library: what no provider can beat.
async fn plain(credit: &EmbeddedCredit, hot: &[CreditSubject]) -> HashMap<CreditSubject, Known> {
    let mut map = HashMap::new();
    for whom in hot {
        map.insert(whom.clone(), credit.records(whom).await.expect("records"));
    }
    map
}

/// Those that are asked about all the time: read once a second, answered from memory, judged each time.
async fn at_hand(credit: &EmbeddedCredit, rules: &Table, hot: &[CreditSubject]) -> f64 {
    let day = credit.today();
    let (mut done, begun) = (0_u32, Instant::now());
    while begun.elapsed() < SPAN {
        for whom in hot {
            let known = match credit.at_hand(whom) {
                Some(known) => known,
                None => credit.records(whom).await.expect("records"),
            };
            black_box(rules.judge(&known.records, "bench", day).standing);
            done += 1;
        }
    }
    f64::from(done) / begun.elapsed().as_secs_f64()
}

/// Everybody in no order: hardly anybody is in memory.
async fn spread(credit: &Arc<EmbeddedCredit>, rules: &Arc<Table>, subjects: u32) -> f64 {
    let day = credit.today();
    let ask = |task: u32| {
        let (credit, rules) = (credit.clone(), rules.clone());
        tokio::spawn(async move {
            let (mut done, mut barred, begun) = (0_u32, 0_u32, Instant::now());
            while begun.elapsed() < SPAN {
                let whom = enterprise(scattered(done * AT_ONCE + task, subjects));
                let known = credit.records(&whom).await.expect("records");
                barred += u32::from(rules.judge(&known.records, "bench", day).standing == Standing::Barred);
                done += 1;
            }
            black_box(barred);
            f64::from(done) / begun.elapsed().as_secs_f64()
        })
    };
    let mut rate = 0.0;
    for task in (0..AT_ONCE).map(ask).collect::<Vec<_>>() {
        rate += task.await.expect("a task");
    }
    rate
}

/// The same number of rows of the same table by their keys, and nothing else.
async fn lookups(store: &Store, subjects: u32) -> f64 {
    let ask = |task: u32| {
        let store = store.clone();
        tokio::spawn(async move {
            let (mut done, begun) = (0_u32, Instant::now());
            while begun.elapsed() < SPAN {
                let id = scattered(done * AT_ONCE + task, subjects).to_string();
                let sql = "SELECT category FROM credit_entries WHERE source = '城市管理局' AND source_id = $1";
                let found: String = sqlx::query_scalar(sql).bind(id).fetch_one(store.pool()).await.expect("a row");
                black_box(found);
                done += 1;
            }
            f64::from(done) / begun.elapsed().as_secs_f64()
        })
    };
    let mut rate = 0.0;
    for task in (0..AT_ONCE).map(ask).collect::<Vec<_>>() {
        rate += task.await.expect("a task");
    }
    rate
}

fn per_second(mut work: impl FnMut(u32)) -> f64 {
    let (mut done, begun) = (0_u32, Instant::now());
    while begun.elapsed() < SPAN {
        for _ in 0..1_000 {
            work(done);
            done = done.wrapping_add(1);
        }
    }
    f64::from(done) / begun.elapsed().as_secs_f64()
}

/// Far from the one before: a large prime apart.
fn scattered(n: u32, subjects: u32) -> u32 {
    (u64::from(n) * 7_368_787 % u64::from(subjects)) as u32
}

fn enterprise(n: u32) -> CreditSubject {
    CreditSubject::Enterprise(code(n).parse().expect("a valid code"))
}

/// The n-th valid credit code (GB 32100-2015).
fn code(n: u32) -> String {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let body = format!("91441802{n:09}");
    let value = |byte: u8| ALPHABET.iter().position(|letter| *letter == byte).unwrap_or_default();
    let weighted = body.bytes().fold((0, 1), |(sum, weight), byte| (sum + value(byte) * weight, weight * 3 % 31));
    let check = ALPHABET.get((31 - weighted.0 % 31) % 31).copied().unwrap_or(b'0');
    format!("{body}{}", char::from(check))
}
