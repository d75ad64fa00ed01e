use std::{fmt, str::FromStr};

use serde_json::Value;
use ulid::Ulid;
use zhongtai_kernel::{ScenarioId, Timestamp};

/// An event's id, a ULID: the same at each delivery, so that a listener knows what it has heard before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(Ulid);

// === impl EventId ===

impl EventId {
    pub(crate) fn generate() -> Self {
        Self(Ulid::generate())
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for EventId {
    type Err = ulid::DecodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What happened, for [`put`](crate::put).
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Whom it concerns.
    pub scenario: ScenarioId,
    /// What happened, `capability.past-participle`, such as `payment.settled`.
    pub kind: &'static str,
    /// What it happened to: a notice's number, a waybill's. Events about one thing are told in their order.
    pub about: String,
    /// The scenario's case, as the scenario named it.
    pub case: Option<String>,
    /// Facts of this kind, small, and no personal data: 4 KiB of JSON at most.
    pub data: Value,
    /// When it happened.
    pub at: Timestamp,
}

/// An event on its way to its scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The same at each delivery.
    pub id: EventId,
    /// Whom it concerns.
    pub scenario: ScenarioId,
    /// What happened.
    pub kind: String,
    /// What it happened to.
    pub about: String,
    /// The scenario's case.
    pub case: Option<String>,
    /// Facts, a JSON text.
    pub data: String,
    /// When it happened.
    pub at: Timestamp,
    /// How often it was told, with this time.
    pub attempt: u32,
}
