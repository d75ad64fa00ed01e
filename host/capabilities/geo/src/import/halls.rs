use jiff::civil::{Date, Time};
use zhongtai_geodesy::AnyCrs;

use super::{
    FileKind, Refused, Rows,
    file::{Column, Row, csv_rows, decode, features},
    needed, short, sort,
};
use crate::{GeoError, Hall, Hours, Opening, Place};

const COLUMNS: &[Column] = &[
    ("id", &["编号"]),
    ("name", &["名称"]),
    ("address", &["地址"]),
    ("services", &["事项", "服务"]),
    ("hours", &["办公时间", "开放时间"]),
    ("keeps-holidays", &["节假日休息"]),
    ("lon", &["经度", "x", "lng", "longitude"]),
    ("lat", &["纬度", "y", "latitude"]),
];

/// Reads service halls, from CSV or GeoJSON points. `services` are separated by semicolons; `hours` are as
/// [`parse_hours`] reads them; `keeps-holidays` is `false` or nothing, which is true.
///
/// # Errors
/// When the file as a whole can't be read; what is wrong with a row is in the rows.
pub fn read_halls(kind: FileKind, bytes: &[u8], crs: AnyCrs) -> Result<Rows<Hall>, GeoError> {
    let rows: Vec<Result<Hall, Refused>> = match kind {
        FileKind::Csv => {
            let rows = csv_rows(&decode(bytes)?, COLUMNS, &["id", "name", "hours", "lon", "lat"])?;
            rows.into_iter().map(|row| row.and_then(|row| hall(&row, row.place(crs)))).collect()
        }
        FileKind::GeoJson => {
            let features = features(bytes, COLUMNS)?;
            features.into_iter().map(|one| one.and_then(|one| hall(&one.row, one.place(crs)))).collect()
        }
    };
    sort(rows.into_iter(), |hall| &hall.id)
}

fn hall(row: &Row, at: Result<Place, Refused>) -> Result<Hall, Refused> {
    let mut hours = parse_hours(row.get("hours")).map_err(|problem| ("hours", problem))?;
    hours.keeps_holidays = match row.get("keeps-holidays") {
        "" | "true" | "是" => true,
        "false" | "否" => false,
        _ => return Err(("keeps-holidays", "is neither true nor false".to_owned())),
    };
    let services = row.get("services").split([';', '；']).filter(|one| !one.trim().is_empty());
    Ok(Hall {
        id: needed("id", row.get("id"), 64)?,
        name: needed("name", row.get("name"), 64)?,
        address: short("address", row.get("address"), 200)?,
        services: services.map(|one| short("services", one, 64)).collect::<Result<_, _>>()?,
        hours,
        at: at?,
    })
}

/// Parses opening hours: `1-5 09:00-12:00 13:00-17:00; 6 09:00-12:00; 2026-02-17 closed`. Days are 1 to 7 from Monday, a
/// range of them or a date; what is not named is closed.
///
/// # Errors
/// What is wrong, without the text.
pub fn parse_hours(text: &str) -> Result<Hours, String> {
    let mut hours = Hours::default();
    for rule in text.split([';', '；']).map(str::trim).filter(|rule| !rule.is_empty()) {
        let mut words = rule.split_whitespace();
        let days = words.next().unwrap_or_default();
        let openings = openings(words)?;
        if let Ok(date) = days.parse::<Date>() {
            hours.days.push((date, openings));
            continue;
        }
        let (first, last) =
            weekdays(days).ok_or("its days are 1 to 7, such as `1-5`, or a date, such as `2026-02-17`")?;
        hours.week.iter_mut().skip(first).take(last + 1 - first).for_each(|day| day.clone_from(&openings));
    }
    Ok(hours)
}

/// From 0 for Monday.
fn weekdays(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let day = |text: &str| text.parse::<usize>().ok().filter(|day| (1..=7).contains(day)).map(|day| day - 1);
    Some((day(first)?, day(last)?)).filter(|(first, last)| first <= last)
}

fn openings<'a>(words: impl Iterator<Item = &'a str>) -> Result<Vec<Opening>, String> {
    let words: Vec<&str> = words.collect();
    if words == ["closed"] {
        return Ok(Vec::new());
    }
    let opening = |word: &&str| {
        let (opens, closes) = word.split_once('-')?;
        let opening = Opening { opens: time(opens)?, closes: time(closes)? };
        (opening.opens < opening.closes).then_some(opening)
    };
    let all = words.iter().map(opening).collect::<Option<Vec<_>>>();
    let all = all.filter(|all| !all.is_empty() && all.iter().zip(all.iter().skip(1)).all(|(a, b)| a.closes <= b.opens));
    all.ok_or_else(|| "its hours are `09:00-12:00 13:00-17:00`, in their order, or `closed`".to_owned())
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_and_what_is_none_is_refused() {
        let hours = parse_hours("1-5 09:00-12:00 13:00-17:00; 6 09:00-12:00; 2026-02-17 closed").unwrap();
        assert_eq!(hours.week.each_ref().map(Vec::len), [2, 2, 2, 2, 2, 1, 0]);
        assert_eq!(hours.days, [("2026-02-17".parse().unwrap(), Vec::new())]);
        for bad in [
            "0-5 09:00-12:00",
            "5-1 09:00-12:00",
            "1-5 12:00-09:00",
            "1-5",
            "mo 09:00-12:00",
            "1 9-12",
            "1 13:00-17:00 09:00-12:00",
        ] {
            assert!(parse_hours(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_hall_is_read_from_a_row() {
        let csv = "编号,名称,地址,经度,纬度,事项,办公时间\n\
            h1,清城区政务服务中心,北江一路12号,113.05,23.68,社保;不动产,1-5 09:00-17:00\n\
            h2,某大厅,,113.05,23.68,,某天\n";
        let rows = read_halls(FileKind::Csv, csv.as_bytes(), AnyCrs::Cgcs2000).unwrap();
        assert_eq!(rows.good[0].services, ["社保", "不动产"]);
        assert!(rows.good[0].hours.keeps_holidays);
        assert_eq!((rows.rejected[0].row, rows.rejected[0].column.as_str()), (2, "hours"));
    }
}
