use std::{
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroU32,
    time::Duration,
};

use serde::Deserialize;

use crate::MessageId;

/// Each pause is this many times the one before.
const FACTOR: u32 = 3;

/// When a message that was not delivered is tried again: the `[notify.schedule]` table of `zt.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// Attempts until a message is given up.
    pub max_attempts: NonZeroU32,
    /// The pause after the first attempt, seconds; each one after that is three times as long.
    pub first_pause_s: u32,
    /// The longest pause, seconds.
    pub longest_pause_s: u32,
}

impl Default for Schedule {
    /// Eight attempts in about nine hours: a mail server that is down over night is up again.
    fn default() -> Self {
        Self { max_attempts: NonZeroU32::MIN.saturating_add(7), first_pause_s: 30, longest_pause_s: 6 * 60 * 60 }
    }
}

// === impl Schedule ===

impl Schedule {
    /// The pause after attempt number `attempt`, from 1: between half and all of the nominal one, so that what
    /// failed together is not tried together again. The same for the same message and attempt.
    pub fn pause(&self, id: MessageId, attempt: u32) -> Duration {
        let nominal = FACTOR
            .checked_pow(attempt.saturating_sub(1))
            .and_then(|times| self.first_pause_s.checked_mul(times))
            .unwrap_or(self.longest_pause_s)
            .min(self.longest_pause_s);
        let half = u64::from(nominal) * 1_000 / 2;
        let mut hasher = DefaultHasher::new();
        (id, attempt).hash(&mut hasher);
        Duration::from_millis(half + hasher.finish() % (half + 1))
    }

    /// True when attempt number `attempt` was the last.
    pub fn is_last(&self, attempt: u32) -> bool {
        attempt >= self.max_attempts.get()
    }

    /// True when there should have been no attempt number `attempt`.
    pub fn is_overdue(&self, attempt: u32) -> bool {
        attempt > self.max_attempts.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_threefold_up_to_the_longest_with_jitter_of_half() {
        let schedule = Schedule::default();
        let nominal = [30, 90, 270, 810, 2_430, 7_290, 21_600, 21_600];
        for (attempt, nominal) in (1..).zip(nominal) {
            let pause = schedule.pause(MessageId::generate(), attempt).as_secs_f64();
            assert!((f64::from(nominal) / 2.0..=f64::from(nominal)).contains(&pause), "{attempt}: {pause}");
        }
        assert!(schedule.pause(MessageId::generate(), u32::MAX).as_secs() <= 21_600);
    }

    #[test]
    fn messages_that_failed_together_are_spread() {
        let pauses: std::collections::HashSet<_> =
            (0..100).map(|_| Schedule::default().pause(MessageId::generate(), 1)).collect();
        assert!(pauses.len() > 90, "{} different pauses", pauses.len());
    }

    #[test]
    fn the_eighth_attempt_is_the_last() {
        assert!(!Schedule::default().is_last(7));
        assert!(Schedule::default().is_last(8) && !Schedule::default().is_overdue(8));
        assert!(Schedule::default().is_overdue(9));
    }
}
