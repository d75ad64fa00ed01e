//! The log as those who read it see it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{path::Path, time::Duration};

use support::{account, act_at, at, caller, decision, files, keys, options, rewrite, written};
use zhongtai_audit::{AuditLog, Entry, Options, Order, Page, ReadError, Reader, WhoRead, find_act, who_read};
use zhongtai_kernel::{AccountId, Effect, Recorder, Timestamp};

/// Three days of decisions for two accounts and nobody, in several files.
fn three_days() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(dir.path(), keys(), Options { segment_bytes: 3_000, ..options() }).unwrap();
    let callers = [caller(None), caller(Some(account(1))), caller(Some(account(2)))];
    for n in 0..60_i64 {
        let at = at("2026-01-05T00:00:00Z") + Duration::from_secs(n as u64 * 3_600);
        log.record(decision(&callers[n as usize % 3], &format!("credit.f{n}"), at)).unwrap();
        log.record(act_at("release", at)).unwrap();
    }
    dir
}

fn question(account: AccountId) -> WhoRead {
    WhoRead { account, from: None, to: None, order: Order::OldestFirst, limit: 1_000, cursor: None }
}

/// All pages together, and how many there were.
fn all(dir: &Path, mut question: WhoRead) -> (Vec<String>, usize) {
    let (mut resources, mut pages) = (Vec::new(), 0);
    loop {
        let Page { readings, next } = who_read(dir, &question).unwrap();
        assert!(readings.len() <= question.limit);
        resources.extend(readings.into_iter().map(|reading| reading.resource));
        pages += 1;
        match next {
            Some(cursor) => question.cursor = Some(cursor),
            None => return (resources, pages),
        }
    }
}

fn expected(of: usize) -> Vec<String> {
    (0..60).filter(|n| n % 3 == of).map(|n| format!("Field::\"credit.f{n}\"")).collect()
}

#[test]
fn entries_are_typed_and_decisions_know_their_caller() {
    let dir = three_days();
    let entries: Vec<Entry> = Reader::new(dir.path()).entries(0, u64::MAX).unwrap().map(Result::unwrap).collect();
    for (place, entry) in entries.iter().enumerate() {
        assert_eq!(entry.number(), place as u64);
    }
    let decisions: Vec<_> =
        entries.iter().filter_map(|e| if let Entry::Decision(decision) = e { Some(decision) } else { None }).collect();
    assert_eq!(decisions.len(), 60);
    let facts = caller(Some(account(1))).facts();
    assert_eq!(*decisions[1].caller, facts);
    assert_eq!(decisions[1].question.purpose.as_deref(), Some("road-repair"));
    assert_eq!((decisions[1].effect, decisions[1].policy.as_str()), (Effect::Allow, "sha256:test"));
    assert_eq!(decisions[1].reasons, ["credit.permit"]);
    assert_eq!(decisions[1].at, at("2026-01-05T01:00:00Z"));
}

#[test]
fn reading_can_begin_and_end_anywhere() {
    let dir = three_days();
    let reader = Reader::new(dir.path());
    let all: Vec<Entry> = reader.entries(0, u64::MAX).unwrap().map(Result::unwrap).collect();
    for (from, to) in [(0, 1), (7, 50), (31, 32), (100, 100), (119, u64::MAX), (10_000, u64::MAX)] {
        let some: Vec<Entry> = reader.entries(from, to).unwrap().map(Result::unwrap).collect();
        let wanted: Vec<&Entry> = all.iter().filter(|entry| (from..to).contains(&entry.number())).collect();
        assert_eq!(some.iter().collect::<Vec<_>>(), wanted, "{from} to {to}");
        let lines: Vec<u64> = reader.lines(from, to).unwrap().map(|line| line.unwrap().number).collect();
        assert_eq!(lines, wanted.iter().map(|entry| entry.number()).collect::<Vec<_>>(), "{from} to {to}");
    }
    assert_eq!(reader.first().unwrap(), Some(0));
}

#[test]
fn a_line_that_is_no_record_is_named() {
    let dir = three_days();
    rewrite(&files(dir.path())[0], |lines| lines[2] = lines[2].replace("\"caller\":0", "\"caller\":1"));
    rewrite(&files(dir.path())[0], |lines| lines[1] = "nonsense".to_owned());
    let mut entries = Reader::new(dir.path()).entries(0, u64::MAX).unwrap();
    entries.next().unwrap().unwrap();
    let error = entries.next().unwrap().unwrap_err();
    assert!(matches!(error, ReadError::Record { number: 1, .. }), "{error}");
    assert!(entries.next().is_none());
}

#[test]
fn a_decision_whose_caller_is_another_one_is_named() {
    let dir = three_days();
    let first = &files(dir.path())[0];
    let place = std::fs::read_to_string(first).unwrap().lines().position(|l| l.contains("\"caller\":3")).unwrap();
    rewrite(first, |lines| lines[place] = lines[place].replace("\"caller\":3", "\"caller\":0"));
    let error = Reader::new(dir.path()).entries(0, u64::MAX).unwrap().find_map(Result::err).unwrap();
    assert!(error.to_string().contains("is another one"), "{error}");
}

#[test]
fn a_subject_sees_every_decision_about_it_and_none_about_others_in_both_orders() {
    let dir = three_days();
    assert!(files(dir.path()).len() > 6);
    let mut newest_first = expected(1);
    newest_first.reverse();
    for limit in [1, 3, 20, 1_000] {
        let ask = |order| all(dir.path(), WhoRead { limit, order, ..question(account(1)) });
        assert_eq!(ask(Order::OldestFirst).0, expected(1), "{limit}");
        let (answers, pages) = ask(Order::NewestFirst);
        assert_eq!(answers, newest_first, "{limit}");
        assert!(pages >= 20 / limit.min(20));
    }
    assert_eq!(all(dir.path(), question(account(2))).0, expected(2));
    assert!(all(dir.path(), question(account(3))).0.is_empty());
}

#[test]
fn who_read_says_who_when_what_and_why() {
    let dir = three_days();
    let page = who_read(dir.path(), &WhoRead { limit: 1, ..question(account(1)) }).unwrap();
    let reading = serde_json::to_value(&page.readings[0]).unwrap();
    assert_eq!(
        reading,
        serde_json::json!({
            "number": 4, "at": "2026-01-05T01:00:00Z", "reference": "01040G2081040G2081040G2081/3",
            "department": "441802-chengguan", "scenario": "441802-chengguan/pothole", "action": "credit:check",
            "resource": "Field::\"credit.f1\"", "purpose": "road-repair", "effect": "allow",
        })
    );
}

#[test]
fn who_read_keeps_to_the_time_asked_for() {
    let dir = three_days();
    let ask = |from: Option<&str>, to: Option<&str>| {
        let time = |text: Option<&str>| text.map(|text| -> Timestamp { at(text) });
        all(dir.path(), WhoRead { from: time(from), to: time(to), ..question(account(1)) }).0
    };
    // Hours 1, 4, 7 ... of the three days; from is inclusive, to is not.
    assert_eq!(ask(Some("2026-01-06T01:00:00Z"), None), expected(1)[8..]);
    assert_eq!(ask(Some("2026-01-06T01:00:01Z"), None), expected(1)[9..]);
    assert_eq!(ask(None, Some("2026-01-06T01:00:00Z")), expected(1)[..8]);
    assert_eq!(ask(Some("2026-01-06T00:00:00Z"), Some("2026-01-06T05:00:00Z")), expected(1)[8..10]);
}

#[test]
fn one_page_reads_so_many_files_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    // A file for each record.
    let log = AuditLog::open(dir.path(), keys(), Options { segment_bytes: 1, ..options() }).unwrap();
    let (citizen, other) = (caller(Some(account(1))), caller(Some(account(2))));
    for n in 0..40 {
        let caller = if n == 0 || n == 39 { &citizen } else { &other };
        log.record(decision(caller, &format!("credit.f{n}"), at("2026-01-05T00:00:00Z"))).unwrap();
    }
    drop(log);
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let (mut answers, pages) = all(dir.path(), WhoRead { order, ..question(account(1)) });
        answers.sort();
        assert_eq!(answers, ["Field::\"credit.f0\"", "Field::\"credit.f39\""], "{order:?}");
        assert!(pages >= 3, "{pages} pages over {} files", files(dir.path()).len());
    }
}

#[test]
fn an_act_is_found_by_what_was_done_to_what() {
    let dir = written(700, 100);
    let find = |action: &str, target: &str, since: &str| find_act(dir.path(), action, target, at(since)).unwrap();
    let target = format!("{:040}", 300);
    assert_eq!(find("release:deploy", &target, "2026-01-05T10:00:00Z"), Some(300));
    assert_eq!(find("release:remove", &target, "2026-01-05T10:00:00Z"), None, "another act");
    assert_eq!(find("release:deploy", &target[1..], "2026-01-05T10:00:00Z"), None, "a part of a target");
    assert_eq!(find("release:deploy", &target, "2026-01-06T00:00:00Z"), None, "before that time");
}
