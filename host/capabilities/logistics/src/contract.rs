//! What every carrier must do.
#![expect(clippy::expect_used, reason = "a contract that does not hold must stop the test")]

use std::time::Duration;

use async_trait::async_trait;
use zhongtai_kernel::Timestamp;

use crate::{
    AddressText, Carrier, CarrierEvent, CarrierNumber, Consignment, Order, PostalAddress, State, TakenBack, Waybill,
};

/// Where a carrier's work is done: what a test makes happen there.
#[async_trait]
pub trait Depot: Send + Sync {
    /// A shipment that the carrier has not heard of.
    async fn shipment(&self) -> Waybill;

    /// Something happens to an order, at that time.
    async fn happens(&self, of: &Consignment, state: State, at: Timestamp);
}

/// An address in the district; the detail says what the carrier is to make of it.
pub fn address(detail: &str) -> PostalAddress {
    let text = AddressText {
        name: "王小明".to_owned(),
        phone: "13800138000".to_owned(),
        region: "441802".to_owned(),
        detail: detail.to_owned(),
        postcode: None,
    };
    text.try_into().expect("an address")
}

/// An order for a shipment.
pub fn order(waybill: Waybill) -> Order {
    let (from, to) = (Some(address("清城区人民一路5号政务服务中心")), address("凤城街道桥北路1号2栋301"));
    Order { waybill, what: "营业执照正本".to_owned(), from, to }
}

/// Holds when a carrier keeps the contract. `now` is not before anything that the carrier knows.
pub async fn holds(carrier: &dyn Carrier, depot: &dyn Depot, now: Timestamp) {
    an_order_is_known_by_its_waybill(carrier, depot).await;
    news_is_told_completely_and_under_the_same_names(carrier, depot, now).await;
    what_nobody_collected_is_taken_back(carrier, depot).await;
    what_is_on_its_way_is_not(carrier, depot, now).await;
}

async fn ordered(carrier: &dyn Carrier, depot: &dyn Depot) -> Consignment {
    let waybill = depot.shipment().await;
    let number = carrier.create(&order(waybill)).await.expect("a number");
    Consignment { waybill, number: Some(number) }
}

async fn an_order_is_known_by_its_waybill(carrier: &dyn Carrier, depot: &dyn Depot) {
    let (one, other) = (depot.shipment().await, depot.shipment().await);
    let number = |of: Waybill| async move { carrier.create(&order(of)).await.expect("a number") };
    let first: CarrierNumber = number(one).await;
    assert_eq!(number(one).await, first, "the same waybill again is the same order");
    assert_ne!(number(other).await, first, "another waybill is another order");
    let of = Consignment { waybill: one, number: Some(first) };
    assert_eq!(carrier.query(&of).await.expect("an answer"), [], "nothing has happened");
}

async fn news_is_told_completely_and_under_the_same_names(carrier: &dyn Carrier, depot: &dyn Depot, now: Timestamp) {
    let (of, other) = (ordered(carrier, depot).await, ordered(carrier, depot).await);
    let steps = [State::Collected, State::InTransit, State::OutForDelivery, State::Signed];
    let times = [4_u64, 3, 2, 1].map(|hours| now - Duration::from_secs(hours * 3600));
    for (state, at) in steps.into_iter().zip(times) {
        depot.happens(&of, state, at).await;
    }
    let news = carrier.query(&of).await.expect("news");
    let told: Vec<(State, i64)> = news.iter().map(|event| (event.state, event.at.as_second())).collect();
    let expected: Vec<(State, i64)> = steps.into_iter().zip(times.map(|at| at.as_second())).collect();
    assert_eq!(told, expected, "in the order in which it happened, by the second");
    let names = |news: &[CarrierEvent]| news.iter().map(|event| event.id.clone()).collect::<Vec<_>>();
    let again = carrier.query(&of).await.expect("news");
    assert_eq!(names(&again), names(&news), "the same event has the same name");
    let mut different = names(&news);
    different.dedup();
    assert_eq!(different.len(), steps.len(), "each has its own");
    assert_eq!(carrier.query(&other).await.expect("an answer"), [], "nothing of it is another order's");
}

async fn what_nobody_collected_is_taken_back(carrier: &dyn Carrier, depot: &dyn Depot) {
    let of = ordered(carrier, depot).await;
    for time in ["once", "again"] {
        assert_eq!(carrier.cancel(&of).await.expect("an answer"), TakenBack::Yes, "{time}");
    }
    let unheard = Consignment { waybill: depot.shipment().await, number: None };
    assert_eq!(carrier.cancel(&unheard).await.expect("an answer"), TakenBack::Yes, "nobody will come for it");
    let unnumbered = Consignment { number: None, ..ordered(carrier, depot).await };
    assert_eq!(carrier.cancel(&unnumbered).await.expect("an answer"), TakenBack::Yes, "its answer got lost");
}

async fn what_is_on_its_way_is_not(carrier: &dyn Carrier, depot: &dyn Depot, now: Timestamp) {
    let of = ordered(carrier, depot).await;
    depot.happens(&of, State::Collected, now - Duration::from_secs(60)).await;
    assert_eq!(carrier.cancel(&of).await.expect("an answer"), TakenBack::TooLate);
    let news = carrier.query(&of).await.expect("news");
    assert_eq!(news.iter().map(|event| event.state).collect::<Vec<_>>(), [State::Collected], "it goes on");
}
