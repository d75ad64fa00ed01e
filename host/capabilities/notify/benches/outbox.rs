//! Notifications a second, from `send` through the outbox to a channel that does nothing, on SQLite and, where
//! `ZHONGTAI_TEST_POSTGRES` names a server, on PostgreSQL: beside a bare queue on the same database, that keeps, claims
//! and ends each message with a statement of its own. Prints one JSON object. Run by `cargo xtask bench`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};
use zhongtai_cap_notify::{
    Accepted, Channel, Channels, Delivery, DeliveryError, MIGRATIONS, NotifyProvider, Outbox, OutboxOptions, Outgoing,
    contract::mail,
};
use zhongtai_kernel::{ScenarioId, SystemClock};
use zhongtai_store::{Migration, Store, testing};

/// Messages in a run.
const MESSAGES: usize = 4_000;
/// Requests that send at the same time.
const SENDERS: usize = 8;
/// The best of these: others use the machine too.
const RUNS: usize = 3;

/// What the bare queue is kept in.
const BARE: Migration = Migration {
    owner: "bare",
    version: 1,
    sql: "CREATE TABLE bare (id BIGINT PRIMARY KEY, state TEXT NOT NULL, body BYTEA)",
};

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    println!("{}", runtime.block_on(measure()));
}

async fn measure() -> Value {
    let folder = std::env::var_os("ZHONGTAI_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let dir = tempfile::tempdir_in(folder).expect("a folder");
    let migrations = [MIGRATIONS, &[BARE]].concat();
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("bench.db").display());
    let sqlite = Store::open(&url, &migrations).await.expect("a database");
    let postgres = match std::env::var("ZHONGTAI_TEST_POSTGRES") {
        Ok(_) => figures(&testing::postgres(&migrations).await.store).await,
        Err(_) => json!("not measured: no server"),
    };
    json!({ "SQLite": figures(&sqlite).await, "PostgreSQL": postgres })
}

async fn figures(store: &Store) -> Value {
    let (mut sent, mut delivered, mut through, mut bare) = (0_f64, 0_f64, 0_f64, 0_f64);
    for run in 0..RUNS {
        let (send, deliver) = one_after_the_other(store).await;
        (sent, delivered) = (sent.max(send), delivered.max(deliver));
        through = through.max(together(store).await);
        bare = bare.max(bare_queue(store, run * MESSAGES).await);
    }
    json!({
        "sent a second, 8 at once": sent.round(),
        "delivered a second, of those that wait": delivered.round(),
        "notifications a second, sent and delivered at the same time": through.round(),
        "a bare queue, messages a second": bare.round(),
        "notifications : bare queue": (through / bare * 100.0).round() / 100.0,
    })
}

/// A channel that takes everything and does nothing.
#[derive(Default)]
struct Null(AtomicUsize);

#[async_trait]
impl Channel for Null {
    async fn deliver(&self, _: &Outgoing) -> Result<Accepted, DeliveryError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Accepted::Delivered)
    }
}

fn outbox(store: &Store) -> (Outbox, Arc<Null>) {
    let null = Arc::new(Null::default());
    let channels = Channels { email: Some(null.clone()), ..Channels::default() };
    let options = OutboxOptions::default();
    (Outbox::new(store.clone(), Arc::new(SystemClock), &[7; 32], channels, options), null)
}

async fn send_all(outbox: &Outbox) {
    let scenario: ScenarioId = "441802-chengguan/pothole".parse().expect("a scenario");
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let (outbox, scenario) = (outbox.clone(), scenario.clone());
        senders.spawn(async move {
            for _ in 0..MESSAGES / SENDERS {
                outbox.send(mail(&scenario, None)).await.expect("sent");
            }
        });
    }
    senders.join_all().await;
}

/// Sends everything, then delivers everything.
async fn one_after_the_other(store: &Store) -> (f64, f64) {
    let (outbox, null) = outbox(store);
    let begun = Instant::now();
    send_all(&outbox).await;
    let sent = MESSAGES as f64 / begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    while outbox.deliver_due(64).await.expect("delivered").delivered > 0 {}
    let delivered = MESSAGES as f64 / begun.elapsed().as_secs_f64();
    assert_eq!(null.0.load(Ordering::Relaxed), MESSAGES, "each once");
    (sent, delivered)
}

/// Sends while a host delivers, until the last one is recorded.
async fn together(store: &Store) -> f64 {
    let (outbox, null) = outbox(store);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(outbox.clone().run(stopped));
    let begun = Instant::now();
    send_all(&outbox).await;
    while null.0.load(Ordering::Relaxed) < MESSAGES || !is_recorded(&outbox).await {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let through = MESSAGES as f64 / begun.elapsed().as_secs_f64();
    stop.send(true).expect("it runs");
    running.await.expect("it ends");
    through
}

async fn is_recorded(outbox: &Outbox) -> bool {
    outbox.list(Delivery::Sending, None, None, 1).await.expect("a list").is_empty()
}

/// The least that a durable queue does: keep, claim, end; a statement and a commit each.
async fn bare_queue(store: &Store, from: usize) -> f64 {
    let steps = [
        "INSERT INTO bare (id, state, body) VALUES ($1, 'queued', $2)",
        "UPDATE bare SET state = 'sending' WHERE id = $1 AND state = 'queued'",
        "UPDATE bare SET state = 'delivered', body = NULL WHERE id = $1 AND state = 'sending'",
    ];
    let begun = Instant::now();
    let mut workers = JoinSet::new();
    for worker in 0..SENDERS {
        let store = store.clone();
        workers.spawn(async move {
            for number in 0..MESSAGES / SENDERS {
                let id = i64::try_from(from + worker * (MESSAGES / SENDERS) + number).expect("a number");
                for (at, step) in steps.into_iter().enumerate() {
                    let query = sqlx::query(step).bind(id);
                    let query = if at == 0 { query.bind(vec![0_u8; 300]) } else { query };
                    query.execute(store.pool()).await.expect("done");
                }
            }
        });
    }
    workers.join_all().await;
    MESSAGES as f64 / begun.elapsed().as_secs_f64()
}
