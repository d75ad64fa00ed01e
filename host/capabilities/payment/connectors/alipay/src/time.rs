//! `yyyy-MM-dd HH:mm:ss` in China's time: how Alipay writes every time.

use jiff::{civil::DateTime, tz};
use zhongtai_kernel::Timestamp;

const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

pub(crate) fn written(time: Timestamp) -> String {
    tz::offset(8).to_datetime(time).strftime(FORMAT).to_string()
}

pub(crate) fn read(text: &str) -> Option<Timestamp> {
    // Some answers have a fraction behind the seconds.
    let text = text.split_once('.').map_or(text, |(seconds, _)| seconds);
    tz::offset(8).to_timestamp(DateTime::strptime(FORMAT, text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_china_s() {
        let time = read("2026-11-28 00:30:05").unwrap();
        assert_eq!(time.to_string(), "2026-11-27T16:30:05Z");
        assert_eq!(written(time), "2026-11-28 00:30:05");
        assert_eq!(read("2026-11-28 00:30:05.123"), Some(time));
        assert_eq!(read("2026-11-28"), None);
        assert_eq!(read("2026-02-30 00:00:00"), None);
    }
}
