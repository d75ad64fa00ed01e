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

use support::{KEY, Recording, clock, outbox, scenario};
use tracing_subscriber::fmt::MakeWriter;
use zhongtai_cap_notify::{
    Accepted, CarrierId, ChannelKind, Channels, Delivery, DeliveryError, FailureKind, MIGRATIONS, NotifyProvider,
    Outbox, OutboxOptions, Outcome, Receipt, Receipts, Smtp, SmtpConfig, SmtpTls, Webhook, WebhookConfig,
    contract::{mail, message, message_to},
};
use zhongtai_kernel::AccountId;
use zhongtai_outbound::{OriginsConfig, Outbound, OutboundConfig};
use zhongtai_store::{Store, testing};

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

const PERSONAL: [&str; 8] = ["zhang", "坑洞", "人民路", "城管局", "t0ken", "/hook", "user unknown", "1380013"];

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
        ca_file: None,
        dkim: None,
    };
    let webhook = WebhookConfig { secret_file: file.path().into(), receivers: OriginsConfig::default() };
    let outbound = Outbound::new(&OutboundConfig::default(), clock()).unwrap();
    Channels {
        email: Some(Arc::new(Smtp::new(&smtp, clock()).unwrap())),
        webhook: Some(Arc::new(Webhook::new(&webhook, &outbound, clock()).unwrap())),
        sms: None,
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
        let failing = Outbox::new(store.clone(), clock(), &KEY, unreachable_channels(), OutboxOptions::default());
        failing.send(mail(&scenario(), Some("办件"))).await.unwrap();
        let url = "http://127.0.0.1:1/hook?token=t0ken";
        failing.send(message(&scenario(), None, ChannelKind::Webhook, url)).await.unwrap();
        assert_eq!(failing.deliver_due(10).await.unwrap().postponed, 2);

        let channel = Recording::answering([DeliveryError::permanent(FailureKind::NoSuchAddress, "SMTP 550")]);
        let working = outbox(store, clock(), channel);
        working.send(mail(&scenario(), None)).await.unwrap();
        assert_eq!(working.deliver_due(10).await.unwrap().dead, 1);
        let dead = working.list(Delivery::Dead, None, None, 10).await.unwrap();
        assert_eq!(dead[0].recipient.as_deref(), Some("z***@example.gov.cn"));
        working.replay(dead[0].id, None).await.unwrap();
        assert_eq!(working.deliver_due(10).await.unwrap().delivered, 1);

        by_phone(store).await;

        let row = "UPDATE notify_deliveries SET sealed = $1, due_at = 0 WHERE state = 'queued'";
        sqlx::query(row).bind(vec![0_u8; 64]).execute(store.pool()).await.unwrap();
        working.deliver_due(10).await.unwrap();
        assert_private(&format!("{dead:?}").replace("z***@", ""));
    }
    let text = captured.text();
    let expected = ["message postponed", "message given up", "message delivered", "a message can't be read"];
    for expected in expected.into_iter().chain(["message sent", "a receipt came", "message goes another way"]) {
        assert!(text.contains(expected), "`{expected}` must have been logged:\n{text}");
    }
    assert_private(&text);
}

/// A short message that its receipt says has failed, and that goes to the inbox then.
async fn by_phone(store: &Store) {
    let id = CarrierId::try_from("0A1B".to_owned()).unwrap();
    let outbox = outbox(store, clock(), Recording::accepting([Ok(Accepted::Sent(vec![id.clone()]))]));
    let inbox = AccountId::generate().to_string();
    let addresses = [(ChannelKind::Sms, "13800138000"), (ChannelKind::Inbox, inbox.as_str())];
    let message = outbox.send(message_to(&scenario(), None, &addresses)).await.unwrap();
    assert_eq!(outbox.deliver_due(10).await.unwrap().sent, 1);
    let looked = outbox.look(message).await.unwrap();
    assert_eq!(looked[0].recipient.as_deref(), Some("***8000"));
    assert_private(&format!("{looked:?}"));
    let outcome = Outcome::Failed(FailureKind::Refused, "REJECTD".to_owned());
    outbox.receipt(ChannelKind::Sms, Receipt { id, outcome }).await.unwrap();
    assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 1);

    let refused = DeliveryError::permanent(FailureKind::Refused, "SMPP 11");
    let outbox = support::outbox(store, clock(), Recording::answering([refused]));
    outbox.send(message_to(&scenario(), None, &addresses)).await.unwrap();
    assert_eq!(outbox.deliver_due(10).await.unwrap().failed, 1);
    assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 1);
}

/// A dump of the database tells no more than the log.
#[tokio::test]
async fn what_waits_in_the_outbox_and_lies_in_the_inbox_is_not_readable_in_the_database() {
    let database = testing::sqlite(MIGRATIONS).await;
    let outbox = outbox(&database.store, clock(), Arc::new(Recording::default()));
    let inbox = AccountId::generate().to_string();
    outbox.send(message(&scenario(), None, ChannelKind::Sms, "13800138000")).await.unwrap();
    outbox.send(message(&scenario(), None, ChannelKind::Inbox, &inbox)).await.unwrap();
    let _ = outbox.deliver_due(0).await.unwrap();
    assert_eq!(outbox.inbox().list(inbox.parse().unwrap(), None, false, 10).await.unwrap().len(), 0);
    sqlx::query("UPDATE notify_deliveries SET due_at = NULL WHERE channel = 'sms'")
        .execute(database.store.pool())
        .await
        .unwrap();
    assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 1);
    database.store.close().await;
    let file = database.url.trim_start_matches("sqlite://").split('?').next().unwrap();
    let mut bytes = std::fs::read(file).unwrap();
    bytes.extend(std::fs::read(format!("{file}-wal")).unwrap_or_default());
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("441802-chengguan/pothole"), "what is not personal is there");
    assert_private(&text);
}

fn assert_private(text: &str) {
    for word in PERSONAL {
        assert!(!text.contains(word), "`{word}` is in:\n{text}");
    }
}
