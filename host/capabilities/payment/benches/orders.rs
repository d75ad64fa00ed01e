//! Payment orders per second with ledger, policy and audit log: a notice, its order at a gateway that answers at once,
//! and the callback that settles it, each decision on record and on disk. Beside it the same transactions with as many
//! plain rows. Prints one JSON object. Run by `cargo xtask bench`; PostgreSQL where `ZHONGTAI_TEST_POSTGRES` names one.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};
use support::{OWNER, bank::Bank, items, key, line, migrations, request, shipped_policies};
use zhongtai_audit::{AuditKeys, AuditLog, Options};
use zhongtai_cap_payment::{CodeLayout, PaymentConfig, Payments, Treasury};
use zhongtai_kernel::{
    AccountId, Assurance, Caller, Channel, Clock, Digest, Recorder, Release, RequestId, Subject, SubjectKind,
    SystemClock,
};
use zhongtai_runtime::{Asker, Services};
use zhongtai_store::{Migration, Store, testing};

/// How long each figure is measured.
const SPAN: Duration = Duration::from_secs(3);
/// People who pay at once.
const AT_ONCE: usize = 8;
/// Rows that one order writes: notice, order, keys, event, two entries with their postings.
const ROWS: usize = 11;

const PLAIN: Migration = Migration {
    owner: "plain",
    version: 1,
    sql: "CREATE TABLE plain (id TEXT PRIMARY KEY, a TEXT NOT NULL, b BIGINT NOT NULL)",
};

#[tokio::main(worker_threads = 2)]
async fn main() {
    let all = [migrations(), vec![PLAIN]].concat();
    let mut figures = Map::new();
    figures.insert("SQLite".to_owned(), measure(&testing::sqlite(&all).await.store).await);
    if std::env::var_os("ZHONGTAI_TEST_POSTGRES").is_some() {
        figures.insert("PostgreSQL".to_owned(), measure(&testing::postgres(&all).await.store).await);
    }
    println!("{}", json!({ "payment orders": figures }));
}

async fn measure(store: &Store) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let counter = Arc::new(Counter::open(store, folder.path()).await);
    let orders = per_second(|who, number| {
        let counter = counter.clone();
        async move { counter.pay(&format!("{who}-{number}")).await }
    })
    .await;
    let plain = per_second(|who, number| {
        let store = store.clone();
        async move { insert(&store, &format!("{who}-{number}")).await }
    })
    .await;
    let books = counter.payments.books().await.expect("books");
    assert!(books.balance(), "{:?}", books.wrong);
    json!({
        "orders, notice to settlement, /s": orders.round(),
        "the same transactions with plain rows, /s": plain.round(),
        "orders / plain": (orders / plain * 100.0).round() / 100.0,
        "entries in the books": books.entries,
    })
}

/// Finished per second by all who do it at once.
async fn per_second<F: Future<Output = ()> + Send + 'static>(
    act: impl Fn(usize, u64) -> F + Clone + Send + Sync,
) -> f64 {
    let begun = Instant::now();
    let mut done = 0_u64;
    let tasks = (0..AT_ONCE).map(|who| {
        let act = act.clone();
        async move {
            let mut number = 0;
            while begun.elapsed() < SPAN {
                tokio::spawn(act(who, number)).await.expect("a task");
                number += 1;
            }
            number
        }
    });
    for number in join(tasks.collect()).await {
        done += number;
    }
    done as f64 / begun.elapsed().as_secs_f64()
}

/// All of them at once.
async fn join<T>(tasks: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut tasks: Vec<_> = tasks.into_iter().map(|task| (Box::pin(task), None)).collect();
    std::future::poll_fn(|context| {
        let mut is_pending = false;
        for (task, answer) in &mut tasks {
            if answer.is_none() {
                match task.as_mut().poll(context) {
                    std::task::Poll::Ready(done) => *answer = Some(done),
                    std::task::Poll::Pending => is_pending = true,
                }
            }
        }
        if is_pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    tasks.into_iter().filter_map(|(_, answer)| answer).collect()
}

struct Counter {
    payments: Payments,
    bank: Arc<Bank>,
    services: Arc<Services>,
    release: Arc<Release>,
    wang: AccountId,
}

impl Counter {
    async fn open(store: &Store, folder: &std::path::Path) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let keys = AuditKeys::derive("zhongtai.audit/bench", &[7; 32]).expect("keys");
        let audit = AuditLog::open(folder, keys, Options::default()).expect("an audit log");
        let recorder: Arc<dyn Recorder> = Arc::new(audit);
        let services = Arc::new(Services::new(shipped_policies(), recorder, clock.clone()));
        let bank = Bank::new("cashdesk", clock.clone());
        let others = support::Others::new();
        let treasury = Treasury::new(store.clone(), clock, support::KEY, CodeLayout::default(), 15);
        let people = (others.clone() as _, others.clone() as _);
        let payments = Payments::new(treasury, vec![bank.clone()], people, services.clone(), PaymentConfig::default());
        for item in items() {
            payments.put_item(&item).await.expect("an item");
        }
        let manifest = format!(
            "[plugin]\nname = \"excavation\"\nversion = \"1\"\ndepartment = \"{OWNER}\"\ntitle = \"t\"\n\
             access = \"public\"\n"
        );
        let release = Arc::new(Release::parse(Digest::of(b"bench"), &manifest).expect("a release"));
        Self { payments, bank, services, release, wang: others.wang }
    }

    fn asker(&self) -> Asker {
        let (kind, assurance) = (SubjectKind::NaturalPerson, Assurance::Substantial);
        let (account, roles) = (self.wang, Vec::new());
        let wang = Subject { account, kind, assurance, department: None, roles, clearance: 1, agent: None };
        let caller = Caller::new(self.release.clone(), Some(Arc::new(wang)), Channel::Web);
        Asker::new(RequestId::generate(), Arc::new(caller), self.services.clone())
    }

    /// From the notice to the settlement.
    async fn pay(&self, id: &str) {
        let asked = request(self.wang, vec![line("road-dig", 12, None)]);
        let notice = self.payments.notice(&mut self.asker(), key(id), asked).await.expect("a notice");
        let order = self.payments.pay(&mut self.asker(), &notice.number, ("cashdesk", key(id))).await;
        let told = self.bank.pay(&order.expect("an order").id.to_string()).expect("a payment");
        let answer = self.payments.on_callback("cashdesk", &support::bank::signed(), &told.body()).await;
        assert_eq!(answer.expect("an answer").status, 200);
    }
}

/// Three transactions with the rows of an order between them.
async fn insert(store: &Store, id: &str) {
    for part in 0..3 {
        let mut write = store.begin_write().await.expect("a transaction");
        for row in (part..ROWS).step_by(3) {
            sqlx::query("INSERT INTO plain (id, a, b) VALUES ($1, $2, $3)")
                .bind(format!("{id}-{row}"))
                .bind("缴款识别码 441802300126112700000179")
                .bind(24_000_i64)
                .execute(&mut *write)
                .await
                .expect("a row");
        }
        write.commit().await.expect("a commit");
    }
}
