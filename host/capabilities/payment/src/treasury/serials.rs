//! Serials of payment codes. A host takes a few at once and keeps them in memory: a counter that every notice waits for
//! would let one be made at a time. What a host had when it stopped is lost; codes are unique, not without gaps.

use std::{collections::HashMap, ops::Range};

use parking_lot::Mutex;

use super::Treasury;
use crate::PaymentError;

/// Serials taken at once.
const BLOCK: i64 = 16;
/// Prefixes that are remembered: a day's, of all executing units. Beyond them the old ones are forgotten.
const MOST_PREFIXES: usize = 4_096;

/// What a host has taken and not used.
#[derive(Default)]
pub(super) struct Serials(Mutex<HashMap<String, Range<i64>>>);

// === impl Serials ===

impl Serials {
    fn at_hand(&self, prefix: &str) -> Option<i64> {
        self.0.lock().get_mut(prefix)?.next()
    }

    fn keep(&self, prefix: &str, block: Range<i64>) {
        let mut kept = self.0.lock();
        if kept.len() >= MOST_PREFIXES {
            kept.clear();
        }
        kept.insert(prefix.to_owned(), block);
    }
}

/// A serial that no notice with this prefix has.
pub(super) async fn next(treasury: &Treasury, prefix: &str) -> Result<i64, PaymentError> {
    if let Some(serial) = treasury.0.serials.at_hand(prefix) {
        return Ok(serial);
    }
    let sql = "INSERT INTO payment_serials (prefix, last) VALUES ($1, $2) \
               ON CONFLICT (prefix) DO UPDATE SET last = payment_serials.last + excluded.last RETURNING last";
    let last: i64 = sqlx::query_scalar(sql).bind(prefix).bind(BLOCK).fetch_one(treasury.store().pool()).await?;
    let first = last.checked_sub(BLOCK - 1).ok_or(PaymentError::NoNumbers)?;
    treasury.0.serials.keep(prefix, first + 1..last + 1);
    Ok(first)
}
