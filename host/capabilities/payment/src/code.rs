//! 缴款识别码: the number of a notice, by a layout that the host's operator configures.
//!
//! No published standard fixes its inner structure for everybody, so the layout is a setting. A layout is a text of
//! parts in braces, each of them once:
//!
//! | part | what it is |
//! |---|---|
//! | `{area}` | the department's area code, 6 digits (GB/T 2260) |
//! | `{unit:N}` | 执收单位编码 of the fee item, the last N digits of it, filled with zeros in front (1 to 9) |
//! | `{date:yyMMdd}`, `{date:yyyyMMdd}`, `{date:yy}`, `{date:yyyy}` | the day of the notice, UTC+8 |
//! | `{serial:N}` | counts within what stands before and after it, 4 to 12 digits |
//! | `{check}`, `{check:mod11-10}` | check digit by ISO/IEC 7064 MOD 11,10 over all digits before it |
//! | `{check:luhn}` | check digit by ISO/IEC 7812-1 annex B over all digits before it |
//! | digits | themselves |

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::Deserialize;
use zhongtai_kernel::DepartmentId;

use crate::PaymentError;

/// The layout of payment codes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct CodeLayout(Vec<Part>);

/// The number of a notice: 8 to 32 digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NoticeNumber(String);

/// A layout that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("payment_code: {0}")]
pub struct InvalidLayout(String);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Area,
    Unit(usize),
    Date(DateForm),
    Serial(usize),
    Check(CheckDigit),
    Digits(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DateForm {
    Day2,
    Day4,
    Year2,
    Year4,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CheckDigit {
    Mod1110,
    Luhn,
}

const MOST_DIGITS: usize = 32;

// === impl CodeLayout ===

impl Default for CodeLayout {
    /// `{area}{unit:4}{date:yyMMdd}{serial:7}{check}`: 24 digits.
    fn default() -> Self {
        Self(vec![
            Part::Area,
            Part::Unit(4),
            Part::Date(DateForm::Day2),
            Part::Serial(7),
            Part::Check(CheckDigit::Mod1110),
        ])
    }
}

impl CodeLayout {
    /// What codes count within: every part but serial and check digit. Codes of another prefix differ from it.
    pub(crate) fn prefix(&self, owner: &DepartmentId, unit: &str, day: Date) -> String {
        self.0.iter().filter_map(|part| part.text(owner, unit, day)).collect()
    }

    /// The code with a serial; `None` when it has too many digits.
    pub(crate) fn number(&self, owner: &DepartmentId, unit: &str, day: Date, serial: i64) -> Option<NoticeNumber> {
        let mut digits = String::new();
        for part in &self.0 {
            match part {
                Part::Serial(width) => {
                    let width = *width;
                    let serial = format!("{serial:0width$}");
                    if serial.len() > width || serial.starts_with('-') {
                        return None;
                    }
                    digits.push_str(&serial);
                }
                Part::Check(check) => digits.push(check.of(&digits)),
                other => digits.push_str(&other.text(owner, unit, day).unwrap_or_default()),
            }
        }
        Some(NoticeNumber(digits))
    }

    fn digits(&self) -> usize {
        self.0.iter().map(Part::width).sum()
    }

    fn check(self) -> Result<Self, InvalidLayout> {
        let invalid = |text: &str| Err(InvalidLayout(text.to_owned()));
        let count = |is: fn(&Part) -> bool| self.0.iter().filter(|part| is(part)).count();
        if count(|part| matches!(part, Part::Serial(_))) != 1 {
            return invalid("it needs one {serial:N}");
        }
        if count(|part| matches!(part, Part::Check(_))) > 1
            || self.0.iter().rev().skip(1).any(|part| matches!(part, Part::Check(_)))
        {
            return invalid("a check digit is the last part");
        }
        let singles: [fn(&Part) -> bool; 3] = [
            |part| matches!(part, Part::Area),
            |part| matches!(part, Part::Unit(_)),
            |part| matches!(part, Part::Date(_)),
        ];
        if singles.into_iter().any(|is| count(is) > 1) {
            return invalid("a part stands there twice");
        }
        match self.digits() {
            8..=MOST_DIGITS => Ok(self),
            digits => invalid(&format!("it has {digits} digits, 8 to {MOST_DIGITS} are allowed")),
        }
    }
}

impl FromStr for CodeLayout {
    type Err = InvalidLayout;

    fn from_str(text: &str) -> Result<Self, InvalidLayout> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let (part, after) = match rest.strip_prefix('{') {
                Some(inner) => {
                    let open = || InvalidLayout("a `{` has no `}`".to_owned());
                    let (name, after) = inner.split_once('}').ok_or_else(open)?;
                    (Part::parse(name)?, after)
                }
                None => {
                    let end = rest.find('{').unwrap_or(rest.len());
                    let (digits, after) = rest.split_at(end);
                    if !digits.bytes().all(|b| b.is_ascii_digit()) {
                        return Err(InvalidLayout("between parts there may be digits only".to_owned()));
                    }
                    (Part::Digits(digits.to_owned()), after)
                }
            };
            parts.push(part);
            rest = after;
        }
        Self(parts).check()
    }
}

impl TryFrom<String> for CodeLayout {
    type Error = InvalidLayout;

    fn try_from(text: String) -> Result<Self, InvalidLayout> {
        text.parse()
    }
}

// === impl Part ===

impl Part {
    fn parse(name: &str) -> Result<Self, InvalidLayout> {
        let unknown = || InvalidLayout(format!("there is no part `{{{}}}`", name.chars().take(32).collect::<String>()));
        let width = |text: &str, least: usize, most: usize| {
            text.parse().ok().filter(|width| (least..=most).contains(width)).ok_or_else(unknown)
        };
        match name.split_once(':').unwrap_or((name, "")) {
            ("area", "") => Ok(Self::Area),
            ("unit", digits) => Ok(Self::Unit(width(digits, 1, 9)?)),
            ("date", "yyMMdd") => Ok(Self::Date(DateForm::Day2)),
            ("date", "yyyyMMdd") => Ok(Self::Date(DateForm::Day4)),
            ("date", "yy") => Ok(Self::Date(DateForm::Year2)),
            ("date", "yyyy") => Ok(Self::Date(DateForm::Year4)),
            ("serial", digits) => Ok(Self::Serial(width(digits, 4, 12)?)),
            ("check", "" | "mod11-10") => Ok(Self::Check(CheckDigit::Mod1110)),
            ("check", "luhn") => Ok(Self::Check(CheckDigit::Luhn)),
            _ => Err(unknown()),
        }
    }

    fn width(&self) -> usize {
        match self {
            Self::Area => 6,
            Self::Unit(width) | Self::Serial(width) => *width,
            Self::Date(DateForm::Day2) => 6,
            Self::Date(DateForm::Day4) => 8,
            Self::Date(DateForm::Year2) => 2,
            Self::Date(DateForm::Year4) => 4,
            Self::Check(_) => 1,
            Self::Digits(digits) => digits.len(),
        }
    }

    /// What does not depend on the digits before it.
    fn text(&self, owner: &DepartmentId, unit: &str, day: Date) -> Option<String> {
        Some(match self {
            Self::Area => owner.area().to_owned(),
            Self::Unit(width) => {
                let unit = unit.get(unit.len().saturating_sub(*width)..).unwrap_or_default();
                format!("{unit:0>width$}")
            }
            Self::Date(DateForm::Day2) => day.strftime("%y%m%d").to_string(),
            Self::Date(DateForm::Day4) => day.strftime("%Y%m%d").to_string(),
            Self::Date(DateForm::Year2) => day.strftime("%y").to_string(),
            Self::Date(DateForm::Year4) => day.strftime("%Y").to_string(),
            Self::Digits(digits) => digits.clone(),
            Self::Serial(_) | Self::Check(_) => return None,
        })
    }
}

// === impl CheckDigit ===

impl CheckDigit {
    fn of(self, digits: &str) -> char {
        let value = |b: u8| u32::from(b.wrapping_sub(b'0'));
        let check = match self {
            Self::Mod1110 => {
                let product = digits.bytes().fold(10, |product, digit| {
                    let sum = (product + value(digit)) % 10;
                    (if sum == 0 { 10 } else { sum }) * 2 % 11
                });
                (11 - product) % 10
            }
            Self::Luhn => {
                let sum: u32 = digits
                    .bytes()
                    .rev()
                    .enumerate()
                    .map(|(at, digit)| {
                        let doubled = value(digit) * if at % 2 == 0 { 2 } else { 1 };
                        doubled / 10 + doubled % 10
                    })
                    .sum();
                (10 - sum % 10) % 10
            }
        };
        char::from_digit(check, 10).unwrap_or('0')
    }
}

// === impl NoticeNumber ===

impl NoticeNumber {
    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NoticeNumber {
    type Err = PaymentError;

    fn from_str(text: &str) -> Result<Self, PaymentError> {
        let is_number = (8..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if is_number {
            return Ok(Self(text.to_owned()));
        }
        Err(PaymentError::invalid("number", format!("8 to {MOST_DIGITS} digits")))
    }
}

impl fmt::Display for NoticeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NoticeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(layout: &str, serial: i64) -> Option<String> {
        let (owner, day) = ("441802-chengguan".parse().unwrap(), "2026-11-27".parse().unwrap());
        let layout: CodeLayout = layout.parse().unwrap();
        layout.number(&owner, "3001", day, serial).map(|number| number.as_str().to_owned())
    }

    #[test]
    fn check_digits_are_those_of_the_standards_examples() {
        assert_eq!(CheckDigit::Mod1110.of("0794"), '5', "ISO/IEC 7064");
        assert_eq!(CheckDigit::Luhn.of("7992739871"), '3', "ISO/IEC 7812-1");
    }

    #[test]
    fn one_wrong_digit_never_has_the_same_check_digit() {
        let digits = "44180230012611270000017";
        for check in [CheckDigit::Mod1110, CheckDigit::Luhn] {
            for at in 0..digits.len() {
                for other in b'0'..=b'9' {
                    let mut wrong = digits.as_bytes().to_vec();
                    if wrong[at] == other {
                        continue;
                    }
                    wrong[at] = other;
                    let wrong = String::from_utf8(wrong).unwrap();
                    assert_ne!(check.of(digits), check.of(&wrong), "{check:?} {wrong}");
                }
            }
        }
    }

    #[test]
    fn the_default_is_area_unit_day_serial_and_check_digit() {
        let written: CodeLayout = "{area}{unit:4}{date:yyMMdd}{serial:7}{check}".parse().unwrap();
        assert_eq!(written, CodeLayout::default());
        let number = number("{area}{unit:4}{date:yyMMdd}{serial:7}{check}", 17).unwrap();
        assert_eq!(&number[..23], "44180230012611270000017");
        assert_eq!(number.len(), 24);
    }

    #[test]
    fn parts_have_their_widths_and_a_serial_that_does_not_fit_is_none() {
        assert_eq!(number("99{unit:2}{date:yyyy}{serial:4}", 3).as_deref(), Some("990120260003"));
        assert_eq!(number("{unit:6}{serial:4}{check:luhn}", 9_999).unwrap().len(), 11);
        assert_eq!(number("{unit:6}{serial:4}{check:luhn}", 10_000), None);
        assert_eq!(number("{area}{serial:4}", -1), None);
    }

    #[test]
    fn a_layout_that_can_make_no_codes_is_refused_with_what_is_wrong() {
        let wrong = [
            ("", "one {serial:N}"),
            ("{area}{date:yyMMdd}", "one {serial:N}"),
            ("{serial:4}{serial:4}", "one {serial:N}"),
            ("{check}{serial:8}", "the last part"),
            ("{area}{area}{serial:4}", "twice"),
            ("{serial:4}", "4 digits"),
            ("{area}{serial:12}{date:yyyyMMdd}{unit:9}", "35 digits"),
            ("{area}-{serial:4}", "digits only"),
            ("{area}{serial:4", "no `}`"),
            ("{area}{serial:99}", "no part `{serial:99}`"),
            ("{area}{serial:4}{check:md5}", "no part `{check:md5}`"),
        ];
        for (layout, why) in wrong {
            let error = layout.parse::<CodeLayout>().unwrap_err().to_string();
            assert!(error.contains(why) && error.starts_with("payment_code: "), "{layout}: {error}");
        }
    }
}
