//! Fee items (收费项目): what a department may ask money for, by the published list (收费目录清单).

use serde::{Deserialize, Serialize};
use zhongtai_kernel::{DepartmentId, Timestamp};

use crate::{Fen, PaymentError, standing::words};

words! {
    /// How an item stands in the published list.
    ItemStatus {
        /// 在列
        Listed = "listed",
        /// 暂停
        Suspended = "suspended",
        /// 取消
        Abolished = "abolished",
    }
}

/// What a line of an item costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Price {
    /// So many fen for one unit.
    Unit(Fen),
    /// Whatever the department works out, within bounds.
    Free {
        /// The least a line may come to.
        least: Fen,
        /// The most.
        most: Fen,
    },
}

/// A fee item. JSON with these keys is what an operator puts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeItem {
    /// 1 to 48 of `a-z`, `0-9` and `-`.
    pub code: String,
    /// Whose it is.
    pub owner: DepartmentId,
    /// 执收单位编码: 1 to 9 digits, part of the payment code.
    pub executing_unit: String,
    /// What people call it: 1 to 60 characters.
    pub title: String,
    /// What one is counted by: 1 to 16 characters, such as `平方米·天`.
    pub unit: String,
    /// What it costs.
    pub price: Price,
    /// How it stands in the published list.
    pub status: ItemStatus,
}

/// An item as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemVersion {
    /// The item.
    #[serde(flatten)]
    pub item: FeeItem,
    /// From 1; every change makes the next.
    pub version: i64,
    /// Since when.
    pub put_at: Timestamp,
}

/// Units of a line, at most: no fee of a district has more, and products stay in bounds.
const MOST_UNITS: i64 = 1_000_000;

// === impl FeeItem ===

impl FeeItem {
    /// Checks an item that came from outside.
    pub fn check(&self) -> Result<(), PaymentError> {
        if !is_code(&self.code) {
            return Err(PaymentError::invalid("code", "1 to 48 of a-z, 0-9 and `-`"));
        }
        let unit = &self.executing_unit;
        if !(1..=9).contains(&unit.len()) || !unit.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PaymentError::invalid("executing_unit", "1 to 9 digits"));
        }
        check_line("title", &self.title, 60)?;
        check_line("unit", &self.unit, 16)?;
        match self.price {
            Price::Free { least, most } if least > most => {
                Err(PaymentError::invalid("price/free/most", "the least amount, or more"))
            }
            _ => Ok(()),
        }
    }

    /// What a line of it comes to. `at` is where the line stands, for the error.
    pub(crate) fn amount(&self, at: &str, quantity: i64, amount: Option<i64>) -> Result<Fen, PaymentError> {
        if !(1..=MOST_UNITS).contains(&quantity) {
            return Err(PaymentError::invalid(format!("{at}/quantity"), format!("1 to {MOST_UNITS}")));
        }
        let field = format!("{at}/amount");
        let named = amount.map(Fen::try_from).transpose();
        let named = named.map_err(|error| PaymentError::invalid(&field, error.to_string()))?;
        match (self.price, named) {
            (Price::Unit(price), named) => {
                let too_much = || PaymentError::invalid(format!("{at}/quantity"), "a line within ten billion yuan");
                let amount = price.times(quantity).ok_or_else(too_much)?;
                match named {
                    Some(named) if named != amount => {
                        Err(PaymentError::invalid(field, format!("nothing, or quantity times price: {amount:?}")))
                    }
                    _ => Ok(amount),
                }
            }
            (Price::Free { least, most }, Some(amount)) if (least..=most).contains(&amount) => Ok(amount),
            (Price::Free { least, most }, _) => {
                Err(PaymentError::invalid(field, format!("{} to {} fen", least.get(), most.get())))
            }
        }
    }

    /// Fen for one unit.
    pub fn unit_price(&self) -> Option<Fen> {
        match self.price {
            Price::Unit(price) => Some(price),
            Price::Free { .. } => None,
        }
    }
}

/// An item's code.
pub(crate) fn is_code(text: &str) -> bool {
    (1..=48).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// One line of text for people.
pub(crate) fn check_line(field: &str, text: &str, most: usize) -> Result<(), PaymentError> {
    let fits = (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(PaymentError::invalid(field, format!("1 to {most} characters in one line"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(price: Price) -> FeeItem {
        FeeItem {
            code: "road-dig".to_owned(),
            owner: "441802-chengguan".parse().unwrap(),
            executing_unit: "3001".to_owned(),
            title: "城市道路占用、挖掘修复费".to_owned(),
            unit: "平方米".to_owned(),
            price,
            status: ItemStatus::Listed,
        }
    }

    fn fen(fen: i64) -> Fen {
        Fen::new(fen).unwrap()
    }

    fn field(error: PaymentError) -> String {
        match error {
            PaymentError::Invalid { field, .. } => field,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_line_with_a_price_is_quantity_times_price_and_nothing_else() {
        let item = item(Price::Unit(fen(2_000)));
        assert_eq!(item.amount("lines/0", 3, None).unwrap(), fen(6_000));
        assert_eq!(item.amount("lines/0", 3, Some(6_000)).unwrap(), fen(6_000));
        assert_eq!(field(item.amount("lines/0", 3, Some(1)).unwrap_err()), "lines/0/amount");
        for quantity in [0, -1, i64::MIN, i64::MAX, MOST_UNITS + 1] {
            assert_eq!(field(item.amount("lines/2", quantity, None).unwrap_err()), "lines/2/quantity");
        }
    }

    #[test]
    fn a_free_line_is_within_its_bounds() {
        let item = item(Price::Free { least: fen(100), most: fen(5_000) });
        assert_eq!(item.amount("lines/0", 1, Some(100)).unwrap(), fen(100));
        for amount in [None, Some(99), Some(5_001), Some(0), Some(-100), Some(i64::MAX), Some(i64::MIN)] {
            assert_eq!(field(item.amount("lines/0", 1, amount).unwrap_err()), "lines/0/amount", "{amount:?}");
        }
    }

    #[test]
    fn a_product_beyond_the_bounds_is_refused_and_does_not_wrap() {
        let item = item(Price::Unit(fen(Fen::MOST)));
        assert_eq!(field(item.amount("lines/0", MOST_UNITS, None).unwrap_err()), "lines/0/quantity");
    }

    #[test]
    fn an_item_that_is_none_is_refused_by_field() {
        let good = item(Price::Unit(fen(1)));
        good.check().unwrap();
        let free = Price::Free { least: fen(2), most: fen(1) };
        let wrong = [
            (FeeItem { code: "Road Dig".to_owned(), ..good.clone() }, "code"),
            (FeeItem { executing_unit: "十".to_owned(), ..good.clone() }, "executing_unit"),
            (FeeItem { title: String::new(), ..good.clone() }, "title"),
            (FeeItem { unit: "平\n方".to_owned(), ..good.clone() }, "unit"),
            (FeeItem { price: free, ..good.clone() }, "price/free/most"),
        ];
        for (item, at) in wrong {
            assert_eq!(field(item.check().unwrap_err()), at);
        }
    }
}
