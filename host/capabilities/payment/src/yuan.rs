//! Yuan with two decimals, as gateways and bills write them, and back: exactly.

use crate::Fen;

/// `61.50`.
pub fn from_fen(fen: Fen) -> String {
    fen.to_string()
}

/// `61.50`, `61.5`, `61`, `-61.50`: in fen. `None` for anything else, also for more decimals than there are fen, and for
/// what does not fit.
pub fn to_fen(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (yuan, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || !is_number(yuan) || !is_number(decimals) || text.ends_with('.') {
        return None;
    }
    let fen: i64 = match decimals.len() {
        0 => 0,
        1 => decimals.parse::<i64>().ok()?.checked_mul(10)?,
        2 => decimals.parse().ok()?,
        _ => return None,
    };
    yuan.parse::<i64>().ok()?.checked_mul(100)?.checked_add(fen)?.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_exact_amounts_are_read() {
        for (text, fen) in [("0.01", 1), ("61.5", 6150), ("61", 6100), ("-1.50", -150), ("0", 0), ("00.10", 10)] {
            assert_eq!(to_fen(text), Some(fen), "{text}");
        }
        for text in ["", ".", "1.", ".5", "1.005", "1,000.00", "1e2", "+1", " 1", "--1", "1.-5", "一", "NaN"] {
            assert_eq!(to_fen(text), None, "{text}");
        }
        assert_eq!(to_fen("92233720368547758.07"), Some(i64::MAX));
        assert_eq!(to_fen("92233720368547758.08"), None);
    }

    proptest! {
        #[test]
        fn yuan_and_fen_are_the_same_money(fen in 1..=Fen::MOST) {
            prop_assert_eq!(to_fen(&from_fen(Fen::new(fen).unwrap())), Some(fen));
        }
    }
}
