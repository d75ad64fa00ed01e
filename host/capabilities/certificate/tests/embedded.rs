//! The embedded provider over both databases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
};

use support::{KEY, Press, clock, host, printed, with_types};
use zhongtai_cap_certificate::{
    CertificateError, CertificateProvider, EXAMPLES, EmbeddedCertificates, Holder, MIGRATIONS, NewPresentation,
    Reissue, Standing, State, TokenRefusal, Usage, UsageRate, Verifier, contract,
};
use zhongtai_kernel::Clock;
use zhongtai_store::testing::both;

#[tokio::test]
async fn the_embedded_provider_keeps_the_contract_on_both_databases() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        contract::holds(&host(&database, &clock), &clock).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn serials_have_neither_gaps_nor_duplicates_when_two_hosts_issue_at_once_and_some_fail() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        with_types(&host(&database, &clock)).await;
        let issue = |n: usize| {
            let host = host(&database, &clock);
            tokio::spawn(async move {
                let mut new = contract::permit(contract::enterprise());
                if n.is_multiple_of(5) {
                    // Refused, whoever of the two comes first.
                    new.valid_until = "1900-01-01".parse().ok();
                }
                // Two requests for every key: one certificate.
                host.issue(&contract::act(&format!("key-{}", n / 2)), new).await.map(|issued| issued.number)
            })
        };
        let tasks: Vec<_> = (0..40).map(issue).collect();
        let mut serials = BTreeSet::new();
        for task in tasks {
            if let Ok(number) = task.await.unwrap() {
                serials.insert(number.serial().as_str().to_owned());
            }
        }
        let expected: BTreeSet<String> = (1..=serials.len()).map(|n| format!("2026{n:07}")).collect();
        assert_eq!(serials, expected, "{:?}", database.store.backend());
        let rows: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM certificates").fetch_one(database.store.pool()).await.unwrap();
        assert_eq!(rows as usize, serials.len());
        assert!(serials.len() >= 16, "{}", serials.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_redeems_a_presentation_and_one_reissues() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let one = host(&database, &clock);
        with_types(&one).await;
        let certificate = one.issue(&contract::act("a"), contract::permit(contract::enterprise())).await.unwrap();
        let department = contract::scenario().department().clone();
        let new = NewPresentation {
            certificate: certificate.id,
            fields: Vec::new(),
            purpose: "loan".parse().unwrap(),
            verifier: Verifier::Department(department.clone()),
            expires_at: clock.now() + std::time::Duration::from_secs(60),
        };
        let token = one.present(&contract::scenario(), new).await.unwrap();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (host, token, department) = (host(&database, &clock), token.clone(), department.clone());
                tokio::spawn(async move {
                    let verifiers = [Verifier::Department(department)];
                    host.redeem(&contract::scenario(), &token, &verifiers, &"loan".parse().unwrap()).await.map(drop)
                })
            })
            .collect();
        let mut redeemed = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => redeemed += 1,
                Err(error) => assert!(matches!(error, CertificateError::Token(TokenRefusal::Used)), "{error}"),
            }
        }
        assert_eq!(redeemed, 1, "{:?}", database.store.backend());

        let tasks: Vec<_> = (0..6)
            .map(|n| {
                let (host, previous) = (host(&database, &clock), certificate.id);
                let new = Reissue { previous, fields: contract::fields(), valid_until: None, reason: "换证".into() };
                tokio::spawn(async move { host.reissue(&contract::act(&format!("again-{n}")), new).await })
            })
            .collect();
        let mut reissued = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => reissued += 1,
                Err(error) => assert!(matches!(error, CertificateError::Standing(_)), "{error}"),
            }
        }
        assert_eq!(reissued, 1, "{:?}", database.store.backend());
    }
}

#[tokio::test]
async fn a_certificate_waits_for_its_papers_and_goes_on_by_the_same_key_or_at_the_start() {
    for database in both(MIGRATIONS).await {
        let (clock, press) = (clock(), Arc::new(Press::default()));
        let host = EmbeddedCertificates::new(database.store.clone(), clock.clone(), KEY, Some(press.clone()));
        host.put_type(printed(EXAMPLES[1])).await.unwrap();
        let issue = |key: &'static str| {
            let host = host.clone();
            async move { host.issue(&contract::act(key), contract::permit(contract::enterprise())).await }
        };
        press.broken.store(true, Ordering::SeqCst);
        for key in ["first", "second"] {
            let error = issue(key).await.unwrap_err();
            assert!(matches!(error, CertificateError::Papers(_)), "{error}");
        }
        let waiting = host.held_by(&[contract::enterprise()]).await.unwrap();
        assert!(waiting.iter().all(|one| one.standing(clock.now()) == Standing::Issuing), "not valid without papers");
        assert_eq!(host.resume().await.unwrap(), 0);

        press.broken.store(false, Ordering::SeqCst);
        let first = issue("first").await.unwrap();
        assert_eq!((first.state, first.papers.len()), (State::Issued, 1));
        assert_eq!(first.papers[0].name, "certificate.pdf");
        assert_eq!(issue("first").await.unwrap().papers, first.papers);
        assert_eq!(press.made.load(Ordering::SeqCst), 1, "made once");
        let (number, file) = (first.number.to_string(), &first.papers[0]);
        assert_eq!(file.sha256, zhongtai_kernel::Digest::of(number.as_bytes()).to_bytes());
        let kept = host.paper(first.id, "certificate.pdf").await.unwrap();
        assert_eq!(kept.as_deref(), Some(number.as_bytes()));
        assert!(host.paper(first.id, "certificate.ofd").await.unwrap().is_none());
        assert_eq!(host.resume().await.unwrap(), 1, "the second");
        assert_eq!(host.resume().await.unwrap(), 0);
        let serials: BTreeSet<String> = host
            .held_by(&[contract::enterprise()])
            .await
            .unwrap()
            .iter()
            .map(|one| one.number.serial().as_str().to_owned())
            .collect();
        assert_eq!(serials.into_iter().collect::<Vec<_>>(), ["20260000001", "20260000002"]);
    }
}

#[tokio::test]
async fn revoking_takes_a_new_issue_back_that_still_waits_for_its_papers() {
    for database in both(MIGRATIONS).await {
        let (clock, press) = (clock(), Arc::new(Press::default()));
        let host = EmbeddedCertificates::new(database.store.clone(), clock.clone(), KEY, Some(press.clone()));
        host.put_type(printed(EXAMPLES[1])).await.unwrap();
        let old = host.issue(&contract::act("old"), contract::permit(contract::enterprise())).await.unwrap();
        press.broken.store(true, Ordering::SeqCst);
        let new = Reissue { previous: old.id, fields: contract::fields(), valid_until: None, reason: "换证".into() };
        host.reissue(&contract::act("new"), new.clone()).await.unwrap_err();
        assert_eq!(
            host.get(old.id).await.unwrap().unwrap().standing(clock.now()),
            Standing::Valid,
            "until it is there"
        );
        host.revoke(&contract::act("revoke"), old.id, "虚假承诺").await.unwrap();
        press.broken.store(false, Ordering::SeqCst);
        assert_eq!(host.resume().await.unwrap(), 0);
        let again = host.reissue(&contract::act("new"), new).await.unwrap();
        assert_eq!(again.standing(clock.now()), Standing::Revoked);
    }
}

#[tokio::test]
async fn a_paper_is_unreadable_in_the_database_and_not_given_out_when_it_was_changed_there() {
    for database in both(MIGRATIONS).await {
        let (clock, press) = (clock(), Arc::new(Press::default()));
        let host = EmbeddedCertificates::new(database.store.clone(), clock.clone(), KEY, Some(press));
        host.put_type(printed(EXAMPLES[1])).await.unwrap();
        let [one, other] = ["one", "other"].map(contract::act);
        let one = host.issue(&one, contract::permit(contract::enterprise())).await.unwrap();
        let other = host.issue(&other, contract::permit(contract::enterprise())).await.unwrap();
        let sql = "SELECT content_sealed FROM certificate_papers WHERE certificate = $1";
        let pool = database.store.pool();
        let sealed: Vec<u8> = sqlx::query_scalar(sql).bind(one.id.to_string()).fetch_one(pool).await.unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains(one.number.serial().as_str()));
        let sql = "UPDATE certificate_papers SET content_sealed = $1 WHERE certificate = $2";
        sqlx::query(sql).bind(sealed).bind(other.id.to_string()).execute(pool).await.unwrap();
        let moved = host.paper(other.id, "certificate.pdf").await;
        assert!(matches!(moved, Err(CertificateError::Store(_))), "another certificate's paper");
        assert!(host.paper(one.id, "certificate.pdf").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_type_without_a_plan_has_no_papers() {
    for database in both(MIGRATIONS).await {
        let (clock, press) = (clock(), Arc::new(Press::default()));
        let host = EmbeddedCertificates::new(database.store.clone(), clock.clone(), KEY, Some(press.clone()));
        with_types(&host).await;
        let issued = host.issue(&contract::act("a"), contract::permit(contract::enterprise())).await.unwrap();
        assert_eq!((issued.state, issued.papers.len()), (State::Issued, 0));
        assert_eq!(press.made.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn neither_holder_nor_fields_nor_tokens_are_readable_in_the_database() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let host = host(&database, &clock);
        with_types(&host).await;
        let person = Holder::Person("11010519491231002X".parse().unwrap());
        let issued = host.issue(&contract::act("a"), contract::permit(person)).await.unwrap();
        let new = NewPresentation {
            certificate: issued.id,
            fields: Vec::new(),
            purpose: "loan".parse().unwrap(),
            verifier: "441802-chengguan".parse().unwrap(),
            expires_at: clock.now() + std::time::Duration::from_secs(60),
        };
        let token = host.present(&contract::scenario(), new).await.unwrap();
        let rows: Vec<(String, Vec<u8>, Vec<u8>)> =
            sqlx::query_as("SELECT holder_index, holder_sealed, fields_sealed FROM certificates")
                .fetch_all(database.store.pool())
                .await
                .unwrap();
        let (index, holder, fields) = &rows[0];
        let text = format!("{index}{}{}", String::from_utf8_lossy(holder), String::from_utf8_lossy(fields));
        for secret in ["11010519491231002X", "13812345678", "张小明"] {
            assert!(!text.contains(secret), "{secret}");
        }
        let hashes: Vec<String> = sqlx::query_scalar("SELECT token_hash FROM certificate_presentations")
            .fetch_all(database.store.pool())
            .await
            .unwrap();
        assert_eq!(hashes.len(), 1);
        assert!(!hashes[0].contains(token.expose()) && !token.expose().contains(&hashes[0]));
        assert!(!format!("{issued:?}").contains("13812345678") && !format!("{:?}", issued.holder).contains("1101"));
    }
}

#[tokio::test]
async fn usage_is_counted_by_type_and_department() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let host = host(&database, &clock);
        with_types(&host).await;
        let first = host.issue(&contract::act("a"), contract::permit(contract::enterprise())).await.unwrap();
        host.issue(&contract::act("b"), contract::permit(contract::enterprise())).await.unwrap();
        host.issue(&contract::act("b"), contract::permit(contract::enterprise())).await.unwrap();
        let reader = "441802-minzheng/allowance".parse().unwrap();
        host.used(first.id, &reader).await.unwrap();
        host.used(first.id, &reader).await.unwrap();
        let bank = Verifier::Enterprise("91512081MA62K0260E".parse().unwrap());
        let new = NewPresentation {
            certificate: first.id,
            fields: Vec::new(),
            purpose: "loan".parse().unwrap(),
            verifier: bank.clone(),
            expires_at: clock.now() + std::time::Duration::from_secs(60),
        };
        let token = host.present(&contract::scenario(), new).await.unwrap();
        host.redeem(&contract::scenario(), &token, &[bank], &"loan".parse().unwrap()).await.unwrap();
        let usage = |department: &str, issued, presented, used| {
            let (kind, department) = ("excavation-permit".to_owned(), department.to_owned());
            Usage { kind, department, issued, presented, used }
        };
        let expected = [
            usage("441802-chengguan", 2, 0, 0),
            usage("441802-minzheng", 0, 0, 2),
            usage("91512081MA62K0260E", 0, 1, 1),
        ];
        assert_eq!(host.usage().await.unwrap(), expected);
        let rates = host.usage_rates().await.unwrap();
        assert_eq!(rates, [UsageRate { kind: "excavation-permit".into(), issued: 2, used: 1 }]);
        assert_eq!(rates[0].percent(), Some(50));
    }
}
