use std::collections::{HashSet, VecDeque};

use jiff::SignedDuration;
use parking_lot::Mutex;
use zhongtai_kernel::Timestamp;

/// The most that are remembered; a gateway that sends more signed callbacks in the window has other troubles.
const MOST: usize = 65_536;

/// The longest nonce.
const LONGEST: usize = 128;

/// The nonces of callbacks whose signature held, for as long as their time would still be taken. Each host has its own:
/// settling twice is prevented by the ledger, this keeps a recorded callback from making work.
pub struct Seen {
    window: SignedDuration,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    nonces: HashSet<String>,
    by_time: VecDeque<(Timestamp, String)>,
}

// === impl Seen ===

impl Seen {
    /// Remembers each nonce for `window`: twice the skew that is allowed.
    pub fn new(window: SignedDuration) -> Self {
        Self { window, known: Mutex::default() }
    }

    /// True when this nonce comes for the first time. Ask only once the signature holds: nobody else may fill this.
    pub fn is_new(&self, nonce: &str, now: Timestamp) -> bool {
        if nonce.is_empty() || nonce.len() > LONGEST {
            return false;
        }
        let Known { nonces, by_time } = &mut *self.known.lock();
        while by_time.front().is_some_and(|(at, _)| by_time.len() >= MOST || now.duration_since(*at) > self.window) {
            if let Some((_, nonce)) = by_time.pop_front() {
                nonces.remove(&nonce);
            }
        }
        let new = nonces.insert(nonce.to_owned());
        if new {
            by_time.push_back((now, nonce.to_owned()));
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_new_once_until_the_window_has_passed() {
        let seen = Seen::new(SignedDuration::from_secs(600));
        let start = Timestamp::UNIX_EPOCH;
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        assert!(seen.is_new("a", at(0)) && seen.is_new("b", at(1)));
        assert!(!seen.is_new("a", at(600)));
        assert!(seen.is_new("a", at(601)) && !seen.is_new("b", at(601)));
    }

    #[test]
    fn memory_is_bounded() {
        let seen = Seen::new(SignedDuration::from_secs(600));
        for number in 0..MOST + 10 {
            assert!(seen.is_new(&number.to_string(), Timestamp::UNIX_EPOCH));
        }
        assert!(seen.known.lock().nonces.len() <= MOST && seen.known.lock().by_time.len() <= MOST);
        assert!(!seen.is_new("", Timestamp::UNIX_EPOCH) && !seen.is_new(&"x".repeat(129), Timestamp::UNIX_EPOCH));
    }
}
