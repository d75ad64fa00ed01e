//! Unpacks the streams that hold cross-references and objects (ISO 32000-1, 7.4.4). Others are never unpacked.

use std::io::Read;

use super::{Dict, Object, PdfError, object::Stream};

/// The stream's bytes, at most `limit` of them.
pub(crate) fn unpack(stream: &Stream, limit: usize) -> Result<Vec<u8>, PdfError> {
    match stream.dict.get("Filter") {
        None => Ok(stream.data.clone()),
        Some(Object::Name(name)) if name == b"FlateDecode" => inflated(stream, limit, stream.dict.get("DecodeParms")),
        Some(Object::Array(names)) if names.as_slice() == [Object::name("FlateDecode")] => {
            let parameters = match stream.dict.get("DecodeParms") {
                Some(Object::Array(items)) => items.first(),
                other => other,
            };
            inflated(stream, limit, parameters)
        }
        Some(_) => Err(PdfError::Document("cross-references or objects are packed by another filter than FlateDecode")),
    }
}

fn inflated(stream: &Stream, limit: usize, parameters: Option<&Object>) -> Result<Vec<u8>, PdfError> {
    let mut bytes = Vec::new();
    let mut unpacked = flate2::read::ZlibDecoder::new(stream.data.as_slice()).take(limit as u64 + 1);
    unpacked.read_to_end(&mut bytes).map_err(|_| PdfError::Document("a packed stream can't be unpacked"))?;
    if bytes.len() > limit {
        return Err(PdfError::TooLarge("packed streams"));
    }
    match parameters {
        None | Some(Object::Null) => Ok(bytes),
        Some(Object::Dict(parameters)) => predicted(bytes, parameters),
        Some(_) => Err(PdfError::Document("a filter's parameters are no dictionary")),
    }
}

fn predicted(bytes: Vec<u8>, parameters: &Dict) -> Result<Vec<u8>, PdfError> {
    let number = |key: &str, default: i64| parameters.get(key).map_or(Some(default), Object::as_integer);
    match number("Predictor", 1) {
        Some(1) => return Ok(bytes),
        Some(10..=15) => {}
        _ => return Err(PdfError::Document("a packed stream has an unknown predictor")),
    }
    let columns = number("Columns", 1)
        .and_then(|columns| usize::try_from(columns).ok())
        .filter(|columns| (1..=64).contains(columns));
    let (Some(columns), Some(1), Some(8)) = (columns, number("Colors", 1), number("BitsPerComponent", 8)) else {
        return Err(PdfError::Document("a packed stream's predictor has unknown parameters"));
    };
    unfiltered(&bytes, columns)
}

/// Undoes the row filters of PNG (W3C PNG, 9.2) for pixels of one byte.
fn unfiltered(bytes: &[u8], columns: usize) -> Result<Vec<u8>, PdfError> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut above = vec![0; columns];
    for row in bytes.chunks(columns + 1) {
        let Some((filter, row)) = row.split_first().filter(|(_, row)| row.len() == columns) else {
            return Err(PdfError::Document("a packed stream ends within a row"));
        };
        let (mut left, mut corner, mut line) = (0_u8, 0_u8, Vec::with_capacity(columns));
        for (byte, up) in row.iter().zip(&above) {
            let predicted = match filter {
                0 => 0,
                1 => left,
                2 => *up,
                3 => u8::midpoint(left, *up),
                4 => paeth(left, *up, corner),
                _ => return Err(PdfError::Document("a packed stream has an unknown row filter")),
            };
            left = byte.wrapping_add(predicted);
            corner = *up;
            line.push(left);
        }
        out.extend(&line);
        above = line;
    }
    Ok(out)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let far = |from: u8| (guess - i16::from(from)).abs();
    if far(left) <= far(up) && far(left) <= far(corner) {
        left
    } else if far(up) <= far(corner) {
        up
    } else {
        corner
    }
}
