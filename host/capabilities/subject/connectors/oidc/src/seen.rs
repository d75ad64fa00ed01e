use std::collections::HashMap;

use parking_lot::Mutex;
use ring::digest::{SHA256, digest};
use zhongtai_kernel::Timestamp;

/// Ids that may be used once, until they expire anyway. Bounded: every id costs 32 bytes and a time, and when there are
/// too many, the one that would be forgotten next is forgotten now.
#[derive(Debug)]
pub(crate) struct Seen {
    ids: Mutex<HashMap<[u8; 32], Timestamp>>,
    capacity: usize,
}

// === impl Seen ===

impl Seen {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { ids: Mutex::default(), capacity }
    }

    /// True when `id` is seen for the first time. It is remembered `until` then.
    pub(crate) fn is_first(&self, id: &str, until: Timestamp, now: Timestamp) -> bool {
        // Whoever chooses the id does not choose how much memory it takes.
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, id.as_bytes()).as_ref());
        let mut ids = self.ids.lock();
        if ids.get(&key).is_some_and(|until| now < *until) {
            return false;
        }
        if ids.len() >= self.capacity {
            ids.retain(|_, until| now < *until);
        }
        if ids.len() >= self.capacity {
            let next = ids.iter().min_by_key(|(_, until)| **until).map(|(key, _)| *key);
            next.and_then(|key| ids.remove(&key));
        }
        ids.insert(key, until);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_id_is_taken_once_until_it_expires() {
        let seen = Seen::new(10);
        assert!(seen.is_first("a", at(100), at(0)));
        assert!(!seen.is_first("a", at(200), at(99)));
        assert!(seen.is_first("b", at(100), at(99)));
        assert!(seen.is_first("a", at(200), at(100)));
    }

    #[test]
    fn memory_is_bounded_and_what_expires_first_goes_first() {
        let seen = Seen::new(3);
        for (id, until) in [("a", 50), ("b", 20), ("c", 40), ("d", 60)] {
            assert!(seen.is_first(id, at(until), at(0)));
        }
        assert_eq!(seen.ids.lock().len(), 3);
        for id in ["a", "c", "d"] {
            assert!(!seen.is_first(id, at(99), at(0)), "{id}");
        }
        assert!(seen.is_first("e", at(99), at(45)), "c has expired, and made room");
        assert!(!seen.is_first("a", at(99), at(45)));
    }
}
