use std::time::Duration;

use zhongtai_kernel::ErrorKind;
use zhongtai_outbound::{BreakerState, OutboundError, Outcome, Repeat, Request, System};

use crate::support::{Act, Scene};

fn flapping(scene: &Scene) -> System {
    scene.system(|config| {
        config.breaker_failures = 3;
        config.breaker_pause_ms = 30_000;
    })
}

async fn call(system: &System) -> Result<u16, OutboundError> {
    system.send(Request::get("x"), Repeat::Never).await.map(|answer| answer.status.as_u16())
}

#[tokio::test]
async fn a_system_that_fails_is_left_alone_until_a_call_finds_it_back() {
    let scene = Scene::new([
        Act::HangUp,
        Act::Answer(500, "", ""),
        Act::HalfABody,
        Act::HangUp,              // the first try
        Act::Answer(200, "", ""), // the second one
    ]);
    let system = flapping(&scene);
    for _ in 0..3 {
        let _ = call(&system).await;
    }
    assert_eq!(scene.server.asked().len(), 3);
    let error = call(&system).await.unwrap_err();
    assert_eq!(error, OutboundError::Resting { system: "upper".to_owned(), retry_after: Duration::from_secs(30) });
    assert_eq!((error.kind(), error.may_have_arrived()), (ErrorKind::Unavailable, false));
    assert_eq!(scene.server.asked().len(), 3, "it is not even asked");

    scene.clock.advance(Duration::from_secs(30));
    assert!(matches!(call(&system).await, Err(OutboundError::BrokenOff { .. })));
    assert!(matches!(call(&system).await, Err(OutboundError::Resting { .. })));
    scene.clock.advance(Duration::from_secs(30));
    assert_eq!(call(&system).await, Ok(200));
    assert_eq!(call(&system).await, Ok(200));
    assert_eq!(scene.server.asked().len(), 6);
    use BreakerState::{Closed, HalfOpen, Open};
    assert_eq!(scene.states(), [Closed, Open, HalfOpen, Open, HalfOpen, Closed]);
    assert_eq!(scene.calls()[3], (Outcome::Resting, 0));
}

#[tokio::test]
async fn a_system_that_works_now_and_then_is_asked_on() {
    let acts = (0..30).map(|turn| if turn % 3 == 2 { Act::Answer(200, "", "") } else { Act::Answer(500, "", "") });
    let scene = Scene::new(acts);
    let system = flapping(&scene);
    for _ in 0..30 {
        assert!(call(&system).await.is_ok());
    }
    assert_eq!(scene.states(), [BreakerState::Closed]);
}

#[tokio::test]
async fn what_is_the_callers_fault_does_not_count() {
    let refused = [400, 401, 403, 404, 429].map(|status| Act::Answer(status, "", ""));
    let scene = Scene::new(refused.into_iter().cycle().take(50));
    let system = flapping(&scene);
    for _ in 0..50 {
        assert!(call(&system).await.is_ok());
    }
    assert_eq!(scene.states(), [BreakerState::Closed]);
}

#[tokio::test]
async fn an_attempt_that_is_not_made_leaves_the_error_of_the_one_before() {
    let scene = Scene::new(vec![Act::HangUp; 10]);
    let system = scene.system(|config| {
        config.breaker_failures = 2;
        config.attempts = 5;
    });
    let error = system.send(Request::get("x"), Repeat::Idempotent).await.unwrap_err();
    assert_eq!(error, OutboundError::BrokenOff { system: "upper".to_owned() });
    assert_eq!((scene.server.asked().len(), scene.calls()), (2, vec![(Outcome::BrokenOff, 2)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_call_at_a_time_tries_a_system_that_was_down() {
    let scene = Scene::new([Act::HangUp, Act::HangUp, Act::HangUp, Act::Gate]);
    let system = flapping(&scene);
    for _ in 0..3 {
        let _ = call(&system).await;
    }
    scene.clock.advance(Duration::from_secs(30));
    let probe = {
        let system = system.clone();
        tokio::spawn(async move { call(&system).await })
    };
    scene.server.wait_for(1);
    for _ in 0..20 {
        assert!(matches!(call(&system).await, Err(OutboundError::Resting { .. })));
    }
    scene.server.open_gate();
    assert_eq!(probe.await.unwrap(), Ok(200));
    assert_eq!(scene.server.asked().len(), 4);
    assert_eq!(call(&system).await, Ok(200));
}
