//! Files of credit records: CSV with a header line, or a JSON array of objects with the same names:
//! `id,code,category,source,since,until,detail`, dates as `YYYY-MM-DD`, `until` may be empty.

use serde::{Deserialize, Serialize};

use crate::{CreditError, CreditRecord};

/// A row that can't be a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectedRow {
    /// From 1; the header is not counted.
    pub row: usize,
    /// What is wrong, without the row's values.
    pub problem: String,
}

/// What became of a file's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Rows stored.
    pub accepted: usize,
    /// Rows left out.
    pub rejected: Vec<RejectedRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    code: String,
    category: String,
    source: String,
    since: String,
    #[serde(default)]
    until: Option<String>,
    #[serde(default)]
    detail: String,
}

type Parsed = (Vec<CreditRecord>, Vec<RejectedRow>);

/// Parses CSV (UTF-8, with or without a byte-order mark).
pub fn parse_csv(bytes: &[u8]) -> Result<Parsed, CreditError> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::Reader::from_reader(text);
    let header = reader.headers().map_err(|error| CreditError::Import(error.to_string()))?;
    for column in ["id", "code", "category", "source", "since"] {
        if !header.iter().any(|name| name == column) {
            return Err(CreditError::Import(format!("the header has no column `{column}`")));
        }
    }
    let rows = reader.deserialize::<Row>().map(|row| row.map_err(|error| csv_problem(&error)));
    Ok(sort(rows))
}

/// Parses a JSON array.
pub fn parse_json(bytes: &[u8]) -> Result<Parsed, CreditError> {
    let rows: Vec<serde_json::Value> =
        serde_json::from_slice(bytes).map_err(|error| CreditError::Import(format!("not a JSON array: {error}")))?;
    Ok(sort(rows.into_iter().map(|row| serde_json::from_value(row).map_err(|error| error.to_string()))))
}

fn sort(rows: impl Iterator<Item = Result<Row, String>>) -> Parsed {
    let (mut records, mut rejected) = Parsed::default();
    for (index, row) in rows.enumerate() {
        match row.and_then(record) {
            Ok(record) => records.push(record),
            Err(problem) => rejected.push(RejectedRow { row: index + 1, problem }),
        }
    }
    (records, rejected)
}

/// csv's own message quotes the row; this one must not.
fn csv_problem(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "not UTF-8: save the file as UTF-8 (GBK is not read)".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} fields, the header has {expected_len}")
        }
        csv::ErrorKind::Deserialize { err, .. } => format!("does not fit the header: {:?}", err.kind()),
        _ => "can't be read".to_owned(),
    }
}

fn record(row: Row) -> Result<CreditRecord, String> {
    let day = |name: &str, text: &str| text.parse().map_err(|_| format!("{name}: not a date of the form YYYY-MM-DD"));
    if row.id.is_empty() || row.source.is_empty() {
        return Err("id and source must not be empty".to_owned());
    }
    Ok(CreditRecord {
        code: row.code.trim().parse().map_err(|error| format!("code: {error}"))?,
        category: row.category.parse().map_err(|error| format!("category: {error}"))?,
        since: day("since", &row.since)?,
        until: row.until.filter(|text| !text.is_empty()).map(|text| day("until", &text)).transpose()?,
        id: row.id,
        source: row.source,
        detail: row.detail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_rows_are_taken_and_bad_ones_named() {
        let csv = "\u{feff}id,code,category,source,since,until,detail\n\
            1,91350100M000100Y43,black-list,市场监管,2025-01-01,,拖欠工资\n\
            2,91350100M000100Y44,black-list,市场监管,2025-01-01,,\n\
            3,11320000MB151840XJ,blacklist,市场监管,2025-01-01,,\n\
            4,11320000MB151840XJ,penalty,市场监管,2025-13-01,,\n\
            5,11320000MB151840XJ\n";
        let (records, rejected) = parse_csv(csv.as_bytes()).unwrap();
        assert_eq!(records.len(), 1);
        let problems: Vec<_> = rejected.iter().map(|row| (row.row, row.problem.as_str())).collect();
        assert_eq!(
            problems,
            [
                (2, "code: not a valid GB 32100-2015 code: the check character does not fit"),
                (3, "category: `blacklist` is not licence, red-list, commitment, penalty or black-list"),
                (4, "since: not a date of the form YYYY-MM-DD"),
                (5, "has 2 fields, the header has 7"),
            ]
        );
    }

    #[test]
    fn a_file_without_the_columns_is_refused_by_name() {
        let error = parse_csv(b"id,code\n").unwrap_err();
        assert_eq!(error.to_string(), "the import can't be read: the header has no column `category`");
        assert!(parse_json(b"{}").is_err());
    }
}
