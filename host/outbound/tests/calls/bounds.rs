use std::{future::Future, pin::pin, task::Poll};

use zhongtai_kernel::ErrorKind;
use zhongtai_outbound::{OutboundError, Outcome, Repeat, Request, Unreachable};

use crate::support::{Act, PATIENCE, Scene};

#[tokio::test]
async fn a_system_that_says_nothing_is_not_waited_for() {
    let scene = Scene::new([Act::Silence]);
    let system = scene.system(|config| config.timeout_ms = 100);
    let error = system.send(Request::get("x"), Repeat::Never).await.unwrap_err();
    assert_eq!(error, OutboundError::TimedOut { system: "upper".to_owned() });
    assert_eq!((error.kind(), error.may_have_arrived()), (ErrorKind::Timeout, true));
    assert_eq!(scene.calls(), [(Outcome::TimedOut, 1)]);
}

#[tokio::test]
async fn a_system_that_drips_is_not_waited_for() {
    let scene = Scene::new([Act::Drip]);
    let system = scene.system(|config| config.timeout_ms = 200);
    let error = system.send(Request::get("x"), Repeat::Never).await.unwrap_err();
    assert_eq!(error, OutboundError::TimedOut { system: "upper".to_owned() });
}

#[tokio::test]
async fn a_connection_that_is_never_made_is_given_up() {
    // Accepts nothing: the handshake of TLS has no end.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let scene = Scene::new([]);
    let config = zhongtai_outbound::OutboundConfig { connect_timeout_ms: 100, ..Default::default() };
    let outbound = zhongtai_outbound::Outbound::new(&config, scene.clock.clone()).unwrap();
    let base_url = format!("https://{}", silent.local_addr().unwrap());
    let config = zhongtai_outbound::SystemConfig { base_url, ..scene.config() };
    let system = outbound.system("upper", &config).unwrap();
    let error = system.send(Request::get("x"), Repeat::Never).await.unwrap_err();
    assert_eq!(error, OutboundError::Unreachable { system: "upper".to_owned(), reason: Unreachable::Timeout });
    assert_eq!((error.kind(), error.may_have_arrived()), (ErrorKind::Timeout, false));
}

#[tokio::test]
async fn all_attempts_together_keep_the_deadline() {
    let scene = Scene::new(vec![Act::Silence; 10]);
    let system = scene.system(|config| {
        config.timeout_ms = 200;
        config.deadline_ms = 500;
        config.attempts = 10;
        config.breaker_failures = 100;
    });
    let error = system.send(Request::get("x"), Repeat::Idempotent).await.unwrap_err();
    assert_eq!(error, OutboundError::TimedOut { system: "upper".to_owned() });
    let asked = scene.server.asked().len();
    assert!((1..=3).contains(&asked), "two whole attempts and what is left: {asked}");
}

#[tokio::test]
async fn an_answer_without_an_end_is_cut_off() {
    for act in [Act::Endless, Act::HugeAndSaysSo(64 * 1024 + 1)] {
        let scene = Scene::new([act.clone(), Act::HugeAndSaysSo(64 * 1024)]);
        let system = scene.system(|config| config.max_answer_kib = 64);
        let error = system.send(Request::get("x"), Repeat::Idempotent).await.unwrap_err();
        assert_eq!(error, OutboundError::TooLarge { system: "upper".to_owned(), most: 65_536 }, "{act:?}");
        assert_eq!(
            (error.kind(), scene.server.asked().len()),
            (ErrorKind::Unavailable, 1),
            "it would be as long again"
        );
        let answer = system.send(Request::get("x"), Repeat::Idempotent).await.unwrap();
        assert_eq!(answer.body.len(), 65_536, "as much as is allowed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_calls_than_allowed_are_under_way() {
    let scene = Scene::new(vec![Act::Gate; 8]);
    let system = scene.system(|config| config.concurrency = 3);
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let system = system.clone();
            tokio::spawn(async move { system.send(Request::get("x"), Repeat::Never).await })
        })
        .collect();
    scene.server.wait_for(3);
    scene.server.open_gate();
    for call in calls {
        assert!(tokio::time::timeout(PATIENCE, call).await.unwrap().unwrap().unwrap().is_success());
    }
    assert_eq!((scene.server.asked().len(), scene.server.most_at_once()), (8, 3));
}

#[tokio::test]
async fn who_gets_no_slot_in_time_is_told_so() {
    let scene = Scene::new([Act::Gate]);
    let system = scene.system(|config| {
        config.concurrency = 1;
        config.deadline_ms = 1_000;
    });
    let mut first = pin!(system.send(Request::get("x"), Repeat::Never));
    let pending = std::future::poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_pending())).await;
    assert!(pending);
    let error = system.send(Request::get("y"), Repeat::Never).await.unwrap_err();
    assert_eq!(error, OutboundError::Busy { system: "upper".to_owned() });
    assert_eq!((error.kind(), error.may_have_arrived()), (ErrorKind::Overloaded, false));
    assert_eq!(scene.calls(), [(Outcome::Busy, 0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_gives_its_slot_back() {
    let scene = Scene::new([Act::Gate]);
    let system = scene.system(|config| config.concurrency = 1);
    let waiting = {
        let system = system.clone();
        tokio::spawn(async move { system.send(Request::get("x"), Repeat::Never).await })
    };
    scene.server.wait_for(1);
    waiting.abort();
    assert!(waiting.await.is_err());
    let next = tokio::time::timeout(PATIENCE, system.send(Request::get("y"), Repeat::Never)).await.unwrap();
    assert!(next.unwrap().is_success());
    assert_eq!(scene.calls(), [(Outcome::Abandoned, 1), (Outcome::Success, 1)]);
}
