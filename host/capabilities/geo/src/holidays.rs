//! Public holidays and make-up working days.

use std::collections::HashMap;

use jiff::civil::Date;

/// Days that are not what their weekday says. What it does not know is an ordinary day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holidays(HashMap<Date, bool>);

// === impl Holidays ===

impl Holidays {
    /// Those that were announced when this was built: see `data/holidays.txt`.
    pub fn built_in() -> Self {
        Self::parse(include_str!("../data/holidays.txt")).unwrap_or_default()
    }

    /// Parses lines of a year and its days: `2026 -0101 +0104`, where `-` is a holiday and `+` a working day. A line that
    /// begins with `#` says nothing.
    ///
    /// # Errors
    /// The number of the first line that is none, from 1.
    pub fn parse(text: &str) -> Result<Self, usize> {
        let mut days = HashMap::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            let Some(year) = words.next() else { continue };
            for word in words {
                let (day, is_holiday) = parse_day(year, word).ok_or(number + 1)?;
                days.insert(day, is_holiday);
            }
        }
        Ok(Self(days))
    }

    /// These, and where `other` knows better, what it says.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// A public holiday.
    pub fn is_holiday(&self, day: Date) -> bool {
        self.0.get(&day) == Some(&true)
    }

    /// A working day though its weekday says otherwise.
    pub fn is_workday(&self, day: Date) -> bool {
        self.0.get(&day) == Some(&false)
    }
}

fn parse_day(year: &str, word: &str) -> Option<(Date, bool)> {
    let (sign, day) = word.split_at_checked(1)?;
    let (month, day) = day.split_at_checked(2)?;
    let is_holiday = match sign {
        "-" => true,
        "+" => false,
        _ => return None,
    };
    Some((Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?, is_holiday))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_that_is_shipped_is_one() {
        let holidays = Holidays::built_in();
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(holidays.is_holiday(day("2026-10-01")) && !holidays.is_workday(day("2026-10-01")));
        assert!(holidays.is_workday(day("2026-10-10")));
        assert!(!holidays.is_holiday(day("2026-07-01")) && !holidays.is_workday(day("2026-07-01")));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        assert_eq!(Holidays::parse("# days\n2027 -0101\n2027 0102\n"), Err(3));
        assert_eq!(Holidays::parse("2027 -1301"), Err(1));
    }
}
