//! Money: whole fen, checked, bounded.

use std::{fmt, num::NonZeroU64};

use serde::{Deserialize, Serialize};

/// An amount of money in fen (分, a hundredth of a yuan): 1 to [`Fen::MOST`]. There is no zero and no negative amount,
/// and no arithmetic that wraps.
///
/// ```
/// use zhongtai_cap_payment::Fen;
///
/// let price = Fen::new(2_050).unwrap();
/// assert_eq!(price.times(3).unwrap().to_string(), "61.50");
/// assert!(Fen::new(0).is_none() && Fen::new(-1).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Fen(NonZeroU64);

/// Not an amount: zero, negative or beyond [`Fen::MOST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount is 1 to {} fen", Fen::MOST)]
pub struct InvalidFen;

// === impl Fen ===

impl Fen {
    /// The most that one amount may be, in fen: ten billion yuan. Ledgers add up millions of them and stay far from the
    /// end of an `i64`.
    pub const MOST: i64 = 1_000_000_000_000;

    /// An amount; `None` when it is none.
    pub const fn new(fen: i64) -> Option<Self> {
        if fen < 1 || fen > Self::MOST {
            return None;
        }
        match NonZeroU64::new(fen.unsigned_abs()) {
            Some(fen) => Some(Self(fen)),
            None => None,
        }
    }

    /// The amount as a number.
    pub const fn get(self) -> i64 {
        // At most `MOST`: it fits.
        self.0.get().cast_signed()
    }

    /// Together; `None` beyond [`Fen::MOST`].
    pub fn plus(self, other: Self) -> Option<Self> {
        self.get().checked_add(other.get()).and_then(Self::new)
    }

    /// What is left; `None` when nothing is, or less.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.get().checked_sub(other.get()).and_then(Self::new)
    }

    /// So many times; `None` for none, and beyond [`Fen::MOST`].
    pub fn times(self, count: i64) -> Option<Self> {
        self.get().checked_mul(count).and_then(Self::new)
    }

    /// All of them together; `None` for none, and beyond [`Fen::MOST`].
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(0_i64, |sum, one| sum.checked_add(one.get())).and_then(Self::new)
    }

    /// In Chinese capitals (大写), as receipts say it: 正确填写票据和结算凭证的基本规定, 支付结算办法 (银发〔1997〕393号) annex 1.
    pub fn capitals(self) -> String {
        capitals(self.0.get())
    }
}

impl TryFrom<i64> for Fen {
    type Error = InvalidFen;

    fn try_from(fen: i64) -> Result<Self, InvalidFen> {
        Self::new(fen).ok_or(InvalidFen)
    }
}

impl From<Fen> for i64 {
    fn from(fen: Fen) -> Self {
        fen.get()
    }
}

/// In yuan, with two digits for the fen.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0.get() / 100, self.0.get() % 100)
    }
}

impl fmt::Debug for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} fen", self.0)
    }
}

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
const PLACES: [&str; 4] = ["仟", "佰", "拾", ""];

fn digit(value: u64) -> char {
    usize::try_from(value).ok().and_then(|at| DIGITS.get(at)).copied().unwrap_or('零')
}

fn capitals(fen: u64) -> String {
    let (yuan, jiao, rest) = (fen / 100, fen / 10 % 10, fen % 10);
    let mut text = String::new();
    if yuan > 0 {
        text.push_str(&whole(yuan));
        text.push('元');
    }
    match (jiao, rest) {
        (0, 0) => text.push('整'),
        (jiao, 0) => text.extend([digit(jiao), '角', '整']),
        (0, fen) if yuan > 0 => text.extend(['零', digit(fen), '分']),
        (0, fen) => text.extend([digit(fen), '分']),
        (jiao, fen) => {
            // 1,680.32 and 107,000.53: the yuan end in 0, so there may be one before the 角.
            if yuan > 0 && yuan % 10 == 0 {
                text.push('零');
            }
            text.extend([digit(jiao), '角', digit(fen), '分']);
        }
    }
    text
}

/// Whole yuan, in groups of four digits.
fn whole(yuan: u64) -> String {
    let (groups, mut text, mut gap) = ([(100_000_000, '亿'), (10_000, '万'), (1, ' ')], String::new(), false);
    for (size, name) in groups {
        let group = if size == 100_000_000 { yuan / size } else { yuan / size % 10_000 };
        if group == 0 {
            gap = !text.is_empty();
            continue;
        }
        if !text.is_empty() && (gap || group < 1_000) {
            text.push('零');
        }
        text.push_str(&four(group));
        if name != ' ' {
            text.push(name);
        }
        gap = false;
    }
    text
}

/// 1 to 9,999, with one 零 for zeros in between.
fn four(group: u64) -> String {
    let (mut text, mut gap) = (String::new(), false);
    for (size, place) in [1_000, 100, 10, 1].into_iter().zip(PLACES) {
        let value = group / size % 10;
        if value == 0 {
            gap = !text.is_empty();
            continue;
        }
        if gap {
            text.push('零');
        }
        text.push(digit(value));
        text.push_str(place);
        gap = false;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fen(fen: i64) -> Fen {
        Fen::new(fen).unwrap()
    }

    #[test]
    fn nothing_that_is_no_amount_becomes_one() {
        for none in [0, -1, i64::MIN, Fen::MOST + 1, i64::MAX] {
            assert_eq!(Fen::new(none), None, "{none}");
            assert!(serde_json::from_str::<Fen>(&none.to_string()).is_err(), "{none}");
        }
        assert!(serde_json::from_str::<Fen>("1.5").is_err() && serde_json::from_str::<Fen>("\"1\"").is_err());
        assert_eq!(fen(Fen::MOST).plus(fen(1)), None);
        assert_eq!(fen(Fen::MOST).times(i64::MAX), None);
        assert_eq!(fen(5).minus(fen(5)), None);
        assert_eq!(fen(5).times(-1), None);
        assert_eq!(Fen::sum([]), None);
        assert_eq!(Fen::sum([fen(Fen::MOST), fen(1)]), None);
        assert_eq!(Fen::sum([fen(1), fen(2)]), Some(fen(3)));
    }

    /// The examples of 支付结算办法, annex 1, and what they leave out.
    #[test]
    fn capitals_are_written_as_the_rules_for_receipts_say() {
        let examples = [
            (140_950, "壹仟肆佰零玖元伍角整"),
            (600_714, "陆仟零柒元壹角肆分"),
            (168_032, "壹仟陆佰捌拾元零叁角贰分"),
            (10_700_053, "壹拾万柒仟元零伍角叁分"),
            (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
            (32_504, "叁佰贰拾伍元零肆分"),
            (1, "壹分"),
            (10, "壹角整"),
            (99, "玖角玖分"),
            (100, "壹元整"),
            (1_000, "壹拾元整"),
            (10_000_000, "壹拾万元整"),
            (1_000_000_000, "壹仟万元整"),
            (10_000_000_000, "壹亿元整"),
            (10_000_000_100, "壹亿零壹元整"),
            (10_001_000_000, "壹亿零壹万元整"),
            (10_010_000_000, "壹亿零壹拾万元整"),
            (100_000_100_000, "壹拾亿零壹仟元整"),
            (Fen::MOST, "壹佰亿元整"),
        ];
        for (amount, text) in examples {
            assert_eq!(fen(amount).capitals(), text, "{amount}");
        }
    }

    #[test]
    fn figures_have_two_digits_of_fen() {
        assert_eq!(fen(5).to_string(), "0.05");
        assert_eq!(fen(123_456).to_string(), "1234.56");
    }
}
