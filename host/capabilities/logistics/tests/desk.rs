//! The courier desk keeps the contract of carriers, on both databases.
#![allow(clippy::unwrap_used, reason = "a test that can't go on must stop")]

mod support;

use async_trait::async_trait;
use support::{book, clock, event, migrations, new};
use zhongtai_cap_logistics::{Book, COURIER, Consignment, CourierDesk, Source, State, Waybill, contract};
use zhongtai_kernel::{Clock as _, Timestamp};
use zhongtai_store::testing::both;

/// The desk itself: what happens is booked.
struct Desk(Book);

#[async_trait]
impl contract::Depot for Desk {
    async fn shipment(&self) -> Waybill {
        let key = Waybill::generate().to_string();
        self.0.ship(&new(&key, COURIER)).await.unwrap()
    }

    async fn happens(&self, of: &Consignment, state: State, at: Timestamp) {
        let booked = event(&format!("{state} {at}"), state, at);
        self.0.apply((of.waybill, COURIER), None, Source::Desk, &[booked]).await.unwrap();
    }
}

#[tokio::test]
async fn the_courier_desk_keeps_the_contract_on_both_databases() {
    for database in both(&migrations()).await {
        let clock = clock();
        let book = book(&database, &clock);
        contract::holds(&CourierDesk(book.clone()), &Desk(book), clock.now()).await;
    }
}
