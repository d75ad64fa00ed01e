//! What every test here begins with.
#![allow(clippy::unwrap_used, reason = "a broken fixture must stop the test")]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::Arc;

use zhongtai_cap_subject::{Accounts, Attributes, NewAccount, Password};
use zhongtai_kernel::{Assurance, ManualClock, SubjectKind};
use zhongtai_store::testing::TestDatabase;

pub const PASSWORD: &str = "correct horse battery";
pub const WRONG: &str = "incorrect horse battery";
pub const KEY: [u8; 32] = [7; 32];

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-01-05T02:00:00Z".parse().unwrap()))
}

/// The accounts as one host sees them; another call is another host.
pub fn host(database: &TestDatabase, clock: &Arc<ManualClock>) -> Accounts {
    Accounts::new(database.store.clone(), clock.clone(), KEY)
}

pub fn person(login: &str) -> NewAccount {
    NewAccount {
        login: login.parse().unwrap(),
        password: Password::new(PASSWORD).unwrap(),
        kind: SubjectKind::NaturalPerson,
        assurance: Assurance::Low,
        department: None,
        roles: Vec::new(),
        clearance: None,
        attributes: Attributes::new(),
    }
}

pub fn officer(login: &str) -> NewAccount {
    NewAccount {
        kind: SubjectKind::Officer,
        assurance: Assurance::Substantial,
        department: Some("441802-chengguan".parse().unwrap()),
        roles: vec!["reviewer".into(), "inspector".into(), "reviewer".into()],
        clearance: Some(3),
        ..person(login)
    }
}
