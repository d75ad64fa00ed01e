//! Whom a record is about, and what happened, is in no log and no error.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use support::{COMPANY, DEPARTMENT, Office, WANG, key, record, wang};
use tracing_subscriber::fmt::MakeWriter;
use zhongtai_cap_credit::{
    Category, CreditProvider as _, Format, Gravity, ImportOptions, NewReport, PetitionKind, Promiser, Spool,
};
use zhongtai_store::Store;

/// Everything that was logged.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const PERSONAL: [&str; 5] = [WANG, COMPANY, "占道施工", "恢复路面", "查证属实"];

/// With sqlx's own logging of statements, which is where a value would slip through.
#[tokio::test]
async fn no_log_and_no_error_tells_of_anybody() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(captured.clone());
    let guard = tracing::subscriber::set_default(subscriber.finish());
    tracing::info!("the log is captured");
    let office = Office::both().await.remove(0);
    let mut errors = Vec::new();

    let id = office.stored(record("1", wang(), Category::Penalty)).await.id;
    office.credits.own().records(&wang()).await.unwrap();
    let text = "已按期恢复路面".to_owned();
    let objection = (PetitionKind::Objection, text.clone());
    let filed = office.credits.file(&mut office.wang(), id, objection.clone(), key("a")).await.unwrap();
    errors.push(office.credits.file(&mut office.wang(), id, objection.clone(), key("b")).await.unwrap_err());
    errors.push(office.credits.file(&mut office.company(), id, objection, key("a")).await.unwrap_err());
    let decided = office.credits.decide(&mut office.chief(), filed.id, (false, "查证属实".into())).await.unwrap();
    errors.push(office.credits.decide(&mut office.chief(), filed.id, (false, "查证属实".into())).await.unwrap_err());
    let mut report = NewReport {
        who: Promiser::Subject(wang()),
        case: "WJ-1".to_owned(),
        gravity: Gravity::General,
        detail: text,
        found_on: None,
        key: key("a"),
    };
    let mut inspector = office.officer(DEPARTMENT, "inspector");
    report.case.push_str(WANG);
    report.case.push(' ');
    errors.push(office.credits.report(&mut inspector, report).await.unwrap_err());
    let csv = format!("id,person,category,source,since\n1,{WANG}1,penalty,税务局,2025-01-01\n");
    let mut spool = Spool::new(&std::env::temp_dir(), 1).unwrap();
    spool.write(csv.as_bytes()).unwrap();
    let options = ImportOptions { format: Format::Csv, encoding: None, skip_bad: true, again: false, department: None };
    let imported = office.credits.own().import(spool, options, "operator").await.unwrap();
    // A database that fails, whose errors have a way of telling what was asked.
    close(&office.database.store).await;
    errors.push(office.credits.own().records(&wang()).await.unwrap_err());

    drop(guard);
    let errors: String = errors.iter().map(|error| format!("{error} {error:?} ")).collect();
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let shown =
        format!("{log} {errors} {imported:?} {filed:?} {decided:?} {:?}", record("1", wang(), Category::Penalty));
    assert!(shown.contains("the log is captured"));
    for personal in PERSONAL {
        assert!(!shown.contains(personal), "{personal} is told");
    }
}

async fn close(store: &Store) {
    store.close().await;
}
