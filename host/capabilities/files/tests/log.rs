//! What this crate and the database below it write to the log. Alone in its binary: it captures every thread.
#![allow(clippy::unwrap_used, reason = "a test that can't go on must stop")]

mod support;

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use support::Place;
use zhongtai_cap_files::{
    Announced, FilesProvider as _, Link,
    contract::{fetch, pdf, send, wanted},
};
use zhongtai_kernel::AccountId;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_name_no_content_and_no_ticket_is_in_the_log_in_debug_or_in_errors() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    subscriber.with_writer(move || writer.clone()).init();
    let mut secrets = vec!["张三".to_owned(), "44180219900101123".to_owned()];
    for place in Place::both().await {
        let host = place.host();
        let content = [&pdf(50)[..], b"44180219900101123X"].concat().into();
        let ticket = host.upload_ticket(wanted("441802-chengguan/pothole", "1")).await.unwrap();
        let announced = Announced { bytes: None, name: Some("张三的身份证.pdf".parse().unwrap()) };
        tracing::info!(?ticket, ?announced, "as someone might log it");
        let wrong = send(&host, &ticket.secret, announced.clone(), &"44180219900101123X, no PDF".into()).await;
        let record = send(&host, &ticket.secret, announced, &content).await.unwrap();
        let again = send(&host, &ticket.secret, Announced::default(), &content).await;
        let link = Link { account: AccountId::generate(), purpose: "review".to_owned() };
        let link = host.download_ticket(&record, link).await.unwrap();
        host.redeem(&link.secret).await.unwrap();
        std::fs::remove_file(place.on_disk().pop().unwrap()).unwrap();
        let gone = fetch(&host, &record).await;
        let name = "..\\张三".parse::<zhongtai_cap_files::FileName>();
        tracing::error!(?wrong, ?record, ?again, ?link, ?gone, ?name, "as someone might log it");
        secrets.extend([ticket.secret.expose(), link.secret.expose()]);
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("as someone might log it") && log.contains("INSERT INTO files"), "{log}");
    for secret in secrets {
        assert!(!log.contains(&secret), "`{secret}` is in the log");
    }
}
