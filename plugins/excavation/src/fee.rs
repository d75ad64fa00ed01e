//! What an excavation costs.

use zhongtai::{payment::Fen, prelude::*};

/// What a square metre costs unless an operator sets `fee_fen_per_m2`.
const DEFAULT_FEN_PER_M2: u32 = 2_000;

/// The fee for an area, at the price that holds now.
pub fn for_area(area_m2: u32) -> Result<Fen> {
    let price: u32 = config::parse("fee_fen_per_m2")?.unwrap_or(DEFAULT_FEN_PER_M2);
    Ok(Fen(i64::from(price) * i64::from(area_m2)))
}
