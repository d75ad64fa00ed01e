//! Shipments in the platform's own database: what they are, what happened to them, what is still to be done.

mod addresses;
mod change;
mod find;
mod keep;
mod news;
mod work;

pub use news::Applied;
pub use work::Stuck;

pub(crate) use work::{Claim, End, Work};

use std::sync::Arc;

use tokio::sync::Notify;
use zhongtai_kernel::Clock;
use zhongtai_store::Store;

use crate::{Schedule, vault::Vault};

/// The book of shipments. A clone is the same book.
#[derive(Clone)]
pub struct Book(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    vault: Vault,
    schedule: Schedule,
    wake: Notify,
}

// === impl Book ===

impl Book {
    /// The book over a store that has [`crate::MIGRATIONS`] and those of events. `key` seals addresses: every host of a
    /// database needs the same one.
    pub fn new(store: Store, clock: Arc<dyn Clock>, key: [u8; 32], schedule: Schedule) -> Self {
        let wake = Notify::new();
        Self(Arc::new(Inner { store, clock, vault: Vault::new(&key), schedule, wake }))
    }

    /// Resolves when this host has got something to do.
    pub(crate) async fn has_work(&self) {
        self.0.wake.notified().await;
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn vault(&self) -> &Vault {
        &self.0.vault
    }

    fn schedule(&self) -> &Schedule {
        &self.0.schedule
    }

    fn wake(&self) {
        self.0.wake.notify_one();
    }

    fn now_ms(&self) -> i64 {
        self.0.clock.now().as_millisecond()
    }
}
