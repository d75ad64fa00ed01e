//! Whoever changes the log behind its checkpoint is found out, by the host when it starts and by `verify`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{fs, path::Path};

use support::{check, files, flip, keys, lines, open, options, public, rewrite, written};
use zhongtai_audit::{AuditKeys, AuditLog, Finding, OpenError, Tampering, verify};
use zhongtai_kernel::{ErrorKind, Recorder};

fn refusal(dir: &Path) -> Tampering {
    let before = snapshot(dir);
    let error = AuditLog::open(dir, keys(), options()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("zt audit verify"), "{error}");
    assert_eq!(snapshot(dir), before, "evidence was changed");
    match error {
        OpenError::Tampered { problem, .. } => problem,
        other => panic!("{other}"),
    }
}

/// Every file but the lock.
fn snapshot(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().chain(fs::read_dir(dir.join("tiles")).unwrap()).collect();
    files.retain(|entry| entry.as_ref().unwrap().file_type().unwrap().is_file());
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.display().to_string(), fs::read(&path).unwrap())
    };
    let mut files: Vec<_> = files.into_iter().map(read).filter(|(path, _)| !path.ends_with("lock")).collect();
    files.sort();
    files
}

fn findings(dir: &Path) -> Vec<Finding> {
    let report = check(dir);
    assert_eq!(report.is_ok(), report.findings.is_empty());
    report.findings
}

#[test]
fn an_untouched_log_verifies() {
    let dir = written(700, 100);
    assert!(files(dir.path()).len() > 5);
    let report = check(dir.path());
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.signed, report.checked, report.unsigned), (700, 700, 0));
}

#[test]
fn an_altered_record_is_named() {
    let dir = written(700, 100);
    let file = &files(dir.path())[2];
    rewrite(file, |lines| lines[5] = lines[5].replace("\"actor\":\"cli\"", "\"actor\":\"eve\""));
    let number = lines(dir.path()).iter().position(|line| line.contains("\"eve\"")).unwrap() as u64;
    assert_eq!(findings(dir.path()), [Finding::Altered { number }]);
}

#[test]
fn a_record_with_another_ones_number_is_named_as_altered() {
    let dir = written(20, 100);
    rewrite(&files(dir.path())[0], |lines| lines[5] = lines[5].replace("\"number\":5", "\"number\":7"));
    assert_eq!(findings(dir.path()), [Finding::Altered { number: 5 }]);
}

#[test]
fn removed_records_are_named() {
    let dir = written(20, 100);
    rewrite(&files(dir.path())[0], |lines| drop(lines.drain(5..8)));
    assert_eq!(findings(dir.path()), [Finding::Missing { from: 5, to: 7 }]);
}

#[test]
fn a_removed_file_is_named_by_its_records() {
    let dir = written(700, 100);
    let first = |file: &Path| file.file_stem().unwrap().to_str().unwrap()[6..].parse::<u64>().unwrap();
    let files = files(dir.path());
    fs::remove_file(&files[2]).unwrap();
    let (from, to) = (first(&files[2]), first(&files[3]) - 1);
    assert_eq!(findings(dir.path()), [Finding::Missing { from, to }]);
}

#[test]
fn files_removed_from_the_beginning_are_named_where_no_record_tells_of_it() {
    let dir = written(700, 100);
    let files = files(dir.path());
    fs::remove_file(&files[0]).unwrap();
    let findings = findings(dir.path());
    assert!(matches!(findings[..], [Finding::Missing { from: 0, to }] if to > 90), "{findings:?}");
}

#[test]
fn reordered_repeated_and_inserted_records_are_named() {
    let dir = written(20, 100);
    let file = files(dir.path())[0].clone();
    let whole = fs::read(&file).unwrap();
    rewrite(&file, |lines| lines.swap(5, 6));
    assert_eq!(findings(dir.path()), [Finding::Reordered { number: 5 }]);

    fs::write(&file, &whole).unwrap();
    rewrite(&file, |lines| lines.insert(9, lines[4].clone()));
    assert_eq!(findings(dir.path()), [Finding::Repeated { number: 4 }]);

    fs::write(&file, &whole).unwrap();
    rewrite(&file, |lines| lines.insert(9, lines[4].replace("cli", "eve")));
    assert_eq!(findings(dir.path()), [Finding::Inserted { before: 9 }]);
}

#[test]
fn a_truncated_log_is_named_by_what_is_cut_off() {
    let dir = written(20, 100);
    rewrite(&files(dir.path())[0], |lines| lines.truncate(15));
    assert_eq!(findings(dir.path()), [Finding::Truncated { from: 15, to: 19 }]);
}

#[test]
fn a_renamed_file_is_named() {
    let dir = written(20, 100);
    let file = &files(dir.path())[0];
    fs::rename(file, file.with_file_name("audit-00000000000000000003.jsonl")).unwrap();
    let findings = findings(dir.path());
    assert!(matches!(&findings[0], Finding::Misnamed { file } if file.contains("0003")), "{findings:?}");
}

#[test]
fn a_flipped_bit_of_a_stored_hash_is_named_and_not_taken_for_an_altered_record() {
    let dir = written(700, 100);
    flip(&dir.path().join("tiles/0"), 17 * 32 + 5);
    assert_eq!(findings(dir.path()), [Finding::Tiles { level: 1, index: 0 }, Finding::Tiles { level: 0, index: 17 }]);
    flip(&dir.path().join("tiles/0"), 17 * 32 + 5);
    flip(&dir.path().join("tiles/1"), 32);
    assert_eq!(findings(dir.path()), [Finding::Tiles { level: 1, index: 1 }]);
    flip(&dir.path().join("tiles/1"), 32);
    fs::remove_file(dir.path().join("tiles/0")).unwrap();
    assert_eq!(findings(dir.path()), [Finding::Tiles { level: 0, index: 0 }]);
}

#[test]
fn a_log_rewritten_with_its_hashes_does_not_give_the_signed_root() {
    let (dir, other) = (written(20, 100), written(20, 100));
    let file = &files(dir.path())[0];
    rewrite(file, |lines| lines[5] = lines[5].replace("cli", "eve"));
    let mut hashes = fs::read(other.path().join("tiles/0")).unwrap();
    let leaf = tlog_tiles::record_hash(lines(dir.path())[5].as_bytes());
    hashes[5 * 32..6 * 32].copy_from_slice(&leaf.0);
    fs::write(dir.path().join("tiles/0"), hashes).unwrap();
    assert_eq!(findings(dir.path()), [Finding::Root]);
}

#[test]
fn a_changed_checkpoint_or_another_key_is_named() {
    let dir = written(20, 100);
    let path = dir.path().join("checkpoint");
    let note = fs::read_to_string(&path).unwrap();
    let other = AuditKeys::derive("zhongtai.audit/test", &[8; 32]).unwrap().public();
    let report = verify(dir.path(), &other, None).unwrap();
    assert!(matches!(report.findings[..], [Finding::NotSigned { .. }, Finding::NotSigned { .. }]), "{report}");

    // Each signature for itself: a bit of the text breaks both, a bit of one of them only that one.
    fs::write(&path, note.replacen("\n20\n", "\n19\n", 1)).unwrap();
    let wrong = findings(dir.path()).into_iter().filter(|found| matches!(found, Finding::WrongSignature { .. }));
    assert_eq!(wrong.count(), 2);
    for signature in [3, 4] {
        let mut lines: Vec<String> = note.lines().map(str::to_owned).collect();
        let line = &mut lines[signature + 1];
        let end = line.len() - 12;
        let letter = if &line[end..end + 1] == "A" { "B" } else { "A" };
        line.replace_range(end..end + 1, letter);
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        let found = findings(dir.path());
        assert!(matches!(found[..], [Finding::WrongSignature { .. }]), "{found:?}");
    }
    fs::write(&path, "nonsense").unwrap();
    assert!(matches!(findings(dir.path())[..], [Finding::Checkpoint { .. }]));
    fs::remove_file(&path).unwrap();
    assert!(matches!(findings(dir.path())[..], [Finding::Checkpoint { .. }]));
}

#[test]
fn an_older_checkpoint_finds_a_log_that_was_rewritten_and_signed_again() {
    let dir = written(20, 100);
    let kept = fs::read(dir.path().join("checkpoint")).unwrap();
    let log = open(dir.path());
    (0..300).for_each(|_| log.record(support::act("later")).unwrap());
    drop(log);
    let report = verify(dir.path(), &public(), Some(&kept)).unwrap();
    assert!(report.is_ok() && report.older == Some(20), "{report}");

    // Whoever has the keys can sign another history, but not the one that was kept.
    let rewritten = tempfile::tempdir().unwrap();
    let log = open(rewritten.path());
    (0..30).for_each(|_| log.record(support::act("another history")).unwrap());
    drop(log);
    assert!(check(rewritten.path()).is_ok());
    let against = |older: &[u8]| verify(rewritten.path(), &public(), Some(older)).unwrap().findings;
    assert_eq!(against(&kept), [Finding::Rewritten { older: 20 }]);
    let newest = fs::read(dir.path().join("checkpoint")).unwrap();
    assert_eq!(against(&newest), [Finding::Shortened { signed: 30, older: 320 }]);
    let mut forged = kept.clone();
    forged[25] ^= 1;
    assert!(matches!(against(&forged)[..], [Finding::Older { .. }]));
}

#[test]
fn the_host_refuses_an_altered_record_by_number() {
    let dir = written(20, 100);
    rewrite(&files(dir.path())[0], |lines| lines[5] = lines[5].replace("cli", "eve"));
    assert!(matches!(refusal(dir.path()), Tampering::Altered { number: 5, .. }));
}

#[test]
fn the_host_refuses_a_log_with_missing_records_by_number() {
    let dir = written(20, 100);
    rewrite(&files(dir.path())[0], |lines| drop(lines.drain(5..8)));
    assert!(matches!(refusal(dir.path()), Tampering::Missing { number: 5, .. }));
}

#[test]
fn the_host_refuses_a_truncated_log() {
    let dir = written(20, 100);
    let file = &files(dir.path())[0];
    let whole = fs::read(file).unwrap();
    rewrite(file, |lines| lines.truncate(15));
    assert_eq!(refusal(dir.path()), Tampering::Truncated { records: 15, signed: 20 });
    // In the middle of a record too: it was signed, so no crash tore it.
    fs::write(file, &whole[..whole.len() - 7]).unwrap();
    assert_eq!(refusal(dir.path()), Tampering::Truncated { records: 19, signed: 20 });
    fs::remove_file(file).unwrap();
    assert_eq!(refusal(dir.path()), Tampering::Truncated { records: 0, signed: 20 });
}

#[test]
fn the_host_refuses_a_log_whose_newest_file_was_removed() {
    let dir = written(700, 100);
    fs::remove_file(files(dir.path()).last().unwrap()).unwrap();
    assert!(matches!(refusal(dir.path()), Tampering::Truncated { signed: 700, .. }));
}

#[test]
fn the_host_refuses_a_log_whose_newest_file_is_all_that_is_left() {
    let dir = written(20, 100);
    // As after a file was begun, and before its first record.
    fs::rename(&files(dir.path())[0], dir.path().join("audit-00000000000000000020.jsonl")).unwrap();
    fs::write(dir.path().join("audit-00000000000000000020.jsonl"), "").unwrap();
    assert!(matches!(refusal(dir.path()), Tampering::Missing { number: 19, .. }));
}

#[test]
fn the_host_refuses_a_gap_between_the_newest_files() {
    let dir = written(20, 100);
    fs::write(dir.path().join("audit-00000000000000000023.jsonl"), "").unwrap();
    assert!(matches!(refusal(dir.path()), Tampering::Missing { number: 20, .. }));
}

#[test]
fn the_host_refuses_a_log_without_its_checkpoint_or_with_a_forged_one() {
    let dir = written(20, 100);
    let path = dir.path().join("checkpoint");
    let note = fs::read_to_string(&path).unwrap();
    fs::write(&path, note.replacen("\n20\n", "\n15\n", 1)).unwrap();
    assert!(matches!(refusal(dir.path()), Tampering::Checkpoint(_)));
    fs::remove_file(&path).unwrap();
    assert_eq!(refusal(dir.path()), Tampering::NoCheckpoint);
}

#[test]
fn the_host_refuses_a_log_of_other_keys_or_another_name() {
    let dir = written(20, 100);
    for (name, seed) in [("zhongtai.audit/test", 8), ("zhongtai.audit/other", 7)] {
        let keys = AuditKeys::derive(name, &[seed; 32]).unwrap();
        let error = AuditLog::open(dir.path(), keys, options()).err().unwrap().to_string();
        assert!(error.contains("give it back the old one"), "{error}");
    }
}

#[test]
fn the_host_refuses_stored_hashes_that_do_not_give_the_signed_root() {
    let dir = written(700, 100);
    // The tree of 700 records needs the last 188 of these, and both of those.
    for (file, offset) in [("tiles/0", 690 * 32), ("tiles/1", 0)] {
        flip(&dir.path().join(file), offset);
        assert_eq!(refusal(dir.path()), Tampering::Tiles(700));
        flip(&dir.path().join(file), offset);
    }
    fs::remove_file(dir.path().join("tiles/1")).unwrap();
    assert_eq!(refusal(dir.path()), Tampering::Tiles(700));
}

#[test]
fn the_host_refuses_an_unsigned_line_that_is_not_the_next_record() {
    let dir = written(20, 100);
    rewrite(&files(dir.path())[0], |lines| lines.push("{\"number\":31,\"at\":1}".to_owned()));
    assert!(matches!(refusal(dir.path()), Tampering::Missing { number: 20, .. }));
}
