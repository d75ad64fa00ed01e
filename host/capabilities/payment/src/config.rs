use serde::Deserialize;

use crate::{CodeLayout, PaymentError};

/// What to do with money that came when its notice was not due any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LateMoney {
    /// Give it back, by itself.
    #[default]
    Return,
    /// Open a ticket.
    Ticket,
}

/// How payments work on a host.
#[derive(Debug, Clone)]
pub struct PaymentConfig {
    /// The layout of payment codes (缴款识别码).
    pub layout: CodeLayout,
    /// How long a notice may be paid where nobody says otherwise, days.
    pub due_days: u16,
    /// What to do with late money.
    pub late_money: LateMoney,
    /// Whether receipts are given without a seal where no seal is there.
    pub unsealed_receipts: bool,
}

impl Default for PaymentConfig {
    fn default() -> Self {
        Self { layout: CodeLayout::default(), due_days: 15, late_money: LateMoney::Return, unsealed_receipts: false }
    }
}

// === impl PaymentConfig ===

impl PaymentConfig {
    /// Refuses what can't be.
    pub fn check(&self) -> Result<(), PaymentError> {
        match self.due_days {
            1..=366 => Ok(()),
            _ => Err(PaymentError::invalid("payment.due_days", "1 to 366")),
        }
    }
}
