//! A host that is killed at any moment, and a bank that goes on. The host is this program, started again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that can't go on must stop; what is started says that it is ready"
)]

mod support;

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use support::{
    OWNER, Office,
    bank::{Bank, signed},
    key,
    remote::{RemoteBank, serve},
};
use zhongtai_cap_payment::{OrderStanding, RefundStanding, Standing};
use zhongtai_kernel::{ManualClock, SystemClock, Timestamp};

/// Kills of the host on each database: 200 in all. `tests/cashdesk` kills the cash desk.
const KILLS: u64 = 100;
const WHERE: &str = "ZHONGTAI_TEST_PAYMENTS";

/// Makes notices, has them paid, closes them, gives money back; one after the other and without end, until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other test starts it"]
async fn host() {
    let Ok(told) = env::var(WHERE) else { return };
    let [url, bank, round] = told.split('|').collect::<Vec<_>>().try_into().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::now()));
    let office = Office::started_again(url, clock.clone(), Arc::new(RemoteBank(bank.to_owned()))).await;
    println!("\nready");
    for count in 0.. {
        let id = format!("{round}-{count}");
        clock.advance(Duration::from_secs(20));
        one(&office, &id, count).await;
        let _ = office.payments.work().await;
    }
}

/// Whatever fails here goes on when the host is back.
async fn one(office: &Office, id: &str, count: u64) {
    let notice = office.notice(id).await;
    let Ok(order) = office.begin(&notice.number, "cashdesk", id).await else { return };
    let bank = office.remote.as_ref().unwrap();
    if count % 5 == 4 {
        let _ = office.payments.close(&mut office.plugin(OWNER), &notice.number, key(&format!("c{id}"))).await;
    }
    let Some(told) = bank.pay(&order.id.to_string()) else { return };
    if count % 3 != 2 {
        office.payments.on_callback("cashdesk", &signed(), &told).await.unwrap();
    }
    if count % 4 == 1 {
        let what = (5_000, "核减".to_owned(), key(&format!("r{id}")));
        if let Ok(refund) = office.payments.request_refund(&mut office.window(), &notice.number, what).await {
            let _ = office.payments.decide_refund(&mut office.cashier(), refund.id, true).await;
        }
    }
}

fn start(url: &str, bank: &str, round: u64) -> Child {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "host", "--nocapture"])
        .env(WHERE, format!("{url}|{bank}|{round}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "ready"), "the host does not start");
    child
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_killed_at_any_moment_leaves_books_that_balance_and_orders_that_end() {
    for office in Office::both().await {
        let bank = Bank::new("cashdesk", Arc::new(SystemClock));
        let address = serve(bank.clone());
        let url = office.url.clone().unwrap();
        for round in 0..KILLS {
            bank.takes_late_money.store(round % 2 == 0, Ordering::SeqCst);
            let mut child = start(&url, &address, round);
            // Chosen by the round, so that a failure can be looked at again: from at once to half a second.
            std::thread::sleep(Duration::from_millis(round * 137 % 500));
            child.kill().unwrap();
            child.wait().unwrap();
            office.books().await;
        }
        let clock = Arc::new(ManualClock::at(Timestamp::now()));
        let host = Office::started_again(&url, clock.clone(), bank.clone()).await;
        host.work().await;
        let today = Timestamp::now().to_zoned(jiff::tz::offset(8).to_time_zone()).date();
        for day in [today.yesterday().unwrap(), today] {
            host.payments.reconcile(day).await.unwrap();
        }
        clock.advance(Duration::from_secs(20 * 24 * 3_600));
        host.work().await;
        check(&host, &bank).await;
    }
}

/// Every fen is known, every order and refund has ended.
async fn check(host: &Office, bank: &Bank) {
    assert_eq!(host.balance("clearing:cashdesk").await, bank.holds());
    let treasury = host.payments.treasury();
    let taken = bank.taken();
    let orders: Vec<String> =
        sqlx::query_scalar("SELECT id FROM payment_orders").fetch_all(host.store.pool()).await.unwrap();
    assert!(orders.len() > 20, "the hosts did something before they were killed: {} orders", orders.len());
    for id in &orders {
        let order = treasury.order(id.parse().unwrap()).await.unwrap().unwrap();
        assert!(!order.standing.is_live(), "{order:?}");
        let came = matches!(order.standing, OrderStanding::Paid | OrderStanding::Late);
        assert_eq!(came, taken.contains_key(id), "{order:?}");
        let notice = treasury.find(&order.notice).await.unwrap().unwrap();
        assert_ne!(notice.standing, Standing::Due);
        for refund in treasury.refunds(&order.notice).await.unwrap() {
            assert!(!matches!(refund.standing, RefundStanding::Sending | RefundStanding::Failed), "{refund:?}");
        }
    }
    assert!(taken.keys().all(|id| orders.contains(id)), "no order is asked of the bank before it is on disk");
}
