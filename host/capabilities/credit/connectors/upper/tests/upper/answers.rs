use std::time::Duration;

use zhongtai_cap_credit::{CreditProvider, contract};
use zhongtai_conn_credit_upper::{AnswerFault, UpperError};
use zhongtai_kernel::{Clock, ErrorKind};
use zhongtai_outbound::OutboundError;

use crate::scene::Scene;

fn too_large() -> UpperError {
    OutboundError::TooLarge { system: "credit.upper".to_owned(), most: 1 << 20 }.into()
}

#[tokio::test]
async fn a_bad_answer_is_refused_by_what_is_wrong_and_not_remembered() {
    let redirected = OutboundError::Redirected { system: "credit.upper".to_owned(), status: 302 };
    for (mode, wanted) in [
        ("not-json", AnswerFault::NotJson.into()),
        ("not-utf8", AnswerFault::NotJson.into()),
        ("wrong-type", AnswerFault::Field("since").into()),
        ("no-records", AnswerFault::Field("records").into()),
        ("other-subject", AnswerFault::OtherSubject.into()),
        ("incomplete", AnswerFault::Incomplete.into()),
        ("unsigned", AnswerFault::Signature.into()),
        ("forged", AnswerFault::Signature.into()),
        ("changed", AnswerFault::Signature.into()),
        ("long-ago", AnswerFault::Time.into()),
        ("huge", too_large()),
        ("redirect", redirected.into()),
        ("status:404", UpperError::Status(404)),
        ("status:500", UpperError::Status(500)),
    ] {
        let mut scene = Scene::new();
        scene.behave(mode);
        let error = scene.upper.ask(&contract::enterprise()).await.unwrap_err();
        assert_eq!(error, wanted, "{mode}");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(scene.upper.at_hand(&contract::enterprise()).is_none(), "{mode}");
        let error = scene.upper.records(&contract::enterprise()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "credit-unavailable"), "{mode}");
        assert!(error.to_string().starts_with("the credit platform `省平台` can't be asked: "), "{error}");
    }
}

#[tokio::test]
async fn an_answer_to_another_request_is_refused() {
    let mut scene = Scene::new();
    scene.behave("replayed");
    scene.upper.ask(&contract::enterprise()).await.unwrap();
    let error = scene.upper.ask(&contract::enterprise()).await.unwrap_err();
    assert_eq!(error, AnswerFault::Signature.into(), "word for word what it said before, but not to this question");
}

#[tokio::test]
async fn a_bad_answer_does_not_replace_a_good_one() {
    let mut scene = Scene::new();
    let good = scene.upper.records(&contract::enterprise()).await.unwrap();
    scene.pass(Duration::from_secs(61));
    scene.behave("other-subject");
    let kept = scene.upper.records(&contract::enterprise()).await.unwrap();
    assert!(kept.stale);
    assert_eq!((kept.records, kept.as_of), (good.records, good.as_of));
}

#[tokio::test]
async fn records_are_as_old_as_the_platform_says_and_never_younger_than_the_question() {
    let mut scene = Scene::new();
    scene.behave("old-data");
    let known = scene.upper.records(&contract::enterprise()).await.unwrap();
    assert_eq!(known.as_of, "2020-01-01T00:00:00Z".parse().unwrap());
    assert!(!known.stale, "it was asked, and knows no better");
    scene.behave("from-the-future");
    let asked = scene.clock.now();
    let known = scene.upper.records(&contract::person()).await.unwrap();
    assert_eq!(known.as_of, asked);
}
