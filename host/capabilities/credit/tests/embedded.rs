//! The embedded provider over both databases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{sync::Arc, time::Duration};

use support::{COMPANY, WANG, clock, company, host, record, wang};
use zhongtai_cap_credit::{
    Category, CreditConfig, CreditError, CreditProvider, CreditSubject, EmbeddedCredit, Known, MIGRATIONS, State,
    Together, contract,
};
use zhongtai_kernel::Clock;
use zhongtai_store::{Store, testing::both};

#[tokio::test]
async fn the_embedded_provider_keeps_the_contract_on_both_databases() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let provider = host(&database, &clock);
        provider.upsert(contract::fixture(), "a test").await.unwrap();
        contract::holds(&provider, clock.now()).await;
    }
}

#[tokio::test]
async fn several_providers_keep_the_contract_as_one() {
    let (database, other) =
        (zhongtai_store::testing::sqlite(MIGRATIONS).await, zhongtai_store::testing::sqlite(MIGRATIONS).await);
    let clock = clock();
    let (first, second) = (host(&database, &clock), host(&other, &clock));
    let (mut fixture, mut theirs) = (contract::fixture(), contract::fixture());
    theirs.retain(|new| new.record.id != "2");
    fixture.retain(|new| new.record.id != "3");
    first.upsert(fixture, "a test").await.unwrap();
    second.upsert(theirs, "a test").await.unwrap();
    let both = Together(vec![Arc::new(first), Arc::new(second)]);
    contract::holds(&both, clock.now()).await;
}

#[tokio::test]
async fn an_import_is_seen_at_once_by_the_host_that_made_it_and_soon_by_another() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let (here, there) = (host(&database, &clock), host(&database, &clock));
        for host in [&here, &there] {
            assert!(host.records(&company()).await.unwrap().records.is_empty());
            assert_eq!(host.at_hand(&company()).unwrap().records.len(), 0, "who has no records is kept, too");
        }
        here.upsert(vec![record("1", company(), Category::Penalty)], "a test").await.unwrap();
        assert!(here.at_hand(&company()).is_none(), "what was kept is stale");
        assert_eq!(here.records(&company()).await.unwrap().records.len(), 1);
        assert_eq!(there.at_hand(&company()).unwrap().records.len(), 0, "for a second");
        clock.advance(Duration::from_millis(1_001));
        assert!(there.at_hand(&company()).is_none());
        let known = there.records(&company()).await.unwrap();
        assert_eq!((known.records.len(), known.as_of, known.stale), (1, clock.now(), false));
    }
}

#[tokio::test]
async fn a_file_replaces_what_a_record_says_and_brings_back_nothing() {
    for database in both(MIGRATIONS).await {
        let provider = host(&database, &clock());
        let store = &database.store;
        let mut new = record("1", company(), Category::Penalty);
        let first = provider.upsert(vec![new.clone()], "a test").await.unwrap();
        assert_eq!((first.added, first.changed, first.unchanged), (1, 0, 0));
        let same = provider.upsert(vec![new.clone()], "a test").await.unwrap();
        assert_eq!((same.added, same.changed, same.unchanged), (0, 0, 1));
        sqlx::query("UPDATE credit_entries SET state = 'repaired'").execute(store.pool()).await.unwrap();
        new.record.detail = "已改正".to_owned();
        let changed = provider.upsert(vec![new], "a test").await.unwrap();
        assert_eq!((changed.added, changed.changed, changed.unchanged), (0, 1, 0));
        let known = provider.records(&company()).await.unwrap().records;
        assert_eq!((known[0].detail.as_str(), known[0].state), ("已改正", State::Repaired));
        let lines = provider.history(known[0].key.unwrap()).await.unwrap();
        assert_eq!(lines.iter().map(|line| line.what.as_str()).collect::<Vec<_>>(), ["recorded", "changed"]);
        assert!(lines[1].by.ends_with(" by a test"), "through which import, and whose");
    }
}

#[tokio::test]
async fn nothing_in_the_database_tells_whom_a_record_is_about_or_what_happened() {
    for database in both(MIGRATIONS).await {
        let provider = host(&database, &clock());
        let records = vec![record("1", company(), Category::Penalty), record("2", wang(), Category::BlackList)];
        provider.upsert(records, "a test").await.unwrap();
        let rows = everything(&database.store).await;
        assert!(rows.contains("城市管理局") && rows.contains("black-list"), "it is the right table");
        for secret in [COMPANY, WANG, "占道施工"] {
            assert!(!rows.contains(secret), "{secret} in {rows}");
            assert!(!rows.contains(&hex_of(secret)), "{secret} in {rows}");
        }
        let other_key = EmbeddedCredit::new(database.store.clone(), clock(), &[8; 32], CreditConfig::default());
        assert!(other_key.records(&wang()).await.unwrap().records.is_empty(), "without the key nobody is found");
    }
}

type Row = (String, String, String, Vec<u8>, Vec<u8>);

/// All of the entries as one text.
async fn everything(store: &Store) -> String {
    let sql = "SELECT source, subject_index, category, subject_sealed, detail_sealed FROM credit_entries";
    let rows: Vec<Row> = sqlx::query_as(sql).fetch_all(store.pool()).await.unwrap();
    let row = |(a, b, c, d, e): Row| {
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{a} {b} {c} {} {}\n", lossy(&d), lossy(&e))
    };
    rows.into_iter().map(row).collect()
}

fn hex_of(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn records_of_before_they_were_sealed_are_taken_over_once() {
    for database in both(MIGRATIONS).await {
        let sql = "INSERT INTO credit_records (source, id, code, category, since, until, detail) \
                   VALUES ('税务局', $1, $2, 'penalty', '2025-01-01', NULL, '欠税')";
        for id in 0..1_001 {
            sqlx::query(sql).bind(id.to_string()).bind(COMPANY).execute(database.store.pool()).await.unwrap();
        }
        let provider = host(&database, &clock());
        assert_eq!(provider.take_over().await.unwrap(), 1_001);
        assert_eq!(provider.take_over().await.unwrap(), 0);
        let known = provider.records(&company()).await.unwrap().records;
        assert_eq!((known.len(), known[7].detail.as_str()), (1_001, "欠税"));
        let left: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM credit_records").fetch_one(database.store.pool()).await.unwrap();
        assert_eq!(left, 0, "nothing is left in plain text");
    }
}

#[tokio::test]
async fn memory_is_bounded_however_many_are_asked_about() {
    let database = zhongtai_store::testing::sqlite(MIGRATIONS).await;
    let config = CreditConfig { memory_mib: 1, ..CreditConfig::default() };
    let provider = EmbeddedCredit::new(database.store.clone(), clock(), &support::KEY, config);
    let asked: Vec<CreditSubject> = (0..12_000).map(person).collect();
    for whom in &asked {
        provider.records(whom).await.unwrap();
    }
    let kept = asked.iter().filter(|whom| provider.at_hand(whom).is_some()).count();
    assert!(kept > 1_000, "{kept} are kept");
    assert!(kept < 7_500, "{kept} are kept, of 160 bytes each at least");
}

#[tokio::test]
async fn who_has_more_records_than_can_be_judged_is_not_cleared() {
    let database = zhongtai_store::testing::sqlite(MIGRATIONS).await;
    let provider = host(&database, &clock());
    let records = (0..10_001).map(|id| record(&id.to_string(), company(), Category::Licence));
    provider.upsert(records.collect(), "a test").await.unwrap();
    let error = provider.records(&company()).await.unwrap_err();
    assert_eq!(error.to_string(), "there are more than 10000 records about one subject");
}

#[tokio::test]
async fn several_answers_are_as_old_as_the_oldest_and_one_stale_answer_makes_all_stale() {
    /// Says the same all the time.
    struct Said(Known);

    #[async_trait::async_trait]
    impl CreditProvider for Said {
        fn at_hand(&self, _: &CreditSubject) -> Option<Known> {
            (!self.0.stale).then(|| self.0.clone())
        }

        async fn records(&self, _: &CreditSubject) -> Result<Known, CreditError> {
            Ok(self.0.clone())
        }
    }

    let at = |second: i64| zhongtai_kernel::Timestamp::from_second(second).unwrap();
    let known = |ids: &[&str], second| {
        Known::fresh(ids.iter().map(|id| record(id, company(), Category::Penalty).record).collect(), at(second))
    };
    let fresh = || Arc::new(Said(known(&["2", "3"], 20)));
    let old = || Arc::new(Said(Known { stale: true, ..known(&["1", "2"], 10) }));
    let together = Together(vec![fresh(), old()]);
    assert!(together.at_hand(&company()).is_none(), "one of them has to be asked");
    let told = together.records(&company()).await.unwrap();
    let ids: Vec<_> = told.records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!((ids, told.as_of, told.stale), (vec!["1", "2", "3"], at(10), true), "what both tell counts once");
    let at_hand = Together(vec![fresh(), fresh()]).at_hand(&company()).unwrap();
    assert_eq!((at_hand.records.len(), at_hand.stale), (2, false));
    assert!(Together(Vec::new()).records(&company()).await.is_err(), "no source is no clearance");
}

/// The n-th of people who were born on one day.
fn person(n: u32) -> CreditSubject {
    let body = format!("{:06}19491231{:03}", 110_000 + n / 1_000, n % 1_000);
    let checks = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "X"];
    let id = checks.iter().find_map(|check| format!("{body}{check}").parse().ok());
    CreditSubject::Person(id.unwrap())
}
