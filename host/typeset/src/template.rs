use std::{collections::BTreeMap, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zhongtai_kernel::ErrorKind;

/// The part that is laid out; it may take others in.
pub const MAIN: &str = "main.typ";

/// Kinds of parts, by how their names end.
const KINDS: [&str; 5] = ["typ", "txt", "json", "svg", "png"];
/// A template is text with a few pictures, and every worker gets all of it with every order.
const MOST_PARTS: usize = 40;
const MOST_BYTES: usize = 1 << 20;
const LONGEST_NAME: usize = 100;

/// The text of a kind of document, and the texts and pictures that belong to it.
///
/// A template sees its own parts and the inputs of an order, and nothing else: no files, no packages, no network, no
/// clock.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Packed", into = "Packed")]
pub struct Template {
    parts: BTreeMap<String, Vec<u8>>,
}

/// What is wrong with the parts of a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// There is nothing to lay out.
    #[error("the part {MAIN} is missing")]
    NoMain,
    /// A part's name is no plain path.
    #[error(
        "`{0}` is no name for a part: take letters, digits, `-`, `_` and `.`, folders with `/`, up to 100 characters"
    )]
    Name(String),
    /// A part is of a kind that no template can use.
    #[error("the part {0} is none of: .typ, .txt, .json, .svg, .png")]
    Kind(String),
    /// A text can't be read.
    #[error("the part {0} is not UTF-8 text")]
    Text(String),
    /// Too much.
    #[error("a template has at most {MOST_PARTS} parts with {} MiB together", MOST_BYTES >> 20)]
    TooLarge,
}

/// As it travels and is kept.
#[derive(Serialize, Deserialize)]
struct Packed {
    /// Base64, by name.
    parts: BTreeMap<String, String>,
}

// === impl Template ===

impl Template {
    /// Parts by name.
    ///
    /// # Errors
    /// When [`MAIN`] is missing, a name or kind is not allowed, or it is too much.
    pub fn new(parts: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, TemplateError> {
        let parts: BTreeMap<_, _> = parts.into_iter().collect();
        if !parts.contains_key(MAIN) {
            return Err(TemplateError::NoMain);
        }
        if parts.len() > MOST_PARTS || parts.values().map(Vec::len).sum::<usize>() > MOST_BYTES {
            return Err(TemplateError::TooLarge);
        }
        parts.iter().try_for_each(|(name, data)| check(name, data))?;
        Ok(Self { parts })
    }

    /// A template of one text.
    ///
    /// # Errors
    /// When it is too long.
    pub fn of_text(text: impl Into<String>) -> Result<Self, TemplateError> {
        Self::new([(MAIN.to_owned(), text.into().into_bytes())])
    }

    /// The parts by name.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.parts.iter().map(|(name, data)| (name.as_str(), data.as_slice()))
    }

    /// SHA-256 over all names and parts, in hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for (name, data) in &self.parts {
            for field in [name.as_bytes(), data] {
                digest.update((field.len() as u64).to_be_bytes());
                digest.update(field);
            }
        }
        hex::encode(digest.finalize())
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("parts", &self.parts.keys()).finish()
    }
}

impl TryFrom<Packed> for Template {
    type Error = TemplateError;

    fn try_from(packed: Packed) -> Result<Self, TemplateError> {
        let unpack = |(name, text): (String, String)| match STANDARD.decode(text) {
            Ok(data) => Ok((name, data)),
            Err(_) => Err(TemplateError::Text(name)),
        };
        Self::new(packed.parts.into_iter().map(unpack).collect::<Result<Vec<_>, _>>()?)
    }
}

impl From<Template> for Packed {
    fn from(template: Template) -> Self {
        Self { parts: template.parts.into_iter().map(|(name, data)| (name, STANDARD.encode(data))).collect() }
    }
}

fn check(name: &str, data: &[u8]) -> Result<(), TemplateError> {
    let plain = |piece: &str| {
        !piece.is_empty() && !piece.starts_with('.') && piece.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
    };
    if name.chars().count() > LONGEST_NAME || !name.split('/').all(plain) {
        return Err(TemplateError::Name(name.to_owned()));
    }
    let kind = Path::new(name).extension().and_then(|kind| kind.to_str()).unwrap_or_default();
    if !KINDS.contains(&kind) {
        return Err(TemplateError::Kind(name.to_owned()));
    }
    let is_text = kind == "png" || std::str::from_utf8(data).is_ok();
    if is_text { Ok(()) } else { Err(TemplateError::Text(name.to_owned())) }
}

// === impl TemplateError ===

impl TemplateError {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TooLarge => ErrorKind::TooLarge,
            _ => ErrorKind::Invalid,
        }
    }
}
