//! Dates as PDF writes them (ISO 32000-1, 7.9.4).

use std::time::SystemTime;

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{Offset, TimeZone},
};

use crate::PadesError;

/// In China's time: what a reader shows.
pub(crate) fn write(at: SystemTime) -> Result<String, PadesError> {
    let at = Timestamp::try_from(at).map_err(|_| PadesError::Time)?;
    let here = at.to_zoned(TimeZone::fixed(Offset::constant(8)));
    if !(1..=9999).contains(&here.year()) {
        return Err(PadesError::Time);
    }
    Ok(here.strftime("D:%Y%m%d%H%M%S+08'00'").to_string())
}

/// A date with seconds and an offset; others are not read.
pub(crate) fn read(text: &str) -> Option<SystemTime> {
    let digits = text.strip_prefix("D:")?;
    let (local, offset) = digits.split_at_checked(14)?;
    let local = DateTime::strptime("%Y%m%d%H%M%S", local).ok()?;
    let offset = if offset == "Z" || offset.starts_with("Z00") { 0 } else { minutes(offset)? };
    let offset = Offset::from_seconds(offset * 60).ok()?;
    offset.to_timestamp(local).ok().map(SystemTime::from)
}

/// `+08'00'`, or without the last apostrophe.
fn minutes(offset: &str) -> Option<i32> {
    let (sign, rest) = match offset.as_bytes().first()? {
        b'+' => (1, offset.strip_prefix('+')?),
        _ => (-1, offset.strip_prefix('-')?),
    };
    let (hours, minutes) = rest.split_once('\'')?;
    let minutes = minutes.strip_suffix('\'').unwrap_or(minutes);
    let number = |digits: &str| digits.parse::<u8>().ok().map(i32::from);
    Some(sign * (number(hours)? * 60 + if minutes.is_empty() { 0 } else { number(minutes)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_in_chinas_time_and_read_again() {
        let at = SystemTime::from("2026-11-22T16:30:05Z".parse::<Timestamp>().unwrap());
        assert_eq!(write(at).unwrap(), "D:20261123003005+08'00'");
        for text in
            ["D:20261123003005+08'00'", "D:20261123003005+08'00", "D:20261122163005Z", "D:20261122113005-05'00'"]
        {
            assert_eq!(read(text), Some(at), "{text}");
        }
        for text in
            ["", "D:2026", "20261123003005+08'00'", "D:20261323003005Z", "D:20261123003005*08'00'", "D:20261123003005"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
