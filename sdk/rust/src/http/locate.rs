//! Which field of a JSON text a line and a column point at: `place.street`, `items[2].name`.
//!
//! `serde_json` says where an error is but not in which field, and the crates that do say double the code of every
//! type. This walks the text once, and only when there is an error.

/// The path of the field at `line` and `column` (both from 1), or nothing at the top level.
pub fn field(text: &[u8], line: usize, column: usize) -> Option<String> {
    let offset = offset(text, line, column)?;
    let mut open: Vec<Level> = Vec::new();
    let mut at = 0;
    while at < offset {
        match text.get(at)? {
            b'{' => open.push(Level::Field(String::new())),
            b'[' => open.push(Level::Item(0)),
            // The error may stand at the very bracket that ends a value: the field is still inside.
            b'}' | b']' if at + 1 < offset => drop(open.pop()),
            b',' if at + 1 < offset => next(open.last_mut()),
            b'"' => {
                let (string, end) = string(text, at);
                if let (Some(Level::Field(name)), true) = (open.last_mut(), is_name(text, end)) {
                    *name = string;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    Some(path(&open)).filter(|path| !path.is_empty())
}

enum Level {
    Field(String),
    Item(usize),
}

fn next(level: Option<&mut Level>) {
    match level {
        Some(Level::Field(name)) => name.clear(),
        Some(Level::Item(index)) => *index += 1,
        None => {}
    }
}

fn path(open: &[Level]) -> String {
    let mut path = String::new();
    for level in open {
        match level {
            Level::Field(name) if name.is_empty() => {}
            Level::Field(name) if path.is_empty() => path.push_str(name),
            Level::Field(name) => path.extend([".", name]),
            Level::Item(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

fn offset(text: &[u8], line: usize, column: usize) -> Option<usize> {
    let before = text.split(|byte| *byte == b'\n').take(line.checked_sub(1)?);
    let start: usize = before.map(|line| line.len() + 1).sum();
    Some((start + column).min(text.len()))
}

/// The string that begins at `start`, and the offset after its closing quote.
fn string(text: &[u8], start: usize) -> (String, usize) {
    let mut end = start + 1;
    while let Some(byte) = text.get(end) {
        match byte {
            b'"' => break,
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    let inside = text.get(start + 1..end.min(text.len())).unwrap_or_default();
    (String::from_utf8_lossy(inside).into_owned(), end + 1)
}

fn is_name(text: &[u8], after: usize) -> bool {
    let rest = text.get(after..).unwrap_or_default();
    rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read into")]
    struct Report {
        area: u32,
        place: Place,
        tags: Vec<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read into")]
    struct Place {
        street: String,
    }

    fn field(text: &str) -> Option<String> {
        let error = serde_json::from_str::<Report>(text).unwrap_err();
        super::field(text.as_bytes(), error.line(), error.column())
    }

    #[test]
    fn a_wrong_value_is_named_by_its_path() {
        for (text, name) in [
            (r#"{"area": "x"}"#, "area"),
            (r#"{"area": -1}"#, "area"),
            (r#"{"area": "x", "place": {}}"#, "area"),
            ("{\"area\": 1,\n \"place\": {\"street\": 5}}", "place.street"),
            (r#"{"area": 1, "place": {"street": "{\"a\": ["}, "tags": [1, 2, 999]}"#, "tags[2]"),
            (r#"{"area": 1, "place": {"street": "x" "y"}}"#, "place.street"),
        ] {
            assert_eq!(field(text).as_deref(), Some(name), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_an_object_has_no_field() {
        assert_eq!(field("5"), None);
        assert_eq!(field("x"), None);
        assert_eq!(field(""), None);
    }
}
