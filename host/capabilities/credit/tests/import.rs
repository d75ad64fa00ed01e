//! Files as they come: with a mark, in GBK, broken, huge; and what is told about them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::sync::Arc;

use proptest::prelude::*;
use support::{COMPANY, WANG, clock, company, host, wang};
use zhongtai_cap_credit::{
    CreditError, CreditProvider as _, EmbeddedCredit, Encoding, Format, Gravity, ImportOptions, ImportReport,
    MIGRATIONS, Outcome, Spool,
};
use zhongtai_store::testing::{TestDatabase, both, sqlite};

const HEADER: &str = "id,code,category,source,since,until,detail\n";

fn options(format: Format) -> ImportOptions {
    ImportOptions { format, encoding: None, skip_bad: true, again: false, department: None }
}

fn spool(bytes: &[u8]) -> Spool {
    let mut spool = Spool::new(&std::env::temp_dir(), 64).unwrap();
    bytes.chunks(1_000).for_each(|part| spool.write(part).unwrap());
    spool
}

async fn import(host: &EmbeddedCredit, bytes: &[u8]) -> Result<ImportReport, CreditError> {
    host.import(spool(bytes), options(Format::Csv), "operator").await
}

fn told(report: &ImportReport) -> Vec<(u64, Option<&str>, &str)> {
    report.rejected.iter().map(|row| (row.row, row.column.as_deref(), row.problem.as_str())).collect()
}

#[tokio::test]
async fn good_rows_are_taken_and_bad_ones_named_by_row_and_column_never_by_value() {
    let csv = format!(
        "\u{feff}id,code,person,category,gravity,source,department,since,until,detail\n\
         1,{COMPANY},,black-list,grave,市场监管,441802-shichang,2025-01-01,,拖欠工资\n\
         2,91350100M000100Y44,,black-list,,市场监管,,2025-01-01,,\n\
         3,{COMPANY},,blacklist,,市场监管,,2025-01-01,,\n\
         4,{COMPANY},,penalty,,市场监管,,2025-13-01,,\n\
         5,{COMPANY}\n\
         6,,{WANG},commitment,,市场监管,,2025-01-01,,\n\
         7,,110105194912310021,commitment,,市场监管,,2025-01-01,,\n\
         8,{COMPANY},{WANG},penalty,,市场监管,,2025-01-01,,\n\
         9,,,penalty,,市场监管,,2025-01-01,,\n\
         10,{COMPANY},,penalty,huge,市场监管,,2025-01-01,,\n\
         11,{COMPANY},,penalty,,市场监管,44,2025-01-01,,\n\
         12,{COMPANY},,penalty,,市场监管,,2025-01-01,2024-01-01,\n\
         ,{COMPANY},,penalty,,市场监管,,2025-01-01,,\n\
         1,{COMPANY},,penalty,,市场监管,,2025-01-01,,twice\n"
    );
    for database in both(MIGRATIONS).await {
        let host = host(&database, &clock());
        let report = import(&host, csv.as_bytes()).await.unwrap();
        assert_eq!((report.outcome, report.accepted, report.rejected_rows), (Outcome::Stored, 2, 12));
        assert_eq!(
            told(&report),
            [
                (2, Some("code"), "not a valid GB 32100-2015 code: the check character does not fit"),
                (3, Some("category"), "not licence, red-list, commitment, penalty or black-list"),
                (4, Some("since"), "not a date of the form YYYY-MM-DD"),
                (5, None, "has 2 fields, the header has 10"),
                (7, Some("person"), "not a valid GB 11643 code: the check character does not fit"),
                (8, None, "both `code` and `person` say whom it is about"),
                (9, None, "neither `code` nor `person` says whom it is about"),
                (10, Some("gravity"), "not general, serious or grave"),
                (11, Some("department"), "not a department's id"),
                (12, Some("until"), "before `since`"),
                (13, Some("id"), "expected 1 to 100 characters without control characters"),
                (14, None, "source and id are those of an earlier row"),
            ]
        );
        let text = format!("{report:?}");
        assert!(!text.contains(COMPANY) && !text.contains(WANG) && !text.contains("110105194912310021"), "{text}");
        let known = host.records(&company()).await.unwrap().records;
        assert_eq!((known.len(), known[0].gravity, known[0].detail.as_str()), (1, Gravity::Grave, "拖欠工资"));
        assert_eq!(known[0].department.as_ref().unwrap().as_str(), "441802-shichang");
        assert_eq!(host.records(&wang()).await.unwrap().records.len(), 1);
        assert_eq!(report.without_department, 1, "Wang's");
    }
}

#[tokio::test]
async fn without_leave_to_skip_one_bad_row_refuses_the_file() {
    for database in both(MIGRATIONS).await {
        let host = host(&database, &clock());
        let good: String = (0..1_000).map(|id| format!("{id},{COMPANY},penalty,税务局,2025-01-01,,\n")).collect();
        let csv = format!("{HEADER}{good}x,{COMPANY},penalty,税务局,never,,\n");
        let strict = ImportOptions { skip_bad: false, ..options(Format::Csv) };
        let report = host.import(spool(csv.as_bytes()), strict.clone(), "operator").await.unwrap();
        assert_eq!((report.outcome, report.accepted, report.rejected_rows), (Outcome::Refused, 0, 1));
        assert_eq!(told(&report), [(1_001, Some("since"), "not a date of the form YYYY-MM-DD")]);
        assert!(host.records(&company()).await.unwrap().records.is_empty());
        assert_eq!(staged(&database).await, 0, "and nothing is left behind");
        let fixed = csv.replace("never", "2025-01-01");
        let report = host.import(spool(fixed.as_bytes()), strict, "operator").await.unwrap();
        assert_eq!((report.outcome, report.accepted, report.imported.added), (Outcome::Stored, 1_001, 1_001));
        assert_eq!(staged(&database).await, 0);
    }
}

async fn staged(database: &TestDatabase) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM credit_staged").fetch_one(database.store.pool()).await.unwrap()
}

#[tokio::test]
async fn the_same_file_twice_is_nothing_the_second_time_unless_it_is_meant() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let host = host(&database, &clock);
        let csv = format!("{HEADER}1,{COMPANY},penalty,税务局,2025-01-01,,欠税\n");
        let first = import(&host, csv.as_bytes()).await.unwrap();
        assert_eq!((first.outcome, first.before), (Outcome::Stored, None));
        clock.advance(std::time::Duration::from_secs(60));
        let again = import(&host, csv.as_bytes()).await.unwrap();
        assert_eq!((again.outcome, again.accepted), (Outcome::SameFile, 0));
        assert_eq!(again.before.unwrap().to_string(), "2026-01-05T02:00:00Z");
        let meant = ImportOptions { again: true, ..options(Format::Csv) };
        let meant = host.import(spool(csv.as_bytes()), meant, "operator").await.unwrap();
        assert_eq!((meant.outcome, meant.imported.unchanged), (Outcome::Stored, 1));
        let for_one = ImportOptions { department: Some("441802-shuiwu".parse().unwrap()), ..options(Format::Csv) };
        let for_one = host.import(spool(csv.as_bytes()), for_one, "operator").await.unwrap();
        assert_eq!((for_one.outcome, for_one.imported.changed), (Outcome::Stored, 1), "for a department it is another");
        assert_eq!(for_one.without_department, 0);
    }
}

#[tokio::test]
async fn files_in_gbk_are_read_and_a_broken_line_of_utf_8_is_not_taken_for_one() {
    let database = sqlite(MIGRATIONS).await;
    let host = host(&database, &clock());
    let csv = format!("{HEADER}1,{COMPANY},penalty,税务局,2025-01-01,,\"欠税，\n两年\"\n");
    let (gbk, _, _) = encoding_rs::GBK.encode(&csv);
    let report = import(&host, &gbk).await.unwrap();
    assert_eq!((report.encoding, report.accepted), (Encoding::Gbk, 1), "{report:?}");
    let known = host.records(&company()).await.unwrap().records;
    assert_eq!((known[0].source.as_str(), known[0].detail.as_str()), ("税务局", "欠税，\n两年"));

    let line = format!("3,{COMPANY},penalty,住建局,2025-01-01,,");
    let good = format!("2,{COMPANY},penalty,住建局,2025-01-01,,好\n");
    let broken = [HEADER.as_bytes(), good.as_bytes(), line.as_bytes(), b"\xe7\xa8\n"].concat();
    let report = import(&host, &broken).await.unwrap();
    assert_eq!((report.encoding, report.accepted), (Encoding::Utf8, 1));
    assert_eq!(told(&report), [(2, Some("detail"), "has characters that are not UTF-8")]);
    let mark = [b"\xef\xbb\xbf".as_slice(), &gbk].concat();
    let report = import(&host, &mark).await.unwrap();
    assert_eq!((report.encoding, report.accepted), (Encoding::Utf8, 0), "a mark says UTF-8");
    let said = ImportOptions { encoding: Some(Encoding::Gbk), ..options(Format::Csv) };
    let report = host.import(spool(&broken), ImportOptions { again: true, ..said }, "operator").await.unwrap();
    assert_eq!(report.encoding, Encoding::Gbk);
}

#[tokio::test]
async fn a_file_that_is_none_is_refused_as_a_whole_without_what_stands_in_it() {
    let database = sqlite(MIGRATIONS).await;
    let host = host(&database, &clock());
    let refused = async |bytes: &[u8], format| {
        let error = host.import(spool(bytes), options(format), "operator").await.unwrap_err();
        assert!(matches!(error, CreditError::Import(_)), "{error}");
        let text = error.to_string();
        assert!(!text.contains(COMPANY) && !text.contains(WANG) && !text.contains("张三"), "{text}");
        text.trim_start_matches("the import can't be read: ").to_owned()
    };
    let csv = async |text: &str| refused(text.as_bytes(), Format::Csv).await;
    assert_eq!(csv("").await, "the file is empty");
    assert_eq!(csv("id,code\n").await, "the header has no column `category`");
    assert_eq!(csv("id,category,source,since\n").await, "the header has no column `code` and no column `person`");
    assert_eq!(csv("id,id,category,source,since\n").await, "the header has two columns `id`");
    let unknown = csv("id,code,category,source,since,colour\n").await;
    assert!(unknown.starts_with("the header has an unknown column `colour`: expected id,code,person,"), "{unknown}");
    let headless = csv(&format!("1,{COMPANY},张三\n")).await;
    assert!(headless.starts_with("the first line is no header"), "{headless}");
    let endless = format!("{HEADER}1,{COMPANY},penalty,\"{}", "税".repeat(200_000));
    assert!(csv(&endless).await.contains("is a quote not closed?"));
    assert_eq!(refused(b"{}", Format::Json).await, "not a JSON array");
    assert_eq!(refused(b"[{\"id\": 1", Format::Json).await, "not a JSON array: line 1, column 9");
    let endless = format!("[\"{}\"]", "a".repeat(400_000));
    assert_eq!(refused(endless.as_bytes(), Format::Json).await, "row 1 is longer than 262144 bytes");
    let gbk = ImportOptions { encoding: Some(Encoding::Gbk), ..options(Format::Json) };
    assert!(host.import(spool(b"[]"), gbk, "operator").await.is_err());
    let mut small = Spool::new(&std::env::temp_dir(), 1).unwrap();
    let too_large = small.write(&vec![b'a'; (1 << 20) + 1]).unwrap_err();
    assert_eq!(too_large.to_string(), "the import can't be read: the file is larger than 1 MiB");
}

#[tokio::test]
async fn json_comes_as_lines_or_as_an_array_with_the_same_names() {
    for database in both(MIGRATIONS).await {
        let host = host(&database, &clock());
        let good = |id: &str| {
            format!(
                r#"{{"id":"{id}","person":"{WANG}","category":"penalty","source":"税务局","since":"2025-01-01","until":null}}"#
            )
        };
        let lines = [
            good("1"),
            "{\"id\":".to_owned(),
            String::new(),
            good("2").replace("until", "colour"),
            good("3").replace(&format!("\"{WANG}\""), "110105194912310020"),
            "\"text\"".to_owned(),
            format!("\"{}\"", "a".repeat(400_000)),
            good("4"),
        ];
        let report = host.import(spool(lines.join("\n").as_bytes()), options(Format::JsonLines), "operator").await;
        let report = report.unwrap();
        assert_eq!((report.accepted, report.rejected_rows), (2, 5));
        let rejected = told(&report);
        assert_eq!(rejected[0], (2, None, "is no JSON object"));
        assert!(rejected[1].2.starts_with("has an unknown name `colour`"), "{rejected:?}");
        assert_eq!(rejected[2], (4, Some("person"), "expected a text"));
        assert_eq!(rejected[3], (5, None, "is no JSON object"));
        assert_eq!(rejected[4], (6, None, "is longer than 262144 bytes"));
        let array = format!("\u{feff}[{}, 7, {}]", good("5"), good("6"));
        let report = host.import(spool(array.as_bytes()), options(Format::Json), "operator").await.unwrap();
        assert_eq!((report.accepted, told(&report)), (2, vec![(2, None, "is no JSON object")]));
        assert_eq!(host.records(&wang()).await.unwrap().records.len(), 4);
    }
}

#[tokio::test]
async fn what_a_host_that_died_has_staged_is_swept_by_a_later_import() {
    let database = sqlite(MIGRATIONS).await;
    let host = host(&database, &clock());
    let sql = "INSERT INTO credit_staged (import, line, id, source, source_id, subject_index, subject_sealed, category, \
               gravity, since, detail_sealed, content) VALUES ('01ARYZ6S410000000000000000', 1, 'a', 's', '1', 'i', \
               $1, 'penalty', 'general', '2025-01-01', $1, 'c')";
    sqlx::query(sql).bind(vec![1_u8]).execute(database.store.pool()).await.unwrap();
    import(&host, HEADER.as_bytes()).await.unwrap();
    assert_eq!(staged(&database).await, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever comes: never a panic, never a value in an answer, and every row is either stored or told.
    #[test]
    fn no_file_breaks_an_import(bytes in proptest::collection::vec(any::<u8>(), 0..400), rows in 0_usize..3) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let database = Arc::new(sqlite(MIGRATIONS).await);
            let host = host(&database, &clock());
            let good: String = (0..rows).map(|id| format!("{id},{COMPANY},penalty,税务局,2025-01-01,,\n")).collect();
            let file = [HEADER.as_bytes(), good.as_bytes(), &bytes].concat();
            if let Ok(report) = import(&host, &file).await {
                assert!(!format!("{report:?}").contains(COMPANY));
                assert!(report.accepted >= rows as u64 || report.rejected_rows > 0);
            }
            for format in [Format::Json, Format::JsonLines] {
                let _ = host.import(spool(&bytes), options(format), "operator").await;
            }
        });
    }
}
