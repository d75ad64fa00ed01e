//! The token endpoint and userinfo.

use serde_json::json;
use zhongtai_conn_subject_oidc::{AnswerFault, ClientFault, HttpFault, OidcError, Refusal, TokenFault};

use crate::{
    scene::{Scene, came_back, is_answer, is_token},
    support::Answer,
};

#[tokio::test]
async fn userinfo_is_about_the_same_subject_or_not_used() {
    let scene = Scene::new().await;
    let userinfo = format!("{}/me", scene.hostile.issuer);
    scene.hostile.document(|document| document["userinfo_endpoint"] = json!(userinfo));
    scene.hostile.answer("/me", Answer::json(&json!({ "sub": "zhang-san", "name": "张三" })));
    let person = scene.sign_in(|key, claims| key.sign(&claims)).await.unwrap();
    assert_eq!(person.claims.name.as_deref(), Some("张三"));
    let bearer = scene.hostile.last("/me").unwrap().headers.get("authorization").cloned();
    assert_eq!(bearer.as_deref(), Some("Bearer access-token-of-the-test"));

    scene.hostile.answer("/me", Answer::json(&json!({ "sub": "li-si", "name": "李四" })));
    is_token(scene.sign_in(|key, claims| key.sign(&claims)).await, TokenFault::OtherSubject);
    scene.hostile.answer("/me", Answer::json(&json!({ "name": "李四" })));
    is_answer(scene.sign_in(|key, claims| key.sign(&claims)).await, AnswerFault::Malformed("userinfo"));
    scene.hostile.answer("/me", Answer::redirect("/elsewhere"));
    is_answer(scene.sign_in(|key, claims| key.sign(&claims)).await, HttpFault::Redirected.into());
    assert_eq!(scene.hostile.asked("/elsewhere"), 0);
}

#[tokio::test]
async fn an_access_token_that_no_header_can_carry_is_an_error_and_no_panic() {
    let scene = Scene::new().await;
    let userinfo = format!("{}/me", scene.hostile.issuer);
    scene.hostile.document(|document| document["userinfo_endpoint"] = json!(userinfo));
    let begin = scene.begin().await;
    let id_token = scene.hostile.key.sign(&scene.claims(&begin));
    let tokens = json!({ "access_token": "a\nb", "token_type": "Bearer", "id_token": id_token });
    scene.hostile.answer("/token", Answer::json(&tokens));
    is_answer(scene.ours.complete(came_back(&begin.pending), begin.pending).await, AnswerFault::AccessToken);
}

#[tokio::test]
async fn a_redirecting_token_endpoint_gets_nothing_carried_on() {
    let scene = Scene::new().await;
    let begin = scene.begin().await;
    scene.hostile.answer("/token", Answer::redirect("/elsewhere"));
    is_answer(scene.ours.complete(came_back(&begin.pending), begin.pending).await, HttpFault::Redirected.into());
    assert_eq!((scene.hostile.asked("/token"), scene.hostile.asked("/elsewhere")), (1, 0));
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_is_understood() {
    let scene = Scene::new().await;
    let refused =
        |code: &str| Answer::error("400 Bad Request", &json!({ "error": code, "error_description": "secret" }));
    let begin = scene.begin().await;
    scene.hostile.answer("/token", refused("invalid_grant"));
    let error = scene.ours.complete(came_back(&begin.pending), begin.pending).await.unwrap_err();
    assert!(matches!(error, OidcError::Refused(Refusal::Code)), "{error:?}");
    let begin = scene.begin().await;
    scene.hostile.answer("/token", refused("invalid_client"));
    let error = scene.ours.complete(came_back(&begin.pending), begin.pending).await.unwrap_err();
    assert!(matches!(error, OidcError::Misconfigured(ClientFault::NotAccepted)), "{error:?}");
    let begin = scene.begin().await;
    scene.hostile.answer("/token", Answer::error("503 Service Unavailable", &json!({})));
    let error = scene.ours.complete(came_back(&begin.pending), begin.pending).await.unwrap_err();
    assert!(matches!(error, OidcError::Unavailable(HttpFault::Fault)) && error.is_temporary(), "{error:?}");
}
