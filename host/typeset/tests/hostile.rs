//! Templates that want to hang, grow, look around or die. The host goes on, and the next document is made.
#![allow(clippy::unwrap_used, reason = "a test that can't go on must stop")]

mod support;

use support::{config, faults, inputs, made, order, text, typesetter, worker};
use zhongtai_kernel::ErrorKind;
use zhongtai_typeset::{Config, Template, TypesetError, Typesetter, WorkerCommand};

/// The typesetter ends a loop of 10,000 rounds by itself; not one in another.
const LOOP: &str = "#for a in range(100000) { for b in range(100000) { let c = a * b } }";
const BOMB: &str = "#let all = range(1000000).map(number => str(number) * 100)\n#all.len()";

#[tokio::test]
async fn an_endless_template_ends_at_the_deadline_and_the_next_document_is_made() {
    let typesetter = Typesetter::new(worker(), Config { deadline_ms: 1_000, workers: 1, ..config() });
    let error = typesetter.typeset(&text(LOOP)).await.unwrap_err();
    assert!(matches!(error, TypesetError::TimedOut(_)), "{error}");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let typesetter = Typesetter::new(worker(), Config { workers: 1, ..config() });
    assert_eq!(typesetter.typeset(&text("好")).await.unwrap().facts.pages, 1);
}

#[tokio::test]
async fn the_worker_of_an_endless_template_does_not_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("worker");
    // The worker's own id is told, so that the test can look for it.
    let real = env!("CARGO_BIN_EXE_zhongtai-typeset-worker");
    let told = folder.path().join("pid");
    std::fs::write(&script, format!("#!/bin/sh\necho $$ > {}\nexec {real}\n", told.display())).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let command = WorkerCommand { program: script, arguments: Vec::new() };
    let typesetter = Typesetter::new(command, Config { deadline_ms: 500, ..config() });
    typesetter.typeset(&text(LOOP)).await.unwrap_err();
    let pid = std::fs::read_to_string(told).unwrap();
    let status = format!("/proc/{}/stat", pid.trim());
    for _ in 0..6_000 {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        if status.is_empty() || status.contains(") Z ") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    unreachable!("process {pid} still runs");
}

#[tokio::test]
async fn a_template_that_wants_all_memory_is_stopped_at_the_limit() {
    let typesetter = Typesetter::new(worker(), Config { workers: 1, memory_mib: 256, ..config() });
    let error = typesetter.typeset(&text(BOMB)).await.unwrap_err();
    assert!(matches!(error, TypesetError::OutOfMemory(256)), "{error}");
    assert_eq!(typesetter.typeset(&text("好")).await.unwrap().facts.pages, 1);
}

#[tokio::test]
async fn a_template_that_dies_takes_nobody_with_it() {
    let deep = "#let f(n) = if n == 0 { [底] } else { box(f(n - 1)) }\n#f(1000)";
    let parens = format!("#{}1{}", "(".repeat(200_000), ")".repeat(200_000));
    let typesetter = typesetter();
    for hostile in [deep, parens.as_str()] {
        let error = typesetter.typeset(&text(hostile)).await.unwrap_err();
        assert!(matches!(error, TypesetError::Template(_) | TypesetError::Died), "{error}");
        assert_eq!(typesetter.typeset(&text("好")).await.unwrap().facts.pages, 1);
    }
}

#[tokio::test]
async fn too_many_pages_and_too_many_bytes_are_refused() {
    let typesetter = Typesetter::new(worker(), Config { pages: 10, ..config() });
    let error = typesetter.typeset(&text("#for _ in range(10) { pagebreak() }\n终")).await.unwrap_err();
    assert!(matches!(error, TypesetError::TooManyPages { pages: 11, most: 10 }), "{error}");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let typesetter = Typesetter::new(worker(), Config { size_mib: 1, pages: 1_000, ..config() });
    // The outlines of so many characters have more than two megabytes.
    let all = "#for number in range(0x4e00, 0x6e00) { str.from-unicode(number) }";
    let error = typesetter.typeset(&text(all)).await.unwrap_err();
    assert!(matches!(error, TypesetError::TooLarge(_)), "{error}");
}

#[tokio::test]
async fn a_template_sees_no_files_no_packages_and_no_clock() {
    for (template, expected) in [
        ("#read(\"/etc/passwd\")", "file not found"),
        ("#read(\"../../../../etc/passwd\")", "escape"),
        ("#image(\"/usr/share/pixmaps/debian-logo.png\")", "file not found"),
        ("#import \"@preview/cetz:0.3.0\"", "can't use packages"),
        ("#read(\"https://example.org/\")", "file not found"),
    ] {
        let faults = faults(template).await;
        let told = faults.iter().map(ToString::to_string).collect::<String>();
        assert!(told.contains(expected), "{template}: {told}");
    }
    // 2026-03-01T18:30Z is the second of March in China, in every zone that a template names.
    let day = "#assert.eq(datetime.today(offset: -11), datetime(year: 2026, month: 3, day: 2))\n日";
    assert_eq!(made(&text(day)).await.facts.pages, 1);
}

#[tokio::test]
async fn one_order_leaves_nothing_for_the_next() {
    let typesetter = Typesetter::new(worker(), Config { workers: 1, ..config() });
    let parts = [
        ("main.typ".to_owned(), b"#read(\"secret.txt\")".to_vec()),
        ("secret.txt".to_owned(), "机密".as_bytes().to_vec()),
    ];
    typesetter.typeset(&order(Template::new(parts).unwrap(), inputs())).await.unwrap();
    let error = typesetter.typeset(&text("#read(\"secret.txt\")")).await.unwrap_err();
    assert!(matches!(error, TypesetError::Template(_)), "{error}");
    let bare = order(Template::of_text("#sys.inputs.number").unwrap(), serde_json::json!({}));
    let error = typesetter.typeset(&bare).await.unwrap_err();
    assert!(matches!(error, TypesetError::Template(_)), "{error}");
}

#[tokio::test]
async fn who_waits_too_long_is_told_so() {
    let typesetter = Typesetter::new(worker(), Config { workers: 1, queue_ms: 50, deadline_ms: 3_000, ..config() });
    typesetter.warm().await.unwrap();
    let first = typesetter.clone();
    let first = tokio::spawn(async move { first.typeset(&text(LOOP)).await });
    // The first has to be at work before the second comes.
    while typesetter.is_free() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let error = typesetter.typeset(&text("好")).await.unwrap_err();
    assert!(matches!(error, TypesetError::Busy), "{error}");
    assert!(matches!(first.await.unwrap(), Err(TypesetError::TimedOut(_))));
}

#[tokio::test]
async fn missing_fonts_and_a_missing_program_are_named() {
    let typesetter = Typesetter::new(worker(), Config { fonts: vec!["/nowhere/song.ttc".into()], ..config() });
    let error = typesetter.warm().await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/song.ttc"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let nobody = WorkerCommand { program: "/nowhere/zt".into(), arguments: Vec::new() };
    let error = Typesetter::new(nobody, config()).warm().await.unwrap_err();
    assert!(matches!(error, TypesetError::Start { .. }), "{error}");
}
