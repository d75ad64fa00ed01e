//! What an applicant fills in.

use std::time::Duration;

use zhongtai::prelude::*;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The application form. Whatever parses is well formed; [`Form::check`] says whether it can be asked for today.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    pub company: CreditCode,
    pub place: Text<100>,
    /// Whole square metres, rounded up.
    pub area_m2: u32,
    pub from: Day,
    pub to: Day,
    pub reason: Text<300>,
    /// The permit on paper, to the address that the applicant keeps with the platform or gives for it.
    #[serde(default)]
    pub deliver: bool,
}

/// A day in Asia/Shanghai, `2026-01-05`: its first moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(Timestamp);

/// One line of 1 to `MAX` characters, trimmed: it goes into messages, which take no line breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Text<const MAX: usize>(String);

// === impl Form ===

impl Form {
    /// More is a building site, not an excavation: another permit.
    const LARGEST_M2: u32 = 10_000;

    /// Refuses what nobody can be permitted.
    pub fn check(&self, today: Day, longest_days: u32) -> Result<()> {
        let area = self.area_m2;
        ensure!(
            (1..=Self::LARGEST_M2).contains(&area),
            unprocessable("{area} m² is not between 1 and {}", Self::LARGEST_M2)
        );
        ensure!(self.from >= today, unprocessable("{} is in the past", self.from));
        ensure!(self.to >= self.from, unprocessable("{} is before {}", self.to, self.from));
        let days = self.from.days_through(self.to);
        ensure!(days <= u64::from(longest_days), unprocessable("{days} days are more than {longest_days}"));
        Ok(())
    }
}

// === impl Day ===

impl Day {
    /// The day of a point in time.
    pub fn of(time: Timestamp) -> Result<Self> {
        Self::try_from(time.date()).map_err(|cause| internal("there is no such day").caused_by(cause))
    }

    /// Days from this one through `last`, both counted.
    fn days_through(self, last: Self) -> u64 {
        last.0.since(self.0).as_secs() / DAY.as_secs() + 1
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let midnight = format!("{text}T00:00:00+08:00").parse();
        midnight.map(Self).map_err(|_| format!("`{text}` is not a day such as 2026-01-05"))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.date())
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

// === impl Text ===

impl<const MAX: usize> Text<MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let text = text.trim();
        match text.chars().count() {
            0 => Err("a text is expected".into()),
            count if count > MAX => Err(format!("{count} characters are more than {MAX}")),
            _ if text.contains(char::is_control) => Err("one line without control characters is expected".into()),
            _ => Ok(Self(text.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_day_is_a_day_of_the_calendar() {
        assert_eq!(day("2028-02-29").to_string(), "2028-02-29");
        for text in ["2026-02-29", "2026-1-5", "20260105", "", "2026-01-05T00:00:00Z"] {
            assert!(Day::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_shanghai() {
        assert_eq!(Day::of("2026-01-04T16:00:00Z".parse().unwrap()).unwrap(), day("2026-01-05"));
        assert_eq!(Day::of("2026-01-04T15:59:59Z".parse().unwrap()).unwrap(), day("2026-01-04"));
    }

    #[test]
    fn both_ends_of_a_period_count() {
        assert_eq!(day("2026-01-05").days_through(day("2026-01-05")), 1);
        assert_eq!(day("2026-02-27").days_through(day("2026-03-02")), 4);
    }

    #[test]
    fn a_text_is_trimmed_bounded_and_of_one_line() {
        let text = |text: &str| Text::<3>::try_from(text.to_owned());
        assert_eq!(text(" 北江路 ").unwrap().as_str(), "北江路");
        assert!(text("北江一路").is_err() && text("  ").is_err() && text("a\nb").is_err());
    }
}
