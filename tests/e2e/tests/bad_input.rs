//! Whatever is sent, the sender gets a proper refusal, and the next one an answer.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Instant,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use support::{Place, Plugin, Reply, SOON, guest, manifest, printed, wat, zt};

/// Writes raw bytes to the public listener and reads what comes back. The writing may fail: a refusal need not wait.
fn raw(place: &Place, request: impl FnOnce(&mut TcpStream) -> std::io::Result<()>) -> String {
    let mut stream = TcpStream::connect(place.host.public.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let _ = request(&mut stream);
    let (mut answer, mut buffer) = (Vec::new(), [0; 4_096]);
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

async fn still_answers(place: &Place) {
    let reply = place.get("/s/441802-test/hello/").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "hello"), "{reply:?}");
}

#[tokio::test]
async fn what_is_not_there_is_404_and_says_of_what_kind() {
    let place = Place::start();
    place.install(&Plugin::fixture("hello"));
    for path in
        ["/s/441802-test/nobody/", "/s/441802-test", "/s/", "/s//", "/s/441802-test/", "/s/../hello", "/s/%00/x"]
    {
        let reply = place.get(path).await;
        assert_eq!(reply.status, 404, "{path}: {reply:?}");
    }
    place.get("/s/441802-test/nobody/").await.scenario_problem(404, "not-found");
    place.get("/nothing").await.problem(404, "not-found");
    Reply::of(place.http.get(place.admin("nothing")).bearer_auth(place.operator_token()))
        .await
        .problem(404, "not-found");

    let inside = place.get("/s/441802-test/hello/nothing").await;
    assert_eq!(inside.problem(404, "not-found")["detail"], "there is no /nothing");
    let wrong = Reply::of(place.http.post(place.public("/s/441802-test/hello/"))).await;
    wrong.problem(405, "method-not-allowed");
    assert_eq!(wrong.header("allow"), "GET, HEAD");
    for (url, allowed) in [(place.public("/api/v1/sign-in"), "POST"), (place.admin("plugins"), "GET,HEAD,POST")] {
        let wrong = Reply::of(place.http.put(url)).await;
        wrong.problem(405, "method-not-allowed");
        assert_eq!(wrong.header("allow"), allowed, "{wrong:?}");
    }
    still_answers(&place).await;
}

#[tokio::test]
async fn json_that_is_none_is_a_bad_request_that_quotes_nothing() {
    let place = Place::start();
    let token = place.operator_token();
    for body in ["", "{", "[]", "{\"login\": 13800000000}", "{\"login\":\"a\",\"password\":\"b\",\"extra\":1}", "\u{0}"]
    {
        let request = place.http.post(place.public("/api/v1/sign-in")).header("content-type", "application/json");
        let reply = Reply::of(request.body(body)).await;
        let problem = reply.problem(400, "invalid-json");
        assert!(!problem["detail"].as_str().unwrap().contains("138"), "{reply:?}");
        let request = place.http.post(place.admin("users")).header("content-type", "application/json");
        Reply::of(request.bearer_auth(&token).body(body)).await.problem(400, "invalid-json");
    }
    Reply::of(place.http.post(place.public("/api/v1/sign-in")).body("{}")).await.problem(400, "content-type");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_however_it_is_announced() {
    let place = Place::start();
    let hostile = Plugin::fixture("hostile");
    place.install(&hostile);
    place.install(&Plugin::fixture("hello"));
    let echo = place.public(&hostile.path("/echo"));
    for _ in 0..5 {
        // With content-length.
        Reply::of(place.http.post(&echo).body(vec![b'a'; 10 << 20])).await.scenario_problem(413, "body-too-large");
        // Chunked.
        let path = hostile.path("/echo");
        let answer = raw(&place, |stream| {
            write!(
                stream,
                "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
            )?;
            for _ in 0..160 {
                write!(stream, "10000\r\n{}\r\n", "a".repeat(0x10000))?;
            }
            write!(stream, "0\r\n\r\n")
        });
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("body-too-large"), "{answer:?}");
        still_answers(&place).await;
    }
    let most = Reply::of(place.http.post(&echo).body(vec![b'a'; 64 << 10])).await;
    assert_eq!((most.status, &most.json()["body"]), (200, &(64 << 10).into()), "as much as the manifest takes");
    let more = Reply::of(place.http.post(&echo).body(vec![b'a'; (64 << 10) + 1])).await;
    more.scenario_problem(413, "body-too-large");
    let sign_in = place.http.post(place.public("/api/v1/sign-in")).header("content-type", "application/json");
    Reply::of(sign_in.body(vec![b'a'; 10 << 20])).await.problem(413, "body-too-large");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_in_time_is_refused_and_holds_nothing() {
    let place = Place::start_with(|setup, _| setup.body_s = 1);
    place.install(&Plugin::fixture("hello"));
    let begun = Instant::now();
    let answer = raw(&place, |stream| {
        stream.write_all(b"POST /s/441802-test/hello/ HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf")
    });
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("the body did not arrive within 1 s"), "{answer}");
    assert!(begun.elapsed() < SOON, "it is the host that ends it, not this test's patience");
    still_answers(&place).await;
}

#[tokio::test]
async fn broken_http_ends_its_own_connection_only() {
    let place = Place::start();
    place.install(&Plugin::fixture("hello"));
    let path = "/s/441802-test/hello/";
    let huge =
        raw(&place, |stream| write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\nx-a: {}\r\n\r\n", "a".repeat(1 << 20)));
    assert!(huge.starts_with("HTTP/1.1 431 "), "{huge:?}");
    let many =
        raw(&place, |stream| write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\n{}\r\n", "x-a: 1\r\n".repeat(1_000)));
    assert!(many.starts_with("HTTP/1.1 431 "), "{many:?}");
    for nonsense in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let answer = raw(&place, |stream| stream.write_all(nonsense.as_bytes()));
        assert!(answer.starts_with("HTTP/1.1 400 ") || answer.is_empty(), "{nonsense:?}: {answer:?}");
    }
    // What smuggles: two lengths.
    let two = raw(&place, |stream| {
        write!(stream, "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab")
    });
    assert!(two.starts_with("HTTP/1.1 400 "), "{two:?}");
    // Less than announced, then nothing.
    let less = raw(&place, |stream| {
        write!(stream, "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nab")?;
        stream.shutdown(std::net::Shutdown::Write)
    });
    assert!(less.contains("body-incomplete") || less.is_empty(), "{less:?}");
    still_answers(&place).await;
}

#[tokio::test]
async fn credentials_that_are_not_valid_are_401_even_where_none_are_needed() {
    let place = Place::start();
    place.install(&Plugin::fixture("hello"));
    let token = place.operator_token();
    for value in
        ["Bearer nonsense", "Bearer ", "Bearer", "Basic b3BlcmF0b3I6", token.as_str(), &format!("Bearer {token}x")]
    {
        for url in [place.public("/s/441802-test/hello/"), place.admin("plugins")] {
            let reply = Reply::of(place.http.get(url).header("authorization", value)).await;
            reply.problem(401, "unauthenticated");
            assert_eq!(reply.header("www-authenticate"), "Bearer");
        }
    }
    let reply = Reply::of(place.http.get(place.public("/s/441802-test/hello/")).bearer_auth(&token)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn a_component_that_can_not_be_used_is_refused_by_its_fault_and_nothing_is_deployed() {
    let place = Place::start();
    let hello = std::fs::read(guest("hello")).unwrap();
    let module = wat::parse_str("(module)").unwrap();
    let cases: [(&str, &[u8], &str); 9] = [
        ("not-wasm", b"#!/bin/sh", "does not begin"),
        ("not-wasm", b"", "does not begin"),
        ("core-module", &module, "a core module"),
        ("damaged-component", &hello[..hello.len() / 2], "damaged"),
        ("not-granted", &hello, "`credit` is not granted"),
        ("not-requested", &hello, "does not ask for it"),
        ("unknown-import", &wat("imports-unknown"), "zhongtai:nonsense/x@0.1.0"),
        ("unknown-import", &wat("imports-wasi"), "wasi:cli/environment@0.2.0"),
        ("no-handler", &wat("no-handler"), "does not export"),
    ];
    for (code, component, says) in cases {
        let asks = if code == "not-granted" { "[capabilities]\ncredit = { reason = \"asks\" }" } else { "" };
        let manifest = manifest("refused", "0.1.0", "public", asks);
        let plugin = Plugin::with_manifest(place.dir.path(), "refused", &manifest, component);
        let upload = json!({
            "manifest": manifest, "component": STANDARD.encode(component),
        });
        let request = place.http.post(place.admin("plugins")).bearer_auth(place.operator_token()).json(&upload);
        let problem = Reply::of(request).await.problem(if code == "not-granted" { 403 } else { 400 }, code);
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
        let told = place.refused(&plugin.deploy_arguments());
        assert!(told.contains("refused: ") && told.contains(says), "{told}");
        place.get(&plugin.path("/")).await.scenario_problem(404, "not-found");
    }
    assert_eq!(place.zt(&["plugin", "list", "--json"]).trim(), "[]");
}

#[tokio::test]
async fn a_manifest_or_upload_that_can_not_be_used_is_refused() {
    let place = Place::start();
    let component = STANDARD.encode(wat("handler"));
    let upload = async |body: serde_json::Value| {
        Reply::of(place.http.post(place.admin("plugins")).bearer_auth(place.operator_token()).json(&body)).await
    };
    let unknown = manifest("refused", "0.1.0", "public", "colour = \"red\"");
    let problem = upload(json!({"manifest": unknown, "component": component})).await.problem(400, "manifest");
    assert!(problem["detail"].as_str().unwrap().contains("unknown field `colour`"), "{problem}");
    let greedy = manifest("refused", "0.1.0", "public", "[limits]\nmemory_mib = 100000");
    upload(json!({"manifest": greedy, "component": component})).await.problem(400, "manifest");
    let good = manifest("refused", "0.1.0", "public", "");
    upload(json!({"manifest": good, "component": "*"})).await.problem(400, "invalid-json");
    for weight in [0, 101, -1] {
        upload(json!({"manifest": good, "component": component, "weight": weight})).await.problem(400, "registry");
    }
    let huge = upload(json!({"manifest": good, "component": "A".repeat(49 << 20)})).await;
    huge.problem(413, "body-too-large");
    place.get("/s/441802-test/refused/").await.scenario_problem(404, "not-found");
}

#[tokio::test]
async fn a_guest_that_misbehaves_costs_its_own_request_only() {
    let place = Place::start();
    // Time enough for what is not about time, on a busy machine too.
    let hostile = Plugin::hostile(place.dir.path(), "hostile", 2_000);
    place.install(&hostile);
    place.install(&Plugin::fixture("hello"));
    for (path, status, code) in [
        ("/trap", 502, "scenario-trap"),
        ("/panic", 502, "scenario-trap"),
        ("/recursion", 502, "scenario-trap"),
        ("/spin", 504, "scenario-timeout"),
        ("/random-flood", 504, "scenario-timeout"),
        ("/memory-bomb", 502, "scenario-memory"),
        ("/bad-status?status=99", 502, "scenario-response"),
        ("/bad-status?status=1000", 502, "scenario-response"),
        ("/bad-header?which=space", 502, "scenario-response"),
        ("/bad-header?which=crlf", 502, "scenario-response"),
        ("/bad-header?which=empty", 502, "scenario-response"),
        ("/many-headers", 502, "scenario-response"),
        ("/big-header", 502, "scenario-response"),
    ] {
        let reply = place.get(&hostile.path(path)).await;
        reply.scenario_problem(status, code);
        assert!(reply.headers.get("set-cookie").is_none(), "{reply:?}");
        still_answers(&place).await;
    }
    let huge = place.get(&hostile.path("/huge-response")).await;
    assert_eq!(huge.status, 502, "{huge:?}");
    assert_eq!(huge.json()["request_id"], huge.header("x-request-id"));
    assert_eq!(place.get(&hostile.path("/cry-wolf")).await.body, "no wolf");
    assert_eq!(place.get(&hostile.path("/")).await.body, "still here");
}

#[tokio::test]
async fn a_panic_is_told_to_the_department_and_not_to_the_public() {
    let place = Place::start();
    let hostile = Plugin::fixture("hostile");
    place.install(&hostile);
    let reply = place.get(&hostile.path("/panic")).await;
    for inside in ["applicant", "traps.rs", "unreachable"] {
        assert!(!reply.body.contains(inside), "{reply:?}");
    }
    let log = place.log();
    let line = log.iter().find(|line| line["request"] == reply.header("x-request-id")).unwrap();
    assert!(line["reason"].as_str().unwrap().contains("no such applicant"), "{line}");
    assert!(line["location"].as_str().unwrap().contains("src/traps.rs:"), "{line}");
}

#[test]
fn an_unknown_configuration_key_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("zt.toml");
    std::fs::write(&config, "[listen]\npubic = \"127.0.0.1:0\"\n").unwrap();
    let output = std::process::Command::new(zt()).args(["serve", "--config"]).arg(&config).output().unwrap();
    let told = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("unknown field `pubic`") && told.contains("zt.toml"), "{told}");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in
        [&["--nonsense"][..], &["plugin"], &["plugin", "list", "more"], &["plugin", "remove", "No Name"], &[]]
    {
        let output = std::process::Command::new(zt()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "zt {arguments:?}: {}", printed(&output));
    }
    let version = std::process::Command::new(zt()).arg("--version").output().unwrap();
    assert_eq!(version.status.code(), Some(0));
}
