use std::time::Duration;

use zhongtai_cap_credit::{CreditProvider, contract};
use zhongtai_conn_credit_upper::UpperError;
use zhongtai_kernel::{Clock, ErrorKind};
use zhongtai_outbound::{OutboundError, Unreachable};

use crate::scene::{Platform, Scene};

#[tokio::test]
async fn an_answer_is_used_for_a_while_without_asking_again() {
    let mut scene = Scene::new();
    let first = scene.upper.records(&contract::enterprise()).await.unwrap();
    scene.pass(Duration::from_secs(59));
    assert_eq!(scene.upper.at_hand(&contract::enterprise()), Some(first.clone()));
    assert_eq!(scene.upper.records(&contract::enterprise()).await.unwrap(), first);
    assert_eq!(scene.requests(), 1);
    scene.pass(Duration::from_secs(1));
    assert_eq!(scene.upper.at_hand(&contract::enterprise()), None);
    let second = scene.upper.records(&contract::enterprise()).await.unwrap();
    assert_eq!((scene.requests(), second.stale), (2, false));
    assert!(second.as_of >= first.as_of + Duration::from_secs(60));
}

#[tokio::test]
async fn while_the_platform_is_killed_an_older_answer_is_used_and_says_its_age() {
    let mut scene = Scene::new();
    let asked = scene.clock.now();
    let fresh = scene.upper.records(&contract::enterprise()).await.unwrap();
    scene.platform.kill();
    scene.clock.advance(Duration::from_secs(3_600));
    let old = scene.upper.records(&contract::enterprise()).await.unwrap();
    assert!(old.stale);
    assert_eq!((&old.records, old.as_of), (&fresh.records, asked));
    assert_eq!(scene.upper.at_hand(&contract::enterprise()), None, "what is stale is never at hand: it is asked for");

    let unknown = scene.upper.records(&contract::person()).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Unavailable, "of whom nothing is remembered, nothing is said");

    scene.clock.advance(Duration::from_secs(1));
    let error = scene.upper.records(&contract::enterprise()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the credit platform `省平台` can't be asked: credit.upper: no connection: nobody answers",
        "older than is allowed"
    );

    scene.platform = Platform::start(&scene.folder, "hmac-sha256", scene.platform.port);
    scene.pass(Duration::ZERO);
    let back = scene.upper.records(&contract::enterprise()).await.unwrap();
    assert_eq!((&back.records, back.stale), (&fresh.records, false));
}

#[tokio::test]
async fn a_platform_that_fails_in_any_way_leaves_the_older_answer() {
    for mode in ["slow", "hang-up", "half", "status:500", "status:503", "status:429", "not-json", "unsigned"] {
        let mut scene = Scene::with(|config| {
            config.system.attempts = 1;
            // Long enough for a slow machine's good answer.
            config.system.timeout_ms = if mode == "slow" { 5_000 } else { 60_000 };
        });
        scene.upper.records(&contract::enterprise()).await.unwrap();
        scene.pass(Duration::from_secs(60));
        scene.behave(mode);
        assert!(scene.upper.records(&contract::enterprise()).await.unwrap().stale, "{mode}");
    }
}

#[tokio::test]
async fn no_stale_answer_is_used_where_the_operator_wants_none() {
    let mut scene = Scene::with(|config| config.stale_s = config.fresh_s);
    scene.upper.records(&contract::enterprise()).await.unwrap();
    scene.platform.kill();
    scene.clock.advance(Duration::from_secs(61));
    assert!(scene.upper.records(&contract::enterprise()).await.is_err());
}

#[tokio::test]
async fn a_platform_that_is_down_is_left_alone() {
    let mut scene = Scene::with(|config| {
        config.system.breaker_failures = 2;
        config.system.attempts = 1;
    });
    scene.behave("hang-up");
    for _ in 0..2 {
        let error = scene.upper.ask(&contract::enterprise()).await.unwrap_err();
        assert!(matches!(error, UpperError::Outbound(OutboundError::BrokenOff { .. })), "{error}");
    }
    let error = scene.upper.ask(&contract::enterprise()).await.unwrap_err();
    assert!(matches!(error, UpperError::Outbound(OutboundError::Resting { .. })), "{error}");
    assert_eq!(scene.requests(), 2);
    scene.behave("fine");
    scene.pass(Duration::from_secs(30));
    assert!(scene.upper.ask(&contract::enterprise()).await.is_ok());
}

#[tokio::test]
async fn a_platform_that_was_never_there_is_an_error_and_not_an_empty_answer() {
    let mut scene = Scene::new();
    scene.platform.kill();
    let error = scene.upper.ask(&contract::enterprise()).await.unwrap_err();
    let reason = Unreachable::Refused;
    assert_eq!(error, OutboundError::Unreachable { system: "credit.upper".to_owned(), reason }.into());
}
