//! What it takes to find a standard address among a million by what people write, how often the right one is found, by
//! kind of mess, and what the index weighs; beside `LIKE` in SQLite on the same addresses. Prints one JSON object. Run by
//! `cargo xtask bench`; `ZHONGTAI_BENCH_ADDRESSES` makes the city smaller, `ZHONGTAI_BENCH_MISSES` shows what was missed.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{collections::BTreeMap, hint::black_box, time::Instant};

use serde_json::{Map, Value, json};
use sqlx::{Connection, SqliteConnection};
use zhongtai_cap_geo::{
    AddressIndex, Level, Match,
    synthetic::{City, Mess, Plan, Spelling},
};

/// Of every kind; 17 kinds.
const EACH: usize = 100;

/// How often each text is looked for; the fastest counts, as others use the machine too.
const ROUNDS: usize = 3;

/// Texts that `LIKE` is tried on: each reads all rows.
const OF_LIKE: usize = 30;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test --benches` only asks whether it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let wanted = std::env::var("ZHONGTAI_BENCH_ADDRESSES").ok().and_then(|number| number.parse().ok());
    let city = City::new(&Plan { addresses: wanted.unwrap_or(Plan::LARGE.addresses), ..Plan::LARGE });
    let spellings = city.spellings(EACH);
    let before = resident();
    let began = Instant::now();
    let index = AddressIndex::build(city.registry_addresses());
    let built = began.elapsed();
    let weighs = resident().saturating_sub(before);

    let mut times = Vec::new();
    let mut kinds: BTreeMap<Mess, Tally> = BTreeMap::new();
    for spelling in &spellings {
        let (found, fastest) = find(&index, &spelling.text);
        times.push(fastest);
        let right = kinds.entry(spelling.mess).or_default().add(&city, spelling, &found, fastest);
        if !right && std::env::var_os("ZHONGTAI_BENCH_MISSES").is_some() {
            show(&city, spelling, &found);
        }
    }
    let meant = spellings.iter().filter(|spelling| spelling.meant.is_some()).count();
    let first: usize = kinds.iter().filter(|(mess, _)| **mess != Mess::Absent).map(|(_, tally)| tally.first).sum();
    let [p50, p99] = [0.5, 0.99].map(|share| quantile(&mut times, share));
    let like = like(&city, &spellings).await;
    let like_ms = like.get("p50, ms").and_then(Value::as_f64).unwrap_or_default();
    println!(
        "{}",
        json!({
            "addresses": index.len(),
            "spellings": spellings.len(),
            "p50, ms": millis(p50),
            "p99, ms": millis(p99),
            "slowest, ms": millis(quantile(&mut times, 1.0)),
            "right first, % of all that exist": percent(first, meant),
            "by kind": kinds.iter().map(|(mess, tally)| (mess.name().to_owned(), tally.report())).collect::<Map<_, _>>(),
            "index built, s": (built.as_secs_f64() * 10.0).round() / 10.0,
            "index, MiB": index.bytes() >> 20,
            "process grew by, MiB": weighs >> 20,
            "LIKE in SQLite": like,
            "times as fast as LIKE": (like_ms / millis(p50)).round(),
        })
    );
}

/// How one kind of mess went.
#[derive(Default)]
struct Tally {
    texts: usize,
    first: usize,
    among_five: usize,
    times: Vec<f64>,
}

// === impl Tally ===

impl Tally {
    /// True when the first one is right.
    fn add(&mut self, city: &City, spelling: &Spelling, found: &[Match], seconds: f64) -> bool {
        let before = self.first;
        self.texts += 1;
        self.times.push(seconds);
        let right = |found: &Match| match spelling.meant {
            Some(number) => found.address.id == City::address_id(number) || says_the_same(city, number, found),
            None => false,
        };
        match spelling.meant {
            Some(_) => {
                self.first += usize::from(found.first().is_some_and(right));
                self.among_five += usize::from(found.iter().any(right));
            }
            // Right is not to claim that the room or the house is there.
            None => {
                let claims =
                    |found: &Match| found.level == Level::Room || found.level == Level::Number && is_house(found);
                self.first += usize::from(!found.first().is_some_and(claims));
                self.among_five += usize::from(!found.iter().any(claims));
            }
        }
        self.first > before
    }

    fn report(&self) -> Value {
        let mut times = self.times.clone();
        json!({
            "right first, %": percent(self.first, self.texts),
            "right among five, %": percent(self.among_five, self.texts),
            "p99, ms": millis(quantile(&mut times, 0.99)),
        })
    }
}

/// Two addresses of the registry may have the same text.
fn says_the_same(city: &City, number: usize, found: &Match) -> bool {
    city.address(number).is_some_and(|address| address.parts.text() == found.address.text())
}

fn show(city: &City, spelling: &Spelling, found: &[Match]) {
    let meant = spelling.meant.and_then(|number| city.address(number)).map(|address| address.parts.text());
    eprintln!("{}: {}\n  meant {}", spelling.mess.name(), spelling.text, meant.unwrap_or_else(|| "nothing".to_owned()));
    for found in found {
        eprintln!("  {:.3} {} {}", found.score, found.level, found.address.text());
    }
}

fn is_house(found: &Match) -> bool {
    found.address.level() == Level::Number
}

fn find(index: &AddressIndex, text: &str) -> (Vec<Match>, f64) {
    let (mut found, mut fastest) = (Vec::new(), f64::INFINITY);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        found = index.find(black_box(text), 5, Level::Room);
        fastest = fastest.min(began.elapsed().as_secs_f64());
    }
    (found, fastest)
}

/// What one would do without an index: `LIKE '%text%'`.
async fn like(city: &City, spellings: &[Spelling]) -> Value {
    let mut database = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql("CREATE TABLE addresses (id TEXT, text TEXT); BEGIN").execute(&mut database).await.unwrap();
    for address in city.every_address() {
        sqlx::query("INSERT INTO addresses VALUES ($1, $2)")
            .bind(City::address_id(address.number))
            .bind(address.parts.text())
            .execute(&mut database)
            .await
            .unwrap();
    }
    sqlx::raw_sql("COMMIT").execute(&mut database).await.unwrap();
    let (mut times, mut right, mut tried) = (Vec::new(), 0, 0);
    let existing = spellings.iter().filter(|spelling| spelling.meant.is_some());
    for spelling in existing.step_by((spellings.len() / OF_LIKE).max(1)) {
        let began = Instant::now();
        let found: Option<String> = sqlx::query_scalar(
            "SELECT id FROM addresses WHERE text LIKE '%' || $1 || '%' ORDER BY length(text) LIMIT 1",
        )
        .bind(&spelling.text)
        .fetch_optional(&mut database)
        .await
        .unwrap();
        times.push(began.elapsed().as_secs_f64());
        right += usize::from(found == spelling.meant.map(City::address_id));
        tried += 1;
    }
    json!({ "texts": tried, "p50, ms": millis(quantile(&mut times, 0.5)), "right first, %": percent(right, tried) })
}

/// Bytes of this process in memory, `statm` of proc(5).
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap() * 4_096
}

fn quantile(times: &mut [f64], share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let at = ((times.len() as f64 * share).ceil() as usize).clamp(1, times.len().max(1)) - 1;
    times.get(at).copied().unwrap_or_default()
}

fn percent(part: usize, whole: usize) -> f64 {
    (part as f64 / whole as f64 * 1_000.0).round() / 10.0
}

fn millis(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}
