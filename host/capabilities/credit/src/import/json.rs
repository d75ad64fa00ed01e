//! JSON: one object a line, or an array of objects.

use std::{
    fmt,
    io::{BufReader, Read},
};

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{
    budget::{Budget, Budgeted, LONGEST_ROW, line},
    row::{COLUMNS, Problem, Row, place},
};
use crate::{CreditError, NewRecord};

/// Reads lines until the end, or until `each` says that it is enough. A broken line rejects itself and no other one.
pub(super) fn read_lines(
    file: impl Read,
    mut each: impl FnMut(u64, Result<NewRecord, Problem>) -> bool,
) -> Result<(), CreditError> {
    let (mut file, mut text) = (BufReader::new(file), Vec::new());
    let mut row = 0;
    while let Some(is_cut) = line(&mut file, &mut text).map_err(|_| unreadable(row + 1))? {
        if text.trim_ascii().is_empty() && !is_cut {
            continue;
        }
        row += 1;
        let parsed = match (is_cut, serde_json::from_slice::<Value>(&text)) {
            (true, _) => Err(Problem::row(format!("is longer than {LONGEST_ROW} bytes"))),
            (false, Ok(value)) => parse(value),
            (false, Err(_)) => Err(Problem::row("is no JSON object")),
        };
        if !each(row, parsed) {
            break;
        }
    }
    Ok(())
}

/// Reads the elements of an array.
pub(super) fn read_array(
    file: impl Read,
    each: impl FnMut(u64, Result<NewRecord, Problem>) -> bool,
) -> Result<(), CreditError> {
    let (file, budget) = Budgeted::new(file);
    let mut array = serde_json::Deserializer::from_reader(BufReader::new(file));
    let mut rows = Rows { each, row: 0, budget, is_enough: false };
    let read = (&mut rows).deserialize(&mut array).and_then(|()| array.end());
    match read {
        Ok(()) => Ok(()),
        Err(_) if rows.is_enough => Ok(()),
        // serde's own message may repeat a value.
        Err(error) if error.is_data() && rows.row == 0 => Err(CreditError::Import("not a JSON array".to_owned())),
        Err(_) if rows.budget.is_spent() => {
            Err(CreditError::Import(format!("row {} is longer than {LONGEST_ROW} bytes", rows.row + 1)))
        }
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Err(CreditError::Import(format!("not a JSON array: line {line}, column {column}")))
        }
    }
}

fn unreadable(row: u64) -> CreditError {
    CreditError::Import(format!("row {row} can't be read"))
}

struct Rows<F> {
    each: F,
    row: u64,
    budget: Budget,
    is_enough: bool,
}

impl<'de, F: FnMut(u64, Result<NewRecord, Problem>) -> bool> DeserializeSeed<'de> for &mut Rows<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(u64, Result<NewRecord, Problem>) -> bool> Visitor<'de> for &mut Rows<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        while let Some(value) = array.next_element::<Value>()? {
            self.budget.refill();
            self.row += 1;
            if !(self.each)(self.row, parse(value)) {
                self.is_enough = true;
                return Err(serde::de::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

fn parse(value: Value) -> Result<NewRecord, Problem> {
    let Value::Object(object) = value else { return Err(Problem::row("is no JSON object")) };
    row(object)?.record()
}

fn row(object: Map<String, Value>) -> Result<Row, Problem> {
    let mut row = Row::default();
    for (name, value) in object {
        let Some(place) = place(&name) else {
            let name: String = name.chars().take(40).collect();
            return Err(Problem::row(format!("has an unknown name `{name}`: expected {}", COLUMNS.join(","))));
        };
        let text = match value {
            Value::String(text) => text,
            Value::Null => String::new(),
            _ => return Err(Problem { column: COLUMNS.get(place).copied(), problem: "expected a text".to_owned() }),
        };
        if let Some(slot) = row.0.get_mut(place) {
            *slot = text;
        }
    }
    Ok(row)
}
