//! Sessions of browsers over both databases.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a broken fixture must stop the test")]

mod support;

use std::time::Duration;

use support::{clock, host, officer, person};
use zhongtai_cap_subject::{
    Account, Accounts, Begun, CookieSecret, Credential, Listener, MIGRATIONS, Password, Pending, Proof, SessionLimits,
    Sessions, SubjectError, Tokens, Wait,
};
use zhongtai_kernel::{AccountId, Assurance};
use zhongtai_store::testing::both;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const SECOND: Duration = Duration::from_secs(1);

fn sessions(accounts: &Accounts) -> Sessions {
    Sessions::new(accounts.clone(), SessionLimits::new(30 * MINUTE, 8 * HOUR))
}

async fn begin(sessions: &Sessions, account: &Account) -> CookieSecret {
    sessions.begin(Listener::Public, account, Proof::Password, "Firefox, Linux").await.unwrap().1
}

async fn is_valid(sessions: &Sessions, secret: &CookieSecret) -> bool {
    sessions.resolve(Listener::Public, secret).await.unwrap().is_some()
}

#[tokio::test]
async fn a_cookie_is_of_who_signed_in_with_the_assurance_of_that_sign_in() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let sessions = sessions(&accounts);
        let zhang = accounts.create(officer("zhang")).await.unwrap();
        let (record, secret) =
            sessions.begin(Listener::Public, &zhang, Proof::Password, "Firefox, Linux").await.unwrap();

        assert!(sessions.resolve_at_hand(Listener::Public, &secret).is_none(), "not asked yet");
        let session = sessions.resolve(Listener::Public, &secret).await.unwrap().unwrap();
        assert_eq!((session.subject.account, session.credential), (record.account, Credential::Cookie(record.id)));
        assert_eq!((session.subject.assurance, session.proof), (Assurance::Low, Proof::Password));
        assert_eq!(session.subject.roles, zhang.subject.roles);
        assert!(session.has_scope("scenario") && !session.has_scope("admin"));
        assert_eq!(sessions.resolve_at_hand(Listener::Public, &secret), Some(Some(session)));
        assert_eq!(sessions.list(record.account).await.unwrap(), [record]);
        assert_eq!(sessions.resolve(Listener::Public, &CookieSecret::generate().unwrap()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_session_of_one_door_is_none_at_the_other_and_the_secret_is_not_stored() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let sessions = sessions(&accounts);
        let zhang = accounts.create(officer("zhang")).await.unwrap();
        let (_, secret) = sessions.begin(Listener::Admin, &zhang, Proof::SecondFactor, "").await.unwrap();
        assert_eq!(sessions.resolve(Listener::Public, &secret).await.unwrap(), None);
        let session = sessions.resolve(Listener::Admin, &secret).await.unwrap().unwrap();
        assert!(session.has_scope("admin") && !session.has_scope("scenario"));
        let stored: String = sqlx::query_scalar("SELECT secret_hash FROM subject_sessions")
            .fetch_one(database.store.pool())
            .await
            .unwrap();
        assert!(stored.len() == 64 && stored != secret.expose());
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_goes_on_while_it_is() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let sessions = sessions(&accounts);
        let zhang = accounts.create(person("zhang")).await.unwrap();
        let secret = begin(&sessions, &zhang).await;
        for _ in 0..3 {
            clock.advance(29 * MINUTE);
            assert!(is_valid(&sessions, &secret).await, "used");
        }
        clock.advance(30 * MINUTE);
        assert!(!is_valid(&sessions, &secret).await, "not used for 30 minutes");
        assert!(sessions.list(zhang.subject.account).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_session_ends_at_last_however_much_it_is_used_also_while_it_is_in_memory() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let sessions = sessions(&accounts);
        let zhang = accounts.create(person("zhang")).await.unwrap();
        let secret = begin(&sessions, &zhang).await;
        for _ in 0..24 {
            clock.advance(19 * MINUTE);
            assert!(is_valid(&sessions, &secret).await);
        }
        clock.advance(24 * MINUTE - Duration::from_millis(1));
        assert!(is_valid(&sessions, &secret).await);
        clock.advance(Duration::from_millis(1));
        assert_eq!(sessions.resolve_at_hand(Listener::Public, &secret), Some(None), "from memory");
        clock.advance(SECOND);
        assert!(!is_valid(&sessions, &secret).await, "from the database");
    }
}

#[tokio::test]
async fn limits_are_clamped() {
    let short = SessionLimits::new(Duration::ZERO, Duration::ZERO);
    assert_eq!((short.idle(), short.absolute()), (5 * MINUTE, 15 * MINUTE));
    let long = SessionLimits::new(Duration::MAX, Duration::MAX);
    assert_eq!((long.idle(), long.absolute()), (12 * HOUR, 24 * HOUR));
}

#[tokio::test]
async fn stepping_up_makes_the_session_surer_and_its_old_secret_worthless() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let (here, there) = (sessions(&accounts), sessions(&accounts));
        let zhang = accounts.create(officer("zhang")).await.unwrap();
        let (record, old) = here.begin(Listener::Public, &zhang, Proof::Password, "").await.unwrap();
        assert!(is_valid(&here, &old).await && is_valid(&there, &old).await);

        let new = here.step_up(record.id, &zhang).await.unwrap();
        assert!(!is_valid(&here, &old).await && !is_valid(&there, &old).await);
        let session = here.resolve(Listener::Public, &new).await.unwrap().unwrap();
        assert_eq!((session.credential, session.proof), (Credential::Cookie(record.id), Proof::SecondFactor));
        assert_eq!(session.subject.assurance, Assurance::Substantial);
        assert_eq!(here.list(zhang.subject.account).await.unwrap().len(), 1, "the same session");

        let li = accounts.create(person("li")).await.unwrap();
        assert!(matches!(here.step_up(record.id, &li).await, Err(SubjectError::NoSession)), "not another's");
        here.end(zhang.subject.account, record.id).await.unwrap();
        assert!(matches!(here.step_up(record.id, &zhang).await, Err(SubjectError::NoSession)), "not an ended one");
    }
}

#[tokio::test]
async fn ending_holds_at_once_here_and_within_a_second_on_another_host_and_for_the_own_sessions_only() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let (here, there) = (sessions(&accounts), sessions(&host(&database, &clock)));
        let zhang = accounts.create(person("zhang")).await.unwrap();
        let li = accounts.create(person("li")).await.unwrap();
        let (record, first) = here.begin(Listener::Public, &zhang, Proof::Password, "").await.unwrap();
        let second = begin(&here, &zhang).await;
        assert!(is_valid(&here, &first).await && is_valid(&there, &first).await);

        assert!(matches!(here.end(li.subject.account, record.id).await, Err(SubjectError::NoSession)));
        assert!(is_valid(&here, &first).await);
        here.end(zhang.subject.account, record.id).await.unwrap();
        here.end(zhang.subject.account, record.id).await.unwrap();
        assert!(!is_valid(&here, &first).await && is_valid(&here, &second).await);
        clock.advance(SECOND);
        assert!(!is_valid(&there, &first).await);
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_sessions_and_sign_in_tokens_and_leaves_programs_theirs() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let (sessions, tokens) = (sessions(&accounts), Tokens::new(accounts.clone()));
        let zhang = accounts.create(person("zhang")).await.unwrap();
        let li = accounts.create(person("li")).await.unwrap();
        let (first, second, other) =
            (begin(&sessions, &zhang).await, begin(&sessions, &zhang).await, begin(&sessions, &li).await);
        let id = zhang.subject.account;
        let (_, signed_in) = tokens.sign_in(id, &["scenario"], HOUR, Assurance::Low).await.unwrap();
        let (_, program) = tokens.issue(id, &["scenario"], HOUR, "").await.unwrap();
        sessions.end_all(id).await.unwrap();
        assert!(!is_valid(&sessions, &first).await && !is_valid(&sessions, &second).await);
        assert!(is_valid(&sessions, &other).await);
        assert_eq!(tokens.resolve(signed_in.expose()).await.unwrap(), None);
        assert!(tokens.resolve(program.expose()).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_new_password_and_disabling_end_every_session_for_good() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let sessions = sessions(&accounts);
        let zhang = accounts.create(person("zhang")).await.unwrap();
        let id = zhang.subject.account;
        let first = begin(&sessions, &zhang).await;
        assert!(is_valid(&sessions, &first).await);
        accounts.set_password(id, Password::generate().unwrap()).await.unwrap();
        assert!(!is_valid(&sessions, &first).await);

        let second = begin(&sessions, &zhang).await;
        assert!(is_valid(&sessions, &second).await);
        accounts.disable(id).await.unwrap();
        assert!(!is_valid(&sessions, &second).await);
        accounts.enable(id).await.unwrap();
        assert!(!is_valid(&sessions, &second).await, "ended, not suspended");
    }
}

#[tokio::test]
async fn an_account_has_fifty_sessions_at_most_and_the_one_not_used_for_longest_goes() {
    let database = zhongtai_store::testing::sqlite(MIGRATIONS).await;
    let clock = clock();
    let accounts = host(&database, &clock);
    let sessions = sessions(&accounts);
    let zhang = accounts.create(person("zhang")).await.unwrap();
    let first = begin(&sessions, &zhang).await;
    let mut second = None;
    for _ in 0..50 {
        clock.advance(SECOND);
        let secret = begin(&sessions, &zhang).await;
        second.get_or_insert(secret);
    }
    assert_eq!(sessions.list(zhang.subject.account).await.unwrap().len(), 50);
    assert!(!is_valid(&sessions, &first).await && is_valid(&sessions, &second.unwrap()).await);
}

#[tokio::test]
async fn what_a_browser_began_is_its_own_waits_minutes_and_is_taken_once() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let pending = Pending::new(accounts.clone());
        let zhang = accounts.create(person("zhang")).await.unwrap().subject.account;
        let begun = Begun { account: Some(zhang), detail: "/s/x".into() };
        let secret = pending.begin(Wait::SecondFactor, &begun).await.unwrap();
        assert_eq!(pending.peek(Wait::SecondFactor, &secret).await.unwrap(), Some(begun.clone()));
        assert_eq!(pending.peek(Wait::Provider, &secret).await.unwrap(), None, "something else");
        assert_eq!(pending.peek(Wait::SecondFactor, &CookieSecret::generate().unwrap()).await.unwrap(), None);
        assert_eq!(pending.take(Wait::SecondFactor, &secret).await.unwrap(), Some(begun.clone()));
        assert_eq!(pending.take(Wait::SecondFactor, &secret).await.unwrap(), None, "taken");

        let late = pending.begin(Wait::SecondFactor, &begun).await.unwrap();
        clock.advance(5 * MINUTE);
        assert_eq!(pending.take(Wait::SecondFactor, &late).await.unwrap(), None, "too late");
        let nobody = Begun { account: None, detail: String::new() };
        let elsewhere = pending.begin(Wait::Provider, &nobody).await.unwrap();
        assert_eq!(pending.peek(Wait::Provider, &elsewhere).await.unwrap(), Some(nobody));

        let secret = pending.begin(Wait::SecondFactor, &begun).await.unwrap();
        accounts.set_password(zhang, Password::generate().unwrap()).await.unwrap();
        assert_eq!(pending.peek(Wait::SecondFactor, &secret).await.unwrap(), None, "the password is another now");
        let unknown = Begun { account: Some(AccountId::generate()), detail: String::new() };
        assert!(pending.begin(Wait::SecondFactor, &unknown).await.is_err());
    }
}
