//! What signing in costs, and knowing who is signed in: prints one JSON object. Run by `cargo xtask bench`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{sync::Arc, time::Instant};

use zhongtai_cap_subject::{
    Accounts, Attributes, CookieSecret, Listener, MIGRATIONS, NewAccount, Password, Proof, SessionLimits, Sessions,
};
use zhongtai_kernel::{Assurance, ManualClock, SubjectKind};
use zhongtai_store::Store;

const PASSWORD: &str = "correct horse battery";
/// Accounts that sign in at once: fewer than wait in line at most.
const AT_ONCE: usize = 16;
/// Resolved from memory, and from the database.
const AT_HAND: u32 = 500_000;
const ASKED: u32 = 2_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure());
}

async fn measure() {
    let folder = std::env::var_os("ZHONGTAI_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let dir = tempfile::tempdir_in(folder).expect("a folder");
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("bench.db").display());
    let store = Store::open(&url, MIGRATIONS).await.expect("a database");
    let clock = Arc::new(ManualClock::at("2026-01-05T02:00:00Z".parse().expect("a time")));
    let accounts = Accounts::new(store, clock, [7; 32]);
    let mut logins = Vec::new();
    for n in 0..AT_ONCE {
        logins.push(format!("citizen-{n}"));
        accounts.create(citizen(logins.last().expect("a name"))).await.expect("an account");
    }

    // The best of five runs, as others use the machine too.
    let (mut one_ms, mut a_second) = (f64::MAX, 0_f64);
    for _ in 0..5 {
        let begun = Instant::now();
        accounts.sign_in("citizen-0", PASSWORD).await.expect("signed in");
        one_ms = one_ms.min(begun.elapsed().as_secs_f64() * 1e3);
        a_second = a_second.max(at_once(&accounts, &logins).await);
    }

    let account = accounts.sign_in("citizen-0", PASSWORD).await.expect("signed in");
    let sessions = Sessions::new(accounts, SessionLimits::default());
    let (_, secret) = sessions.begin(Listener::Public, &account, Proof::Password, "").await.expect("a session");
    let (mut at_hand, mut asked) = (0_f64, 0_f64);
    for _ in 0..5 {
        sessions.resolve(Listener::Public, &secret).await.expect("an answer");
        let begun = Instant::now();
        for _ in 0..AT_HAND {
            assert!(sessions.resolve_at_hand(Listener::Public, &secret).flatten().is_some());
        }
        at_hand = at_hand.max(f64::from(AT_HAND) / begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        for _ in 0..ASKED {
            // Each is another one, so none is remembered.
            let unknown = CookieSecret::generate().expect("random bytes");
            sessions.resolve(Listener::Public, &unknown).await.expect("an answer");
        }
        asked = asked.max(f64::from(ASKED) / begun.elapsed().as_secs_f64());
    }
    println!(
        "{{\"a sign-in by password (argon2id, 19 MiB, 2 passes, 1 lane), ms\": {one_ms:.1}, \
         \"sign-ins a second, {AT_ONCE} at once\": {a_second:.0}, \
         \"sessions resolved a second, from memory\": {at_hand:.0}, \
         \"cookies looked up a second, in SQLite, one after another\": {asked:.0}}}"
    );
}

async fn at_once(accounts: &Accounts, logins: &[String]) -> f64 {
    let begun = Instant::now();
    let tasks: Vec<_> = logins
        .iter()
        .map(|login| {
            let (accounts, login) = (accounts.clone(), login.clone());
            tokio::spawn(async move { accounts.sign_in(&login, PASSWORD).await.map(drop) })
        })
        .collect();
    for task in tasks {
        task.await.expect("a task").expect("signed in");
    }
    logins.len() as f64 / begun.elapsed().as_secs_f64()
}

fn citizen(login: &str) -> NewAccount {
    NewAccount {
        login: login.parse().expect("a login name"),
        password: Password::new(PASSWORD).expect("a password"),
        kind: SubjectKind::NaturalPerson,
        assurance: Assurance::Low,
        department: None,
        roles: Vec::new(),
        clearance: None,
        attributes: Attributes::new(),
    }
}
