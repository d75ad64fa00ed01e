//! Checks a whole log, or an export of one, with nothing but the public keys.

use std::path::Path;

use tlog_tiles::Hash;

use crate::{
    check_levels::{self, StoredTree},
    check_records::{self, Read},
    checkpoint::{self, Checkpoint},
    finding::{Finding, VerifyReport},
    keys::{PublicKeys, Signed},
    reader::ReadError,
};

/// Reads everything in `dir`, recomputes each leaf and the root, and checks the signature of every key given. With an
/// `older` checkpoint (a signed note that somebody kept) it also says whether the log still holds what it held then.
///
/// Of a log that is being written an export is the better thing to read: records that are removed after their time
/// while this runs would seem to be missing.
///
/// A log that is wrong is an answer, not an error; errors are folders and files that can't be read.
pub fn verify(dir: &Path, keys: &PublicKeys, older: Option<&[u8]>) -> Result<VerifyReport, ReadError> {
    let mut report = VerifyReport::default();
    let path = dir.join(checkpoint::FILE);
    let note = match std::fs::read(&path) {
        Ok(note) => note,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            report.add(Finding::Checkpoint { detail: "there is none".to_owned() });
            return Ok(report);
        }
        Err(error) => return Err(ReadError::io(&path, error)),
    };
    let checkpoint = match Checkpoint::parse(&note) {
        Ok(checkpoint) => checkpoint,
        Err(detail) => {
            report.add(Finding::Checkpoint { detail });
            return Ok(report);
        }
    };
    report.origin = checkpoint.tree.origin().to_owned();
    (report.signed, report.root) = (checkpoint.size(), checkpoint.root().to_string());
    check_signatures(&checkpoint, keys, &mut report);
    let older = older.and_then(|older| read_older(older, &checkpoint, keys, &mut report));

    let (signed, mark) = (checkpoint.size(), older.as_ref().map(Checkpoint::size));
    let stored = check_levels::check(dir, signed, mark)?;
    let read = check_records::check(dir, signed, mark)?;
    judge(&checkpoint, older.as_ref(), stored, read, &mut report);
    Ok(report)
}

fn check_signatures(checkpoint: &Checkpoint, keys: &PublicKeys, report: &mut VerifyReport) {
    for (key, signed) in keys.check(&checkpoint.note) {
        let key = key.to_owned();
        match signed {
            Signed::Yes => {}
            Signed::No => report.add(Finding::NotSigned { key }),
            Signed::Wrong => report.add(Finding::WrongSignature { key }),
        }
    }
}

/// The older checkpoint, when it is one of this log and can be held against it.
fn read_older(
    note: &[u8],
    checkpoint: &Checkpoint,
    keys: &PublicKeys,
    report: &mut VerifyReport,
) -> Option<Checkpoint> {
    let older = Checkpoint::parse(note).and_then(|older| older.check(keys).map(|()| older));
    let older = match older {
        Ok(older) if older.tree.origin() == checkpoint.tree.origin() => older,
        Ok(older) => {
            report.add(Finding::Older { detail: format!("it is of the log {}", older.tree.origin()) });
            return None;
        }
        Err(detail) => {
            report.add(Finding::Older { detail });
            return None;
        }
    };
    report.older = Some(older.size());
    if older.size() > checkpoint.size() {
        report.add(Finding::Shortened { signed: checkpoint.size(), older: older.size() });
        return None;
    }
    Some(older)
}

/// Decides which of records and stored hashes are as they were signed, and what follows.
fn judge(
    checkpoint: &Checkpoint,
    older: Option<&Checkpoint>,
    stored: StoredTree,
    read: Read,
    report: &mut VerifyReport,
) {
    let root = Some(checkpoint.root());
    let (stored_is_right, records_are_right) = (stored.root == root, read.root == root);
    (report.first, report.checked, report.unsigned) = (read.first, read.checked, read.unsigned);
    stored.findings.into_iter().chain(read.always).for_each(|finding| report.add(finding));
    if records_are_right {
        // Each record is the one that was signed: where a stored hash differs, it is the hash that is wrong. Hashes
        // that are not there were named above.
        let wrong = read.disagreements.into_iter().filter(|_| stored.root.is_some());
        wrong.for_each(|index| report.add(Finding::Tiles { level: 0, index }));
    } else {
        report.more += read.more;
        read.findings.into_iter().for_each(|finding| report.add(finding));
        // Nothing was named, or what it was named by is wrong too.
        if !stored_is_right || report.is_ok() {
            report.add(Finding::Root);
        }
    }
    let mark: Option<Hash> = if records_are_right { read.mark } else { stored.mark.filter(|_| stored_is_right) };
    if let (Some(older), Some(mark)) = (older, mark)
        && older.root() != mark
    {
        report.add(Finding::Rewritten { older: older.size() });
    }
}
