//! Whom a message is for and what it says is in no log and no error.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own helpers"
)]

mod support;

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use support::{Recording, clock, outbox, scenario};
use tracing_subscriber::fmt::MakeWriter;
use zhongtai_cap_notify::{
    ChannelKind, Channels, DeliveryError, MIGRATIONS, NotifyProvider, Outbox, Schedule, Smtp, SmtpConfig, SmtpTls,
    Webhook, WebhookConfig,
    contract::{mail, message},
};
use zhongtai_store::testing;

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

const PERSONAL: [&str; 7] = ["zhang", "坑洞", "人民路", "城管局", "t0ken", "/hook", "user unknown"];

/// Channels to a port where nobody listens.
fn unreachable_channels() -> Channels {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "0123456789abcdef0123456789abcdef").unwrap();
    let smtp = SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port: 1,
        from: "noreply@example.gov.cn".to_owned(),
        tls: SmtpTls::None,
        username: None,
        password_file: None,
    };
    let webhook = WebhookConfig { secret_file: file.path().into() };
    Channels {
        email: Some(Arc::new(Smtp::new(&smtp, clock()).unwrap())),
        webhook: Some(Arc::new(Webhook::new(&webhook, clock()).unwrap())),
    }
}

#[tokio::test]
async fn no_log_tells_whom_a_message_is_for_or_what_it_says() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(captured.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for database in testing::both(MIGRATIONS).await {
        let store = &database.store;
        let failing = Outbox::new(store.clone(), clock(), unreachable_channels(), Schedule::default());
        failing.send(mail(&scenario(), Some("办件"))).await.unwrap();
        let url = "http://127.0.0.1:1/hook?token=t0ken";
        failing.send(message(&scenario(), None, ChannelKind::Webhook, url)).await.unwrap();
        assert_eq!(failing.deliver_due(10).await.unwrap().postponed, 2);

        let channel = Recording::answering([DeliveryError::Permanent("SMTP 550".to_owned())]);
        let working = outbox(store, clock(), channel);
        working.send(mail(&scenario(), None)).await.unwrap();
        assert_eq!(working.deliver_due(10).await.unwrap().dead, 1);
        let dead = working.dead().await.unwrap();
        working.replay(dead[0].id).await.unwrap();
        assert_eq!(working.deliver_due(10).await.unwrap().delivered, 1);

        let row = "UPDATE notify_outbox SET channel = 'fax', next_attempt_at = 0 WHERE state = 'queued'";
        sqlx::query(row).execute(store.pool()).await.unwrap();
        working.deliver_due(10).await.unwrap();
        assert_private(&format!("{dead:?}"));
    }
    let text = captured.text();
    for expected in ["message postponed", "message given up", "message delivered", "a message can't be read"] {
        assert!(text.contains(expected), "`{expected}` must have been logged:\n{text}");
    }
    assert_private(&text);
}

fn assert_private(text: &str) {
    for word in PERSONAL {
        assert!(!text.contains(word), "`{word}` is in:\n{text}");
    }
}
