use std::{
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroU32,
};

use serde::Deserialize;

use crate::Waybill;

/// Each pause is this many times the one before.
const FACTOR: u32 = 3;

/// When a carrier is asked again: the `[logistics.schedule]` table of `zt.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// Attempts to order or to take back until an operator must look.
    pub max_attempts: NonZeroU32,
    /// The pause after the first attempt, seconds; each one after that is three times as long.
    pub first_pause_s: u32,
    /// The longest pause, seconds.
    pub longest_pause_s: u32,
    /// How long without news a shipment is before its carrier is asked, seconds.
    pub poll_s: u32,
}

impl Default for Schedule {
    /// Eight attempts in about nine hours, and news at least every hour.
    fn default() -> Self {
        let max_attempts = NonZeroU32::MIN.saturating_add(7);
        Self { max_attempts, first_pause_s: 30, longest_pause_s: 6 * 3600, poll_s: 3600 }
    }
}

// === impl Schedule ===

impl Schedule {
    /// The pause after attempt number `attempt`, from 1, milliseconds: between half and all of the nominal one, so that
    /// what failed together is not tried together again.
    pub(crate) fn pause_ms(&self, waybill: Waybill, attempt: u32) -> i64 {
        let nominal = FACTOR
            .checked_pow(attempt.saturating_sub(1))
            .and_then(|times| self.first_pause_s.checked_mul(times))
            .unwrap_or(self.longest_pause_s)
            .min(self.longest_pause_s);
        let half = i64::from(nominal) * 500;
        let mut hasher = DefaultHasher::new();
        (waybill, attempt).hash(&mut hasher);
        let spread = hasher.finish() % u64::try_from(half + 1).unwrap_or(1);
        half.saturating_add(i64::try_from(spread).unwrap_or_default())
    }

    /// True when attempt number `attempt` was the last.
    pub(crate) fn is_last(&self, attempt: u32) -> bool {
        attempt >= self.max_attempts.get()
    }

    pub(crate) fn poll_ms(&self) -> i64 {
        i64::from(self.poll_s) * 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_threefold_up_to_the_longest_with_jitter_of_half() {
        let schedule = Schedule::default();
        for (attempt, nominal) in (1..).zip([30, 90, 270, 810, 2_430, 7_290, 21_600, 21_600]) {
            let pause = schedule.pause_ms(Waybill::generate(), attempt);
            assert!((nominal * 500..=nominal * 1000).contains(&pause), "{attempt}: {pause}");
        }
        assert!(schedule.pause_ms(Waybill::generate(), u32::MAX) <= 21_600_000);
        assert!(!schedule.is_last(7) && schedule.is_last(8));
    }
}
