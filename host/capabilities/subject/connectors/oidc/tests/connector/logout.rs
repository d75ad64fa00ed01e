//! Signing out, in both directions.

use std::time::Duration;

use serde_json::{Value, json};
use zhongtai_conn_subject_oidc::TokenFault;

use crate::{
    scene::{Scene, changed, is_token},
    support::{Signer, not_signed, parameter, sign_by_secret},
};

#[tokio::test]
async fn a_logout_token_is_taken_once_and_only_with_every_claim_it_needs() {
    let scene = Scene::new().await;
    let now = scene.now();
    let another_event = json!({ "http://schemas.openid.net/event/another": {} });
    let not_an_object = json!({ "http://schemas.openid.net/event/backchannel-logout": true });
    for (claim, value, fault) in [
        ("nonce", json!("any"), TokenFault::Nonce),
        ("events", Value::Null, TokenFault::NotLogout),
        ("events", another_event, TokenFault::NotLogout),
        ("events", not_an_object, TokenFault::NotLogout),
        ("jti", Value::Null, TokenFault::NotLogout),
        ("jti", json!(""), TokenFault::NotLogout),
        ("jti", json!("x".repeat(513)), TokenFault::NotLogout),
        ("sid", json!(""), TokenFault::NotLogout),
        ("sub", json!(""), TokenFault::Subject),
        ("iss", json!("https://another.example.cn"), TokenFault::Issuer),
        ("aud", json!("another"), TokenFault::Audience),
        ("aud", json!(["zt", "another"]), TokenFault::Audience),
        ("aud", json!([]), TokenFault::Audience),
        ("exp", json!(now - 60), TokenFault::Expired),
        ("iat", json!(now + 61), TokenFault::IssuedAt),
        ("iat", json!(now - 661), TokenFault::IssuedAt),
        ("exp", Value::Null, TokenFault::Malformed),
        ("iat", Value::Null, TokenFault::Malformed),
    ] {
        println!("{claim} = {value}");
        is_token(scene.logout_with(claim, value).await, fault);
    }
    let nobody = changed(changed(scene.logout(), "sub", Value::Null), "sid", Value::Null);
    is_token(scene.ours.logout_token(&scene.hostile.key.sign(&nobody)).await, TokenFault::NotLogout);

    // None of these spent the id of the honest one.
    let honest = scene.hostile.key.sign(&scene.logout());
    let event = scene.ours.logout_token(&honest).await.unwrap();
    assert_eq!((event.subject.as_deref(), event.sid.as_deref()), (Some("zhang-san"), Some("session-1")));
    is_token(scene.ours.logout_token(&honest).await, TokenFault::Replayed);
    scene.clock.advance(Duration::from_secs(179));
    is_token(scene.ours.logout_token(&honest).await, TokenFault::Replayed);
    scene.clock.advance(Duration::from_secs(1));
    is_token(scene.ours.logout_token(&honest).await, TokenFault::Expired);
}

#[tokio::test]
async fn a_logout_token_names_a_subject_or_a_session() {
    let scene = Scene::new().await;
    for (claim, jti) in [("sub", "a"), ("sid", "b")] {
        let claims = changed(changed(scene.logout(), claim, Value::Null), "jti", json!(jti));
        assert!(scene.ours.logout_token(&scene.hostile.key.sign(&claims)).await.is_ok(), "without {claim}");
    }
}

#[tokio::test]
async fn a_logout_token_that_anybody_could_make_is_refused() {
    let scene = Scene::new().await;
    let (key, claims) = (&scene.hostile.key, scene.logout());
    let tokens = [
        (not_signed(&claims), TokenFault::Algorithm),
        (key.sign_as_secret(&claims), TokenFault::Algorithm),
        (sign_by_secret(&std::env::var("PATH").unwrap(), &claims), TokenFault::Algorithm),
        (Signer::new("key-1").sign(&claims), TokenFault::Signature),
        (Signer::new("key-2").sign(&claims), TokenFault::NoKey),
        (key.sign_with(&json!({ "alg": "ES256", "kid": "key-1", "typ": "at+jwt" }), &claims), TokenFault::Type),
        (key.sign_with(&json!({ "alg": "ES256", "kid": "key-1", "crit": ["x"] }), &claims), TokenFault::Type),
        ("not-a-token".to_owned(), TokenFault::Malformed),
        (key.sign(&changed(claims.clone(), "padding", json!("x".repeat(17 * 1024)))), TokenFault::Malformed),
    ];
    for (token, fault) in tokens {
        is_token(scene.ours.logout_token(&token).await, fault);
    }
    // Without a key's id there must be one key alone.
    scene.hostile.keys(&[key, &Signer::new("key-2")]);
    scene.clock.advance(Duration::from_secs(600));
    let claims = scene.logout();
    let nameless = key.sign_with(&json!({ "alg": "ES256" }), &claims);
    is_token(scene.ours.logout_token(&nameless).await, TokenFault::NoKey);
    let typed = json!({ "alg": "ES256", "kid": "key-1", "typ": "logout+jwt" });
    assert!(scene.ours.logout_token(&key.sign_with(&typed, &claims)).await.is_ok());
}

#[tokio::test]
async fn the_end_of_a_session_is_asked_for_only_where_that_is_possible() {
    let scene = Scene::new().await;
    let url = scene.ours.end_session_url(None, None).await.unwrap().unwrap();
    assert!(url.starts_with(&format!("{}/end?client_id=zt&", scene.hostile.issuer)), "{url}");
    assert_eq!((parameter(&url, "id_token_hint"), parameter(&url, "state")), (None, None));
    let scene = Scene::new().await;
    scene.hostile.document(|document| drop(document.as_object_mut().unwrap().remove("end_session_endpoint")));
    assert_eq!(scene.ours.end_session_url(None, None).await.unwrap(), None);
    let scene = Scene::with("end_session = false").await;
    assert_eq!(scene.ours.end_session_url(None, None).await.unwrap(), None);
}
