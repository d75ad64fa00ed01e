//! Bearer tokens over both databases.

mod support;

use std::time::Duration;

use support::{clock, host, officer, person};
use zhongtai_cap_subject::{Credential, MIGRATIONS, Password, Proof, SubjectError, TokenId, Tokens};
use zhongtai_kernel::{AccountId, Assurance, ErrorKind};
use zhongtai_store::testing::both;

const HOUR: Duration = Duration::from_secs(3_600);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_token_resolves_to_its_subject_and_scopes() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let tokens = Tokens::new(accounts.clone());
        let zhang = accounts.create(officer("zhang")).await.unwrap().subject;
        let (record, token) = tokens.issue(zhang.account, &["scenario", "admin"], HOUR, "笔记本").await.unwrap();

        assert!(tokens.resolve_at_hand(token.expose()).is_none(), "not asked yet");
        let session = tokens.resolve(token.expose()).await.unwrap().unwrap();
        assert_eq!((&session.subject, session.credential), (&zhang, Credential::Token(record.id)));
        assert!(session.has_scope("admin") && !session.has_scope("adm"));
        assert_eq!(tokens.resolve_at_hand(token.expose()), Some(Some(session)));
        assert_eq!(tokens.list(zhang.account).await.unwrap(), [record]);
    }
}

#[tokio::test]
async fn what_is_no_token_resolves_to_nobody_and_the_secret_is_not_stored() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let tokens = Tokens::new(accounts.clone());
        let zhang = accounts.create(person("zhang")).await.unwrap().subject.account;
        let (_, token) = tokens.issue(zhang, &["scenario"], HOUR, "").await.unwrap();
        assert_eq!(tokens.resolve_at_hand("Bearer nonsense"), Some(None));
        assert_eq!(tokens.resolve("").await.unwrap(), None);
        let unknown = format!("zt_{}", "A".repeat(43));
        assert_eq!(tokens.resolve(&unknown).await.unwrap(), None);
        assert_eq!(tokens.resolve_at_hand(&unknown), Some(None));
        let stored: String = sqlx::query_scalar("SELECT secret_hash FROM subject_tokens")
            .fetch_one(database.store.pool())
            .await
            .unwrap();
        assert!(stored.len() == 64 && !token.expose().contains(&stored));
    }
}

#[tokio::test]
async fn a_token_ends_with_its_lifetime_also_while_it_is_kept_in_memory() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let tokens = Tokens::new(accounts.clone());
        let zhang = accounts.create(person("zhang")).await.unwrap().subject.account;
        let (_, token) = tokens.issue(zhang, &["scenario"], HOUR, "").await.unwrap();

        clock.advance(HOUR - Duration::from_millis(1));
        assert!(tokens.resolve(token.expose()).await.unwrap().is_some());
        clock.advance(Duration::from_millis(1));
        assert_eq!(tokens.resolve_at_hand(token.expose()), Some(None), "from memory");
        clock.advance(SECOND);
        assert_eq!(tokens.resolve(token.expose()).await.unwrap(), None, "from the database");
    }
}

#[tokio::test]
async fn a_revocation_holds_at_once_here_and_within_a_second_on_another_host() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let (here, there) = (Tokens::new(accounts.clone()), Tokens::new(host(&database, &clock)));
        let zhang = accounts.create(person("zhang")).await.unwrap().subject.account;
        let (record, token) = here.issue(zhang, &["scenario"], HOUR, "").await.unwrap();
        let (other, kept) = here.issue(zhang, &["scenario"], HOUR, "").await.unwrap();
        for tokens in [&here, &there] {
            assert!(tokens.resolve(token.expose()).await.unwrap().is_some());
        }

        here.revoke(record.id).await.unwrap();
        here.revoke(record.id).await.unwrap();
        assert_eq!(here.resolve(token.expose()).await.unwrap(), None);
        clock.advance(SECOND);
        assert_eq!(there.resolve_at_hand(token.expose()), None, "no longer fresh");
        assert_eq!(there.resolve(token.expose()).await.unwrap(), None);
        assert_eq!(
            here.resolve(kept.expose()).await.unwrap().map(|session| session.credential),
            Some(Credential::Token(other.id))
        );

        here.revoke_all(zhang).await.unwrap();
        assert_eq!(here.resolve(kept.expose()).await.unwrap(), None);
        assert!(here.list(zhang).await.unwrap().iter().all(|record| record.revoked_at.is_some()));
        let unknown: TokenId = AccountId::generate().to_string().parse().unwrap();
        assert!(matches!(here.revoke(unknown).await, Err(SubjectError::NoToken)));
    }
}

#[tokio::test]
async fn disabling_an_account_or_changing_its_password_ends_its_tokens_for_good() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let tokens = Tokens::new(accounts.clone());
        let zhang = accounts.create(person("zhang")).await.unwrap().subject.account;
        let (_, first) = tokens.issue(zhang, &["scenario"], HOUR, "").await.unwrap();
        assert!(tokens.resolve(first.expose()).await.unwrap().is_some());
        accounts.disable(zhang).await.unwrap();
        assert_eq!(tokens.resolve(first.expose()).await.unwrap(), None);
        assert!(matches!(tokens.issue(zhang, &["scenario"], HOUR, "").await, Err(SubjectError::Disabled)));

        accounts.enable(zhang).await.unwrap();
        assert_eq!(tokens.resolve(first.expose()).await.unwrap(), None, "revoked, not suspended");
        let (_, second) = tokens.issue(zhang, &["scenario"], HOUR, "").await.unwrap();
        assert!(tokens.resolve(second.expose()).await.unwrap().is_some());
        accounts.set_password(zhang, Password::generate().unwrap()).await.unwrap();
        assert_eq!(tokens.resolve(second.expose()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_token_needs_an_account_scopes_and_a_lifetime_within_a_year() {
    let database = zhongtai_store::testing::sqlite(MIGRATIONS).await;
    let accounts = host(&database, &clock());
    let tokens = Tokens::new(accounts.clone());
    let zhang = accounts.create(person("zhang")).await.unwrap().subject.account;
    let unknown = tokens.issue(AccountId::generate(), &["scenario"], HOUR, "").await;
    assert!(matches!(unknown, Err(SubjectError::NoAccount)));
    for (scopes, lifetime, label) in [
        (&[][..], HOUR, ""),
        (&["Admin"][..], HOUR, ""),
        (&["admin"][..], Duration::ZERO, ""),
        (&["admin"][..], HOUR * 24 * 367, ""),
        (&["admin"][..], HOUR, "a\nb"),
    ] {
        let error = tokens.issue(zhang, scopes, lifetime, label).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
}

#[tokio::test]
async fn tokens_long_expired_are_forgotten() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let tokens = Tokens::new(accounts.clone());
        let zhang = accounts.create(person("zhang")).await.unwrap().subject.account;
        tokens.issue(zhang, &["scenario"], HOUR, "old").await.unwrap();
        clock.advance(HOUR * 24 * 30 + HOUR);
        tokens.issue(zhang, &["scenario"], HOUR, "new").await.unwrap();
        let labels: Vec<_> = tokens.list(zhang).await.unwrap().into_iter().map(|record| record.label).collect();
        assert_eq!(labels, ["new"]);
    }
}

#[tokio::test]
async fn a_token_had_by_signing_in_is_as_sure_as_that_was_and_an_issued_one_as_sure_as_the_account() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let tokens = Tokens::new(accounts.clone());
        let zhang = accounts.create(officer("zhang")).await.unwrap();
        let id = zhang.subject.account;
        let (_, issued) = tokens.issue(id, &["scenario"], HOUR, "").await.unwrap();
        let (_, low) = tokens.sign_in(id, &["scenario"], HOUR, zhang.assurance_by(Proof::Password)).await.unwrap();
        let (_, sure) = tokens.sign_in(id, &["scenario"], HOUR, zhang.assurance_by(Proof::SecondFactor)).await.unwrap();
        for (token, assurance, proof) in [
            (&issued, Assurance::Substantial, Proof::Issued),
            (&low, Assurance::Low, Proof::Password),
            (&sure, Assurance::Substantial, Proof::SecondFactor),
        ] {
            let session = tokens.resolve(token.expose()).await.unwrap().unwrap();
            assert_eq!((session.subject.assurance, session.proof), (assurance, proof));
        }
    }
}
