//! Discovery documents and keys.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use zhongtai_conn_subject_oidc::{AnswerFault, HttpFault, OidcError, TokenFault, Wanted};

use crate::{
    scene::{Scene, is_answer, is_token},
    support::{Answer, Signer},
};

#[tokio::test]
async fn an_unknown_key_makes_us_ask_once_in_half_a_minute() {
    let scene = Scene::new().await;
    let unknown = Signer::new("key-2");
    is_token(scene.sign_in(|_, claims| unknown.sign(&claims)).await, TokenFault::NoKey);
    assert_eq!(scene.hostile.asked("/jwks"), 2);
    for _ in 0..5 {
        is_token(scene.sign_in(|_, claims| unknown.sign(&claims)).await, TokenFault::NoKey);
    }
    assert_eq!(scene.hostile.asked("/jwks"), 2, "forged tokens must not make us ask all the time");
    scene.clock.advance(Duration::from_secs(30));
    scene.hostile.keys(&[&scene.hostile.key, &unknown]);
    assert!(scene.sign_in(|_, claims| unknown.sign(&claims)).await.is_ok());
    assert_eq!(scene.hostile.asked("/jwks"), 3);
    assert_eq!(scene.hostile.asked("/.well-known/openid-configuration"), 1);
}

#[tokio::test]
async fn a_key_that_the_provider_takes_back_is_not_accepted_any_more() {
    let scene = Scene::new().await;
    let next = Signer::new("key-2");
    assert!(scene.sign_in(|key, claims| key.sign(&claims)).await.is_ok());
    scene.hostile.keys(&[&next]);
    assert!(scene.sign_in(|key, claims| key.sign(&claims)).await.is_ok(), "believed for ten minutes");
    scene.clock.advance(Duration::from_secs(600));
    is_token(scene.sign_in(|key, claims| key.sign(&claims)).await, TokenFault::NoKey);
    assert!(scene.sign_in(|_, claims| next.sign(&claims)).await.is_ok());
}

#[tokio::test]
async fn a_discovery_document_that_is_not_the_issuers_own_is_refused() {
    let scene = Scene::new().await;
    scene.hostile.document(|document| document["issuer"] = json!("https://another.example.cn"));
    is_answer(scene.ours.begin(&Wanted::default()).await, AnswerFault::OtherIssuer);
}

#[tokio::test]
async fn an_oversized_or_redirecting_discovery_document_is_refused() {
    let document = "/.well-known/openid-configuration";
    let scene = Scene::new().await;
    scene.hostile.document(|document| document["padding"] = json!("x".repeat(300 * 1024)));
    is_answer(scene.ours.begin(&Wanted::default()).await, HttpFault::TooLarge.into());
    let scene = Scene::new().await;
    scene.hostile.answer(document, Answer::redirect("/elsewhere"));
    is_answer(scene.ours.begin(&Wanted::default()).await, HttpFault::Redirected.into());
    let scene = Scene::new().await;
    scene.hostile.answer(document, Answer::json(&json!(["not", "a", "document"])));
    is_answer(scene.ours.begin(&Wanted::default()).await, AnswerFault::Malformed("the discovery document"));
    let scene = Scene::new().await;
    scene.hostile.document(|document| document["jwks_uri"] = json!("http://id.example.gov.cn/jwks"));
    is_answer(scene.ours.begin(&Wanted::default()).await, AnswerFault::Endpoint("jwks_uri"));
    let scene = Scene::new().await;
    scene.hostile.answer("/jwks", Answer::error("404 Not Found", &json!({})));
    is_answer(scene.ours.begin(&Wanted::default()).await, AnswerFault::Status { what: "the key set", status: 404 });
}

#[tokio::test]
async fn a_provider_that_fails_is_left_alone_for_longer_and_longer() {
    let scene = Scene::new().await;
    let document = "/.well-known/openid-configuration";
    scene.hostile.answer(document, Answer::error("500 Internal Server Error", &json!({})));
    for (asked, pause) in [(1, 1), (2, 2), (3, 4)] {
        let error = scene.ours.discover().await.unwrap_err();
        assert!(matches!(error, OidcError::Unavailable(HttpFault::Fault)), "{error:?}");
        let error = scene.ours.discover().await.unwrap_err();
        let expected = Duration::from_secs(pause);
        assert!(matches!(error, OidcError::Resting { retry_after } if retry_after == expected), "{error:?}");
        assert_eq!(scene.hostile.asked(document), asked);
        scene.clock.advance(expected);
    }
    scene.hostile.document(|_| ());
    scene.ours.discover().await.unwrap();
}

#[tokio::test]
async fn what_many_ask_at_once_is_asked_of_the_provider_once() {
    let scene = Scene::new().await;
    let ours = Arc::new(scene.ours);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let ours = ours.clone();
            tokio::spawn(async move { ours.begin(&Wanted::default()).await.is_ok() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    for path in ["/.well-known/openid-configuration", "/jwks"] {
        assert_eq!(scene.hostile.asked(path), 1, "{path}");
    }
}
