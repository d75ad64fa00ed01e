//! Neither numbers, texts nor keys are in any log or error.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use zhongtai_cap_notify::Channel as _;

use crate::support::{Door, KEY, Process, gateway, outbox, to};

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
async fn no_log_and_no_error_tells_a_number_a_text_or_the_key() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let process = Process::start();
    let gateway = gateway(process.address.port(), KEY);
    gateway.deliver(&to("13800138123")).await.unwrap();
    let mut text = gateway.deliver(&to("13800130000")).await.unwrap_err().to_string();
    process.control("mode", json!({ "status": 422, "code": "+8613800138123" })).await;
    text += &gateway.deliver(&to("13800138123")).await.unwrap_err().to_string();
    let (outbox, _database) = outbox(&process).await;
    let door = Door::open(outbox).await;
    let receipts = json!([{ "message_id": "M-0", "status": "FAILED", "code": "+8613800138123" }]);
    process.control("callback", json!({ "url": door.url(), "receipts": receipts })).await;
    drop(process);
    text += &gateway.deliver(&to("13800138123")).await.unwrap_err().to_string();
    text += &String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("HTTP 422, no-such-number") && text.contains("no code"), "{text}");
    for word in ["138001", "人民路", "坑洞", KEY] {
        assert!(!text.contains(word), "`{word}` is in:\n{text}");
    }
}
