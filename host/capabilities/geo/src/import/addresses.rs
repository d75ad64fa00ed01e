use zhongtai_geodesy::AnyCrs;

use super::{
    FileKind, Refused, Rows,
    file::{Column, Row, csv_rows, decode, features},
    needed, short, sort,
};
use crate::{Address, GeoError, Level, Place};

/// Columns, and what else their headers may be.
const COLUMNS: &[Column] = &[
    ("id", &["编号", "地址编码", "标准地址编码", "标准地址id"]),
    ("city", &["市", "地级市"]),
    ("district", &["区", "县", "区县", "县区", "行政区"]),
    ("street", &["街道", "镇", "镇街", "街镇", "乡镇街道"]),
    ("community", &["社区", "村", "社区村", "村居"]),
    ("road", &["路", "街路巷", "道路", "路街"]),
    ("lane", &["巷", "里巷"]),
    ("number", &["号", "门牌", "门牌号"]),
    ("estate", &["小区", "小区名", "建筑物", "楼盘"]),
    ("building", &["栋", "幢", "楼栋", "楼栋号"]),
    ("unit", &["单元", "单元号"]),
    ("room", &["室", "房", "房号", "室号"]),
    ("lon", &["经度", "x", "lng", "longitude"]),
    ("lat", &["纬度", "y", "latitude"]),
];

/// Reads standard addresses. Coordinates are in `crs` and become CGCS2000.
///
/// CSV needs the columns `id`, `lon` and `lat` and has one for each part; a header may be English or Chinese. In GeoJSON
/// each is a point, and its properties have the same names.
///
/// # Errors
/// When the file as a whole can't be read; what is wrong with a row is in the rows.
pub fn read_addresses(kind: FileKind, bytes: &[u8], crs: AnyCrs) -> Result<Rows<Address>, GeoError> {
    let rows: Vec<Result<Address, Refused>> = match kind {
        FileKind::Csv => {
            let rows = csv_rows(&decode(bytes)?, COLUMNS, &["id", "lon", "lat"])?;
            rows.into_iter().map(|row| row.and_then(|row| address(&row, row.place(crs)))).collect()
        }
        FileKind::GeoJson => {
            let features = features(bytes, COLUMNS)?;
            features.into_iter().map(|one| one.and_then(|one| address(&one.row, one.place(crs)))).collect()
        }
    };
    sort(rows.into_iter(), |address| &address.id)
}

fn address(row: &Row, at: Result<Place, Refused>) -> Result<Address, Refused> {
    let id = needed("id", row.get("id"), 64)?;
    let mut parts: [String; Level::COUNT] = Default::default();
    for (level, part) in Level::ALL.into_iter().zip(&mut parts) {
        *part = short(level.as_str(), row.get(level.as_str()), 64)?;
    }
    if parts.iter().all(String::is_empty) {
        return Err(("", "has no part of an address".to_owned()));
    }
    Ok(Address { id, parts, at: at? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::RejectedRow;

    const HEADER: &str = "编号,市,区,街道,社区,路,巷,号,小区,栋,单元,室,经度,纬度\n";

    fn read(csv: &[u8]) -> Result<Rows<Address>, GeoError> {
        read_addresses(FileKind::Csv, csv, AnyCrs::Cgcs2000)
    }

    #[test]
    fn a_row_that_can_not_be_taken_is_told_with_its_column_and_without_its_value() {
        let csv = format!(
            "\u{feff}{HEADER}1,清远市,清城区,凤城街道,,北江一路,,12号,,,,,113.05,23.68\n\
             2,清远市,清城区,,,北江一路,,13号,,,,,abc,23.68\n\
             3,清远市,清城区,,,北江一路,,14号,,,,,23.68,113.05\n\
             1,清远市,清城区,,,北江一路,,15号,,,,,113.05,23.68\n\
             ,清远市,清城区,,,北江一路,,16号,,,,,113.05,23.68\n\
             6,清远市\n\
             7,,,,,,,,,,,,113.05,23.68\n"
        );
        let rows = read(csv.as_bytes()).unwrap();
        assert_eq!(rows.good.len(), 1);
        assert_eq!(rows.good[0].text(), "清远市清城区凤城街道北江一路12号");
        let told: Vec<_> =
            rows.rejected.iter().map(|row| (row.row, row.column.as_str(), row.problem.as_str())).collect();
        assert_eq!(
            told,
            [
                (2, "lon", "is not a number"),
                (3, "lon", "is out of range: the latitude is -90 to 90 degrees; the longitude comes first"),
                (4, "id", "is there twice"),
                (5, "id", "is empty"),
                (6, "", "has 2 fields, the header has 14"),
                (7, "", "has no part of an address"),
            ]
        );
        assert!(rows.to_store(false).is_empty(), "all or nothing");
        assert_eq!(rows.to_store(true).len(), 1);
    }

    #[test]
    fn gbk_is_read_and_what_is_neither_is_refused() {
        let csv = format!("{HEADER}1,清远市,清城区,,,北江一路,,12号,,,,,113.05,23.68\n");
        let (gbk, _, _) = encoding_rs::GBK.encode(&csv);
        assert_eq!(read(&gbk).unwrap().good[0].part(Level::Road), "北江一路");
        assert!(read(b"id,lon,lat\n\xff\xff,1,2\n").is_err());
        assert!(read(b"\xff\xfei\0d\0").unwrap_err().to_string().contains("UTF-16"));
        let missing = read("编号,经度\n".as_bytes()).unwrap_err();
        assert_eq!(missing.to_string(), "the import can't be read: its header has no column `lat`");
    }

    #[test]
    fn features_are_addresses_and_other_systems_are_converted() {
        let json = r#"{"type":"FeatureCollection","features":[
            {"type":"Feature","id":7,"properties":{"路":"北江一路","number":"12号"},
             "geometry":{"type":"Point","coordinates":[113.0564,23.6791]}},
            {"type":"Feature","id":8,"properties":{"road":{}},"geometry":null},
            {"type":"Feature","id":9,"properties":{"road":"a"},"geometry":{"type":"LineString","coordinates":[]}}]}"#;
        let rows = read_addresses(FileKind::GeoJson, json.as_bytes(), AnyCrs::Gcj02).unwrap();
        let at = rows.good[0].at;
        assert_eq!(rows.good[0].id, "7");
        assert!((at.lon() - 113.0564).abs() > 0.001, "the offset of GCJ-02 is taken away: {at:?}");
        assert_eq!(
            rows.rejected,
            [
                RejectedRow { row: 2, column: "road".into(), problem: "is not a text".into() },
                RejectedRow { row: 3, column: "geometry".into(), problem: "is not a point".into() },
            ]
        );
        assert!(read_addresses(FileKind::GeoJson, b"[]", AnyCrs::Gcj02).is_err());
    }
}
