//! Quiet hours (免打扰时段): when a channel stays silent.

use jiff::civil::Time;
use serde::{Deserialize, de};

use crate::ChannelKind;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// China's time, which has no daylight saving: 8 hours before UTC.
const BEIJING_MS: i64 = 8 * 60 * 60 * 1_000;

/// The `[notify.quiet]` table of `zt.toml`: by channel. Without an entry a channel is never silent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quiet {
    /// Of the inbox; it disturbs nobody.
    pub inbox: Option<QuietHours>,
    /// Of short messages.
    pub sms: Option<QuietHours>,
    /// Of mail.
    pub email: Option<QuietHours>,
    /// Of webhooks.
    pub webhook: Option<QuietHours>,
}

// === impl Quiet ===

impl Quiet {
    /// The end of the quiet hours that `now` is in, if it is in some.
    pub(crate) fn until(&self, channel: ChannelKind, now: i64) -> Option<i64> {
        let hours = match channel {
            ChannelKind::Inbox => self.inbox,
            ChannelKind::Sms => self.sms,
            ChannelKind::Email => self.email,
            ChannelKind::Webhook => self.webhook,
        };
        hours.and_then(|hours| hours.until(now))
    }
}

/// From a time of day to another, in China's time; over midnight when it ends earlier than it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// `22:00`.
    #[serde(deserialize_with = "time_of_day")]
    pub from: Time,
    /// `07:00`: then it is over. Equal to `from`, there are none.
    #[serde(deserialize_with = "time_of_day")]
    pub to: Time,
}

// === impl QuietHours ===

impl QuietHours {
    fn until(self, now: i64) -> Option<i64> {
        let midnight = day_of(now);
        let (from, to, at) = (millis(self.from), millis(self.to), now - midnight);
        match () {
            () if from <= to => (from..to).contains(&at).then_some(midnight + to),
            () if at >= from => Some(midnight + DAY_MS + to),
            () => (at < to).then_some(midnight + to),
        }
    }
}

/// The beginning of the day that `now` is in, in China.
pub(crate) fn day_of(now: i64) -> i64 {
    (now + BEIJING_MS).div_euclid(DAY_MS) * DAY_MS - BEIJING_MS
}

fn millis(time: Time) -> i64 {
    (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60_000
}

fn time_of_day<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = (text.len() == 5).then(|| Time::strptime("%H:%M", &text).ok()).flatten();
    time.ok_or_else(|| de::Error::custom("expected a time of day such as \"22:00\""))
}

#[cfg(test)]
mod tests {
    use zhongtai_kernel::Timestamp;

    use super::*;

    fn quiet(from: &str, to: &str) -> QuietHours {
        serde_json::from_value(serde_json::json!({ "from": from, "to": to })).unwrap()
    }

    fn until(hours: QuietHours, now: &str) -> Option<String> {
        let now: Timestamp = now.parse().unwrap();
        hours.until(now.as_millisecond()).map(|until| Timestamp::from_millisecond(until).unwrap().to_string())
    }

    #[test]
    fn a_night_lasts_over_midnight_in_chinas_time() {
        let night = quiet("22:00", "07:00");
        // 22:00 in Beijing is 14:00 UTC.
        assert_eq!(until(night, "2026-01-05T13:59:59.999Z"), None);
        assert_eq!(until(night, "2026-01-05T14:00:00Z").as_deref(), Some("2026-01-05T23:00:00Z"));
        assert_eq!(until(night, "2026-01-05T16:00:00Z").as_deref(), Some("2026-01-05T23:00:00Z"), "midnight");
        assert_eq!(until(night, "2026-01-05T22:59:59Z").as_deref(), Some("2026-01-05T23:00:00Z"));
        assert_eq!(until(night, "2026-01-05T23:00:00Z"), None, "it is over");
    }

    #[test]
    fn a_siesta_lasts_within_a_day_and_equal_ends_are_none() {
        let siesta = quiet("12:00", "14:30");
        assert_eq!(until(siesta, "2026-01-05T04:00:00Z").as_deref(), Some("2026-01-05T06:30:00Z"));
        assert_eq!(until(siesta, "2026-01-05T06:30:00Z"), None);
        assert_eq!(until(quiet("00:00", "00:00"), "2026-01-05T16:00:00Z"), None);
    }

    #[test]
    fn another_form_of_a_time_is_refused() {
        for text in ["7:00", "24:00", "07:60", "22", "22:00:00", "２２:００", ""] {
            let value = serde_json::json!({ "from": text, "to": "07:00" });
            let error = serde_json::from_value::<QuietHours>(value).unwrap_err().to_string();
            assert!(error.contains("expected a time of day"), "{text}: {error}");
        }
    }
}
