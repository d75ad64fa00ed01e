//! Service halls (政务大厅) and when they are open.

use jiff::{
    ToSpan,
    civil::{Date, DateTime, Time, Weekday},
    tz,
};
use serde::{Deserialize, Serialize};
use zhongtai_kernel::Timestamp;

use crate::{Holidays, Place};

/// A service hall.
#[derive(Debug, Clone, PartialEq)]
pub struct Hall {
    /// Its id, 1 to 64 characters.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is, in words.
    pub address: String,
    /// Where it is.
    pub at: Place,
    /// What one can do there.
    pub services: Vec<String>,
    /// When it is open.
    pub hours: Hours,
}

/// When a hall is open. A public holiday closes it, a make-up working day (调休) has Monday's hours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// For Monday to Sunday, each the openings of the day in their order.
    pub week: [Vec<Opening>; 7],
    /// Days with hours of their own; none means closed.
    #[serde(default)]
    pub days: Vec<(Date, Vec<Opening>)>,
    /// Whether public holidays and make-up working days are counted.
    #[serde(default)]
    pub keeps_holidays: bool,
}

/// From when until when; the end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The first minute.
    pub opens: Time,
    /// The minute after the last.
    pub closes: Time,
}

/// How far ahead the next opening is looked for.
const DAYS_AHEAD: i64 = 30;

// === impl Hours ===

impl Hours {
    /// The openings of a day.
    pub fn on(&self, day: Date, holidays: &Holidays) -> &[Opening] {
        if let Some((_, openings)) = self.days.iter().find(|(date, _)| *date == day) {
            return openings;
        }
        if self.keeps_holidays && holidays.is_holiday(day) {
            return &[];
        }
        let weekday = if self.keeps_holidays && holidays.is_workday(day) { Weekday::Monday } else { day.weekday() };
        let index = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or_default();
        self.week.get(index).map_or(&[], Vec::as_slice)
    }

    /// Whether it is open at a time.
    pub fn is_open(&self, at: Timestamp, holidays: &Holidays) -> bool {
        let local = local(at);
        let now = local.time();
        self.on(local.date(), holidays).iter().any(|opening| opening.opens <= now && now < opening.closes)
    }

    /// The first opening that begins after a time, within 30 days.
    pub fn opens_next(&self, at: Timestamp, holidays: &Holidays) -> Option<Timestamp> {
        let local = local(at);
        (0..=DAYS_AHEAD).find_map(|ahead| {
            let day = local.date().checked_add(ahead.days()).ok()?;
            let opens = self.on(day, holidays).iter().map(|opening| day.to_datetime(opening.opens));
            let next = opens.filter(|opens| *opens > local).min()?;
            Some(next.to_zoned(district()).ok()?.timestamp())
        })
    }
}

/// The time in the district, UTC+8.
pub(crate) fn local(at: Timestamp) -> DateTime {
    at.to_zoned(district()).datetime()
}

fn district() -> tz::TimeZone {
    tz::TimeZone::fixed(tz::offset(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(opens: &str, closes: &str) -> Opening {
        Opening { opens: opens.parse().unwrap(), closes: closes.parse().unwrap() }
    }

    fn hours() -> Hours {
        let day = vec![opening("09:00:00", "12:00:00"), opening("13:00:00", "17:00:00")];
        let week = std::array::from_fn(|weekday| if weekday < 5 { day.clone() } else { Vec::new() });
        let closed = ("2026-07-02".parse().unwrap(), Vec::new());
        Hours { week, days: vec![closed], keeps_holidays: true }
    }

    /// A time in the district.
    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().unwrap()
    }

    #[test]
    fn a_hall_is_open_in_its_hours_only() {
        let (hours, holidays) = (hours(), Holidays::built_in());
        // 2026-07-01 is a Wednesday.
        for (time, open) in
            [("08:59:59", false), ("09:00:00", true), ("12:00:00", false), ("13:00:00", true), ("17:00:00", false)]
        {
            assert_eq!(hours.is_open(at(&format!("2026-07-01T{time}")), &holidays), open, "{time}");
        }
        assert!(!hours.is_open(at("2026-07-02T10:00:00"), &holidays), "a day of its own");
        assert!(!hours.is_open(at("2026-07-04T10:00:00"), &holidays), "a Saturday");
    }

    #[test]
    fn holidays_close_it_and_make_up_days_open_it() {
        let (mut hours, holidays) = (hours(), Holidays::built_in());
        assert!(!hours.is_open(at("2026-10-01T10:00:00"), &holidays), "National Day, a Thursday");
        assert!(hours.is_open(at("2026-10-10T10:00:00"), &holidays), "a Saturday that is worked");
        hours.keeps_holidays = false;
        assert!(hours.is_open(at("2026-10-01T10:00:00"), &holidays));
    }

    #[test]
    fn the_next_opening_is_found_over_a_holiday() {
        let (hours, holidays) = (hours(), Holidays::built_in());
        let next = |now: &str| hours.opens_next(at(now), &holidays);
        assert_eq!(next("2026-07-01T12:30:00"), Some(at("2026-07-01T13:00:00")));
        assert_eq!(next("2026-09-30T18:00:00"), Some(at("2026-10-08T09:00:00")));
        assert_eq!(Hours::default().opens_next(at("2026-07-01T12:30:00"), &holidays), None);
    }
}
