//! Files past the plugin: who may send and fetch them, what is taken, and what stays when something goes wrong.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    time::Instant,
};

use serde_json::Value;
use support::{Place, Plugin, Reply, SOON, eventually};
use zhongtai_e2e::{Host, Setup};

const CASE: &str = "2026-0001";

/// A host with the guest that hands out tickets, a citizen and an officer who signed in.
struct Desk {
    place: Place,
    path: String,
    citizen: String,
    officer: String,
}

// === impl Desk ===

impl Desk {
    fn open() -> Self {
        Self::open_with(|_| ())
    }

    fn open_with(change: impl FnOnce(&mut Setup)) -> Self {
        let place = Place::start_with(|setup, _| change(setup));
        let plugin = Plugin::fixture("materials");
        place.install(&plugin);
        place.add_user("zhang", &["--kind", "natural-person"]);
        place.add_user("li", &["--kind", "officer", "--department", "441802-test", "--clearance", "3"]);
        let (citizen, officer) = (place.token("zhang", &[]), place.token("li", &[]));
        Self { place, path: plugin.path(""), citizen, officer }
    }

    async fn call(&self, method: &str, path: &str, token: &str) -> Reply {
        let url = self.place.public(&format!("{}{path}", self.path));
        Reply::of(self.place.http.request(method.parse().unwrap(), url).bearer_auth(token)).await
    }

    /// The path of a new ticket of the citizen's.
    async fn ticket(&self) -> String {
        let reply = self.call("POST", &format!("/cases/{CASE}/ticket"), &self.citizen).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["path"].as_str().unwrap().to_owned()
    }

    async fn send(&self, ticket: &str, token: &str, content: Vec<u8>) -> Reply {
        let request = self.place.http.put(self.place.public(ticket)).bearer_auth(token);
        Reply::of(request.header("x-file-name", "%E5%BC%A0%E4%B8%89%E7%9A%84%E5%9B%BE.pdf").body(content)).await
    }

    /// A file that has arrived; its id.
    async fn stored(&self, content: Vec<u8>) -> String {
        let reply = self.send(&self.ticket().await, &self.citizen, content).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.json()["file"].as_str().unwrap().to_owned()
    }

    /// What lies in the folder of files.
    fn on_disk(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.place.host.data().join("files")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found
    }

    /// Nothing of an upload that was given up is left, soon.
    async fn is_empty_soon(&self) {
        eventually("an empty folder", async || self.on_disk().is_empty().then_some(())).await;
    }

    /// An upload by hand: its head, and then whatever `body` writes.
    fn raw(&self, ticket: &str, head: &str, body: impl FnOnce(&mut TcpStream)) -> String {
        let mut stream = TcpStream::connect(self.place.host.public.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let token = &self.citizen;
        write!(stream, "PUT {ticket} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{head}\r\n\r\n").unwrap();
        body(&mut stream);
        let (mut answer, mut buffer) = (Vec::new(), [0; 4_096]);
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            answer.extend_from_slice(&buffer[..read]);
            if String::from_utf8_lossy(&answer).contains("\r\n\r\n{") {
                break;
            }
        }
        String::from_utf8_lossy(&answer).into_owned()
    }
}

fn pdf(bytes: usize) -> Vec<u8> {
    let filling = (0..bytes - 9).map(|n| (n * 31 % 251) as u8);
    b"%PDF-1.7\n".iter().copied().chain(filling).collect()
}

#[tokio::test]
async fn a_citizen_hands_a_file_in_and_an_officer_fetches_it_past_the_plugin() {
    let desk = Desk::open();
    let content = pdf(1_500_000);
    let ticket = desk.ticket().await;
    let arrived = desk.send(&ticket, &desk.citizen, content.clone()).await;
    assert_eq!(arrived.status, 201, "{arrived:?}");
    let arrived = arrived.json();
    assert_eq!((&arrived["kind"], &arrived["bytes"]), (&"pdf".into(), &1_500_000.into()));
    let digest = zhongtai_kernel::Digest::of(&content);
    assert_eq!(arrived["sha256"], digest.to_string());
    let id = arrived["file"].as_str().unwrap();

    let stat = desk.call("GET", &format!("/files/{id}"), &desk.citizen).await.json();
    assert_eq!(
        (&stat["name"], &stat["case"], &stat["attached"]),
        (&"张三的图.pdf".into(), &CASE.into(), &false.into())
    );
    assert_eq!(format!("sha256:{}", stat["sha256"].as_str().unwrap()), digest.to_string());
    let read = desk.call("GET", &format!("/files/{id}/from/0/8"), &desk.officer).await;
    assert_eq!(read.body, "%PDF-1.7");
    assert_eq!(desk.call("PUT", &format!("/files/{id}"), &desk.citizen).await.status, 204);
    desk.call("DELETE", &format!("/files/{id}"), &desk.citizen).await.problem(403, "access-denied");
    let all = desk.call("GET", &format!("/cases/{CASE}/all"), &desk.officer).await.json();
    assert_eq!((all.as_array().unwrap().len(), &all[0]["attached"]), (1, &true.into()));

    let link = desk.call("POST", &format!("/files/{id}/link"), &desk.officer).await.json();
    let link = desk.place.public(link["path"].as_str().unwrap());
    let get = |token: &str| desk.place.http.get(&link).bearer_auth(token);
    Reply::of(get(&desk.citizen)).await.scenario_problem(403, "access-denied");
    let response = get(&desk.officer).send().await.unwrap();
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/pdf");
    assert_eq!(header("content-length"), "1500000");
    assert_eq!(header("content-disposition"), "attachment; filename*=UTF-8''%E5%BC%A0%E4%B8%89%E7%9A%84%E5%9B%BE.pdf");
    assert_eq!(
        (header("x-content-type-options"), header("cache-control")),
        ("nosniff".into(), "private, no-store".into())
    );
    assert!(header("content-security-policy").contains("sandbox"));
    assert_eq!(response.bytes().await.unwrap(), content);
    Reply::of(get(&desk.officer)).await.scenario_problem(404, "no-ticket");
}

#[tokio::test]
async fn a_ticket_is_for_one_person_once_and_for_one_direction() {
    let desk = Desk::open();
    let ticket = desk.ticket().await;
    let url = desk.place.public(&ticket);
    Reply::of(desk.place.http.put(&url).body(pdf(100))).await.scenario_problem(401, "unauthenticated");
    desk.send(&ticket, &desk.officer, pdf(100)).await.scenario_problem(403, "access-denied");
    Reply::of(desk.place.http.get(&url).bearer_auth(&desk.citizen)).await.scenario_problem(404, "no-ticket");
    let wrong = Reply::of(desk.place.http.delete(&url).bearer_auth(&desk.citizen)).await;
    wrong.problem(405, "method-not-allowed");
    assert_eq!(wrong.header("allow"), "GET, POST, PUT");
    for other in ["", "x", "%2e%2e%2fetc", &"A".repeat(43)] {
        let path = format!("/api/v1/files/{other}");
        desk.send(&path, &desk.citizen, pdf(100)).await.scenario_problem(404, "no-ticket");
    }
    assert_eq!(desk.send(&ticket, &desk.citizen, pdf(100)).await.status, 201, "nobody has used it yet");
    desk.send(&ticket, &desk.citizen, pdf(100)).await.scenario_problem(404, "no-ticket");
    assert_eq!(desk.on_disk().len(), 1);
}

#[tokio::test]
async fn a_plugin_sees_a_file_on_behalf_of_its_owner_and_of_its_officers_only() {
    let desk = Desk::open();
    let id = desk.stored(pdf(100)).await;
    desk.place.add_user("wang", &["--kind", "natural-person"]);
    desk.place.add_user("chen", &["--kind", "officer", "--department", "441802-other", "--clearance", "4"]);
    desk.place.add_user("zhao", &["--kind", "officer", "--department", "441802-test", "--clearance", "2"]);
    let none = "0".repeat(32);
    for login in ["wang", "chen", "zhao"] {
        let token = desk.place.token(login, &[]);
        for file in [&id, &none] {
            for (method, path) in [("GET", ""), ("GET", "/from/0/8"), ("POST", "/link"), ("PUT", ""), ("DELETE", "")] {
                let reply = desk.call(method, &format!("/files/{file}{path}"), &token).await;
                reply.problem(403, "access-denied");
            }
        }
        desk.call("GET", &format!("/cases/{CASE}/all"), &token).await.problem(403, "access-denied");
        assert_eq!(desk.call("GET", &format!("/cases/{CASE}/own"), &token).await.json(), Value::Array(Vec::new()));
    }
    let anonymous = desk.place.get(&format!("{}/files/{id}", desk.path)).await;
    anonymous.problem(403, "access-denied");
    desk.call("GET", &format!("/files/{id}/for/marketing"), &desk.citizen).await.problem(500, "undeclared-purpose");
    desk.call("GET", &format!("/files/{none}"), &desk.officer).await.problem(404, "not-found");
    desk.call("GET", "/files/..", &desk.officer).await.problem(404, "not-found");
    desk.call("GET", "/files/%2e%2e%2fx", &desk.officer).await.problem(400, "bad-request");
    desk.call("POST", "/cases/a%2fb/ticket", &desk.citizen).await.problem(400, "bad-request");
}

#[tokio::test]
async fn what_is_too_large_or_of_the_wrong_kind_is_refused_with_its_reason_and_leaves_nothing() {
    let desk = Desk::open();
    let ticket = desk.ticket().await;
    let large = desk.send(&ticket, &desk.citizen, pdf((2 << 20) + 1)).await;
    large.scenario_problem(413, "file-too-large");
    let chunks = |stream: &mut TcpStream| {
        let chunk = pdf(1 << 20);
        for _ in 0..5 {
            let sent = write!(stream, "{:x}\r\n", chunk.len()).and_then(|()| stream.write_all(&chunk));
            if sent.and_then(|()| stream.write_all(b"\r\n")).is_err() {
                break;
            }
        }
        let _ = stream.write_all(b"0\r\n\r\n");
    };
    let answer = desk.raw(&ticket, "transfer-encoding: chunked", chunks);
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("file-too-large"), "{answer}");
    let program = b"MZ\x90\0 this program cannot be run in DOS mode".repeat(20_000);
    desk.send(&ticket, &desk.citizen, program).await.scenario_problem(400, "wrong-kind");
    desk.send(&ticket, &desk.citizen, Vec::new()).await.scenario_problem(400, "wrong-kind");
    desk.send(&ticket, &desk.citizen, b"PK\x03\x04 no archive at all".to_vec())
        .await
        .scenario_problem(400, "unsafe-content");
    for (name, value) in [("content-encoding", "gzip"), ("content-range", "bytes 0-9/10"), ("x-file-name", "..%2fa")] {
        let request = desk.place.http.put(desk.place.public(&ticket)).bearer_auth(&desk.citizen);
        let reply = Reply::of(request.header(name, value).body(pdf(100))).await;
        reply.scenario_problem(400, "invalid-header");
    }
    desk.is_empty_soon().await;
    assert_eq!(desk.send(&ticket, &desk.citizen, pdf(100)).await.status, 201, "the ticket still holds");
}

#[tokio::test]
async fn an_upload_that_stalls_or_breaks_off_is_given_up_and_can_be_sent_again() {
    let desk = Desk::open_with(|setup| setup.body_s = 1);
    let ticket = desk.ticket().await;
    let begun = Instant::now();
    let stalled = desk.raw(&ticket, "content-length: 1000", |stream| stream.write_all(&pdf(500)).unwrap());
    assert!(stalled.starts_with("HTTP/1.1 400") && stalled.contains("body-incomplete"), "{stalled}");
    assert!((1..10).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    desk.is_empty_soon().await;
    // A client that goes away in the middle: nobody reads its answer.
    let mut stream = TcpStream::connect(desk.place.host.public.trim_start_matches("http://")).unwrap();
    let token = &desk.citizen;
    let head =
        format!("PUT {ticket} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: 900000\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&pdf(600_000)).unwrap();
    eventually("the file on its way", async || (!desk.on_disk().is_empty()).then_some(())).await;
    desk.send(&ticket, &desk.citizen, pdf(100)).await.scenario_problem(409, "ticket-busy");
    drop(stream);
    desk.is_empty_soon().await;
    eventually("the ticket again", async || {
        (desk.send(&ticket, &desk.citizen, pdf(100)).await.status == 201).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_host_killed_in_an_upload_shows_nothing_of_it_after_its_start() {
    let desk = Desk::open();
    let kept = desk.stored(pdf(300_000)).await;
    let ticket = desk.ticket().await;
    let mut stream = TcpStream::connect(desk.place.host.public.trim_start_matches("http://")).unwrap();
    let token = &desk.citizen;
    let head =
        format!("PUT {ticket} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: 900000\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&pdf(800_000)).unwrap();
    eventually("the file on its way", async || (desk.on_disk().len() == 2).then_some(())).await;
    let Desk { place: Place { host, http, dir }, path, citizen, officer } = desk;
    host.kill();
    let host = Host::start(&Place::setup(&dir)).unwrap();
    let desk = Desk { place: Place { host, http, dir }, path, citizen, officer };
    let own = desk.call("GET", &format!("/cases/{CASE}/own"), &desk.citizen).await.json();
    let ids: Vec<_> = own.as_array().unwrap().iter().map(|file| file["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [kept.as_str()]);
    assert_eq!(desk.call("GET", &format!("/files/{kept}/from/299990/100"), &desk.citizen).await.status, 200);
}

#[tokio::test]
async fn a_file_that_was_changed_at_rest_is_not_given_out_to_its_end() {
    let desk = Desk::open();
    let id = desk.stored(pdf(1_000_000)).await;
    let path = desk.on_disk().pop().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[900_000] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let link = async || {
        let link = desk.call("POST", &format!("/files/{id}/link"), &desk.officer).await.json();
        desk.place.public(link["path"].as_str().unwrap())
    };
    let mut response = desk.place.http.get(link().await).bearer_auth(&desk.officer).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut got = Vec::new();
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => got.extend_from_slice(&chunk),
            other => break other,
        }
    };
    assert!(end.is_err(), "the connection ends short of the length");
    assert!(got.len() < 900_000 && pdf(1_000_000).starts_with(&got), "{}", got.len());
    bytes[10] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let refused = Reply::of(desk.place.http.get(link().await).bearer_auth(&desk.officer)).await;
    refused.scenario_problem(500, "file-tampered");
    assert!(desk.place.host.log().contains("changed, cut or replaced"));
}

#[tokio::test]
async fn what_is_stored_and_fetched_is_recorded_by_its_digest_and_never_by_name_or_content() {
    let desk = Desk::open();
    let content = [&pdf(50)[..], "身份证号441802199001011234".as_bytes()].concat();
    let ticket = desk.ticket().await;
    let arrived = desk.send(&ticket, &desk.citizen, content).await;
    let id = arrived.json()["file"].as_str().unwrap().to_owned();
    let (request, digest) = (arrived.header("x-request-id"), arrived.json()["sha256"].as_str().unwrap().to_owned());
    let decided = desk.place.audit(&format!("{request}/0")).await.to_string();
    assert!(decided.contains("files:upload") && decided.contains("files-own"), "{decided}");
    let stored = desk.place.audit(&format!("{request}/1")).await.to_string();
    assert!(stored.contains("file:store") && stored.contains(&id) && stored.contains(&digest), "{stored}");
    let link = desk.call("POST", &format!("/files/{id}/link"), &desk.officer).await.json();
    let link = link["path"].as_str().unwrap().to_owned();
    let fetched = desk.place.http.get(desk.place.public(&link)).bearer_auth(&desk.officer).send().await.unwrap();
    let request = fetched.headers()["x-request-id"].to_str().unwrap();
    let fetched = desk.place.audit(&format!("{request}/1")).await.to_string();
    assert!(fetched.contains("file:fetch") && fetched.contains(&digest), "{fetched}");
    let written = [desk.place.host.log(), std::fs::read_to_string(desk.place.host.audit()).unwrap()];
    let secrets = [
        "张三的图",
        "%E5%BC%A0",
        "441802199001011234",
        ticket.rsplit('/').next().unwrap(),
        link.rsplit('/').next().unwrap(),
    ];
    for secret in secrets {
        for text in &written {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn many_uploads_at_once_never_hold_more_than_the_quota_of_their_case() {
    let desk = Desk::open_with(|setup| setup.config = "[files]\ncase_quota_mib = 3\n".to_owned());
    let mut tickets = Vec::new();
    for _ in 0..8 {
        tickets.push(desk.ticket().await);
    }
    let sent: Vec<_> = tickets
        .into_iter()
        .map(|ticket| {
            let request = desk.place.http.put(desk.place.public(&ticket)).bearer_auth(&desk.citizen);
            tokio::spawn(Reply::of(request.body(pdf(1 << 20))))
        })
        .collect();
    let mut statuses = Vec::new();
    for one in sent {
        statuses.push(one.await.unwrap().status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 201, 409, 409, 409, 409, 409]);
    assert_eq!(desk.on_disk().len(), 3);
}
