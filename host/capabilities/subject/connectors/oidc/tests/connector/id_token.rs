//! Every check of an ID token, one by one.

use std::time::Duration;

use serde_json::{Value, json};
use zhongtai_conn_subject_oidc::{AnswerFault, TokenFault, Wanted};

use crate::{
    scene::{Scene, came_back, changed, is_answer, is_token},
    support::{Answer, Signer, not_signed, parameter, sign_by_secret},
};

#[tokio::test]
async fn an_honest_token_is_taken_and_a_forged_claim_is_not() {
    let scene = Scene::new().await;
    let person = scene.sign_in(|key, claims| key.sign(&claims)).await.unwrap();
    assert_eq!((person.subject.as_str(), person.sid.as_deref()), ("zhang-san", Some("session-1")));
    let now = scene.now();
    for (claim, value, fault) in [
        ("nonce", json!("another"), TokenFault::Nonce),
        ("nonce", Value::Null, TokenFault::Nonce),
        ("aud", json!("another"), TokenFault::Audience),
        ("aud", json!(["zt", "another"]), TokenFault::Audience),
        ("aud", Value::Null, TokenFault::Audience),
        ("azp", json!("another"), TokenFault::AuthorizedParty),
        ("iss", json!("https://another.example.cn"), TokenFault::Issuer),
        ("iss", json!(format!("{}/", scene.hostile.issuer)), TokenFault::Issuer),
        ("exp", json!(now - 61), TokenFault::Expired),
        ("iat", json!(now + 61), TokenFault::IssuedAt),
        ("iat", json!(now - 61), TokenFault::IssuedAt),
        ("sub", json!(""), TokenFault::Subject),
        ("sub", json!("x".repeat(256)), TokenFault::Subject),
        ("sub", json!("张三"), TokenFault::Subject),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA"), TokenFault::AccessToken),
    ] {
        println!("{claim} = {value}");
        is_token(scene.sign_in_with(claim, value).await, fault);
    }
    // Clocks may differ by a minute, and a party of the right name is right.
    for (claim, value) in
        [("exp", json!(now - 59)), ("iat", json!(now + 59)), ("azp", json!("zt")), ("aud", json!(["zt"]))]
    {
        assert!(scene.sign_in_with(claim, value.clone()).await.is_ok(), "{claim} = {value}");
    }
}

#[tokio::test]
async fn a_token_without_a_subject_or_without_a_time_is_not_one() {
    let scene = Scene::new().await;
    for claim in ["sub", "exp", "iat", "iss"] {
        is_answer(scene.sign_in_with(claim, Value::Null).await, AnswerFault::Malformed("the token endpoint's answer"));
    }
    let begin = scene.begin().await;
    scene.hostile.answer("/token", Answer::json(&json!({ "access_token": "x", "token_type": "Bearer" })));
    is_answer(scene.ours.complete(came_back(&begin.pending), begin.pending).await, AnswerFault::NoIdToken);
}

#[tokio::test]
async fn the_hash_of_the_access_token_is_compared() {
    let scene = Scene::new().await;
    let hash = ring::digest::digest(&ring::digest::SHA256, b"access-token-of-the-test");
    let half = hash.as_ref().split_at(16).0;
    let right = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, half);
    assert!(scene.sign_in_with("at_hash", json!(right)).await.is_ok());
}

#[tokio::test]
async fn a_signature_that_anybody_could_make_is_refused() {
    let scene = Scene::new().await;
    is_token(scene.sign_in(|_, claims| not_signed(&claims)).await, TokenFault::Algorithm);
    is_token(scene.sign_in(|key, claims| key.sign_as_secret(&claims)).await, TokenFault::Algorithm);
    let secret = std::env::var("PATH").unwrap();
    is_token(scene.sign_in(|_, claims| sign_by_secret(&secret, &claims)).await, TokenFault::Algorithm);
    let other_key = Signer::new("key-1");
    is_token(scene.sign_in(|_, claims| other_key.sign(&claims)).await, TokenFault::Signature);
    let tampered = |key: &Signer, claims: Value| {
        let (honest, other) = (key.sign(&claims), key.sign(&changed(claims, "sub", json!("li-si"))));
        let parts: Vec<_> = honest.split('.').collect();
        format!("{}.{}.{}", parts[0], other.split('.').nth(1).unwrap(), parts[2])
    };
    is_token(scene.sign_in(tampered).await, TokenFault::Signature);
}

#[tokio::test]
async fn a_token_of_another_type_is_refused() {
    let scene = Scene::new().await;
    for typ in ["logout+jwt", "at+jwt"] {
        let header = json!({ "alg": "ES256", "kid": "key-1", "typ": typ });
        is_token(scene.sign_in(|key, claims| key.sign_with(&header, &claims)).await, TokenFault::Type);
    }
    let critical = json!({ "alg": "ES256", "kid": "key-1", "crit": ["b64"], "b64": false });
    is_token(scene.sign_in(|key, claims| key.sign_with(&critical, &claims)).await, TokenFault::Type);
}

#[tokio::test]
async fn a_token_without_a_key_id_needs_a_provider_with_one_key() {
    let scene = Scene::new().await;
    let nameless = json!({ "alg": "ES256" });
    assert!(scene.sign_in(|key, claims| key.sign_with(&nameless, &claims)).await.is_ok());
    scene.hostile.keys(&[&scene.hostile.key, &Signer::new("key-2")]);
    scene.clock.advance(Duration::from_secs(600));
    is_token(scene.sign_in(|key, claims| key.sign_with(&nameless, &claims)).await, TokenFault::NoKey);
}

#[tokio::test]
async fn how_long_ago_the_subject_signed_in_is_checked() {
    let scene = Scene::new().await;
    let now = scene.now();
    for (signed_in, good) in
        [(json!(now - 100), true), (json!(now - 361), false), (json!(now + 61), false), (Value::Null, false)]
    {
        let wanted = Wanted { max_age: Some(Duration::from_secs(300)), ..Wanted::default() };
        let begin = scene.ours.begin(&wanted).await.unwrap();
        assert_eq!(parameter(&begin.url, "max_age").as_deref(), Some("300"));
        let claims = changed(scene.claims(&begin), "auth_time", signed_in.clone());
        scene.hostile.gives(&scene.hostile.key.sign(&claims));
        let result = scene.ours.complete(came_back(&begin.pending), begin.pending).await;
        match good {
            true => assert!(result.is_ok(), "{signed_in}"),
            false => is_token(result, TokenFault::AuthTime),
        }
    }
}

#[tokio::test]
async fn a_key_that_is_not_for_signatures_signs_nothing() {
    let scene = Scene::new().await;
    for (member, value) in [("use", "enc"), ("alg", "ES384")] {
        let mut key = scene.hostile.key.jwk();
        key[member] = json!(value);
        scene.hostile.answer("/jwks", Answer::json(&json!({ "keys": [key] })));
        scene.clock.advance(Duration::from_secs(600));
        is_token(scene.sign_in(|key, claims| key.sign(&claims)).await, TokenFault::NoKey);
        let token = scene.hostile.key.sign(&scene.logout());
        is_token(scene.ours.logout_token(&token).await, TokenFault::NoKey);
    }
}
