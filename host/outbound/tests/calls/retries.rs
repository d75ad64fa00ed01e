use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use http::HeaderValue;
use zhongtai_outbound::{OutboundError, Outcome, Repeat, Request, Unreachable, header};

use crate::support::{Act, Scene};

#[tokio::test]
async fn a_call_that_may_be_repeated_outlives_faults_that_pass() {
    for act in [
        Act::HangUp,
        Act::HalfABody,
        Act::Answer(502, "", ""),
        Act::Answer(503, "", ""),
        Act::Answer(504, "", ""),
        Act::Answer(429, "retry-after: 0\r\n", ""),
    ] {
        let scene = Scene::new([act.clone(), act.clone()]);
        let answer = scene.system(|_| {}).send(Request::get("x"), Repeat::Idempotent).await.unwrap();
        assert_eq!(&answer.body[..], b"fine", "{act:?}");
        assert_eq!(scene.server.asked().len(), 3, "{act:?}");
        assert_eq!(scene.calls(), [(Outcome::Success, 3)]);
    }
}

#[tokio::test]
async fn a_call_that_must_not_be_repeated_is_sent_once() {
    for act in [Act::HangUp, Act::HalfABody, Act::Answer(503, "", ""), Act::Answer(429, "", ""), Act::Silence] {
        let scene = Scene::new([act.clone()]);
        let system = scene.system(|config| config.timeout_ms = 500);
        let result = system.send(Request::post("pay", "text/plain", "100"), Repeat::Never).await;
        match result {
            Ok(answer) => assert!(matches!(answer.status.as_u16(), 503 | 429)),
            Err(error) => assert!(error.may_have_arrived(), "{act:?}: {error}"),
        }
        assert_eq!(scene.server.asked().len(), 1, "{act:?}");
    }
}

#[tokio::test]
async fn attempts_end_and_the_last_answer_is_given() {
    let scene = Scene::new(vec![Act::Answer(503, "", "down"); 10]);
    let system = scene.system(|config| config.attempts = 4);
    let answer = system.send(Request::get("x"), Repeat::Idempotent).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (503, &b"down"[..]));
    assert_eq!(scene.server.asked().len(), 4);
    assert_eq!(scene.calls(), [(Outcome::ServerError, 4)]);
}

#[tokio::test]
async fn what_does_not_pass_is_not_tried_again() {
    for status in [400, 401, 403, 404, 409, 500, 501] {
        let scene = Scene::new([Act::Answer(status, "", "")]);
        scene.system(|_| {}).send(Request::get("x"), Repeat::Idempotent).await.unwrap();
        assert_eq!(scene.server.asked().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_system_that_asks_for_an_hour_is_not_asked_again() {
    let scene = Scene::new([Act::Answer(503, "retry-after: 3600\r\n", "")]);
    let answer = scene.system(|_| {}).send(Request::get("x"), Repeat::Idempotent).await.unwrap();
    assert_eq!((answer.status.as_u16(), scene.server.asked().len()), (503, 1));
}

#[tokio::test]
async fn a_system_that_asks_for_a_second_gets_it() {
    let scene = Scene::new([Act::Answer(429, "retry-after: 1\r\n", "")]);
    let began = std::time::Instant::now();
    scene.system(|_| {}).send(Request::get("x"), Repeat::Idempotent).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(scene.server.asked().len(), 2);
}

#[tokio::test]
async fn there_is_no_pause_past_the_deadline() {
    let scene = Scene::new([Act::Answer(503, "retry-after: 20\r\n", "")]);
    let system = scene.system(|config| config.deadline_ms = 10_000);
    let answer = system.send(Request::get("x"), Repeat::Idempotent).await.unwrap();
    assert_eq!((answer.status.as_u16(), scene.server.asked().len()), (503, 1), "20 s don't fit into 10");
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let scene = Scene::new([]);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let system = scene.system(|config| config.base_url = format!("http://{free}"));
    let error = system.send(Request::get("x"), Repeat::Idempotent).await.unwrap_err();
    assert_eq!(error, OutboundError::Unreachable { system: "upper".to_owned(), reason: Unreachable::Refused });
    assert!(!error.may_have_arrived());
    assert_eq!(scene.calls(), [(Outcome::Unreachable, 3)]);
}

#[tokio::test]
async fn a_signed_request_is_signed_anew_for_each_attempt() {
    let scene = Scene::new([Act::HangUp, Act::Answer(503, "", "")]);
    let nonce = AtomicU32::new(0);
    let signed = || {
        let nonce = HeaderValue::from(nonce.fetch_add(1, Ordering::SeqCst));
        Request::get("x").header(header::AUTHORIZATION, nonce)
    };
    let answer = scene.system(|_| {}).send_anew(signed, Repeat::Idempotent).await.unwrap();
    assert!(answer.is_success());
    let asked = scene.server.asked();
    let nonces: Vec<_> = asked.iter().map(|asked| asked.header("authorization").unwrap()).collect();
    assert_eq!(nonces, ["0", "1", "2"]);
}
