//! Callbacks and answers that are not what they say, and requests that are not the host's.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zhongtai_cap_payment::{Callback, CallbackError, Gateway, GatewayError, GatewayState, Headers};
use zhongtai_kernel::{ManualClock, Timestamp};
use zhongtai_outbound::{HeaderName, HeaderValue, Method, Request};

use crate::{
    channel::order,
    desk::{Real, SECRET, channel},
};

async fn told_with(forge: &str) -> (Real, Vec<(Headers, Vec<u8>)>) {
    let real = Real::start().await;
    real.faults(&format!("{{ \"forge\": \"{forge}\" }}")).await;
    let qr = real.channel.prepay(&order(500)).await.unwrap().qr;
    real.press(&qr, "pay").await;
    let told = vec![real.receiver.next().await, real.receiver.next().await];
    (real, told)
}

#[tokio::test]
async fn a_callback_signed_by_another_key_or_changed_afterwards_is_forged() {
    for forge in ["signature", "body"] {
        let (real, told) = told_with(forge).await;
        let refused = real.channel.callback(&told[0].0, &told[0].1).await;
        assert_eq!(refused, Err(CallbackError::Forged), "{forge}");
        assert!(real.channel.callback(&told[1].0, &told[1].1).await.is_ok(), "{forge}");
    }
}

#[tokio::test]
async fn an_old_callback_is_stale_however_well_it_is_signed() {
    let (real, told) = told_with("stale").await;
    assert_eq!(real.channel.callback(&told[0].0, &told[0].1).await, Err(CallbackError::Stale));
}

#[tokio::test]
async fn a_signed_callback_of_another_amount_says_that_amount_and_settles_nothing_here() {
    let (real, told) = told_with("amount").await;
    let Callback::Paid { payment, .. } = real.channel.callback(&told[0].0, &told[0].1).await.unwrap() else {
        panic!("it is signed")
    };
    assert_eq!(payment.amount, 501, "the ledger compares it with the order");
}

#[tokio::test]
async fn a_callback_is_taken_once() {
    let real = Real::start().await;
    let qr = real.channel.prepay(&order(500)).await.unwrap().qr;
    real.press(&qr, "pay").await;
    let (headers, body) = real.receiver.next().await;
    assert!(real.channel.callback(&headers, &body).await.is_ok());
    assert_eq!(real.channel.callback(&headers, &body).await, Err(CallbackError::Stale));
}

#[tokio::test]
async fn a_callback_without_a_header_or_with_two_is_forged() {
    let real = Real::start().await;
    let qr = real.channel.prepay(&order(500)).await.unwrap().qr;
    real.press(&qr, "pay").await;
    let (headers, body) = real.receiver.next().await;
    let names = ["cashdesk-timestamp", "cashdesk-nonce", "cashdesk-signature"];
    for missing in names {
        let rest = names.iter().filter(|name| **name != missing);
        let rest = Headers::new(rest.map(|name| (*name, headers.get(name).unwrap())));
        assert_eq!(real.channel.callback(&rest, &body).await, Err(CallbackError::Forged), "{missing}");
        let all = names.iter().chain([&missing]).map(|name| (*name, headers.get(name).unwrap()));
        assert_eq!(real.channel.callback(&Headers::new(all), &body).await, Err(CallbackError::Forged), "{missing}");
    }
}

#[tokio::test]
async fn callbacks_that_come_twice_late_and_in_another_order_all_say_the_truth() {
    let real = Real::start().await;
    real.faults(r#"{ "hold": true }"#).await;
    let orders = [order(100), order(200)];
    for order in &orders {
        let qr = real.channel.prepay(order).await.unwrap().qr;
        real.press(&qr, "pay").await;
    }
    real.faults(r#"{ "reorder": true, "duplicate": 1, "delay_ms": 300 }"#).await;
    let mut told = Vec::new();
    for _ in 0..4 {
        let (headers, body) = real.receiver.next().await;
        match real.channel.callback(&headers, &body).await.unwrap() {
            Callback::Paid { order, payment } => told.push((order, payment.amount)),
            other => panic!("{other:?}"),
        }
    }
    let wanted = [&orders[1], &orders[1], &orders[0], &orders[0]];
    assert_eq!(told, wanted.map(|order| (order.id.to_string(), order.amount.get())));
}

#[tokio::test]
async fn an_answer_that_is_lost_leaves_an_order_that_resolves() {
    let real = Real::start().await;
    let order = order(500);
    real.faults(r#"{ "lose_answers": 1 }"#).await;
    assert!(matches!(real.channel.prepay(&order).await, Err(GatewayError::Unavailable(_))));
    assert_eq!(real.channel.query(&order.id).await.unwrap(), GatewayState::Open, "it was made all the same");
    assert!(real.channel.prepay(&order).await.is_ok());
}

#[tokio::test]
async fn a_desk_with_another_secret_is_not_believed_and_does_not_believe() {
    let real = Real::start().await;
    let other = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(other.path(), "another-secret-of-thirty-two-bytes-or-more").unwrap();
    let stranger = channel(&real.process.url, other.path(), Arc::new(zhongtai_kernel::SystemClock));
    let order = order(500);
    assert!(matches!(stranger.prepay(&order).await, Err(GatewayError::Untrusted(_))));
    assert_eq!(real.channel.query(&order.id).await.unwrap(), GatewayState::Unknown, "nothing was made");
}

#[tokio::test]
async fn a_host_whose_clock_is_wrong_is_not_served() {
    let clock = Arc::new(ManualClock::at(Timestamp::now() - SignedDuration::from_mins(6)));
    let real = Real::with_clock(clock.clone()).await;
    assert!(matches!(real.channel.prepay(&order(500)).await, Err(GatewayError::Untrusted(_))));
    clock.advance(std::time::Duration::from_secs(360));
    assert!(real.channel.prepay(&order(500)).await.is_ok());
}

#[tokio::test]
async fn a_request_that_nobody_signed_is_refused() {
    let real = Real::start().await;
    for path in ["/api/v1/orders/X", "/api/v1/bills/2026-11-27", "/api/v1/refunds/X"] {
        assert_eq!(real.get(path).await.status.as_u16(), 401, "{path}");
    }
    let mut request = Request::new(Method::GET, "/api/v1/orders/X");
    let headers = [("cashdesk-timestamp", "1"), ("cashdesk-nonce", "0123456789abcdef"), ("cashdesk-signature", "00")];
    for (name, value) in headers {
        request.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    assert_eq!(real.send(request).await.status.as_u16(), 401);
}

#[tokio::test]
async fn a_recorded_request_is_refused_the_second_time_also_after_a_restart() {
    let real = Real::start().await;
    let (now, nonce) = (Timestamp::now().as_second().to_string(), "a-nonce-of-this-test");
    let signature = signed(&["request", "GET", "/api/v1/orders/X", &now, nonce], b"");
    let mut request = Request::get("/api/v1/orders/X");
    for (name, value) in
        [("cashdesk-timestamp", now.as_str()), ("cashdesk-nonce", nonce), ("cashdesk-signature", &signature)]
    {
        request.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    assert_eq!(real.send(request.clone()).await.status.as_u16(), 404, "it is signed, and there is no such order");
    assert_eq!(real.send(request.clone()).await.status.as_u16(), 401);
    real.process.kill();
    real.process.start_again();
    assert_eq!(real.send(request).await.status.as_u16(), 401);
}

#[tokio::test]
async fn the_pages_escape_what_they_show_and_load_nothing() {
    let real = Real::start().await;
    let order = order(123_456);
    let qr = real.channel.prepay(&order).await.unwrap().qr;
    let page = real.get(qr.strip_prefix(&real.process.url).unwrap()).await;
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(text.contains("1,234.56") && text.contains("&lt;4418023001&gt;") && !text.contains("<4418023001>"));
    assert!(text.contains("<svg") && text.contains("确认付款") && text.contains("lang=\"zh-CN\""));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let desk = String::from_utf8(real.get("/").await.body.to_vec()).unwrap();
    assert!(desk.contains(&order.id.to_string()) && desk.contains("待付款"));
    assert_eq!(real.get("/pay/00000000000000000000000000000000").await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_form_from_another_page_pays_nothing() {
    let real = Real::start().await;
    let order = order(500);
    let qr = real.channel.prepay(&order).await.unwrap().qr;
    let path = qr.strip_prefix(&real.process.url).unwrap();
    let mut form = Request::post(path, "application/x-www-form-urlencoded", "act=pay");
    form.headers.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
    assert_eq!(real.send(form).await.status.as_u16(), 403);
    let nonsense = Request::post(path, "application/x-www-form-urlencoded", "act=steal");
    assert_eq!(real.send(nonsense).await.status.as_u16(), 400);
    assert_eq!(real.channel.query(&order.id).await.unwrap(), GatewayState::Open);
}

/// By the desk's own secret.
fn signed(lines: &[&str], body: &[u8]) -> String {
    let mut key = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    for line in lines {
        key.update(format!("{line}\n").as_bytes());
    }
    key.update(format!("{}\n", hex::encode(Sha256::digest(body))).as_bytes());
    hex::encode(key.finalize().into_bytes())
}

type Answer = Box<dyn Fn(&str) -> String + Send>;

/// Somebody who stands where the desk should: answers each request with what `answer` makes of its nonce.
async fn impostor(answer: Answer) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") && stream.read_buf(&mut request).await.unwrap() > 0 {}
            let request = String::from_utf8(request).unwrap();
            let nonce = request.lines().find_map(|line| line.strip_prefix("cashdesk-nonce: ")).unwrap();
            stream.write_all(answer(nonce).as_bytes()).await.unwrap();
        }
    });
    url
}

const PAID: &str =
    r#"{"state":"paid","amount":1,"currency":"CNY","transaction":"CD1","paid_at":"2026-11-27T00:00:00Z"}"#;

fn answer(headers: &str) -> String {
    let length = PAID.len();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{PAID}")
}

fn signed_answer(signature: &str) -> String {
    answer(&format!("cashdesk-timestamp: 1\r\ncashdesk-signature: {signature}\r\n"))
}

#[tokio::test]
async fn an_answer_that_the_desk_did_not_sign_for_this_request_is_not_believed() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), SECRET).unwrap();
    let asked = async |answer: Answer| {
        let desk = channel(&impostor(answer).await, secret.path(), Arc::new(zhongtai_kernel::SystemClock));
        desk.query(&order(1).id).await
    };
    let sign = |nonce: &str| signed_answer(&signed(&["answer", "200", "1", nonce], PAID.as_bytes()));
    let good = asked(Box::new(sign)).await;
    assert!(matches!(good, Ok(GatewayState::Paid(_))), "the test signs as the desk does: {good:?}");
    let cases: [(&str, Answer); 4] = [
        ("no signature", Box::new(|_| answer(""))),
        ("no hexadecimal", Box::new(|_| signed_answer("zz"))),
        ("another key", Box::new(|_| signed_answer(&"0".repeat(64)))),
        ("another request", Box::new(move |_| sign("recorded"))),
    ];
    for (case, answer) in cases {
        assert!(matches!(asked(answer).await, Err(GatewayError::Untrusted(_))), "{case}");
    }
}
