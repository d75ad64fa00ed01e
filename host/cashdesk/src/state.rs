use std::sync::Arc;

use tokio::sync::Notify;
use zhongtai_kernel::{Clock, Timestamp};
use zhongtai_store::Store;

use crate::{callbacks::Target, faults::Faults, sign::Key};

/// What every part of the desk has.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) key: Key,
    /// The beginning of its pages' addresses.
    pub(crate) page: String,
    pub(crate) callbacks: Target,
    /// How it misbehaves, where it may.
    pub(crate) faults: Option<Faults>,
    /// There is a callback to send.
    pub(crate) news: Notify,
}

// === impl Shared ===

impl Shared {
    /// Now, milliseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    /// Now, as the file keeps it: what is told at once is what is told later.
    pub(crate) fn moment(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now()).unwrap_or(Timestamp::MAX)
    }
}
