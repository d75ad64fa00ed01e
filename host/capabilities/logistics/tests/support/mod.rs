//! What every test here begins with.
#![allow(clippy::unwrap_used, reason = "a broken fixture must stop the test")]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use async_trait::async_trait;
use http::HeaderMap;
use parking_lot::Mutex;
use zhongtai_cap_logistics::{
    Answer, Book, Callback, CallbackError, Carrier, CarrierError, CarrierEvent, CarrierNumber, Carriers, Consignment,
    CourierDesk, Destination, Dispatcher, LogisticsError, MIGRATIONS, NewShipment, Order, Schedule, ShipmentKey, State,
    TakenBack, Waybill, contract::address,
};
use zhongtai_kernel::{AccountId, Clock, ManualClock, Timestamp};
use zhongtai_store::{Migration, testing::TestDatabase};

pub const KEY: [u8; 32] = [7; 32];

pub fn migrations() -> Vec<Migration> {
    [MIGRATIONS, zhongtai_events::MIGRATIONS].concat()
}

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-01-05T02:00:00Z".parse().unwrap()))
}

/// The book as one host sees it; another call is another host.
pub fn book(database: &TestDatabase, clock: &Arc<ManualClock>) -> Book {
    Book::new(database.store.clone(), clock.clone(), KEY, Schedule::default())
}

pub fn key(text: &str) -> ShipmentKey {
    text.to_owned().try_into().unwrap()
}

/// A shipment to somebody who is still to say where.
pub fn new(key: &str, carrier: &str) -> NewShipment {
    NewShipment {
        scenario: "441802-chengguan/excavation".parse().unwrap(),
        key: self::key(key),
        case: "WJ-1".to_owned(),
        recipient: AccountId::from_bytes([7; 16]),
        destination: Destination::Asked,
        what: "占道挖掘许可证".to_owned(),
        carrier: carrier.to_owned(),
        purpose: "deliver-result".to_owned(),
    }
}

/// A shipment with an address.
pub async fn shipped(book: &Book, key: &str, carrier: &str) -> Waybill {
    let waybill = book.ship(&new(key, carrier)).await.unwrap();
    book.give_address(waybill, &address("凤城街道桥北路1号2栋301")).await.unwrap();
    waybill
}

pub fn event(id: &str, state: State, at: Timestamp) -> CarrierEvent {
    let signer = (state == State::Signed).then(|| "王小明".to_owned());
    CarrierEvent { id: id.to_owned(), state, at, place: Some("清城营业部".to_owned()), signer }
}

pub async fn count(database: &TestDatabase, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(database.store.pool()).await.unwrap()
}

/// A carrier that answers as told and counts what it is asked: for what a host does, not for what a carrier is.
#[derive(Default)]
pub struct Scripted {
    /// What the next calls fail with.
    pub failures: Mutex<VecDeque<CarrierError>>,
    /// How often each order came.
    pub orders: Mutex<BTreeMap<String, u32>>,
    pub cancelled: Mutex<u32>,
    pub is_collected: Mutex<bool>,
    pub news: Mutex<Vec<CarrierEvent>>,
    pub queries: Mutex<u32>,
    /// The same number for every order: a carrier that is not well.
    pub same_number: Mutex<bool>,
}

impl Scripted {
    pub fn failing(failures: impl IntoIterator<Item = CarrierError>) -> Arc<Self> {
        Arc::new(Self { failures: Mutex::new(failures.into_iter().collect()), ..Self::default() })
    }

    fn next_failure(&self) -> Result<(), CarrierError> {
        self.failures.lock().pop_front().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Carrier for Scripted {
    fn collects(&self) -> bool {
        true
    }

    async fn create(&self, order: &Order) -> Result<CarrierNumber, CarrierError> {
        assert!(order.from.is_some() && order.to.name() == "王小明");
        *self.orders.lock().entry(order.waybill.to_string()).or_default() += 1;
        // The order has arrived, whatever becomes of the answer.
        self.next_failure()?;
        let number = if *self.same_number.lock() { "SF1".to_owned() } else { format!("SF{}", order.waybill) };
        Ok(number.try_into().unwrap())
    }

    async fn cancel(&self, _: &Consignment) -> Result<TakenBack, CarrierError> {
        self.next_failure()?;
        *self.cancelled.lock() += 1;
        Ok(if *self.is_collected.lock() { TakenBack::TooLate } else { TakenBack::Yes })
    }

    async fn query(&self, _: &Consignment) -> Result<Vec<CarrierEvent>, CarrierError> {
        *self.queries.lock() += 1;
        self.next_failure()?;
        Ok(self.news.lock().clone())
    }

    /// The body is a waybill: nothing is signed here.
    fn callback(&self, _: &HeaderMap, body: &[u8]) -> Result<Callback, CallbackError> {
        let text = std::str::from_utf8(body).map_err(|_| CallbackError::Malformed("the body"))?;
        let waybill = text.parse().map_err(|_| CallbackError::Forged)?;
        Ok(Callback { about: Consignment { waybill, number: None }, news: self.news.lock().clone() })
    }

    fn answer(&self, refused: Option<&LogisticsError>) -> Answer {
        let body = refused.map_or("ok", |error| error.code()).to_owned();
        Answer { status: if refused.is_some() { 400 } else { 200 }, content_type: "text/plain", body }
    }
}

/// The courier desk, and a carrier called `sf`.
pub fn carriers(book: &Book, sf: Arc<Scripted>) -> Carriers {
    let all: BTreeMap<String, Arc<dyn Carrier>> =
        [("courier".to_owned(), Arc::new(CourierDesk(book.clone())) as _), ("sf".to_owned(), sf as _)].into();
    Carriers::new("courier".to_owned(), all).unwrap()
}

pub fn dispatcher(book: &Book, sf: Arc<Scripted>) -> Dispatcher {
    let senders = [("441802-chengguan".parse().unwrap(), address("清城区人民一路5号政务服务中心"))].into();
    Dispatcher::new(book.clone(), carriers(book, sf), senders)
}

pub fn seconds_ago(clock: &ManualClock, seconds: u64) -> Timestamp {
    clock.now() - std::time::Duration::from_secs(seconds)
}
