use std::{process::Command, sync::Arc};

use zhongtai_kernel::{ErrorKind, SystemClock};
use zhongtai_outbound::{HeaderValue, Outbound, OutboundConfig, OutboundError, Outcome, Repeat, Request, SystemConfig};

use crate::support::{Act, Scene};

#[tokio::test]
async fn a_path_that_would_leave_the_base_is_refused_before_anything_is_sent() {
    let scene = Scene::new([]);
    let system = scene.system(|_| {});
    for path in ["//evil/", "../admin", "https://evil.example/", "a/%2e%2e/%2e%2e/admin", "a\\b", "a?b=c"] {
        let error = system.send(Request::get(path), Repeat::Idempotent).await.unwrap_err();
        assert!(matches!(error, OutboundError::NotAllowed { .. }), "{path}: {error}");
        assert_eq!((error.kind(), error.may_have_arrived()), (ErrorKind::Invalid, false));
    }
    assert_eq!(scene.server.connections(), 0);
    assert_eq!(scene.calls(), [(Outcome::NotAllowed, 0); 6]);
}

#[tokio::test]
async fn a_header_that_would_send_it_elsewhere_is_refused() {
    let scene = Scene::new([]);
    let system = scene.system(|_| {});
    for name in ["host", "content-length", "transfer-encoding", "connection"] {
        let request = Request::get("x").header(name.parse().unwrap(), HeaderValue::from_static("evil.example"));
        let error = system.send(request, Repeat::Never).await.unwrap_err();
        assert!(matches!(error, OutboundError::NotAllowed { .. }), "{name}: {error}");
    }
    assert_eq!(scene.server.connections(), 0);
}

#[tokio::test]
async fn what_is_sent_is_what_was_asked_for() {
    let scene = Scene::new([Act::Answer(201, "x-request: 7\r\n", "made")]);
    let system = scene.system(|_| {});
    let request = Request::post("records", "application/json", "{}").segment("a/b c").query("page size", "1&2");
    assert!(system.target(&request).is_err(), "an id with a slash is no segment");
    let request = Request::post("records", "application/json", "{}").segment("甲 1").query("page size", "1&2");
    let target = system.target(&request).unwrap();
    let answer = system.send(request, Repeat::Never).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.header("x-request"), &answer.body[..]), (201, Some("7"), &b"made"[..]));
    let asked = &scene.server.asked()[0];
    assert_eq!(target, "/api/records/%E7%94%B2%201?page%20size=1%262");
    assert_eq!(asked.line, format!("POST {target} HTTP/1.1"));
    assert_eq!(asked.body, b"{}");
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(scene.calls(), [(Outcome::Success, 1)]);
}

#[tokio::test]
async fn an_answers_status_is_the_callers_to_judge() {
    let scene = Scene::new([Act::Answer(404, "", "no such thing"), Act::Answer(304, "", "")]);
    let system = scene.system(|_| {});
    let get = || system.send(Request::get("x"), Repeat::Idempotent);
    assert_eq!(get().await.unwrap().status.as_u16(), 404);
    assert_eq!(get().await.unwrap().status.as_u16(), 304);
    assert_eq!(scene.calls(), [(Outcome::ClientError, 1), (Outcome::Success, 1)]);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Scene::new([]);
        let location = format!("location: {}/api/secret\r\n", elsewhere.server.origin());
        let scene = Scene::new([Act::Answer(status, Box::leak(location.into_boxed_str()), "")]);
        let error = scene.system(|_| {}).send(Request::get("x"), Repeat::Idempotent).await.unwrap_err();
        assert_eq!(error, OutboundError::Redirected { system: "upper".to_owned(), status });
        assert!(error.may_have_arrived());
        assert_eq!((scene.server.asked().len(), elsewhere.server.connections()), (1, 0), "{status}");
    }
}

/// Runs itself once more, for only a process of its own can have another environment.
#[tokio::test]
async fn proxies_of_the_environment_are_not_used() {
    const ORIGIN: &str = "ZT_TEST_ORIGIN";
    if let Ok(origin) = std::env::var(ORIGIN) {
        let outbound = Outbound::new(&OutboundConfig::default(), Arc::new(SystemClock)).unwrap();
        let system = outbound.system("upper", &SystemConfig::at(origin)).unwrap();
        assert!(system.send(Request::get("x"), Repeat::Never).await.unwrap().is_success());
        return;
    }
    let (scene, proxy) = (Scene::new([]), Scene::new([]));
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "guard::proxies_of_the_environment_are_not_used"])
        .envs(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].map(|name| (name, proxy.server.origin())))
        .env(ORIGIN, scene.server.origin())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert_eq!((scene.server.asked().len(), proxy.server.connections()), (1, 0));
}

#[tokio::test]
async fn connections_are_kept_and_shared_between_systems() {
    let scene = Scene::new([]);
    let (one, other) = (scene.system(|_| {}), scene.system(|_| {}));
    for system in [&one, &other, &one] {
        assert!(system.send(Request::get("x"), Repeat::Never).await.unwrap().is_success());
    }
    assert_eq!((scene.server.asked().len(), scene.server.connections()), (3, 1));
}

#[test]
fn calls_may_come_from_any_runtime() {
    let home = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let scene = home.block_on(async { Scene::new([]) });
    let system = scene.system(|_| {});
    for _ in 0..3 {
        // A runtime that is gone with its reactor after each call.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(system.send(Request::get("x"), Repeat::Never)).unwrap();
        assert!(answer.is_success());
    }
    assert_eq!(scene.server.connections(), 1, "the connection lives on where the client was made");
}
