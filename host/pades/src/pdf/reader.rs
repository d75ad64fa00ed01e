//! Reads objects from bytes (ISO 32000-1, 7.2 and 7.3).

use std::ops::Range;

use super::{Dict, Id, Object, PdfError};

/// How deep arrays and dictionaries may stand in each other: each level takes stack.
const DEEPEST: usize = 64;

/// How many values one object may hold: in memory each takes up to thirty times its bytes in the file.
const MOST_VALUES: usize = 1_000_000;

/// Where the values of a dictionary stand, by their keys.
pub(crate) type Places = Vec<(Vec<u8>, Range<usize>)>;

/// A place in a file.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How many values may still be read.
    values: usize,
}

// === impl Reader ===

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at: at.min(bytes.len()), values: MOST_VALUES }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn broken<T>(&self, what: &'static str) -> Result<T, PdfError> {
        Err(PdfError::Broken { what, at: self.at })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn ahead(&self, by: usize) -> Option<u8> {
        self.bytes.get(self.at + by).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// White space and comments.
    pub(crate) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| !matches!(byte, b'\r' | b'\n')) {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// Takes `word` if it stands here.
    pub(crate) fn take(&mut self, word: &[u8]) -> bool {
        let here = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        if here {
            self.at += word.len();
        }
        here
    }

    /// A whole word, after white space.
    pub(crate) fn keyword(&mut self, word: &'static [u8], what: &'static str) -> Result<(), PdfError> {
        self.skip_space();
        let start = self.at;
        if self.take(word) && self.peek().is_none_or(|byte| !is_regular(byte)) {
            return Ok(());
        }
        self.at = start;
        self.broken(what)
    }

    /// An integer without a sign, after white space.
    pub(crate) fn unsigned(&mut self, what: &'static str) -> Result<u64, PdfError> {
        self.skip_space();
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        match self.text(start).parse() {
            Ok(value) if self.peek().is_none_or(|byte| !is_regular(byte)) => Ok(value),
            _ => self.broken(what),
        }
    }

    /// `12 0 obj`.
    pub(crate) fn heading(&mut self) -> Result<Id, PdfError> {
        const WHAT: &str = "no object begins where one should";
        let number = self.unsigned(WHAT)?.try_into().ok();
        let generation = self.unsigned(WHAT)?.try_into().ok();
        self.keyword(b"obj", WHAT)?;
        let (Some(number), Some(generation)) = (number, generation) else { return self.broken(WHAT) };
        Ok(Id { number, generation })
    }

    pub(crate) fn object(&mut self) -> Result<Object, PdfError> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Result<Object, PdfError> {
        if depth > DEEPEST {
            return self.broken("objects stand too deep in each other");
        }
        self.values = self.values.checked_sub(1).ok_or(PdfError::TooLarge("values in one object"))?;
        self.skip_space();
        match self.peek() {
            Some(b'/') => self.name().map(Object::Name),
            Some(b'(') => self.literal().map(Object::String),
            Some(b'<') if self.ahead(1) == Some(b'<') => Ok(Object::Dict(self.dictionary(depth, &mut |_, _| {})?)),
            Some(b'<') => self.hexadecimal().map(Object::String),
            Some(b'[') => self.array(depth),
            Some(b'+' | b'-' | b'.' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    /// A dictionary, and where each of its values stands.
    pub(crate) fn dictionary_with_places(&mut self) -> Result<(Dict, Places), PdfError> {
        self.skip_space();
        let mut places = Vec::new();
        let dict = self.dictionary(0, &mut |key, place| places.push((key.to_vec(), place)))?;
        Ok((dict, places))
    }

    fn dictionary(&mut self, depth: usize, place: &mut dyn FnMut(&[u8], Range<usize>)) -> Result<Dict, PdfError> {
        if !self.take(b"<<") {
            return self.broken("no dictionary begins where one should");
        }
        let mut dict = Dict::new();
        loop {
            self.skip_space();
            if self.take(b">>") {
                return Ok(dict);
            }
            if self.peek() != Some(b'/') {
                return self.broken("a dictionary has a key that is no name");
            }
            let key = self.name()?;
            self.skip_space();
            let start = self.at;
            let value = self.nested(depth + 1)?;
            place(&key, start..self.at);
            if !dict.insert(key, value) {
                return self.broken("a dictionary has the same key twice");
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Object, PdfError> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.take(b"]") {
                return Ok(Object::Array(items));
            }
            items.push(self.nested(depth + 1)?);
        }
    }

    fn name(&mut self) -> Result<Vec<u8>, PdfError> {
        self.at += 1;
        let mut name = Vec::new();
        while let Some(byte) = self.peek().filter(|byte| is_regular(*byte)) {
            self.at += 1;
            if byte == b'#' {
                let digits = (self.next().and_then(hex_digit), self.next().and_then(hex_digit));
                let (Some(high), Some(low)) = digits else { return self.broken("a name has `#` without two digits") };
                name.push(high * 16 + low);
            } else {
                name.push(byte);
            }
        }
        Ok(name)
    }

    fn literal(&mut self) -> Result<Vec<u8>, PdfError> {
        self.at += 1;
        let (mut string, mut open) = (Vec::new(), 1_usize);
        while let Some(byte) = self.next() {
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            match byte {
                b')' if open == 0 => return Ok(string),
                b'\\' => string.extend(self.escape()),
                b'\r' => {
                    self.take(b"\n");
                    string.push(b'\n');
                }
                _ => string.push(byte),
            }
        }
        self.broken("a string does not end")
    }

    /// What follows a backslash in a string.
    fn escape(&mut self) -> Option<u8> {
        match self.next()? {
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'b' => Some(8),
            b'f' => Some(12),
            b'\n' => None,
            b'\r' => {
                self.take(b"\n");
                None
            }
            digit @ b'0'..=b'7' => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    self.at += 1;
                    value = value * 8 + u32::from(digit - b'0');
                }
                // High-order overflow is ignored (7.3.4.2).
                Some(value.to_le_bytes()[0])
            }
            other => Some(other),
        }
    }

    fn hexadecimal(&mut self) -> Result<Vec<u8>, PdfError> {
        self.at += 1;
        let (mut string, mut half) = (Vec::new(), None);
        while let Some(byte) = self.next() {
            match (byte, hex_digit(byte), half) {
                (b'>', ..) => {
                    string.extend(half.map(|high| high * 16));
                    return Ok(string);
                }
                (_, Some(low), Some(high)) => {
                    string.push(high * 16 + low);
                    half = None;
                }
                (_, Some(high), None) => half = Some(high),
                (space, None, _) if is_space(space) => {}
                _ => return self.broken("a hexadecimal string has another character"),
            }
        }
        self.broken("a string does not end")
    }

    /// A number, or a reference: `12 0 R`.
    fn number(&mut self) -> Result<Object, PdfError> {
        let start = self.at;
        while self.peek().is_some_and(is_regular) {
            self.at += 1;
        }
        let text = self.text(start);
        if let Ok(value) = text.parse::<i64>() {
            return Ok(self.reference(text).unwrap_or(Object::Integer(value)));
        }
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let is_real = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && digits.bytes().filter(|byte| *byte == b'.').count() == 1
            && digits.len() > 1;
        if is_real { Ok(Object::Real(text.to_owned())) } else { self.broken("this is no number") }
    }

    fn reference(&mut self, number: &str) -> Option<Object> {
        let number = number.parse().ok()?;
        let mut ahead = self.clone();
        let generation = ahead.unsigned("").ok()?.try_into().ok()?;
        ahead.keyword(b"R", "").ok()?;
        self.at = ahead.at;
        Some(Object::Reference(Id { number, generation }))
    }

    fn word(&mut self) -> Result<Object, PdfError> {
        let start = self.at;
        while self.peek().is_some_and(is_regular) {
            self.at += 1;
        }
        match self.text(start) {
            "null" => Ok(Object::Null),
            "true" => Ok(Object::Bool(true)),
            "false" => Ok(Object::Bool(false)),
            _ => {
                self.at = start;
                self.broken("this is no object")
            }
        }
    }

    fn text(&self, start: usize) -> &'a str {
        self.bytes.get(start..self.at).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !b"()<>[]{}/%".contains(&byte)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| digit.try_into().ok())
}
