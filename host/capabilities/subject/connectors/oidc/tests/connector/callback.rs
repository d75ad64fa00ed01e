//! What a browser may bring back.

use std::time::Duration;

use serde_json::json;
use zhongtai_conn_subject_oidc::{Callback, CallbackFault, OidcError, Pending, Wanted};
use zhongtai_kernel::Assurance;

use crate::{
    scene::{CLIENT, Scene, came_back, is_callback},
    support::provider,
};

/// What is done to an honest callback.
type Change = fn(&mut Callback);

#[tokio::test]
async fn an_answer_that_belongs_to_no_sign_in_of_ours_is_refused_before_the_code_is_sent() {
    let scene = Scene::new().await;
    scene.hostile.document(|document| document["authorization_response_iss_parameter_supported"] = json!(true));
    let begin = || async { scene.begin().await.pending };
    let with = |pending: &Pending, change: Change| {
        let mut callback = Callback { iss: Some(scene.hostile.issuer.clone()), ..came_back(pending) };
        change(&mut callback);
        callback
    };
    let changes: [(Change, CallbackFault); 6] = [
        (|callback| callback.state = Some("another".to_owned()), CallbackFault::State),
        (|callback| callback.state = None, CallbackFault::State),
        (|callback| callback.iss = Some("https://another.example.cn".to_owned()), CallbackFault::Issuer),
        (|callback| callback.iss = None, CallbackFault::Issuer),
        (|callback| callback.code = None, CallbackFault::NoCode),
        (|callback| callback.code = Some(String::new()), CallbackFault::NoCode),
    ];
    for (change, fault) in changes {
        let pending = begin().await;
        is_callback(scene.ours.complete(with(&pending, change), pending).await, fault);
    }
    let pending = begin().await;
    let callback = with(&pending, |_| ());
    scene.clock.advance(Duration::from_secs(600));
    is_callback(scene.ours.complete(callback, pending).await, CallbackFault::Late);

    let other = provider("https://other.example.cn", CLIENT, scene.clock.clone());
    let pending = begin().await;
    is_callback(other.complete(with(&pending, |_| ()), pending).await, CallbackFault::OtherProvider);
    assert_eq!(scene.hostile.asked("/token"), 0);
}

#[tokio::test]
async fn another_issuer_in_the_answer_is_refused_where_none_is_promised() {
    let scene = Scene::new().await;
    let begin = scene.begin().await;
    let callback = Callback { iss: Some("https://another.example.cn".to_owned()), ..came_back(&begin.pending) };
    is_callback(scene.ours.complete(callback, begin.pending).await, CallbackFault::Issuer);
}

#[tokio::test]
async fn a_state_is_used_once() {
    let scene = Scene::new().await;
    let begin = scene.begin().await;
    scene.hostile.gives(&scene.hostile.key.sign(&scene.claims(&begin)));
    let kept = serde_json::to_string(&begin.pending).unwrap();
    let callback = came_back(&begin.pending);
    scene.ours.complete(callback.clone(), begin.pending).await.unwrap();
    let again = serde_json::from_str(&kept).unwrap();
    is_callback(scene.ours.complete(callback, again).await, CallbackFault::Replayed);
    assert_eq!(scene.hostile.asked("/token"), 1);
}

#[tokio::test]
async fn nobody_asks_for_what_no_acr_stands_for() {
    let scene = Scene::new().await;
    let wanted = Wanted { assurance: Some(Assurance::High), ..Wanted::default() };
    assert!(matches!(scene.ours.begin(&wanted).await, Err(OidcError::NeverThatSure)));
}

#[tokio::test]
async fn every_call_can_wait_on_any_thread() {
    fn is_send(_: impl Send) {}
    let scene = Scene::new().await;
    let begin = scene.begin().await;
    let ours = &scene.ours;
    is_send(ours.discover());
    is_send(ours.begin(&Wanted::default()));
    is_send(ours.complete(came_back(&begin.pending), begin.pending));
    is_send(ours.end_session_url(None, None));
    is_send(ours.logout_token("token"));
}
