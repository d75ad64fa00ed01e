//! Money: whole fen, never a fraction.

use std::fmt;

use zhongtai::prelude::*;

/// What a square metre costs unless an operator sets `fee_fen_per_m2`.
const DEFAULT_FEN_PER_M2: u64 = 2_000;

/// An amount of money in fen. Shown in yuan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(u64);

impl Fen {
    /// The fee for an area, at the price that holds now.
    pub fn for_area(area_m2: u32) -> Result<Self> {
        let price = config::parse("fee_fen_per_m2")?.unwrap_or(DEFAULT_FEN_PER_M2);
        let fee = price.checked_mul(u64::from(area_m2)).map(Self);
        fee.ok_or_else(|| internal("the fee cannot be computed").caused_by(format_args!("{price} fen per m²")))
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::Fen;

    #[test]
    fn fen_are_shown_as_yuan() {
        let shown = [0, 5, 100, 24_050].map(|fen| Fen(fen).to_string());
        assert_eq!(shown, ["0.00", "0.05", "1.00", "240.50"]);
    }
}
