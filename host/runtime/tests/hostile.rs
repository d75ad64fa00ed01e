//! Guests that misbehave: each gets its own error, soon, and everybody else an answer.

#![allow(clippy::panic, reason = "tests")]

mod support;

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use support::{Setup, call, get, on_host, text, wat};
use zhongtai_kernel::Effect;
use zhongtai_runtime::{AdmissionOptions, InvokeError, Request};

/// How much later than its deadline a guest may be stopped: a busy machine's tests run side by side.
const LATE: Duration = Duration::from_secs(30);

fn reason(error: &InvokeError) -> &str {
    match error {
        InvokeError::Trap { reason, .. } => reason,
        other => panic!("not a trap: {other:?}"),
    }
}

// === Time ===

#[test]
fn a_guest_that_spins_is_stopped_at_its_deadline() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(200);
        let asked = Instant::now();
        let outcome = host.ask(&hostile, "/spin").await;
        assert!(matches!(outcome.response, Err(InvokeError::Timeout(200))), "{:?}", outcome.response);
        assert!((Duration::from_millis(200)..LATE).contains(&asked.elapsed()), "{:?}", asked.elapsed());
        assert!(outcome.memory > 256 << 10, "what it used is known");
        host.still_works(&hostile).await;
    });
}

#[test]
fn a_start_function_that_spins_is_stopped_at_the_deadline() {
    on_host(Setup::default(), async |host| {
        let spinning = host.load("test", &wat("spin-in-start"), "timeout_ms = 50").unwrap();
        let error = host.error(&spinning, "/").await;
        assert!(matches!(error, InvokeError::Timeout(50)), "{error:?}");
        host.still_works(&host.hostile(5_000)).await;
    });
}

#[test]
fn a_spinning_guest_does_not_keep_the_listener_from_answering_others() {
    on_host(Setup::default(), async |host| {
        let (hostile, neighbour) = (host.hostile(2_000), host.neighbour());
        host.text(&neighbour, "/").await;
        let here = Instant::now();
        let spin = async {
            let error = host.error(&hostile, "/spin").await;
            (error, here.elapsed())
        };
        let quiet = async {
            for _ in 0..20 {
                assert_eq!(host.text(&neighbour, "/").await, "still here");
            }
            here.elapsed()
        };
        let ((error, stopped), answered) = tokio::join!(spin, quiet);
        assert!(matches!(error, InvokeError::Timeout(_)));
        assert!(answered < stopped / 4, "20 answers took {answered:?}, the spinning guest {stopped:?}");
    });
}

/// One poll of a spinning guest on the listener's thread is a tick long: after it, the guest spins elsewhere.
#[test]
fn a_guest_that_works_long_leaves_the_listeners_thread_at_the_first_tick() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(2_000);
        let spin = host.ask(&hostile, "/spin");
        tokio::pin!(spin);
        let mut polls = 0_u32;
        let outcome = std::future::poll_fn(|context| {
            polls += 1;
            spin.as_mut().poll(context)
        });
        assert!(matches!(outcome.await.response, Err(InvokeError::Timeout(_))));
        assert!(polls <= 3, "the listener was kept busy {polls} times");
    });
}

#[test]
fn work_that_ends_before_the_deadline_is_answered() {
    on_host(Setup::default(), async |host| {
        assert_eq!(host.text(&host.hostile(10_000), "/slow?ms=100").await, "done");
    });
}

// === Memory ===

#[test]
fn a_guest_that_grows_until_it_is_refused_runs_out_of_memory() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(10_000);
        let outcome = host.ask(&hostile, "/memory-bomb").await;
        assert!(matches!(outcome.response, Err(InvokeError::Memory(160))), "{:?}", outcome.response);
        assert!(outcome.memory <= 160 << 20, "{} bytes", outcome.memory);
        let careful = host.ask(&hostile, "/memory-bomb?careful=true").await;
        assert!(careful.memory <= 160 << 20, "{} bytes", careful.memory);
        assert!(text(careful.response.unwrap()).ends_with(" pages"), "a guest may live with a refusal");
        host.still_works(&hostile).await;
    });
}

#[test]
fn memory_is_counted_over_all_memories_of_an_instance() {
    on_host(Setup::default(), async |host| {
        let many = wat("many-memories");
        let refused = host.load("test", &many, "memory_mib = 16").unwrap();
        let error = host.error(&refused, "/").await;
        assert!(matches!(error, InvokeError::Memory(16)), "{error:?}");
        let enough = host.load("test", &many, "memory_mib = 32").unwrap();
        assert_eq!(host.ask(&enough, "/").await.response.unwrap().status, 200);
    });
}

#[test]
fn guests_with_many_memories_leave_others_an_instance() {
    let department_concurrency = 16;
    let admission = AdmissionOptions { department_concurrency, ..AdmissionOptions::default() };
    on_host(Setup { admission, instances: 32 }, async move |host| {
        let hungry = host.load("test", &wat("hungry-pool"), "timeout_ms = 1500").unwrap();
        let neighbour = host.neighbour();
        let hungry: Vec<_> = (0..department_concurrency)
            .map(|_| {
                let (runtime, hungry) = (host.runtime.clone(), hungry.clone());
                tokio::spawn(async move { runtime.invoke(hungry, call(get("/"))).await })
            })
            .collect();
        // Each of them makes its instance and begins to spin.
        for _ in 0..department_concurrency {
            tokio::task::yield_now().await;
        }
        let answer = host.ask(&neighbour, "/").await.response.map(text);
        assert_eq!(answer.as_deref().ok(), Some("still here"), "{answer:?}");
        for hungry in hungry {
            let response = hungry.await.unwrap().response;
            assert!(matches!(response, Err(InvokeError::Timeout(_))), "{response:?}");
        }
    });
}

#[test]
fn deep_recursion_traps() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(5_000);
        let error = host.error(&hostile, "/recursion").await;
        assert!(reason(&error).contains("call stack exhausted"), "{error:?}");
        host.still_works(&hostile).await;
    });
}

// === Traps ===

#[test]
fn a_panic_is_told_with_its_message_and_place() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(5_000);
        let InvokeError::Trap { reason, location } = host.error(&hostile, "/panic").await else { panic!("not a trap") };
        assert_eq!(reason, "no such applicant: 13800000000");
        let location = location.unwrap();
        assert!(location.contains("hostile/src/traps.rs:") && location.ends_with(":5"), "{location}");
        host.still_works(&hostile).await;
    });
}

#[test]
fn a_trap_without_a_panic_is_told_by_its_name() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(5_000);
        let error = host.error(&hostile, "/trap").await;
        assert!(reason(&error).contains("unreachable"), "{error:?}");
        assert!(matches!(error, InvokeError::Trap { location: None, .. }));
        host.still_works(&hostile).await;
    });
}

#[test]
fn a_panic_that_was_only_reported_changes_nothing() {
    on_host(Setup::default(), async |host| {
        assert_eq!(host.text(&host.hostile(5_000), "/cry-wolf").await, "no wolf");
    });
}

// === Floods ===

#[test]
fn a_million_log_events_leave_the_first_256_and_a_word_about_the_rest() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(15_000);
        assert_eq!(host.text(&hostile, "/log-flood").await, "a million");
        let lines = host.log.after(hostile.release().scenario(), 0);
        assert_eq!(lines.len(), 257);
        assert!(lines[256].message.contains("the rest is dropped"), "{}", lines[256].message);
        host.still_works(&hostile).await;
    });
}

#[test]
fn a_huge_message_is_refused_before_the_host_copies_it() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(5_000);
        let error = host.error(&hostile, "/huge-log").await;
        assert!(reason(&error).contains("too much data"), "{error:?}");
        assert!(host.log.after(hostile.release().scenario(), 0).is_empty());
        host.still_works(&hostile).await;
    });
}

#[test]
fn floods_of_calls_end_at_the_deadline() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(300);
        for flood in ["/random-flood", "/keyvalue-flood"] {
            let asked = Instant::now();
            let outcome = host.ask(&hostile, flood).await;
            assert!(matches!(outcome.response, Err(InvokeError::Timeout(300))), "{flood}: {:?}", outcome.response);
            assert!(asked.elapsed() < LATE, "{flood}: {:?}", asked.elapsed());
            assert!(outcome.memory <= 160 << 20);
        }
        assert!(host.keyvalue.changes() > 0);
        host.still_works(&host.hostile(5_000)).await;
    });
}

// === Answers ===

#[test]
fn an_answer_that_is_none_is_refused_and_says_why() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(5_000);
        for (target, problem) in [
            ("/bad-status?status=99", "status 99 is not 200 to 599"),
            ("/bad-status?status=101", "status 101 is not"),
            ("/bad-status?status=1000", "status 1000 is not"),
            ("/bad-header?which=space", "header 1 has an invalid name"),
            ("/bad-header?which=empty", "header 1 has an invalid name"),
            ("/bad-header?which=crlf", "header `x-a` has an invalid value"),
            ("/bad-header?which=set-cookie", "header `set-cookie` is the host's to set"),
            ("/bad-header?which=Content-Length", "header `content-length` is the host's to set"),
            ("/bad-header?which=transfer-encoding", "header `transfer-encoding` is the host's to set"),
            ("/bad-header?which=keep-alive", "header `keep-alive` is the host's to set"),
            ("/many-headers", "10000 headers, at most 64 are allowed"),
            ("/big-header", "bytes of headers"),
        ] {
            let error = host.error(&hostile, target).await;
            assert!(matches!(&error, InvokeError::Response(why) if why.contains(problem)), "{target}: {error:?}");
        }
        host.still_works(&hostile).await;
    });
}

#[test]
fn a_response_that_is_too_large_is_not_copied() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(5_000);
        let outcome = host.ask(&hostile, "/huge-response").await;
        let error = outcome.response.expect_err("64 MiB");
        assert!(reason(&error).contains("too much data"), "{error:?}");
        assert!(outcome.memory > 64 << 20, "the guest had them in its own memory: {}", outcome.memory);
        host.still_works(&hostile).await;
    });
}

// === What a guest sees ===

#[test]
fn a_guest_sees_the_request_without_credentials() {
    on_host(Setup::default(), async |host| {
        let mut request = Request { method: Method::POST, body: Bytes::from_static(b"12345"), ..get("/echo?a=%20&b") };
        request.headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer secret"));
        request.headers.insert(header::COOKIE, HeaderValue::from_static("session=secret"));
        request.headers.insert("X-Seen", HeaderValue::from_static("yes"));
        let hostile = host.hostile(5_000);
        let outcome = host.runtime.invoke(hostile, call(request)).await;
        assert_eq!(
            text(outcome.response.unwrap()),
            r#"{"method":"POST","path":"/echo","query":"a=%20&b","headers":[["x-seen","yes"]],"body":5}"#
        );
    });
}

#[test]
fn every_request_gets_a_fresh_instance() {
    // One slot that can be used, so that every request gets the memory of the one before.
    on_host(Setup { instances: 1, ..Setup::default() }, async |host| {
        let hostile = host.hostile(5_000);
        for _ in 0..100 {
            assert_eq!(host.text(&hostile, "/remember").await, r#"{"counter":0,"note":"nothing."}"#);
        }
        assert!(matches!(host.error(&hostile, "/panic").await, InvokeError::Trap { .. }));
        assert_eq!(host.text(&hostile, "/remember").await, r#"{"counter":0,"note":"nothing."}"#);
    });
}

// === Policy and audit ===

#[test]
fn a_denied_caller_never_reaches_the_guest() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(5_000);
        host.guard.deny();
        let outcome = host.ask(&hostile, "/huge-log").await;
        assert!(matches!(outcome.response, Err(InvokeError::Denied { ref reference }) if reference.ends_with("/0")));
        assert_eq!((outcome.denials, outcome.memory), (1, 256 << 10), "no instance was made");
        let resource = "Scenario::\"441802-test/guest\"".to_owned();
        assert_eq!(host.recorder.first(), [("scenario:invoke".to_owned(), resource, Effect::Deny)]);
    });
}

#[test]
fn what_may_only_be_shown_masked_is_refused_to_whoever_does_not_mask_it() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(5_000);
        host.guard.mask();
        let outcome = host.ask(&hostile, "/").await;
        assert!(matches!(outcome.response, Err(InvokeError::Denied { ref reference }) if reference.ends_with("/0")));
        assert_eq!(outcome.denials, 1);
    });
}

#[test]
fn what_cannot_be_recorded_does_not_run() {
    on_host(Setup::default(), async |host| {
        let hostile = host.hostile(5_000);
        host.recorder.break_down(true);
        let outcome = host.ask(&hostile, "/").await;
        assert!(matches!(outcome.response, Err(InvokeError::Audit(_))), "{:?}", outcome.response);
        assert_eq!(outcome.memory, 256 << 10, "no instance was made");
        host.recorder.break_down(false);
        host.still_works(&hostile).await;
    });
}

// === Admission ===

fn narrow() -> Setup {
    let admission =
        AdmissionOptions { department_concurrency: 1, department_queue: 1, queue_wait: Duration::from_secs(10) };
    Setup { admission, ..Setup::default() }
}

#[test]
fn a_department_beyond_its_concurrency_and_queue_is_overloaded_and_others_are_not() {
    on_host(narrow(), async |host| {
        let hostile = host.hostile(5_000);
        let (running, waiting, refused, neighbour) = tokio::join!(
            biased;
            host.text(&hostile, "/slow?ms=300"),
            host.text(&hostile, "/"),
            host.error(&hostile, "/"),
            async { host.text(&host.neighbour(), "/").await },
        );
        assert_eq!((running.as_str(), waiting.as_str(), neighbour.as_str()), ("done", "still here", "still here"));
        assert!(matches!(&refused, InvokeError::Overloaded(department) if department == "441802-test"), "{refused:?}");
        host.still_works(&hostile).await;
    });
}

#[test]
fn every_way_to_end_gives_the_place_back() {
    on_host(narrow(), async |host| {
        let hostile = host.hostile(200);
        for target in ["/spin", "/memory-bomb", "/panic", "/bad-status?status=99", "/huge-response", "/keyvalue-flood"]
        {
            assert!(host.ask(&hostile, target).await.response.is_err(), "{target}");
            assert!(host.runtime.load_by_department().iter().all(|(_, running, queued)| running + queued == 0));
        }
        // A client that goes away does not take its place with it.
        let gone = tokio::time::timeout(Duration::from_millis(20), host.ask(&hostile, "/spin")).await;
        assert!(gone.is_err());
        host.still_works(&hostile).await;
    });
}

#[test]
fn a_release_that_is_removed_finishes_its_request_in_flight() {
    on_host(Setup::default(), async |host| {
        let removed = host.hostile(5_000);
        let watch = std::sync::Arc::downgrade(&removed);
        let in_flight = host.runtime.invoke(removed, call(get("/slow?ms=200")));
        assert_eq!(text(in_flight.await.response.unwrap()), "done");
        assert!(watch.upgrade().is_none(), "nothing else holds it");
        host.still_works(&host.hostile(5_000)).await;
    });
}
