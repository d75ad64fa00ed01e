//! What every test here begins with.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, reason = "each test binary uses its part")]

use std::sync::Arc;

use zhongtai_cap_seal::{EmbeddedSeals, SealConfig};
use zhongtai_kernel::{Clock, ManualClock};
use zhongtai_store::testing::TestDatabase;

pub const KEY: [u8; 32] = [7; 32];

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-11-23T02:00:00Z".parse().unwrap()))
}

pub fn config() -> SealConfig {
    SealConfig { organization: "清远市清城区人民政府".to_owned(), ..SealConfig::default() }
}

/// The seals as one host sees them; another call is another host.
pub fn host(database: &TestDatabase, clock: Arc<dyn Clock>) -> EmbeddedSeals {
    EmbeddedSeals::new(database.store.clone(), clock, &KEY, &config()).unwrap()
}

pub fn find(bytes: &[u8], needle: &[u8]) -> usize {
    bytes.windows(needle.len()).position(|window| window == needle).unwrap()
}
