//! Points in time: UTC inside, Asia/Shanghai at the edge.

use std::{
    fmt,
    ops::{Add, Sub},
    str::FromStr,
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

const SECOND: u64 = 1_000_000_000;
/// Asia/Shanghai in seconds; without summer time since 1991.
const SHANGHAI: u64 = 8 * 3600;

/// A point in time between 1970 and 2554, to the nanosecond.
///
/// Shown, and written as JSON, as RFC 3339 in Asia/Shanghai, with milliseconds unless they are zero.
///
/// ```
/// use zhongtai::clock::Timestamp;
///
/// let time: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
/// assert_eq!(time.to_string(), "2026-01-02T11:04:05+08:00");
/// assert_eq!(time.to_utc(), "2026-01-02T03:04:05Z");
/// assert_eq!(time.date(), "2026-01-02");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

/// A text is not an RFC 3339 time between 1970 and 2554.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time such as 2026-01-02T11:04:05+08:00")]
pub struct InvalidTimestamp(String);

impl Timestamp {
    /// From nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    pub const fn as_seconds(self) -> u64 {
        self.0 / SECOND
    }

    /// RFC 3339 in UTC: `2026-01-02T03:04:05Z`.
    pub fn to_utc(self) -> String {
        format!("{}Z", self.civil(0))
    }

    /// The date in Asia/Shanghai: `2026-01-02`.
    pub fn date(self) -> String {
        let civil = self.civil(SHANGHAI);
        format!("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day)
    }

    /// The time since an earlier point; zero when it is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    fn civil(self, offset: u64) -> Civil {
        let seconds = self.as_seconds() + offset;
        let (year, month, day) = date(seconds / 86_400);
        Civil { year, month, day, second: seconds % 86_400, millis: self.0 % SECOND / 1_000_000 }
    }
}

/// Adding time stops at the end of the range.
impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }
}

/// Subtracting time stops at 1970.
impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(duration)))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+08:00", self.civil(SHANGHAI))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| InvalidTimestamp(text.into()))
    }
}

/// `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`; a leap second counts as the next second.
fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let (time, rest) = rest.strip_prefix(['T', 't', ' '])?.split_at_checked(8)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    if !(1..=12).contains(&month) || day == 0 || day > month_length(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?),
        None => ("0", rest),
    };
    let local = days(year, month, day)? * 86_400 + hour * 3600 + minute * 60 + second;
    let utc = local.checked_sub_signed(offset(zone)?)?;
    utc.checked_mul(SECOND)?.checked_add(fraction_nanos(fraction)?).map(Timestamp)
}

fn numbers(text: &str, separator: char, lengths: [usize; 3]) -> Option<[u64; 3]> {
    let mut parts = text.split(separator);
    let mut read = [0; 3];
    for (number, length) in read.iter_mut().zip(lengths) {
        let part = parts.next().filter(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(read)
}

fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let [hours, minutes, _] = numbers(&format!("{rest}:00"), ':', [2, 2, 2])?;
    let seconds = i64::try_from(hours * 3600 + minutes * 60).ok()?;
    (hours < 24 && minutes < 60).then_some(sign * seconds)
}

fn fraction_nanos(digits: &str) -> Option<u64> {
    let given = !digits.is_empty();
    let digits: String = digits.chars().chain("000000000".chars()).take(9).collect();
    digits.parse().ok().filter(|_| given)
}

struct Civil {
    year: u64,
    month: u64,
    day: u64,
    second: u64,
    millis: u64,
}

impl fmt::Display for Civil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, second, millis } = self;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if *millis == 0 { Ok(()) } else { write!(f, ".{millis:03}") }
    }
}

/// Days since 1970-01-01 to a date; eras of 400 years that begin in March, so that the leap day comes last.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// The other way round; nothing before 1970.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = year.checked_sub(u64::from(month <= 2))?;
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

fn month_length(year: u64, month: u64) -> u64 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn known_times_are_read_and_shown() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-01-02T03:04:05Z", 1_767_323_045),
            ("2554-07-21T23:34:33Z", 18_446_744_073),
        ] {
            assert_eq!(time(text).as_seconds(), seconds);
            assert_eq!(time(text).to_utc(), text);
        }
    }

    #[test]
    fn an_offset_is_taken_off_and_the_day_changes_in_shanghai() {
        assert_eq!(time("2026-01-02T01:30:00+08:00"), time("2026-01-01T17:30:00Z"));
        assert_eq!(time("2026-01-01T12:00:00-05:30"), time("2026-01-01T17:30:00Z"));
        assert_eq!(time("2026-01-01T17:30:00Z").date(), "2026-01-02");
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in 0..146_097 {
            let (year, month, date) = date(day);
            assert_eq!(days(year, month, date), Some(day));
            assert!(date <= month_length(year, month));
        }
    }

    #[test]
    fn milliseconds_are_shown_unless_zero() {
        assert_eq!(time("2026-01-02T03:04:05.0678Z").to_utc(), "2026-01-02T03:04:05.067Z");
        assert_eq!(time("2026-01-02T03:04:05.5Z").as_nanos() % SECOND, 500_000_000);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-01-02",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05+8:00",
            "1969-12-31T23:59:59Z",
            "2026-+1-02T03:04:05Z",
            "3000-01-01T00:00:00Z",
            "2026-01-02T03:04:05Zx",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
