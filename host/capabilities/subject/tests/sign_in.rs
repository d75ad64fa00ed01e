//! Signing in over both databases.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken fixture must stop the test")]

mod support;

use std::time::{Duration, Instant};

use support::{PASSWORD, WRONG, clock, host, person};
use zhongtai_cap_subject::{Accounts, MIGRATIONS, Password, SubjectError};
use zhongtai_kernel::ErrorKind;
use zhongtai_store::testing::both;

async fn fail(accounts: &Accounts, login: &str) {
    let error = accounts.sign_in(login, WRONG).await.unwrap_err();
    assert!(matches!(error, SubjectError::WrongCredentials), "{error}");
}

fn retry_after<T: std::fmt::Debug>(result: Result<T, SubjectError>) -> Duration {
    match result {
        Err(SubjectError::Throttled { retry_after }) => retry_after,
        other => panic!("expected a throttled sign-in, got {other:?}"),
    }
}

#[tokio::test]
async fn the_right_password_signs_in_and_the_wrong_one_looks_like_an_unknown_name() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let zhang = accounts.create(person("zhang")).await.unwrap();
        assert_eq!(accounts.sign_in(" Zhang ", PASSWORD).await.unwrap(), zhang);
        let tries = [("zhang", WRONG), ("nobody", PASSWORD), ("zhang", "short"), ("not a name!", PASSWORD), ("", "")];
        for (login, password) in tries {
            let error = accounts.sign_in(login, password).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            assert_eq!(error.to_string(), "the login name or the password is wrong");
        }
    }
}

#[tokio::test]
async fn a_disabled_account_is_told_only_to_who_knows_the_password() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let id = accounts.create(person("zhang")).await.unwrap().subject.account;
        accounts.disable(id).await.unwrap();
        assert!(matches!(accounts.sign_in("zhang", PASSWORD).await, Err(SubjectError::Disabled)));
        fail(&accounts, "zhang").await;
        accounts.enable(id).await.unwrap();
        accounts.sign_in("zhang", PASSWORD).await.unwrap();
    }
}

#[tokio::test]
async fn after_a_change_only_the_new_password_signs_in() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let id = accounts.create(person("zhang")).await.unwrap().subject.account;
        accounts.set_password(id, Password::new("another long password").unwrap()).await.unwrap();
        assert!(accounts.sign_in("zhang", PASSWORD).await.is_err());
        accounts.sign_in("zhang", "another long password").await.unwrap();
    }
}

#[tokio::test]
async fn after_five_failures_within_15_minutes_every_host_refuses_the_name_until_the_first_is_old() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let (one, other) = (host(&database, &clock), host(&database, &clock));
        one.create(person("zhang")).await.unwrap();
        one.create(person("li")).await.unwrap();
        for _ in 0..5 {
            fail(&one, "zhang").await;
            clock.advance(Duration::from_secs(60));
        }
        assert_eq!(retry_after(other.sign_in("zhang", PASSWORD).await), Duration::from_secs(10 * 60));
        other.sign_in("li", PASSWORD).await.unwrap();

        clock.advance(Duration::from_secs(10 * 60 - 1));
        assert_eq!(retry_after(one.sign_in("zhang", PASSWORD).await), Duration::from_secs(1), "refusals don't count");
        clock.advance(Duration::from_secs(1));
        one.sign_in("zhang", PASSWORD).await.unwrap();
    }
}

#[tokio::test]
async fn an_unknown_name_is_throttled_as_a_known_one_is_and_then_forgotten() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        for _ in 0..5 {
            fail(&accounts, "nobody").await;
        }
        assert_eq!(retry_after(accounts.sign_in("nobody", WRONG).await), Duration::from_secs(15 * 60));
        clock.advance(Duration::from_secs(15 * 60));
        fail(&accounts, "somebody").await;
        let names: Vec<(String,)> =
            sqlx::query_as("SELECT login FROM subject_sign_in_tries").fetch_all(database.store.pool()).await.unwrap();
        assert_eq!(names, [("somebody".to_owned(),)]);
    }
}

#[tokio::test]
async fn a_success_or_a_new_password_forgets_earlier_failures() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let id = accounts.create(person("zhang")).await.unwrap().subject.account;
        for _ in 0..2 {
            for _ in 0..4 {
                fail(&accounts, "zhang").await;
            }
            accounts.sign_in("zhang", PASSWORD).await.unwrap();
        }
        for _ in 0..5 {
            fail(&accounts, "zhang").await;
        }
        retry_after(accounts.sign_in("zhang", PASSWORD).await);
        accounts.set_password(id, Password::new(PASSWORD).unwrap()).await.unwrap();
        accounts.sign_in("zhang", PASSWORD).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_in_parallel_through_two_hosts_gains_no_further_tries() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let hosts = [host(&database, &clock), host(&database, &clock)];
        hosts[0].create(person("zhang")).await.unwrap();
        let guesses: Vec<_> = (0..20)
            .map(|n| {
                let accounts = hosts[n % 2].clone();
                tokio::spawn(async move { accounts.sign_in("zhang", WRONG).await.unwrap_err().kind() })
            })
            .collect();
        let mut checked = 0;
        for guess in guesses {
            checked += usize::from(guess.await.unwrap() == ErrorKind::Unauthenticated);
        }
        assert_eq!(checked, 5);
    }
}

#[tokio::test]
async fn an_unknown_name_takes_as_long_as_a_wrong_password() {
    let database = zhongtai_store::testing::sqlite(MIGRATIONS).await;
    let accounts = host(&database, &clock());
    accounts.create(person("zhang")).await.unwrap();
    // In turns, and the fastest of each: what the machine does beside makes a try slower, never faster.
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        known = known.min(time(&accounts, "zhang").await);
        unknown = unknown.min(time(&accounts, "nobody").await);
    }
    // Without the hash it would be a tiny part.
    assert!(unknown > known / 3 && known > unknown / 3, "known {known:?}, unknown {unknown:?}");
}

async fn time(accounts: &Accounts, login: &str) -> Duration {
    let start = Instant::now();
    fail(accounts, login).await;
    start.elapsed()
}
