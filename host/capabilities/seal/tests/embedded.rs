//! The provider that ships: the contract on both databases, several hosts, crashes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::collections::HashSet;

use support::{clock, config, host};
use zhongtai_cap_seal::{
    Cause, EmbeddedSeals, MIGRATIONS, SealConfig, SealError, SealProvider, Status,
    contract::{self, act, name, ofd, official, order, pdf},
};
use zhongtai_kernel::AccountId;
use zhongtai_store::{
    Backend,
    testing::{TestDatabase, both, sqlite},
};

async fn run(database: &TestDatabase, sql: &'static str) {
    sqlx::raw_sql(sql).execute(database.store.pool()).await.unwrap();
}

async fn count(database: &TestDatabase, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(database.store.pool()).await.unwrap()
}

#[tokio::test]
async fn the_contract_holds_on_both_databases() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        contract::holds(&host(&database, clock.clone()), &clock).await;
    }
}

#[tokio::test]
async fn hosts_that_begin_at_once_make_one_root_one_department_and_one_seal() {
    for database in both(MIGRATIONS).await {
        let hosts: Vec<EmbeddedSeals> = (0..6).map(|_| host(&database, clock())).collect();
        let begun = hosts.iter().map(|host| {
            let host = host.clone();
            tokio::spawn(async move {
                let roots = host.roots().await.unwrap().len();
                (roots, host.create(official("permit"), "keeper").await.unwrap().serials)
            })
        });
        let mut seen = HashSet::new();
        for task in begun.collect::<Vec<_>>() {
            seen.insert(task.await.unwrap());
        }
        assert_eq!(seen.len(), 1, "all of them see the same: {seen:?}");
        assert_eq!(seen.into_iter().next().unwrap().0, 2, "a root of each kind");
        let made = "SELECT COUNT(*) FROM seal_authorities";
        assert_eq!(count(&database, made).await, 5, "two roots, two of the department, and the maker");
        // What one host sealed, another verifies; with its own stamper, which is one for all as well.
        let sealed = hosts[0].apply(&act("a"), &name("permit"), order(pdf(1))).await.unwrap();
        let clock = clock();
        let report = contract::report(&hosts[5], &clock, &sealed.bytes).await;
        assert!(report.is_valid(), "{report:?}");
    }
}

#[tokio::test]
async fn a_person_gets_one_key_from_hosts_that_are_asked_at_once() {
    for database in both(MIGRATIONS).await {
        let account = AccountId::generate();
        let asked = (0..4).map(|_| {
            let host = host(&database, clock());
            tokio::spawn(async move { host.enrol(account, "张小明", "zhang").await.unwrap().id })
        });
        let mut ids = HashSet::new();
        for task in asked.collect::<Vec<_>>() {
            ids.insert(task.await.unwrap());
        }
        assert_eq!(ids.len(), 1, "{ids:?}");
    }
}

#[tokio::test]
async fn two_hosts_that_are_asked_at_once_give_the_same_bytes_and_count_one_use() {
    for database in both(MIGRATIONS).await {
        host(&database, clock()).create(official("permit"), "keeper").await.unwrap();
        for (key, document) in [("pdf", pdf(1)), ("ofd", ofd(50))] {
            let asked = (0..4).map(|_| {
                let (host, document) = (host(&database, clock()), document.clone());
                tokio::spawn(async move { host.apply(&act(key), &name("permit"), order(document)).await.unwrap() })
            });
            let mut seen = Vec::new();
            for task in asked.collect::<Vec<_>>() {
                seen.push(task.await.unwrap());
            }
            assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
        }
        assert_eq!(count(&database, "SELECT COUNT(*) FROM seal_uses").await, 2);
        assert_eq!(count(&database, "SELECT uses FROM seals").await, 2);
    }
}

#[tokio::test]
async fn what_was_cut_off_before_its_record_is_done_once_by_the_same_request() {
    for database in both(MIGRATIONS).await {
        host(&database, clock()).create(official("permit"), "keeper").await.unwrap();
        // The database goes away after the key was used and before anything is stored.
        run(&database, "ALTER TABLE seal_uses RENAME TO seal_uses_away").await;
        let cut = host(&database, clock()).apply(&act("a"), &name("permit"), order(pdf(1))).await;
        assert!(matches!(cut, Err(SealError::Store(_))), "{cut:?}");
        run(&database, "ALTER TABLE seal_uses_away RENAME TO seal_uses").await;
        assert_eq!(count(&database, "SELECT uses FROM seals").await, 0, "nothing left the host");

        let other = host(&database, clock()).apply(&act("a"), &name("permit"), order(pdf(2))).await;
        assert!(matches!(other, Err(SealError::KeyReused)), "the key is of the request that was cut off");
        let done = host(&database, clock()).apply(&act("a"), &name("permit"), order(pdf(1))).await.unwrap();
        let again = host(&database, clock()).apply(&act("a"), &name("permit"), order(pdf(1))).await.unwrap();
        assert!(done == again);
        assert_eq!(count(&database, "SELECT uses FROM seals").await, 1);
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_made_again_byte_for_byte_without_using_the_key() {
    for database in both(MIGRATIONS).await {
        let first = host(&database, clock());
        first.create(official("permit"), "keeper").await.unwrap();
        let mut lost = Vec::new();
        for (key, document) in [("pdf", pdf(1)), ("ofd", ofd(50))] {
            lost.push(first.apply(&act(key), &name("permit"), order(document)).await.unwrap());
        }
        let kept = count(&database, "SELECT CAST(MAX(LENGTH(given)) AS BIGINT) FROM seal_acts").await;
        assert!(kept < 20_000, "a few kilobytes of signatures and stamps, no document: {kept}");
        first.revoke(&name("permit"), "keeper", (Cause::Superseded, "换章")).await.unwrap();
        let later = clock();
        later.advance(std::time::Duration::from_secs(86_400));
        for ((key, document), lost) in [("pdf", pdf(1)), ("ofd", ofd(50))].into_iter().zip(&lost) {
            let again = host(&database, later.clone()).apply(&act(key), &name("permit"), order(document)).await;
            assert!(again.unwrap() == *lost);
        }
        assert_eq!(count(&database, "SELECT COUNT(*) FROM seal_uses").await, 2);
    }
}

#[tokio::test]
async fn what_another_version_would_write_otherwise_is_not_given_out_as_the_same() {
    let database = sqlite(MIGRATIONS).await;
    let host = host(&database, clock());
    host.create(official("permit"), "keeper").await.unwrap();
    let sealed = host.apply(&act("a"), &name("permit"), order(pdf(1))).await.unwrap();
    run(&database, "UPDATE seals SET title = 'another'").await;
    let again = host.apply(&act("a"), &name("permit"), order(pdf(1))).await;
    let Err(SealError::NotAgain(digest)) = again else { panic!("{again:?}") };
    assert_eq!(digest, hex(&sealed.sha256));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_seal_that_is_suspended_while_it_is_used_seals_nothing() {
    let database = sqlite(MIGRATIONS).await;
    let host = host(&database, clock());
    host.create(official("permit"), "keeper").await.unwrap();
    // Between the claim and the record, as another host would do it.
    run(&database, "CREATE TRIGGER suspends AFTER INSERT ON seal_acts BEGIN UPDATE seals SET state = 'suspended'; END")
        .await;
    let refused = host.apply(&act("a"), &name("permit"), order(pdf(1))).await;
    assert!(matches!(refused, Err(SealError::Standing { status: Status::Suspended, .. })), "{refused:?}");
    assert_eq!(count(&database, "SELECT COUNT(*) FROM seal_uses").await, 0);
    assert_eq!(count(&database, "SELECT COUNT(*) FROM seal_acts WHERE sealed IS NOT NULL").await, 0);
}

#[tokio::test]
async fn a_seal_that_can_not_be_used_is_refused_before_its_key_is_touched() {
    for database in both(MIGRATIONS).await {
        let host = host(&database, clock());
        host.create(official("permit"), "keeper").await.unwrap();
        host.suspend(&name("permit"), "keeper", "换届").await.unwrap();
        for document in [pdf(1), ofd(50)] {
            let refused = host.apply(&act("a"), &name("permit"), order(document)).await;
            assert!(matches!(refused, Err(SealError::Standing { status: Status::Suspended, .. })), "{refused:?}");
        }
        assert_eq!(count(&database, "SELECT COUNT(*) FROM seal_acts").await, 0, "nothing was begun");
    }
}

#[tokio::test]
async fn at_rest_there_is_no_key_and_no_name_of_a_person() {
    for database in both(MIGRATIONS).await {
        let host = host(&database, clock());
        host.create(official("permit"), "keeper").await.unwrap();
        host.enrol(AccountId::generate(), "张小明", "zhang").await.unwrap();
        for column in ["key_sealed", "chain"] {
            let sql = match column {
                "chain" => "SELECT chain FROM seal_credentials",
                _ => "SELECT key_sealed FROM seal_credentials UNION ALL SELECT key_sealed FROM seal_authorities",
            };
            let values: Vec<Vec<u8>> = sqlx::query_scalar(sql).fetch_all(database.store.pool()).await.unwrap();
            assert!(values.len() >= 4);
            for value in values {
                let holds = |needle: &[u8]| value.windows(needle.len()).any(|part| part == needle);
                // `id-ecPublicKey`, which every PKCS #8 document of these kinds has.
                assert!(!holds(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]), "a key in the clear");
                assert!(!holds(b"CERTIFICATE") && !holds("张小明".as_bytes()), "{column}");
            }
        }
        let sql = "SELECT face FROM seal_signing_keys UNION ALL SELECT eseal FROM seal_signing_keys";
        let values: Vec<Vec<u8>> = sqlx::query_scalar(sql).fetch_all(database.store.pool()).await.unwrap();
        assert!(values.iter().all(|value| !value.windows(9).any(|part| part == "张小明".as_bytes())));
        // Another platform's key opens nothing, and so uses nothing.
        let stranger = EmbeddedSeals::new(database.store.clone(), clock(), &[8; 32], &config()).unwrap();
        let refused = stranger.apply(&act("a"), &name("permit"), order(pdf(1))).await;
        assert!(matches!(refused, Err(SealError::Key(_) | SealError::Store(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn an_authority_that_would_not_outlive_a_seal_gets_a_successor_and_both_are_trusted() {
    let database = sqlite(MIGRATIONS).await;
    let clock = clock();
    let host = host(&database, clock.clone());
    host.create(official("old"), "keeper").await.unwrap();
    let old = host.apply(&act("old"), &name("old"), order(pdf(1))).await.unwrap();
    // The department's authority has five years left, which is less than a seal may ask for.
    clock.advance(std::time::Duration::from_secs(86_400 * 365 * 5 + 86_400 * 2));
    host.tick().await.unwrap();
    host.create(official("new"), "keeper").await.unwrap();
    let new = host.apply(&act("new"), &name("new"), order(pdf(1))).await.unwrap();
    assert_eq!(count(&database, "SELECT COUNT(*) FROM seal_authorities WHERE role = '441802-chengguan'").await, 4);
    // The root has less left than a department's authority is made for, some years later.
    clock.advance(std::time::Duration::from_secs(86_400 * 365 * 5 + 86_400 * 3));
    host.tick().await.unwrap();
    host.create(official("newest"), "keeper").await.unwrap();
    let newest = host.apply(&act("newest"), &name("newest"), order(pdf(1))).await.unwrap();
    assert_eq!(host.roots().await.unwrap().len(), 4, "two generations of both kinds");
    for sealed in [old, new, newest] {
        let report = contract::report(&host, &clock, &sealed.bytes).await;
        assert!(report.is_valid(), "{report:?}");
    }
}

#[tokio::test]
async fn certificates_say_where_lists_are_when_the_platform_has_an_address() {
    let database = sqlite(MIGRATIONS).await;
    let config = SealConfig { address: Some("https://zt.example.cn/".to_owned()), ..config() };
    let host = EmbeddedSeals::new(database.store.clone(), clock(), &support::KEY, &config).unwrap();
    host.create(official("permit"), "keeper").await.unwrap();
    let sealed = host.apply(&act("a"), &name("permit"), order(pdf(1))).await.unwrap();
    let text = hex(b"https://zt.example.cn/api/v1/seals/crl/441802-chengguan-p256-1.crl").to_uppercase();
    support::find(&sealed.bytes, text.as_bytes());
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_refused_at_the_start() {
    let database = sqlite(MIGRATIONS).await;
    assert_eq!(database.store.backend(), Backend::Sqlite);
    let open = |config: SealConfig| EmbeddedSeals::new(database.store.clone(), clock(), &support::KEY, &config);
    assert!(open(SealConfig { stamp_policy: "one.two".into(), ..config() }).is_err());
    assert!(open(SealConfig { organization: String::new(), ..config() }).is_err());
    let host = open(SealConfig { font: "/nowhere.ttc".into(), ..config() }).unwrap();
    let refused = host.create(official("permit"), "keeper").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the font for seals can't be read from /nowhere.ttc: name another with `font` in [seal]"
    );
}
