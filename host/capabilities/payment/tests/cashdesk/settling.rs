//! The ledger with the real desk: whatever dies in between, money settles once.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use zhongtai_cap_payment::{
    CodeLayout, Gateway, Headers, NoticeNumber, OrderRecord, OrderStanding, PaymentConfig, Payments, Standing, Treasury,
};
use zhongtai_kernel::{ManualClock, Timestamp};
use zhongtai_runtime::Services;

use crate::{
    desk::Real,
    support::{KEY, Office, bank::Bank},
};

/// An office whose one channel is the desk. The first office holds the database.
struct Counter {
    real: Arc<Real>,
    office: Office,
    _database: Office,
}

// === impl Counter ===

impl Counter {
    async fn open() -> Self {
        let database = Office::sqlite().await;
        let clock = Arc::new(ManualClock::at(Timestamp::now()));
        let url = database.url.clone().expect("a database of its own");
        let mut office = Office::started_again(&url, clock.clone(), Bank::new("cashdesk", clock)).await;
        let real = Arc::new(Real::start().await);
        let services = Services::new(office.authz.clone(), office.log.clone(), office.clock.clone());
        let treasury = Treasury::new(office.store.clone(), office.clock.clone(), KEY, CodeLayout::default(), 15);
        let people = (office.others.clone() as _, office.others.clone() as _);
        let channel: Arc<dyn Gateway> = Arc::new(real.another_channel());
        office.payments = Payments::new(treasury, vec![channel], people, Arc::new(services), PaymentConfig::default());
        Self { real, office, _database: database }
    }

    /// A notice over 240 yuan, and its order with a code.
    async fn begun(&self, id: &str) -> (NoticeNumber, OrderRecord, String) {
        let notice = self.office.notice(id).await;
        let order = self.office.begin(&notice.number, "cashdesk", id).await.unwrap();
        let qr = order.qr.clone().expect("a code");
        (notice.number, order, qr)
    }

    async fn told(&self, headers: &Headers, body: &[u8]) -> u16 {
        self.office.payments.on_callback("cashdesk", headers, body).await.expect("a channel").status
    }

    async fn standing(&self, number: &NoticeNumber) -> Standing {
        self.office.find(number).await.standing
    }

    /// The worker, a minute later.
    async fn work(&self) {
        self.office.clock.advance(Duration::from_secs(60));
        self.office.payments.work().await.unwrap();
    }

    /// So many notices of 240 yuan were paid, each once.
    async fn settled(&self, notices: i64) {
        let events = self.office.events().await;
        assert_eq!(events, vec!["payment.settled"; usize::try_from(notices).unwrap()]);
        let books = self.office.books().await;
        assert_eq!(books.balances["clearing:cashdesk"], 24_000 * notices);
        assert_eq!(books.balances["receivable:441802-chengguan"], 0);
    }
}

#[tokio::test]
async fn a_desk_that_is_killed_between_payment_and_callback_settles_once_by_the_callback() {
    let counter = Counter::open().await;
    counter.real.faults(r#"{ "hold": true }"#).await;
    let (number, order, qr) = counter.begun("a").await;
    counter.real.press(&qr, "pay").await;
    counter.real.process.kill();
    counter.work().await;
    assert_eq!(counter.standing(&number).await, Standing::Due, "nobody answers: nothing is guessed");
    counter.real.process.start_again();
    let (headers, body) = counter.real.receiver.next().await;
    assert_eq!(counter.told(&headers, &body).await, 200);
    assert_eq!(counter.standing(&number).await, Standing::Paid);
    assert_eq!(counter.told(&headers, &body).await, 401, "the same bytes again are a recording");
    counter.work().await;
    assert_eq!(counter.office.order(&order).await.standing, OrderStanding::Paid);
    counter.settled(1).await;
}

#[tokio::test]
async fn a_desk_that_is_killed_between_payment_and_callback_settles_once_by_asking() {
    let counter = Counter::open().await;
    counter.real.faults(r#"{ "hold": true }"#).await;
    let (number, _, qr) = counter.begun("a").await;
    counter.real.press(&qr, "pay").await;
    counter.real.process.kill();
    counter.real.process.start_again();
    for _ in 0..30 {
        if counter.standing(&number).await == Standing::Paid {
            break;
        }
        counter.work().await;
    }
    counter.settled(1).await;
    // The callback comes late.
    let (headers, body) = counter.real.receiver.next().await;
    assert_eq!(counter.told(&headers, &body).await, 200);
    counter.settled(1).await;
}

#[tokio::test]
async fn callbacks_that_come_twice_and_in_another_order_settle_once() {
    let counter = Counter::open().await;
    counter.real.faults(r#"{ "hold": true }"#).await;
    for id in ["a", "b"] {
        let (_, _, qr) = counter.begun(id).await;
        counter.real.press(&qr, "pay").await;
    }
    counter.real.faults(r#"{ "duplicate": 2, "reorder": true }"#).await;
    for _ in 0..6 {
        let (headers, body) = counter.real.receiver.next().await;
        assert_eq!(counter.told(&headers, &body).await, 200);
    }
    counter.settled(2).await;
}

#[tokio::test]
async fn a_bad_callback_settles_nothing_and_the_true_one_does() {
    for forge in ["signature", "body", "amount", "stale"] {
        let counter = Counter::open().await;
        counter.real.faults(&format!("{{ \"forge\": \"{forge}\" }}")).await;
        let (number, _, qr) = counter.begun("a").await;
        counter.real.press(&qr, "pay").await;
        let (headers, body) = counter.real.receiver.next().await;
        counter.told(&headers, &body).await;
        assert_eq!(counter.standing(&number).await, Standing::Due, "{forge}");
        assert!(counter.office.events().await.is_empty(), "{forge}");
        let (headers, body) = counter.real.receiver.next().await;
        assert_eq!(counter.told(&headers, &body).await, 200, "{forge}");
        assert_eq!(counter.standing(&number).await, Standing::Paid, "{forge}");
        counter.settled(1).await;
        assert_eq!(counter.office.tickets().await.len(), usize::from(forge == "amount"), "{forge}");
    }
}

/// 200 kills at moments that chance chooses: while an order is made, paid, told.
#[tokio::test]
async fn two_hundred_kills_of_the_desk_leave_books_that_balance_and_orders_that_are_paid_once() {
    let counter = Counter::open().await;
    let (mut orders, mut settled) = (Vec::new(), BTreeSet::new());
    for round in 0..200_u64 {
        let (number, order, qr) = counter.begun(&round.to_string()).await;
        let (payer, code) = (counter.real.clone(), qr.clone());
        let paying = tokio::spawn(async move { payer.try_to_pay(&code).await });
        let mut chance = [0; 1];
        getrandom::fill(&mut chance).unwrap();
        // Up to 13 ms: paying takes about half of that.
        tokio::time::sleep(Duration::from_micros(u64::from(chance[0]) * 50)).await;
        counter.real.process.kill();
        paying.await.unwrap();
        counter.real.process.start_again();
        counter.real.press(&qr, "pay").await;
        orders.push((number, order));
    }
    while settled.len() < orders.len() {
        let (headers, body) = counter.real.receiver.next().await;
        // One that was recorded may be a duplicate of a killed attempt: the ledger knows it.
        assert_eq!(counter.told(&headers, &body).await, 200);
        for (number, _) in &orders {
            if !settled.contains(&number.to_string()) && counter.standing(number).await == Standing::Paid {
                settled.insert(number.to_string());
            }
        }
    }
    counter.work().await;
    for (_, order) in &orders {
        assert_eq!(counter.office.order(order).await.standing, OrderStanding::Paid);
    }
    counter.settled(200).await;
}
