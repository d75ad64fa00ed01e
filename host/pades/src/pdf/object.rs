//! Objects (ISO 32000-1, 7.3) and how they are written.

use std::collections::BTreeMap;

/// The number and generation of an indirect object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) number: u32,
    pub(crate) generation: u16,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Object {
    Null,
    Bool(bool),
    Integer(i64),
    /// As it was written, so that it is written again without loss.
    Real(String),
    String(Vec<u8>),
    Name(Vec<u8>),
    Array(Vec<Object>),
    Dict(Dict),
    Stream(Stream),
    Reference(Id),
}

/// Keys are written in order, so that the same dictionary gives the same bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Dict(BTreeMap<Vec<u8>, Object>);

/// A dictionary with the bytes after it, still packed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stream {
    pub(crate) dict: Dict,
    pub(crate) data: Vec<u8>,
}

// === impl Object ===

impl Object {
    pub(crate) fn name(name: &str) -> Self {
        Self::Name(name.as_bytes().to_vec())
    }

    /// A number, to a thousandth of a point.
    pub(crate) fn real(value: f64) -> Self {
        Self::Real(format!("{value:.3}"))
    }

    /// A text string (7.9.2.2): plain where it is ASCII, UTF-16 where it is not.
    pub(crate) fn text(text: &str) -> Self {
        if text.is_ascii() {
            return Self::String(text.as_bytes().to_vec());
        }
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        Self::String(units.flat_map(u16::to_be_bytes).collect())
    }

    pub(crate) fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    pub(crate) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Real(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn as_name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub(crate) fn as_string(&self) -> Option<&[u8]> {
        if let Self::String(bytes) = self { Some(bytes) } else { None }
    }

    /// A text string as text.
    pub(crate) fn as_text(&self) -> Option<String> {
        let bytes = self.as_string()?;
        if let Some(utf16) = bytes.strip_prefix(&[0xFE, 0xFF]) {
            let units: Vec<u16> =
                utf16.chunks(2).filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?))).collect();
            return Some(String::from_utf16_lossy(&units));
        }
        if let Some(utf8) = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
            return Some(String::from_utf8_lossy(utf8).into_owned());
        }
        Some(bytes.iter().map(|byte| char::from(*byte)).collect())
    }

    pub(crate) fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// Of a stream, its dictionary.
    pub(crate) fn as_dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            Self::Stream(stream) => Some(&stream.dict),
            _ => None,
        }
    }

    pub(crate) fn as_reference(&self) -> Option<Id> {
        if let Self::Reference(id) = self { Some(*id) } else { None }
    }

    /// Each object that this one refers to.
    pub(crate) fn references(&self, found: &mut impl FnMut(Id)) {
        match self {
            Self::Reference(id) => found(*id),
            Self::Array(items) => items.iter().for_each(|item| item.references(found)),
            Self::Dict(dict) => dict.0.values().for_each(|value| value.references(found)),
            Self::Stream(stream) => stream.dict.0.values().for_each(|value| value.references(found)),
            _ => {}
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend(b"null"),
            Self::Bool(value) => out.extend(value.to_string().into_bytes()),
            Self::Integer(value) => out.extend(value.to_string().into_bytes()),
            Self::Real(text) => out.extend(text.as_bytes()),
            Self::String(bytes) => write_string(bytes, out),
            Self::Name(name) => write_name(name, out),
            Self::Reference(id) => out.extend(format!("{} {} R", id.number, id.generation).into_bytes()),
            Self::Array(items) => {
                out.push(b'[');
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        out.push(b' ');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Self::Dict(dict) => dict.write(out),
            Self::Stream(Stream { dict, data }) => {
                dict.write(out);
                out.extend(b"\nstream\n");
                out.extend(data);
                out.extend(b"\nendstream");
            }
        }
    }
}

// === impl Dict ===

impl Dict {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub(crate) fn with(mut self, key: &str, value: Object) -> Self {
        self.set(key, value);
        self
    }

    pub(crate) fn set(&mut self, key: &str, value: Object) {
        self.0.insert(key.as_bytes().to_vec(), value);
    }

    /// False if the key was there already.
    pub(crate) fn insert(&mut self, key: Vec<u8>, value: Object) -> bool {
        self.0.insert(key, value).is_none()
    }

    /// A value of null is none (7.3.7).
    pub(crate) fn get(&self, key: &str) -> Option<&Object> {
        self.0.get(key.as_bytes()).filter(|value| **value != Object::Null)
    }

    pub(crate) fn is(&self, key: &str, name: &str) -> bool {
        self.get(key).and_then(Object::as_name) == Some(name.as_bytes())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &Object)> {
        self.0.iter().map(|(key, value)| (key.as_slice(), value))
    }

    /// The dictionary without some of its keys.
    pub(crate) fn without(&self, keys: &[&str]) -> Self {
        let mut rest = self.clone();
        keys.iter().for_each(|key| {
            rest.0.remove(key.as_bytes());
        });
        rest
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend(b"<<");
        for (key, value) in self.iter() {
            write_name(key, out);
            out.push(b' ');
            value.write(out);
        }
        out.extend(b">>");
    }
}

// === impl Id ===

impl Id {
    /// An object of the first generation: all new ones are.
    pub(crate) fn new(number: u32) -> Self {
        Self { number, generation: 0 }
    }

    pub(crate) fn reference(self) -> Object {
        Object::Reference(self)
    }
}

fn write_string(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        out.push(b'(');
        for byte in bytes {
            if matches!(byte, b'(' | b')' | b'\\') {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        out.push(b')');
    } else {
        out.push(b'<');
        out.extend(bytes.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()));
        out.push(b'>');
    }
}

fn write_name(name: &[u8], out: &mut Vec<u8>) {
    out.push(b'/');
    for byte in name {
        if matches!(byte, b'!'..=b'~') && !b"#/%()<>[]{}".contains(byte) {
            out.push(*byte);
        } else {
            out.extend(format!("#{byte:02X}").into_bytes());
        }
    }
}
