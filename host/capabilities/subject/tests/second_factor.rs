//! Second factors over both databases.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a broken fixture must stop the test")]

mod support;

use std::time::Duration;

use ring::hmac;
use support::{clock, host, officer, person};
use zhongtai_cap_subject::{
    Enrolment, Factor, Listener, MIGRATIONS, Proof, SecondFactors, SessionLimits, Sessions, SubjectError, Tokens,
};
use zhongtai_kernel::{AccountId, Clock, ErrorKind, ManualClock};
use zhongtai_store::testing::both;

const STEP: Duration = Duration::from_secs(30);

/// What an authenticator app shows now: RFC 6238 once more, from the text that the app was given.
fn shown(enrolment: &Enrolment, clock: &ManualClock) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String =
        enrolment.secret.chars().map(|letter| format!("{:05b}", alphabet.find(letter).unwrap())).collect();
    let secret: Vec<u8> = (0..20).map(|at| u8::from_str_radix(&bits[at * 8..][..8], 2).unwrap()).collect();
    let step = clock.now().as_second() / 30;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let offset = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[offset..][..4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 500_000) % 1_000_000)
}

#[tokio::test]
async fn an_app_is_enrolled_confirmed_and_its_codes_count_once() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let factors = SecondFactors::new(accounts.clone(), "中台 Zhongtai");
        let zhang = accounts.create(officer("zhang.san@example.cn")).await.unwrap();
        let id = zhang.subject.account;
        assert!(!factors.is_enrolled(id).await.unwrap());
        assert!(matches!(factors.verify(id, "123456").await, Err(SubjectError::NoFactor)));
        assert!(matches!(factors.confirm(id, "123456").await, Err(SubjectError::NoFactor)));

        let enrolment = factors.enrol(&zhang).await.unwrap();
        let label = "%E4%B8%AD%E5%8F%B0%20Zhongtai:zhang.san%40example.cn";
        assert!(enrolment.uri.starts_with(&format!("otpauth://totp/{label}?secret={}", enrolment.secret)));
        assert_eq!(factors.enrolling(&zhang).await.unwrap().as_ref(), Some(&enrolment));
        assert!(!factors.is_enrolled(id).await.unwrap(), "not before it is confirmed");
        assert!(matches!(factors.verify(id, &shown(&enrolment, &clock)).await, Err(SubjectError::NoFactor)));

        let code = shown(&enrolment, &clock);
        assert!(matches!(factors.confirm(id, &wrong(&code)).await, Err(SubjectError::WrongCode)));
        let recovery = factors.confirm(id, &code).await.unwrap();
        assert_eq!(recovery.len(), 10);
        assert!(factors.is_enrolled(id).await.unwrap());
        assert_eq!(factors.enrolling(&zhang).await.unwrap(), None, "the secret is not shown again");
        assert!(matches!(factors.verify(id, &code).await, Err(SubjectError::WrongCode)), "used to confirm");

        clock.advance(STEP);
        let code = shown(&enrolment, &clock);
        assert_eq!(factors.verify(id, &code).await.unwrap(), Factor::Totp);
        assert!(matches!(factors.verify(id, &code).await, Err(SubjectError::WrongCode)), "once");
        let state = factors.state(id).await.unwrap();
        assert!(state.since.is_some() && state.recovery_codes == 10 && !state.is_being_enrolled);
        let other = accounts.create(person("li")).await.unwrap().subject.account;
        assert!(matches!(factors.verify(other, &code).await, Err(SubjectError::NoFactor)));
    }
}

#[tokio::test]
async fn a_code_that_comes_twice_at_once_counts_once() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let (one, other) =
            (SecondFactors::new(accounts.clone(), "z"), SecondFactors::new(host(&database, &clock), "z"));
        let zhang = accounts.create(officer("zhang")).await.unwrap();
        let id = zhang.subject.account;
        let enrolment = one.enrol(&zhang).await.unwrap();
        one.confirm(id, &shown(&enrolment, &clock)).await.unwrap();
        for _ in 0..4 {
            clock.advance(STEP);
            let code = shown(&enrolment, &clock);
            let (first, second) = tokio::join!(one.verify(id, &code), other.verify(id, &code));
            assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        }
    }
}

#[tokio::test]
async fn a_recovery_code_stands_in_once_and_is_stored_as_a_hash() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let factors = SecondFactors::new(accounts.clone(), "z");
        let zhang = accounts.create(officer("zhang")).await.unwrap();
        let id = zhang.subject.account;
        let enrolment = factors.enrol(&zhang).await.unwrap();
        let codes = factors.confirm(id, &shown(&enrolment, &clock)).await.unwrap();
        let typed = codes[3].expose().to_uppercase();
        assert_eq!(factors.verify(id, &typed).await.unwrap(), Factor::RecoveryCode);
        assert!(matches!(factors.verify(id, &typed).await, Err(SubjectError::WrongCode)));
        assert_eq!(factors.state(id).await.unwrap().recovery_codes, 9);
        let stored: Vec<String> = sqlx::query_scalar("SELECT code_hash FROM subject_recovery_codes")
            .fetch_all(database.store.pool())
            .await
            .unwrap();
        assert!(stored.iter().all(|hash| hash.len() == 64));

        // New codes with a new app, and the old ones are gone.
        let next = factors.enrol(&zhang).await.unwrap();
        clock.advance(STEP);
        assert_eq!(factors.verify(id, &shown(&enrolment, &clock)).await.unwrap(), Factor::Totp, "the old app still");
        factors.confirm(id, &shown(&next, &clock)).await.unwrap();
        assert!(matches!(factors.verify(id, &codes[4].expose()).await, Err(SubjectError::WrongCode)));
        clock.advance(STEP);
        assert!(matches!(factors.verify(id, &shown(&enrolment, &clock)).await, Err(SubjectError::WrongCode)));
        assert_eq!(factors.verify(id, &shown(&next, &clock)).await.unwrap(), Factor::Totp);
    }
}

#[tokio::test]
async fn guessing_codes_has_to_wait_also_for_the_right_one_and_also_while_enrolling() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let factors = SecondFactors::new(accounts.clone(), "z");
        let zhang = accounts.create(officer("zhang")).await.unwrap();
        let id = zhang.subject.account;
        let enrolment = factors.enrol(&zhang).await.unwrap();
        for _ in 0..5 {
            let guess = wrong(&shown(&enrolment, &clock));
            assert!(matches!(factors.confirm(id, &guess).await, Err(SubjectError::WrongCode)));
        }
        let error = factors.confirm(id, &shown(&enrolment, &clock)).await.unwrap_err();
        assert!(matches!(error, SubjectError::Throttled { .. }), "{error}");
        clock.advance(Duration::from_secs(15 * 60));
        factors.confirm(id, &shown(&enrolment, &clock)).await.unwrap();

        clock.advance(STEP);
        for guess in ["000000", "nonsense", "0000-0000-0000-0000", "", "1"] {
            let error = factors.verify(id, guess).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
        }
        assert!(matches!(factors.verify(id, &shown(&enrolment, &clock)).await, Err(SubjectError::Throttled { .. })));
        let li = accounts.create(officer("li")).await.unwrap();
        let other = factors.enrol(&li).await.unwrap();
        factors.confirm(li.subject.account, &shown(&other, &clock)).await.unwrap();
    }
}

#[tokio::test]
async fn a_reset_takes_the_factor_away_and_ends_sessions_and_tokens() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let (factors, tokens) = (SecondFactors::new(accounts.clone(), "z"), Tokens::new(accounts.clone()));
        let sessions = Sessions::new(accounts.clone(), SessionLimits::default());
        let zhang = accounts.create(officer("zhang")).await.unwrap();
        let id = zhang.subject.account;
        let enrolment = factors.enrol(&zhang).await.unwrap();
        let codes = factors.confirm(id, &shown(&enrolment, &clock)).await.unwrap();
        let (_, secret) = sessions.begin(Listener::Public, &zhang, Proof::SecondFactor, "").await.unwrap();
        let (_, token) = tokens.issue(id, &["scenario"], Duration::from_secs(60), "").await.unwrap();
        assert!(sessions.resolve(Listener::Public, &secret).await.unwrap().is_some());

        factors.reset(id).await.unwrap();
        assert!(!factors.is_enrolled(id).await.unwrap());
        assert_eq!(sessions.resolve(Listener::Public, &secret).await.unwrap(), None);
        assert_eq!(tokens.resolve(token.expose()).await.unwrap(), None);
        assert!(matches!(factors.verify(id, &codes[0].expose()).await, Err(SubjectError::NoFactor)));
        assert!(matches!(factors.reset(AccountId::generate()).await, Err(SubjectError::NoAccount)));
    }
}

#[tokio::test]
async fn a_secret_is_sealed_at_rest_and_bound_to_its_account() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let factors = SecondFactors::new(accounts.clone(), "z");
        let (zhang, li) =
            (accounts.create(officer("zhang")).await.unwrap(), accounts.create(officer("li")).await.unwrap());
        let enrolment = factors.enrol(&zhang).await.unwrap();
        factors.confirm(zhang.subject.account, &shown(&enrolment, &clock)).await.unwrap();
        factors.enrol(&li).await.unwrap();
        let pool = database.store.pool();
        let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM subject_totp WHERE sealed IS NOT NULL")
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!(sealed.len(), 12 + 20 + 16);
        let moved = "UPDATE subject_totp SET sealed = $1 WHERE account = $2";
        sqlx::query(moved).bind(sealed).bind(li.subject.account.to_string()).execute(pool).await.unwrap();
        clock.advance(STEP);
        let error = factors.verify(li.subject.account, &shown(&enrolment, &clock)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
    }
}
