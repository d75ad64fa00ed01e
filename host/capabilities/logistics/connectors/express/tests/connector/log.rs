//! Neither addresses nor keys are in any log or error.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use zhongtai_cap_logistics::{Carrier as _, Waybill, contract::order};

use crate::support::{Company, Door, KEY, Platform, config, express, now, wire};

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

#[tokio::test]
async fn no_log_and_no_error_tells_an_address_a_name_or_the_key() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let company = Company::start();
    let platform = Platform::with(&company).await;
    let door = Door::open(&platform).await;
    let waybill = platform.ordered().await;
    for how in [json!({}), json!({ "forged": true }), json!({ "waybill_no": "SF9999" })] {
        let events = json!([wire("1", "SIGNED", now()), wire("2", "CUSTOMS", now())]);
        let mut what = json!({ "url": door.url(), "order_id": waybill.to_string(), "events": events });
        for (key, value) in how.as_object().unwrap() {
            what[key] = value.clone();
        }
        company.control("callback", what).await;
    }
    company.control("mode", json!({ "forge": 1 })).await;
    let carrier = express(company.port, KEY);
    let mut text = carrier.create(&order(Waybill::generate())).await.unwrap_err().to_string();
    drop(company);
    text += &carrier.create(&order(Waybill::generate())).await.unwrap_err().to_string();
    text += &format!("{:?}", config(1, std::path::Path::new("/nowhere")));
    text += &String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    for expected in ["news of a shipment", "is not accepted", "means nothing here", "not signed by the carrier"] {
        assert!(text.contains(expected), "`{expected}` must be in:\n{text}");
    }
    for word in ["王小明", "13800138000", "桥北路", "人民一路", "许可证", KEY] {
        assert!(!text.contains(word), "`{word}` is in:\n{text}");
    }
}
