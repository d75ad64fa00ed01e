//! From the spool into the database: a thread reads rows, batches are staged as they come, and at the end all of them
//! are taken over, or none.

use tokio::sync::mpsc;

use super::{
    Encoding, Format, ImportOptions, ImportReport, MOST_TOLD, Outcome, RejectedRow, Spool, csv, json, row::Problem,
};
use crate::{
    CreditError, EmbeddedCredit, Imported, NewRecord,
    embedded::{BATCH, Import, next_id},
};

/// Batches that wait for the database.
const WAITING: usize = 2;

/// Rows that follow each other.
#[derive(Default)]
struct Batch {
    good: Vec<(i64, NewRecord)>,
    bad: Vec<RejectedRow>,
}

/// What is known so far.
#[derive(Default)]
struct Tally {
    accepted: u64,
    without_department: u64,
    rejected: u64,
    told: Vec<RejectedRow>,
}

// === impl EmbeddedCredit ===

impl EmbeddedCredit {
    /// Imports a file: all of it or nothing, or its good rows only. The same file twice is nothing the second time.
    ///
    /// # Errors
    /// [`CreditError::Import`] when it can't be read as a whole, such as without a header. Nothing is stored then.
    pub async fn import(
        &self,
        mut spool: Spool,
        options: ImportOptions,
        by: &str,
    ) -> Result<ImportReport, CreditError> {
        let department = options.department.clone().or_else(|| self.config().department.clone());
        let named = department.as_ref().map_or("", |department| department.as_str());
        let digest = self.vault().digest(&["import", &spool.digest(), named]);
        let encoding = encoding(&mut spool, &options)?;
        let before = self.imported_at(&digest).await?;
        if before.is_some() && !options.again {
            return Ok(ImportReport { before, ..report(Outcome::SameFile, encoding, Tally::default()) });
        }
        let id = next_id();
        self.discard(&id).await?;
        let options = ImportOptions { department, ..options };
        let staged = self.stage_all(&id, spool, encoding, &options).await;
        let tally = match staged {
            Ok(tally) if tally.rejected == 0 || options.skip_bad => tally,
            Ok(tally) => {
                self.discard(&id).await?;
                let tally = Tally { accepted: 0, without_department: 0, ..tally };
                return Ok(ImportReport { before, ..report(Outcome::Refused, encoding, tally) });
            }
            Err(error) => {
                self.discard(&id).await?;
                return Err(error);
            }
        };
        let import = Import { id, digest, by: by.to_owned(), rejected: tally.rejected };
        let imported = self.adopt(&import).await?;
        Ok(ImportReport { before, imported, ..report(Outcome::Stored, encoding, tally) })
    }

    async fn stage_all(
        &self,
        import: &str,
        spool: Spool,
        encoding: Encoding,
        options: &ImportOptions,
    ) -> Result<Tally, CreditError> {
        let (sender, mut batches) = mpsc::channel(WAITING);
        let (format, mut tally) = (options.format, Tally::default());
        let reader = tokio::task::spawn_blocking(move || read(spool, format, encoding, &sender));
        while let Some(Batch { mut good, bad }) = batches.recv().await {
            for (_, new) in good.iter_mut().filter(|(_, new)| new.record.department.is_none()) {
                new.record.department.clone_from(&options.department);
            }
            tally.reject(bad);
            let twice = self.stage(import, &good).await?;
            for (_, new) in good.iter().filter(|(row, _)| !twice.contains(row)) {
                tally.accepted += 1;
                tally.without_department += u64::from(new.record.department.is_none());
            }
            let problem =
                |row: i64| Problem::row("source and id are those of an earlier row").in_row(row.unsigned_abs());
            tally.reject(twice.into_iter().map(problem).collect());
        }
        reader.await.map_err(|_| CreditError::Fault("the import was lost".to_owned()))??;
        tally.told.sort_by_key(|rejected| rejected.row);
        Ok(tally)
    }
}

// === impl Tally ===

impl Tally {
    fn reject(&mut self, rows: Vec<RejectedRow>) {
        self.rejected += rows.len() as u64;
        let room = MOST_TOLD.saturating_sub(self.told.len());
        self.told.extend(rows.into_iter().take(room));
    }
}

fn report(outcome: Outcome, encoding: Encoding, tally: Tally) -> ImportReport {
    ImportReport {
        outcome,
        before: None,
        encoding,
        accepted: tally.accepted,
        imported: Imported::default(),
        without_department: tally.without_department,
        rejected_rows: tally.rejected,
        rejected: tally.told,
    }
}

/// As somebody said, or as the file looks. JSON is UTF-8 (RFC 8259).
fn encoding(spool: &mut Spool, options: &ImportOptions) -> Result<Encoding, CreditError> {
    match (options.format, options.encoding) {
        (Format::Json | Format::JsonLines, Some(Encoding::Gbk)) => {
            Err(CreditError::Import("JSON is UTF-8, never GBK".to_owned()))
        }
        (Format::Json | Format::JsonLines, _) => Ok(Encoding::Utf8),
        (Format::Csv, Some(encoding)) => Ok(encoding),
        (Format::Csv, None) if spool.has_mark()? => Ok(Encoding::Utf8),
        (Format::Csv, None) => {
            let found = Encoding::of(&mut spool.rewind()?);
            found.map_err(|error| CreditError::Fault(format!("the import can't be read back: {}", error.kind())))
        }
    }
}

/// Reads the whole file and sends its rows in batches; stops when nobody wants them any more.
fn read(mut spool: Spool, format: Format, encoding: Encoding, to: &mpsc::Sender<Batch>) -> Result<(), CreditError> {
    let mut batch = Batch::default();
    let each = |row: u64, parsed: Result<NewRecord, Problem>| {
        match parsed {
            Ok(new) => batch.good.push((i64::try_from(row).unwrap_or(i64::MAX), new)),
            Err(problem) => batch.bad.push(problem.in_row(row)),
        }
        let is_full = batch.good.len() >= BATCH || batch.bad.len() >= BATCH;
        !is_full || to.blocking_send(std::mem::take(&mut batch)).is_ok()
    };
    let file = spool.rewind()?;
    match format {
        Format::Csv => csv::read(file, encoding, each),
        Format::Json => json::read_array(file, each),
        Format::JsonLines => json::read_lines(file, each),
    }?;
    // Nobody wants it any more: they know why.
    let _ = to.blocking_send(batch);
    Ok(())
}
