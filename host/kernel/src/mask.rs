use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How a value is hidden from somebody who may know that it is there, but not all of it. What a policy's
/// `@mask("...")` annotation names.
///
/// ```
/// use zhongtai_kernel::Mask;
///
/// assert_eq!(Mask::Phone.apply("13812345678"), "138****5678");
/// assert_eq!(Mask::ResidentId.apply("11010519491231002X"), "110105********002X");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mask {
    /// A person's name: the first character, and the last of three or more. 张三 → 张*, 张小明 → 张*明.
    Name,
    /// A telephone number: the first three and the last four digits.
    Phone,
    /// A resident ID: the division and the last four; the date of birth is hidden.
    ResidentId,
    /// An address: down to the street (街道、镇、乡), or else the district.
    Address,
    /// A mail address: the first letter and the domain.
    Email,
    /// A bank card: the last four digits.
    BankCard,
    /// Nothing of it.
    All,
}

/// Not the name of a mask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a mask; there are {names}", names = Mask::EVERY.map(Mask::as_str).join(", "))]
pub struct UnknownMask(String);

/// What hides a value that a mask has no pattern for.
const HIDDEN: &str = "***";

// === impl Mask ===

impl Mask {
    /// Every mask.
    pub const EVERY: [Self; 7] =
        [Self::Name, Self::Phone, Self::ResidentId, Self::Address, Self::Email, Self::BankCard, Self::All];

    /// The word used in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "phone",
            Self::ResidentId => "resident-id",
            Self::Address => "address",
            Self::Email => "email",
            Self::BankCard => "bank-card",
            Self::All => "all",
        }
    }

    /// Hides `value`. One too short for its pattern is hidden as a whole.
    pub fn apply(self, value: &str) -> String {
        match self {
            Self::Name => name(value),
            Self::Phone => keep(value, 3, 4, 3),
            Self::ResidentId => keep(value, 6, 4, 8),
            Self::Address => address(value),
            Self::Email => email(value),
            Self::BankCard => keep(value, 0, 4, 8),
            Self::All => HIDDEN.to_owned(),
        }
    }
}

impl FromStr for Mask {
    type Err = UnknownMask;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::EVERY.into_iter().find(|mask| mask.as_str() == text).ok_or_else(|| UnknownMask(text.to_owned()))
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Keeps `first` and `last` characters and hides what is between, which must be `hidden` characters at least.
fn keep(value: &str, first: usize, last: usize, hidden: usize) -> String {
    let length = value.chars().count();
    let Some(between) = length.checked_sub(first + last).filter(|between| *between >= hidden) else {
        return HIDDEN.to_owned();
    };
    let stars = std::iter::repeat_n('*', between);
    value.chars().take(first).chain(stars).chain(value.chars().skip(length - last)).collect()
}

fn name(value: &str) -> String {
    match value.chars().count() {
        0 | 1 => "*".to_owned(),
        2 => value.chars().take(1).chain(['*']).collect(),
        _ => keep(value, 1, 1, 1),
    }
}

fn address(value: &str) -> String {
    let end = |word: &str| value.find(word).map(|start| start + word.len());
    let kept = ["街道", "镇", "乡", "区", "县", "市"].into_iter().find_map(end).and_then(|end| value.get(..end));
    format!("{}{HIDDEN}", kept.unwrap_or_default())
}

fn email(value: &str) -> String {
    match value.split_once('@') {
        Some((local, domain)) => format!("{}***@{domain}", local.chars().take(1).collect::<String>()),
        None => HIDDEN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mask_hides_as_government_notices_do() {
        let cases = [
            (Mask::Name, "张三", "张*"),
            (Mask::Name, "张小明", "张*明"),
            (Mask::Name, "欧阳小明", "欧**明"),
            (Mask::Name, "张", "*"),
            (Mask::Phone, "13812345678", "138****5678"),
            (Mask::Phone, "110", "***"),
            (Mask::ResidentId, "34052419800101001X", "340524********001X"),
            (Mask::Address, "广东省清远市清城区凤城街道桥北路1号", "广东省清远市清城区凤城街道***"),
            (Mask::Address, "清城区桥北路1号", "清城区***"),
            (Mask::Address, "桥北路1号", "***"),
            (Mask::Email, "zhang@example.com", "z***@example.com"),
            (Mask::Email, "nonsense", "***"),
            (Mask::BankCard, "6222020200012345678", "***************5678"),
            (Mask::All, "anything", "***"),
        ];
        for (mask, value, hidden) in cases {
            assert_eq!(mask.apply(value), hidden, "{mask} of {value}");
        }
    }

    #[test]
    fn a_mask_is_named_as_in_policies() {
        for mask in Mask::EVERY {
            assert_eq!(mask.as_str().parse(), Ok(mask));
        }
        assert!("phones".parse::<Mask>().unwrap_err().to_string().contains("phone, resident-id"));
    }
}
