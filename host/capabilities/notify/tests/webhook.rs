//! Signed requests to a small HTTP server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own helpers"
)]

mod support;

use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use support::{LATER, clock, outbox, scenario};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use zhongtai_cap_notify::{
    ChannelKind, Delivery, MIGRATIONS, NotifyProvider, Report, Webhook, WebhookConfig, contract::message,
};
use zhongtai_kernel::ManualClock;
use zhongtai_outbound::{OriginsConfig, Outbound, OutboundConfig};
use zhongtai_store::testing;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

type Requests = Arc<Mutex<Vec<String>>>;

/// Notes each request and answers with the statuses in turn, then with 204.
async fn receiver(mut statuses: Vec<&'static str>) -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?token=t0ken", listener.local_addr().unwrap());
    let requests = Requests::default();
    let noted = requests.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let request = request(&mut socket).await;
            noted.lock().unwrap().push(request);
            let status = if statuses.is_empty() { "204 No Content" } else { statuses.remove(0) };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    (url, requests)
}

async fn request(socket: &mut TcpStream) -> String {
    let mut text = Vec::new();
    loop {
        let mut chunk = [0; 4_096];
        let read = socket.read(&mut chunk).await.unwrap();
        text.extend_from_slice(&chunk[..read]);
        let so_far = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = so_far.split_once("\r\n\r\n") else { continue };
        let length: usize = header(head, "content-length").parse().unwrap();
        if body.len() >= length || read == 0 {
            return so_far;
        }
    }
}

fn header(head: &str, name: &str) -> String {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
    line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned()).unwrap_or_default()
}

fn webhook(clock: Arc<ManualClock>) -> Arc<Webhook> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{SECRET}\n")).unwrap();
    let outbound = Outbound::new(&OutboundConfig::default(), clock.clone()).unwrap();
    let config = WebhookConfig { secret_file: file.path().into(), receivers: OriginsConfig::default() };
    Arc::new(Webhook::new(&config, &outbound, clock).unwrap())
}

#[tokio::test]
async fn a_request_is_signed_and_repeated_until_it_is_accepted() {
    for database in testing::both(MIGRATIONS).await {
        let clock = clock();
        let (url, requests) = receiver(vec!["503 Service Unavailable"]).await;
        let outbox = outbox(&database.store, clock.clone(), webhook(clock.clone()));
        let id = outbox.send(message(&scenario(), None, ChannelKind::Webhook, &url)).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap(), Report { postponed: 1, ..Report::default() });
        clock.advance(LATER);
        assert_eq!(outbox.deliver_due(10).await.unwrap(), Report { delivered: 1, ..Report::default() });

        let requests = requests.lock().unwrap();
        assert_eq!(requests.len(), 2);
        let (head, body) = requests[1].split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /hook?token=t0ken HTTP/1.1"), "{head}");
        assert_eq!(header(head, "content-type"), "application/json");
        let json: serde_json::Value = serde_json::from_str(body).unwrap();
        let expected = serde_json::json!({
            "id": id.to_string(), "title": "坑洞已修复", "body": "您好，人民路的坑洞已修复。\n某区城管局",
        });
        assert_eq!(json, expected);
        let signed_at = "2026-01-05T15:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{signed_at}.{body}").as_bytes());
        let expected = format!("t={signed_at},v1={}", hex::encode(mac.finalize().into_bytes()));
        assert_eq!(header(head, "zhongtai-signature"), expected);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_404_is_final() {
    for (status, reason) in [("302 Found\r\nLocation: /elsewhere", "HTTP 302"), ("404 Not Found", "HTTP 404")] {
        let database = testing::sqlite(MIGRATIONS).await;
        let (url, requests) = receiver(vec![status]).await;
        let outbox = outbox(&database.store, clock(), webhook(clock()));
        outbox.send(message(&scenario(), None, ChannelKind::Webhook, &url)).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap().dead, 1);
        assert_eq!(outbox.list(Delivery::Dead, None, None, 10).await.unwrap()[0].last_error, reason);
        assert_eq!(requests.lock().unwrap().len(), 1);
    }
}
