use sha2::{Digest, Sha256};
use sm3::Sm3;
use zhongtai_typeset::{Fault, SealPlace, Typeset};

use crate::{DocumentTemplate, Format};

/// A document: one layout in two formats. The same template, inputs and time give the same bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// PDF/A-2b.
    pub pdf: Vec<u8>,
    /// OFD, GB/T 33190.
    pub ofd: Vec<u8>,
    /// How many pages.
    pub pages: usize,
    /// Where seals belong.
    pub seal_places: Vec<SealPlace>,
    /// The template's name.
    pub template: String,
    /// The template's version.
    pub version: u32,
    /// The template's digest: SHA-256 in hexadecimal digits.
    pub digest: String,
    /// What the typesetter wonders about.
    pub warnings: Vec<Fault>,
}

/// A document that became a file of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The file's id.
    pub file: String,
    /// SHA-256 of its bytes, FIPS 180-4.
    pub sha256: [u8; 32],
    /// SM3 of its bytes, GB/T 32905.
    pub sm3: [u8; 32],
    /// How many pages.
    pub pages: usize,
    /// The template's version.
    pub version: u32,
}

// === impl Rendered ===

impl Rendered {
    pub(crate) fn new(template: &DocumentTemplate, made: Typeset) -> Self {
        Self {
            pdf: made.pdf,
            ofd: made.ofd,
            pages: made.facts.pages,
            seal_places: made.facts.seal_places,
            template: template.name().to_owned(),
            version: template.version(),
            digest: template.digest(),
            warnings: made.facts.warnings,
        }
    }

    /// The place with that name; the unnamed one has an empty name.
    pub fn seal_place(&self, name: &str) -> Option<&SealPlace> {
        self.seal_places.iter().find(|place| place.name == name)
    }

    /// The bytes in one format.
    pub fn file(&self, format: Format) -> &[u8] {
        match format {
            Format::Pdf => &self.pdf,
            Format::Ofd => &self.ofd,
        }
    }
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rendered({} {}, {} pages)", self.template, self.version, self.pages)
    }
}

/// SHA-256 and SM3.
pub(crate) fn digests(bytes: &[u8]) -> ([u8; 32], [u8; 32]) {
    (Sha256::digest(bytes).into(), Sm3::digest(bytes).into())
}
