//! Whom a shipment is for, what is in it and where it goes is in no log and no error.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use http::HeaderMap;
use support::{Scripted, book, carriers, clock, dispatcher, event, migrations, new, shipped};
use tracing_subscriber::fmt::MakeWriter;
use zhongtai_cap_logistics::{CarrierError, Recipients, Shipments, Source, State, contract::address};
use zhongtai_kernel::{AccountId, Clock as _, DepartmentId};
use zhongtai_store::testing::both;

/// Everything that was logged.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

struct Nobody;

impl Recipients for Nobody {
    fn open(&self, _: &DepartmentId, _: &str) -> Option<AccountId> {
        None
    }
}

const PERSONAL: [&str; 7] = ["王小明", "138001", "桥北路", "人民一路", "许可证", "政务服务中心", "挖掘"];

fn assert_private(text: &str) {
    for word in PERSONAL {
        assert!(!text.contains(word), "`{word}` is in:\n{text}");
    }
}

#[tokio::test]
async fn no_log_and_no_error_tells_whom_a_shipment_is_for_what_is_in_it_or_where_it_goes() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(captured.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for database in both(&migrations()).await {
        let (clock, temporary) = (clock(), CarrierError::Temporary("HTTP 503".to_owned()));
        let (book, carrier) = (book(&database, &clock), Scripted::failing([temporary, CarrierError::Address]));
        let dispatcher = dispatcher(&book, carrier.clone());
        book.keep_address(AccountId::generate(), &address("凤城街道桥北路1号2栋301")).await.unwrap();
        let waybill = shipped(&book, "k", "sf").await;
        for _ in 0..2 {
            dispatcher.work_once(10).await.unwrap();
            clock.advance(std::time::Duration::from_secs(7 * 3600));
        }
        book.give_address(waybill, &address("凤城街道桥北路1号2栋301")).await.unwrap();
        dispatcher.work_once(10).await.unwrap();
        let shipments = Shipments::new(book.clone(), carriers(&book, carrier.clone()), [].into(), Arc::new(Nobody));
        *carrier.news.lock() = vec![event("1", State::Signed, clock.now())];
        for body in [waybill.to_string(), "王小明".to_owned()] {
            shipments.callback("sf", &HeaderMap::new(), body.as_bytes()).await.unwrap();
        }
        let late = book.give_address(waybill, &address("凤城街道桥北路1号2栋301")).await.unwrap_err();
        assert_private(&format!("{late} {late:?}"));

        // Moved to another row: it can't be opened, and nothing of it is told.
        let other = shipped(&book, "other", "sf").await;
        let sql = "UPDATE logistics_shipments SET what_sealed = (SELECT what_sealed FROM logistics_shipments \
                   WHERE waybill = $1) WHERE waybill = $2";
        sqlx::query(sql)
            .bind(waybill.to_string())
            .bind(other.to_string())
            .execute(database.store.pool())
            .await
            .unwrap();
        dispatcher.work_once(10).await.unwrap();
        let unreadable = book.find(other).await.err().unwrap();
        assert_private(&format!("{unreadable} {unreadable:?}"));
        let news = event("2", State::Signed, clock.now());
        assert_private(&format!(
            "{news:?} {:?}",
            book.apply((other, "sf"), None, Source::Carrier, std::slice::from_ref(&news)).await
        ));
        let mut wrong = new("wrong", "sf");
        wrong.what = "许可证\n挖掘".to_owned();
        let invalid = book.ship(&wrong).await.unwrap_err();
        assert_private(&format!("{invalid} {invalid:?}"));
    }
    let text = captured.text();
    for expected in [
        "a carrier is asked again",
        "needs another address",
        "news of a shipment",
        "is not accepted",
        "can't be claimed",
    ] {
        assert!(text.contains(expected), "`{expected}` must have been logged:\n{text}");
    }
    assert_private(&text);
}

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
