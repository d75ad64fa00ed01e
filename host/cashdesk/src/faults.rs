//! How the desk misbehaves when a test wants it to. Only with `--test-faults`, and forgotten when it stops.

use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use serde::Deserialize;

/// What is set at the moment.
#[derive(Default)]
pub(crate) struct Faults {
    plan: Mutex<Plan>,
    answers_to_lose: AtomicU32,
}

/// The body of `POST /test/faults`; what is left out is off.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Plan {
    /// Send no callback.
    pub(crate) hold: bool,
    /// Send each callback this much later.
    pub(crate) delay_ms: u32,
    /// Send each callback so often more, after it was taken.
    pub(crate) duplicate: u8,
    /// Send the newest callback first.
    pub(crate) reorder: bool,
    /// Send a bad copy before each callback.
    pub(crate) forge: Option<Forgery>,
    /// Do what the next so many requests ask for, and answer 502 without a signature.
    pub(crate) lose_answers: u32,
}

/// What is wrong with the copy.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Forgery {
    /// The signature is by another key.
    Signature,
    /// One byte of the body was changed after it was signed.
    Body,
    /// It is signed well, and says one fen more.
    Amount,
    /// It is signed well, an hour ago.
    Stale,
}

// === impl Faults ===

impl Faults {
    pub(crate) fn set(&self, plan: Plan) {
        self.answers_to_lose.store(plan.lose_answers, Ordering::SeqCst);
        *self.plan.lock() = plan;
    }

    pub(crate) fn plan(&self) -> Plan {
        self.plan.lock().clone()
    }

    pub(crate) fn loses_this_answer(&self) -> bool {
        self.answers_to_lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}
