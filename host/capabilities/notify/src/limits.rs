//! How much is sent: per recipient and per department, counted in the database that all hosts share.

use std::num::NonZeroU32;

use serde::Deserialize;

use crate::{ChannelKind, quiet::day_of};

const HOUR_MS: i64 = 60 * 60 * 1_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The `[notify.limits]` table of `zt.toml`: by channel. What is over a limit waits for the next hour or day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Of the inbox.
    pub inbox: Limit,
    /// Of short messages.
    pub sms: Limit,
    /// Of mail.
    pub email: Limit,
    /// Of webhooks.
    pub webhook: Limit,
}

/// The limits of one channel; without one there is none. Hours and days are whole ones of the clock, in China's time:
/// over the end of one, twice as much can come within a short while.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limit {
    /// To one address within an hour, whoever sends.
    pub recipient_per_hour: Option<NonZeroU32>,
    /// To one address within a day, whoever sends.
    pub recipient_per_day: Option<NonZeroU32>,
    /// Of one department within an hour, to whomever.
    pub department_per_hour: Option<NonZeroU32>,
    /// Of one department within a day, to whomever.
    pub department_per_day: Option<NonZeroU32>,
}

/// Something that is used up by each message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Whose it is, and of which channel.
    pub scope: String,
    /// From when it counts, milliseconds since 1970.
    pub since: i64,
    /// When there is a new one.
    pub until: i64,
    pub most: i64,
}

// === impl Limits ===

impl Limits {
    fn of(&self, channel: ChannelKind) -> Limit {
        match channel {
            ChannelKind::Inbox => self.inbox,
            ChannelKind::Sms => self.sms,
            ChannelKind::Email => self.email,
            ChannelKind::Webhook => self.webhook,
        }
    }

    /// What a message uses up. Always in the same order: two hosts that take the same ones wait for each other, never
    /// for ever.
    pub(crate) fn budgets(&self, channel: ChannelKind, recipient: &str, department: &str, now: i64) -> Vec<Budget> {
        let limit = self.of(channel);
        let word = channel.as_str();
        let hour = (now.div_euclid(HOUR_MS) * HOUR_MS, HOUR_MS);
        let day = (day_of(now), DAY_MS);
        let budget = |most: Option<NonZeroU32>, name: &str, (since, length): (i64, i64), who: &str| {
            let most = i64::from(most?.get());
            Some(Budget { scope: format!("{word}/{name}/{who}"), since, until: since + length, most })
        };
        let all = [
            budget(limit.recipient_per_hour, "recipient-hour", hour, recipient),
            budget(limit.recipient_per_day, "recipient-day", day, recipient),
            budget(limit.department_per_hour, "department-hour", hour, department),
            budget(limit.department_per_day, "department-day", day, department),
        ];
        all.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use zhongtai_kernel::Timestamp;

    use super::*;

    #[test]
    fn hours_and_days_are_those_of_the_clock_in_china() {
        let limit = Limit {
            recipient_per_hour: NonZeroU32::new(5),
            department_per_day: NonZeroU32::new(100),
            ..Limit::default()
        };
        let limits = Limits { sms: limit, ..Limits::default() };
        let now: Timestamp = "2026-01-05T15:59:59Z".parse().unwrap();
        let found = limits.budgets(ChannelKind::Sms, "r", "441802-chengguan", now.as_millisecond());
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let expected = [
            Budget {
                scope: "sms/recipient-hour/r".to_owned(),
                since: at("2026-01-05T15:00:00Z"),
                until: at("2026-01-05T16:00:00Z"),
                most: 5,
            },
            Budget {
                scope: "sms/department-day/441802-chengguan".to_owned(),
                since: at("2026-01-04T16:00:00Z"),
                until: at("2026-01-05T16:00:00Z"),
                most: 100,
            },
        ];
        assert_eq!(found, expected);
        assert!(limits.budgets(ChannelKind::Email, "r", "d", 0).is_empty());
    }

    #[test]
    fn a_limit_of_zero_is_refused() {
        let error = serde_json::from_str::<Limits>(r#"{"sms": {"recipient_per_hour": 0}}"#).unwrap_err();
        assert!(error.to_string().contains("nonzero"), "{error}");
    }
}
