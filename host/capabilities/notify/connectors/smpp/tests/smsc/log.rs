//! Neither numbers, texts nor the password are in any log or error.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use zhongtai_cap_notify::Channel as _;

use crate::support::{Running, Smsc, config, eventually, to};

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

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn no_log_and_no_error_tells_a_number_a_text_or_the_password() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let smsc = Smsc::start();
    let running = Running::start(&config(smsc.port));
    running.channel.deliver(&to("13800138123", "人民路的坑洞已修复")).await.unwrap();
    smsc.control("mode", json!({ "status": 0x0b, "times": 1 })).await;
    let mut text = running.channel.deliver(&to("13800138123", "坑洞")).await.unwrap_err().to_string();
    *running.kept.failures.lock() = 1;
    let receipt = json!({
        "esm_class": 4, "source_addr": "8613800138123", "short_message": "id:m-0 stat:UNDELIV err:13800138123 text:x"
    });
    smsc.control("deliver", receipt).await;
    let unreadable = "0000002b00000005000000000000000700".to_owned() + &hex("\u{0}\u{1}\u{1}8613800138123\u{0}");
    smsc.control("raw", json!({ "hex": format!("{unreadable}{}", "41".repeat(12)) })).await;
    eventually("an unreadable one", || captured.text().contains("can't be read")).await;
    drop(smsc);
    eventually("the end", || captured.text().contains("has ended")).await;
    text += &format!("{:?}", config(1));
    text += &captured.text();
    for expected in ["bound to the SMSC", "can't be kept now", "SMPP 0x0000000b"] {
        assert!(text.contains(expected), "`{expected}` must be in:\n{text}");
    }
    for word in ["138001", "人民路", "坑洞", "geheim"] {
        assert!(!text.contains(word), "`{word}` is in:\n{text}");
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
