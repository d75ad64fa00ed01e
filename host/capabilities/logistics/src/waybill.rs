use std::{fmt, str::FromStr};

use crate::LogisticsError;

/// The platform's own number of a shipment, a ULID: what scenarios, records and carriers know it by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Waybill(ulid::Ulid);

// === impl Waybill ===

impl Waybill {
    /// A new one.
    pub fn generate() -> Self {
        Self(ulid::Ulid::generate())
    }
}

impl FromStr for Waybill {
    type Err = LogisticsError;

    fn from_str(text: &str) -> Result<Self, LogisticsError> {
        text.parse().map(Self).map_err(|_| LogisticsError::invalid("waybill", "26 characters of a ULID"))
    }
}

impl fmt::Display for Waybill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Waybill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
