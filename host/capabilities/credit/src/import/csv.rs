//! CSV: a header line, then a row a record.

use std::io::Read;

use csv::{ByteRecord, ReaderBuilder};

use super::{
    budget::{Budgeted, LONGEST_ROW},
    encoding::Encoding,
    row::{COLUMNS, NEEDED, Problem, Row, place},
};
use crate::{CreditError, NewRecord};

/// Reads rows until the end, or until `each` says that it is enough.
pub(super) fn read(
    file: impl Read,
    encoding: Encoding,
    mut each: impl FnMut(u64, Result<NewRecord, Problem>) -> bool,
) -> Result<(), CreditError> {
    let (file, budget) = Budgeted::new(file);
    // Rows are counted here and not by the reader, whose message repeats what stands in them.
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file);
    let mut fields = ByteRecord::new();
    let next = |reader: &mut csv::Reader<_>, fields: &mut ByteRecord, row: u64| {
        let more = reader.read_byte_record(fields).map_err(|_| too_long_or_unreadable(row, budget.is_spent()));
        budget.refill();
        more
    };
    if !next(&mut reader, &mut fields, 0)? {
        return Err(CreditError::Import("the file is empty".to_owned()));
    }
    let places = header(&fields, encoding)?;
    let mut row = 0;
    while next(&mut reader, &mut fields, row + 1)? {
        row += 1;
        if !each(row, parse(&fields, &places, encoding)) {
            break;
        }
    }
    Ok(())
}

fn too_long_or_unreadable(row: u64, is_too_long: bool) -> CreditError {
    CreditError::Import(match is_too_long {
        true => format!("row {row} is longer than {LONGEST_ROW} bytes: is a quote not closed?"),
        false => format!("row {row} can't be read"),
    })
}

/// Where each field of a row belongs.
fn header(fields: &ByteRecord, encoding: Encoding) -> Result<Vec<usize>, CreditError> {
    let names: Vec<String> =
        fields.iter().map(|name| encoding.decode(name).unwrap_or_default().trim().to_owned()).collect();
    let refuse = |problem: String| Err(CreditError::Import(problem));
    if !names.iter().any(|name| place(name).is_some()) {
        // Not repeated: a file without a header begins with somebody's record.
        return refuse(format!("the first line is no header: expected {}", COLUMNS.join(",")));
    }
    let mut places = Vec::with_capacity(names.len());
    for name in &names {
        match place(name) {
            Some(place) if places.contains(&place) => return refuse(format!("the header has two columns `{name}`")),
            Some(place) => places.push(place),
            None => {
                let name: String = name.chars().take(40).collect();
                return refuse(format!("the header has an unknown column `{name}`: expected {}", COLUMNS.join(",")));
            }
        }
    }
    let has = |name: &str| names.iter().any(|column| column == name);
    if let Some(missing) = NEEDED.into_iter().find(|name| !has(name)) {
        return refuse(format!("the header has no column `{missing}`"));
    }
    if !has("code") && !has("person") {
        return refuse("the header has no column `code` and no column `person`".to_owned());
    }
    Ok(places)
}

fn parse(fields: &ByteRecord, places: &[usize], encoding: Encoding) -> Result<NewRecord, Problem> {
    if fields.len() != places.len() {
        return Err(Problem::row(format!("has {} fields, the header has {}", fields.len(), places.len())));
    }
    let mut row = Row::default();
    for (field, place) in fields.iter().zip(places) {
        let text = encoding.decode(field).ok_or_else(|| broken(*place, encoding))?;
        if let Some(slot) = row.0.get_mut(*place) {
            *slot = text.into_owned();
        }
    }
    row.record()
}

fn broken(place: usize, encoding: Encoding) -> Problem {
    let problem = match encoding {
        Encoding::Utf8 => "has characters that are not UTF-8",
        Encoding::Gbk => "has characters that are not GBK",
    };
    Problem { column: COLUMNS.get(place).copied(), problem: problem.to_owned() }
}
