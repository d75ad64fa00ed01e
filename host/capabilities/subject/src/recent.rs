//! Answers that stay in memory for a moment: who a token or a cookie is of.

use std::{hash::Hash, time::Duration};

use quick_cache::sync::Cache;
use zhongtai_kernel::Timestamp;

use crate::Accounts;

/// How long an answer may come from memory: a revocation on another host holds within this time.
const FRESH: Duration = Duration::from_secs(1);

/// Answers kept in memory.
const KEPT: usize = 100_000;

/// Answers by what was asked. One on this host that changes something makes all of them old at once.
pub(crate) struct Recent<K, T> {
    accounts: Accounts,
    kept: Cache<K, Kept<T>>,
}

/// When a question was asked: taken before it, as a change while it is on its way makes the answer stale.
pub(crate) struct Asked {
    read: Timestamp,
    changes: u64,
}

#[derive(Clone)]
struct Kept<T> {
    read: Timestamp,
    changes: u64,
    answer: T,
}

// === impl Recent ===

impl<K: Hash + Eq, T: Clone> Recent<K, T> {
    pub(crate) fn new(accounts: Accounts) -> Self {
        Self { accounts, kept: Cache::new(KEPT) }
    }

    pub(crate) fn asked(&self) -> Asked {
        Asked { read: self.accounts.now(), changes: self.accounts.changes() }
    }

    pub(crate) fn keep(&self, key: K, asked: Asked, answer: T) {
        self.kept.insert(key, Kept { read: asked.read, changes: asked.changes, answer });
    }

    pub(crate) fn get(&self, key: &K) -> Option<T> {
        self.kept.get(key).filter(|kept| self.is_fresh(kept)).map(|kept| kept.answer)
    }

    /// A clock that was set back makes everything stale rather than fresh for long.
    fn is_fresh(&self, kept: &Kept<T>) -> bool {
        let age = Duration::try_from(self.accounts.now().duration_since(kept.read));
        kept.changes == self.accounts.changes() && age.is_ok_and(|age| age < FRESH)
    }
}
