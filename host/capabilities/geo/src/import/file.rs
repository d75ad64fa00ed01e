//! Files as rows of named texts.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use zhongtai_geodesy::{AnyCrs, Cgcs2000, Point};

use super::Refused;
use crate::{GeoError, Place};

/// Texts by column.
pub(super) struct Row(HashMap<&'static str, String>);

/// A column, and the names that a header may give it.
pub(super) type Column = (&'static str, &'static [&'static str]);

// === impl Row ===

impl Row {
    pub(super) fn get(&self, column: &'static str) -> &str {
        self.0.get(column).map_or("", String::as_str)
    }

    /// The place in columns `lon` and `lat`, given in some system.
    pub(super) fn place(&self, crs: AnyCrs) -> Result<Place, Refused> {
        let number = |column: &'static str| {
            let text = self.get(column).trim();
            if text.is_empty() {
                return Err((column, "is empty".to_owned()));
            }
            text.parse::<f64>().map_err(|_| (column, "is not a number".to_owned()))
        };
        let (x, y) = (number("lon")?, number("lat")?);
        Point::new(crs, x, y).and_then(|point| point.to(Cgcs2000)).map_err(|problem| ("lon", problem.to_string()))
    }
}

// === CSV ===

/// UTF-8, with or without a byte-order mark, or GBK: what spreadsheets write.
pub(super) fn decode(bytes: &[u8]) -> Result<String, GeoError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(GeoError::Import("it is UTF-16: save it as UTF-8".to_owned()));
    }
    let (text, broken) = encoding_rs::GBK.decode_without_bom_handling(bytes);
    if broken { Err(GeoError::Import("it is neither UTF-8 nor GBK".to_owned())) } else { Ok(text.into_owned()) }
}

/// Rows of a CSV file with the columns named; those that are needed have to be there.
pub(super) fn csv_rows(
    text: &str,
    columns: &[Column],
    needed: &[&'static str],
) -> Result<Vec<Result<Row, Refused>>, GeoError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|_| GeoError::Import("its header can't be read".to_owned()))?;
    let known: Vec<Option<&'static str>> = header.iter().map(|name| column(columns, name)).collect();
    for (index, one) in known.iter().enumerate() {
        if one.is_some() && known.iter().skip(index + 1).any(|other| other == one) {
            return Err(GeoError::Import(format!("its header has the column `{}` twice", one.unwrap_or_default())));
        }
    }
    if let Some(missing) = needed.iter().find(|name| !known.contains(&Some(name))) {
        return Err(GeoError::Import(format!("its header has no column `{missing}`")));
    }
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.map_err(|_| ("", "can't be read".to_owned()))?;
        if record.len() != known.len() {
            return Err(("", format!("has {} fields, the header has {}", record.len(), known.len())));
        }
        let named = known.iter().zip(record.iter()).filter_map(|(name, value)| Some(((*name)?, value.to_owned())));
        Ok(Row(named.collect()))
    };
    Ok(reader.records().map(row).collect())
}

fn column(columns: &[Column], name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase();
    columns
        .iter()
        .find(|(column, others)| *column == name || others.contains(&name.as_str()))
        .map(|(column, _)| *column)
}

// === GeoJSON ===

#[derive(Deserialize)]
struct Collection {
    #[serde(rename = "type")]
    kind: String,
    features: Vec<Value>,
}

/// A feature: its properties as texts, and its geometry.
pub(super) struct Feature {
    pub(super) row: Row,
    pub(super) geometry: Value,
}

pub(super) fn features(bytes: &[u8], columns: &[Column]) -> Result<Vec<Result<Feature, Refused>>, GeoError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let unreadable = |error: serde_json::Error| {
        GeoError::Import(format!("not a GeoJSON collection, line {} column {}", error.line(), error.column()))
    };
    let collection: Collection = serde_json::from_slice(bytes).map_err(unreadable)?;
    if collection.kind != "FeatureCollection" {
        return Err(GeoError::Import("its type is not FeatureCollection".to_owned()));
    }
    Ok(collection.features.into_iter().map(|feature| read_feature(feature, columns)).collect())
}

fn read_feature(feature: Value, columns: &[Column]) -> Result<Feature, Refused> {
    let Value::Object(mut feature) = feature else { return Err(("", "is not a feature".to_owned())) };
    if feature.get("type").and_then(Value::as_str) != Some("Feature") {
        return Err(("", "is not a feature".to_owned()));
    }
    let id = feature.remove("id");
    let geometry = feature.remove("geometry").unwrap_or(Value::Null);
    let properties = match feature.remove("properties") {
        Some(Value::Object(properties)) => properties,
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err(("properties", "are not an object".to_owned())),
    };
    let mut row = HashMap::new();
    for (name, value) in
        properties.iter().map(|(name, value)| (name.as_str(), value)).chain(id.iter().map(|id| ("id", id)))
    {
        if let Some(column) = column(columns, name) {
            row.insert(column, text(value).ok_or((column, "is not a text".to_owned()))?);
        }
    }
    Ok(Feature { row: Row(row), geometry })
}

/// A property as a text; several, with a semicolon between them.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Array(all) => Some(all.iter().map(text).collect::<Option<Vec<_>>>()?.join(";")),
        Value::Object(_) => None,
    }
}

impl Feature {
    /// Its point, given in some system.
    pub(super) fn place(&self, crs: AnyCrs) -> Result<Place, Refused> {
        let refused = |problem: String| ("geometry", problem);
        if self.geometry.get("type").and_then(Value::as_str) != Some("Point") {
            return Err(refused("is not a point".to_owned()));
        }
        let number =
            |index: usize| self.geometry.get("coordinates").and_then(|at| at.get(index)).and_then(Value::as_f64);
        let (Some(x), Some(y)) = (number(0), number(1)) else { return Err(refused("is not two numbers".to_owned())) };
        Point::new(crs, x, y).and_then(|point| point.to(Cgcs2000)).map_err(|problem| refused(problem.to_string()))
    }
}
