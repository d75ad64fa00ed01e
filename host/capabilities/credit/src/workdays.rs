//! Working days (工作日): Monday to Friday without the holidays, and the weekends that are worked on.

use jiff::civil::{Date, Weekday};

use crate::CreditError;

/// The calendar of working days.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Workdays<'a> {
    pub(crate) holidays: &'a [Date],
    pub(crate) workdays: &'a [Date],
}

// === impl Workdays ===

impl Workdays<'_> {
    /// The last day of a term of `days` working days that begins the day after `from`.
    pub(crate) fn end_of_term(&self, from: Date, days: u16) -> Result<Date, CreditError> {
        let (mut day, mut left) = (from, days);
        // A calendar of nothing but holidays has no end of a term.
        for _ in 0..usize::from(days).saturating_mul(3).saturating_add(400) {
            if left == 0 {
                return Ok(day);
            }
            day = day.tomorrow().map_err(|error| CreditError::Fault(error.to_string()))?;
            left -= u16::from(self.is_worked(day));
        }
        Err(CreditError::invalid("credit.holidays", "working days between the holidays"))
    }

    fn is_worked(&self, day: Date) -> bool {
        let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        (!is_weekend && !self.holidays.contains(&day)) || self.workdays.contains(&day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_term_leaves_out_weekends_and_holidays_and_counts_weekends_worked_on() {
        let plain = Workdays { holidays: &[], workdays: &[] };
        // 2026-09-25 is a Friday.
        assert_eq!(plain.end_of_term(day("2026-09-25"), 1).unwrap(), day("2026-09-28"));
        assert_eq!(plain.end_of_term(day("2026-09-25"), 15).unwrap(), day("2026-10-16"));
        let (holidays, workdays) =
            (["01", "02", "05", "06", "07"].map(|d| day(&format!("2026-10-{d}"))), [day("2026-10-10")]);
        let calendar = Workdays { holidays: &holidays, workdays: &workdays };
        assert_eq!(calendar.end_of_term(day("2026-09-25"), 15).unwrap(), day("2026-10-22"));
        assert_eq!(calendar.end_of_term(day("2026-09-30"), 2).unwrap(), day("2026-10-09"));
    }

    #[test]
    fn a_calendar_without_a_working_day_is_refused() {
        let holidays: Vec<_> = day("2026-01-01").series(jiff::Span::new().days(1)).take(1_000).collect();
        assert!(Workdays { holidays: &holidays, workdays: &[] }.end_of_term(day("2026-01-01"), 1).is_err());
    }
}
