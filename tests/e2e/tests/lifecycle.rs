//! Releases come and go, hosts stop and are killed; requests are answered by one whole release or another.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
    time::Duration,
};

use support::{Place, Plugin, Reply, answering, eventually, json_lines};
use tokio::task::JoinHandle;
use zhongtai_e2e::Host;

const SERVICE: &str = "/s/441802-test/service/";

/// The hostile guest, with time to be slow.
fn slow_release(dir: &Path) -> Plugin {
    Plugin::hostile(dir, "service", 20_000)
}

fn release(dir: &Path, number: u32) -> Plugin {
    Plugin::made(dir, "service", &format!("{number}.0.0"), &answering(&format!("release {number}")))
}

/// Starts `count` requests that take `ms`, and waits until all of them run.
async fn start_slow(place: &Place, count: usize, ms: u32) -> Vec<JoinHandle<Reply>> {
    let request = || place.http.get(place.public(&format!("{SERVICE}slow?ms={ms}")));
    let slow = (0..count).map(|_| tokio::spawn(Reply::of(request()))).collect();
    let running = format!("zhongtai_instances{{zhongtai_department=\"441802-test\"}} {count}");
    eventually("the slow requests run", async || {
        let metrics = Reply::of(place.http.get(format!("{}/metrics", place.host.admin))).await;
        metrics.body.contains(&running).then_some(())
    })
    .await;
    slow
}

async fn all_done(slow: Vec<JoinHandle<Reply>>) {
    for request in slow {
        let reply = request.await.unwrap();
        assert_eq!((reply.status, reply.body.as_str()), (200, "done"), "{reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_release_loses_no_request_and_the_old_one_finishes_what_it_has() {
    let place = Place::start();
    place.install(&slow_release(place.dir.path()));
    let slow = start_slow(&place, 2, 4_000).await;
    let (http, url) = (place.http.clone(), place.public(SERVICE));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let steady = tokio::spawn(async move {
        let mut answers = Vec::new();
        while !*stopped.borrow() {
            let reply = Reply::of(http.get(&url)).await;
            assert_eq!(reply.status, 200, "{reply:?}");
            answers.push(reply.body);
        }
        answers
    });

    place.deploy(&release(place.dir.path(), 2), &[]);
    assert_eq!(place.get(SERVICE).await.body, "release 2", "at once");
    assert!(slow.iter().any(|request| !request.is_finished()), "the old release still runs");
    all_done(slow).await;
    stop.send_replace(true);
    let answers = steady.await.unwrap();
    let switched = answers.iter().position(|body| body == "release 2").expect("the new release answered");
    assert!(switched > 0, "the old release answered first");
    let (before, after) = answers.split_at(switched);
    assert!(before.iter().all(|body| body == "still here") && after.iter().all(|body| body == "release 2"));
}

#[tokio::test]
async fn a_canary_gets_its_share_and_a_rollback_takes_it_back() {
    let place = Place::start();
    place.deploy(&release(place.dir.path(), 1), &[]);
    assert!(place.refused(&["plugin", "rollback", "441802-test/service"]).contains("no earlier release"));
    place.deploy(&release(place.dir.path(), 2), &["--weight", "30"]);

    let mut count = HashMap::<String, u32>::new();
    for _ in 0..400 {
        let reply = place.get(SERVICE).await;
        assert_eq!(reply.status, 200);
        *count.entry(reply.body).or_default() += 1;
    }
    assert_eq!(count.len(), 2, "{count:?}");
    // 120 expected; a standard deviation is 9.
    assert!((65..=175).contains(count.get("release 2").unwrap()), "{count:?}");
    let list = place.zt(&["plugin", "list"]);
    assert!(list.contains("30 %") && list.contains("70 %"), "{list}");

    place.zt(&["plugin", "rollback", "441802-test/service"]);
    for _ in 0..50 {
        assert_eq!(place.get(SERVICE).await.body, "release 1");
    }
    place.deploy(&release(place.dir.path(), 3), &[]);
    assert_eq!(place.get(SERVICE).await.body, "release 3");
    place.zt(&["plugin", "rollback", "441802-test/service"]);
    assert_eq!(place.get(SERVICE).await.body, "release 1");
}

#[tokio::test]
async fn a_removed_scenario_is_gone_at_once_and_finishes_what_it_has() {
    let place = Place::start();
    place.install(&slow_release(place.dir.path()));
    let slow = start_slow(&place, 2, 3_000).await;
    place.zt(&["plugin", "remove", "441802-test/service"]);
    place.get(SERVICE).await.scenario_problem(404, "not-found");
    assert!(slow.iter().any(|request| !request.is_finished()), "still running");
    all_done(slow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_lets_requests_in_flight_finish_while_the_host_says_that_it_is_not_ready() {
    let place = Place::start();
    place.install(&slow_release(place.dir.path()));
    let slow = start_slow(&place, 2, 3_000).await;
    let ready = format!("{}/readyz", place.host.admin);
    let Place { host, http, dir } = place;
    let log = host.data().join("host.log");
    let ended = tokio::task::spawn_blocking(move || host.terminate().unwrap());
    let told = eventually("not ready", async || {
        let reply = Reply::try_of(http.get(&ready)).await.expect("the admin listener answers until the end");
        (reply.status != 200).then_some(reply)
    })
    .await;
    assert_eq!((told.status, told.body.as_str()), (503, "starting or stopping\n"));
    assert!(slow.iter().any(|request| !request.is_finished()), "requests were in flight");
    all_done(slow).await;
    assert!(ended.await.unwrap(), "exit code 0");
    assert!(std::fs::read_to_string(log).unwrap().contains("\"stopped\""));
    drop(dir);
}

#[tokio::test]
async fn a_host_killed_while_it_deploys_starts_again_and_serves_a_whole_release() {
    let mut place = Place::start();
    let mut serving = "release 100".to_owned();
    place.deploy(&release(place.dir.path(), 100), &[]);
    for round in 0..12 {
        let after = Duration::from_micros(RandomState::new().hash_one(round) % 400_000);
        let next = format!("release {round}");
        let deploy = place.host.command(&release(place.dir.path(), round).deploy_arguments());
        let deploy = std::thread::spawn(move || { deploy }.output());
        // The moment is the test: not a wait for something.
        std::thread::sleep(after);
        let Place { host, dir, .. } = place;
        host.kill();
        let said_done = deploy.join().unwrap().unwrap().status.success();
        let moment = format!("round {round}, killed after {after:?}");
        let host = Host::start(&Place::setup(&dir)).unwrap_or_else(|error| panic!("{moment}: {error}"));
        place = Place { host, http: support::client(), dir };
        let answer = place.get(SERVICE).await;
        assert_eq!(answer.status, 200, "{moment}: {answer:?}");
        assert!(answer.body == next || (answer.body == serving && !said_done), "{moment}, {said_done}: {answer:?}");
        assert_eq!(place.get(SERVICE).await.body, answer.body, "one release, not two");
        serving = answer.body;
    }
    place.deploy(&release(place.dir.path(), 200), &[]);
    assert_eq!(place.get(SERVICE).await.body, "release 200");
    // What every life of the host recorded is whole, and numbered through.
    let records = json_lines(&place.host.audit());
    for (number, record) in records.iter().enumerate() {
        assert_eq!(record.get("number"), Some(&number.into()), "{record}");
    }
}

#[tokio::test]
async fn a_release_stops_when_a_grant_is_taken_back_and_runs_again_when_it_is_given() {
    let place = Place::start();
    let hello = Plugin::fixture("hello");
    place.install(&hello);
    assert_eq!(place.get(&hello.path("/")).await.status, 200);
    place.zt(&["grant", "remove", &hello.scenario, "credit"]);
    let reply = place.get(&hello.path("/")).await;
    reply.scenario_problem(503, "release-unavailable");
    assert!(!reply.header("retry-after").is_empty());
    assert!(!reply.body.contains("credit"), "the public is not told why");
    let list = place.zt(&["plugin", "list"]);
    assert!(list.contains("can't run: `zhongtai:credit/check@0.1.0` is imported, but"), "{list}");

    place.zt(&["grant", "add", &hello.scenario, "credit"]);
    eventually("it answers again", async || (place.get(&hello.path("/")).await.status == 200).then_some(())).await;
}

fn artifacts(data: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(data.join("aot")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_compiled_artifact_that_is_gone_or_was_changed_is_compiled_again() {
    let place = Place::start();
    place.deploy(&release(place.dir.path(), 1), &[]);
    place.install(&Plugin::fixture("hello"));
    let Place { host, dir, .. } = place;
    let data = host.data().to_owned();
    assert!(host.terminate().unwrap());
    let files = artifacts(&data);
    let [gone, changed] = files.as_slice() else { panic!("two artifacts: {files:?}") };
    std::fs::remove_file(gone).unwrap();
    let mut bytes = std::fs::read(changed).unwrap();
    let sound = bytes.clone();
    let middle = bytes.len() / 2;
    *bytes.get_mut(middle).unwrap() ^= 1;
    std::fs::write(changed, bytes).unwrap();

    let host = Host::start(&Place::setup(&dir)).unwrap();
    let place = Place { host, http: support::client(), dir };
    assert_eq!(place.get(SERVICE).await.body, "release 1");
    assert_eq!(place.get("/s/441802-test/hello/").await.body, "hello");
    assert!(place.host.log().contains("does not bear this host's seal"));
    assert_eq!(artifacts(&data), files, "both are there again, and no drafts");
    assert_eq!(std::fs::read(changed).unwrap().len(), sound.len());
}
