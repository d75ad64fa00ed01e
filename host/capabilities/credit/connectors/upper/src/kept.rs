//! What the platform said last, in memory only.

use std::time::Duration;

use quick_cache::{Weighter, sync::Cache};
use zhongtai_cap_credit::{CreditRecord, CreditSubject, Known};
use zhongtai_kernel::Timestamp;

/// What an answer takes besides its texts, bytes.
const OVERHEAD: usize = 256;

/// Answers by subject.
pub(crate) struct Kept {
    answers: Cache<CreditSubject, Entry, Bytes>,
    fresh: Duration,
    stale: Duration,
}

#[derive(Clone)]
struct Entry {
    asked: Timestamp,
    known: Known,
}

#[derive(Clone)]
struct Bytes;

// === impl Kept ===

impl Kept {
    /// Remembers up to `bytes`.
    pub(crate) fn new(bytes: u64, fresh: Duration, stale: Duration) -> Self {
        let typical = usize::try_from(bytes / 1_024).unwrap_or(usize::MAX).clamp(16, 1 << 20);
        Self { answers: Cache::with_weighter(typical, bytes, Bytes), fresh, stale }
    }

    pub(crate) fn put(&self, whom: &CreditSubject, asked: Timestamp, known: Known) {
        self.answers.insert(whom.clone(), Entry { asked, known });
    }

    /// An answer that is young enough to be used instead of asking.
    pub(crate) fn fresh(&self, whom: &CreditSubject, now: Timestamp) -> Option<Known> {
        let kept = self.answers.get(whom)?;
        (age(kept.asked, now)? < self.fresh).then_some(kept.known)
    }

    /// An answer that is young enough to be used though the platform should have been asked; marked so.
    pub(crate) fn stale(&self, whom: &CreditSubject, now: Timestamp) -> Option<Known> {
        let kept = self.answers.get(whom)?;
        (age(kept.asked, now)? <= self.stale).then_some(Known { stale: true, ..kept.known })
    }
}

/// `None` when the clock was set back: then nobody knows.
fn age(asked: Timestamp, now: Timestamp) -> Option<Duration> {
    Duration::try_from(now.duration_since(asked)).ok()
}

impl Weighter<CreditSubject, Entry> for Bytes {
    fn weight(&self, _whom: &CreditSubject, kept: &Entry) -> u64 {
        let texts = |record: &CreditRecord| record.id.len() + record.source.len() + record.detail.len() + OVERHEAD;
        (OVERHEAD + kept.known.records.iter().map(texts).sum::<usize>()) as u64
    }
}
