//! A release that listens is told of events, each in an instance of its own.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::Arc;

use support::{Setup, guest, on_host};
use zhongtai_kernel::{Effect, RequestId, Timestamp};
use zhongtai_runtime::{InvokeError, LoadedRelease, ScenarioEvent};

fn event(kind: &str, data: &str) -> ScenarioEvent {
    ScenarioEvent {
        id: "01JGFJJZ000000000000000000".to_owned(),
        kind: kind.to_owned(),
        about: "44180226112700000017".to_owned(),
        case: Some("WJ-1".to_owned()),
        at: Timestamp::from_second(1_767_225_600).unwrap(),
        data: data.to_owned(),
    }
}

fn listening(host: &support::TestHost) -> Arc<LoadedRelease> {
    host.load("test", guest("listening"), "timeout_ms = 2000").unwrap()
}

async fn tell(
    host: &support::TestHost,
    release: &Arc<LoadedRelease>,
    event: ScenarioEvent,
) -> Result<Result<(), String>, InvokeError> {
    host.runtime.tell(release.clone(), RequestId::generate(), event).await.response
}

#[test]
fn a_release_hears_what_happened_with_all_that_is_known_of_it() {
    on_host(Setup::default(), async |host| {
        let release = listening(&host);
        assert!(release.listens() && !host.hostile(1_000).listens());
        tell(&host, &release, event("test.happened", r#"{ "note": 24000 }"#)).await.unwrap().unwrap();
        let lines = host.log.after(release.release().scenario(), 0);
        let heard: Vec<_> = lines.iter().map(|line| line.message.as_str()).collect();
        let said = "heard test.happened 44180226112700000017 of WJ-1 at 2026-01-01T08:00:00+08:00: 24000";
        assert_eq!(heard, [said]);
        let resource = "Scenario::\"441802-test/guest\"".to_owned();
        assert_eq!(host.recorder.first().first(), Some(&("scenario:tell".to_owned(), resource, Effect::Allow)));
    });
}

#[test]
fn a_kind_that_nobody_asked_for_is_taken_note_of() {
    on_host(Setup::default(), async |host| {
        tell(&host, &listening(&host), event("test.unheard-of", "{}")).await.unwrap().unwrap();
    });
}

#[test]
fn a_listener_that_refuses_panics_or_spins_says_so_and_the_next_event_is_heard() {
    on_host(Setup::default(), async |host| {
        let release = listening(&host);
        let refused = tell(&host, &release, event("test.happened", r#""refuse""#)).await;
        assert_eq!(refused.unwrap(), Err("not-yet".to_owned()));
        let strange = tell(&host, &release, event("test.happened", r#"{ "eat": 1 }"#)).await.unwrap().unwrap_err();
        assert!(strange.starts_with("the facts of test.happened are not as expected"), "{strange}");
        let panicked = tell(&host, &release, event("test.happened", r#""panic""#)).await;
        assert!(matches!(panicked, Err(InvokeError::Trap { ref reason, .. }) if reason == "heard too much"));
        let spinning = tell(&host, &release, event("test.happened", r#""spin""#)).await;
        assert!(matches!(spinning, Err(InvokeError::Timeout(2_000))), "{spinning:?}");
        tell(&host, &release, event("test.happened", r#"{ "note": 1 }"#)).await.unwrap().unwrap();
    });
}

#[test]
fn policy_is_asked_before_a_release_hears_anything() {
    on_host(Setup::default(), async |host| {
        let release = listening(&host);
        host.guard.deny();
        let denied = tell(&host, &release, event("test.happened", r#"{ "note": 1 }"#)).await;
        assert!(matches!(denied, Err(InvokeError::Denied { .. })), "{denied:?}");
    });
}
