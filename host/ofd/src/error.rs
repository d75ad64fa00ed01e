use zhongtai_kernel::ErrorKind;
use zhongtai_pki::SignError;

use crate::Location;

/// A document could not be written, sealed or read.
#[derive(Debug, thiserror::Error)]
pub enum OfdError {
    /// The layout asks for something that an OFD file can't hold.
    #[error("{place}: {problem}")]
    Layout {
        /// Which part of it.
        place: String,
        /// What is wrong and what to do.
        problem: &'static str,
    },
    /// The file is not the ZIP package that an OFD file is.
    #[error("not an OFD package: {0}")]
    Package(#[source] rawzip::Error),
    /// The package has something that readers would understand in different ways.
    #[error("the package is refused: {0}")]
    Refused(&'static str),
    /// The same, in an entry.
    #[error("the package's entry {name:?} is refused: {problem}")]
    Entry {
        /// As the package names it.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A limit that keeps hostile files from filling the memory.
    #[error("the package has {what}, more than {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The package has not what it refers to, or what every OFD file has.
    #[error("the package has no {0}")]
    Missing(Location),
    /// A part is not the XML that OFD asks for.
    #[error("{location} is not well-formed: {source}")]
    Xml {
        /// The part.
        location: Location,
        /// What the parser says.
        source: roxmltree::Error,
    },
    /// The same: well-formed, but not as GB/T 33190 says.
    #[error("{location}: {problem}")]
    Structure {
        /// The part.
        location: Location,
        /// What is wrong.
        problem: &'static str,
    },
    /// A seal was to be put on a page that is not there.
    #[error("there is no page {page}: the document has {pages}")]
    NoSuchPage {
        /// The page asked for, from 1.
        page: u32,
        /// How many there are.
        pages: usize,
    },
    /// A seal would not stand on its page.
    #[error("the seal would not lie on page {page}, which is {width_mm} mm wide and {height_mm} mm high: move it")]
    OffPage {
        /// The page, from 1.
        page: u32,
        /// Its width.
        width_mm: f64,
        /// Its height.
        height_mm: f64,
    },
    /// A signature that is already there covers the list of signatures.
    #[error("{0} closed the document: it covers the list of seals, so that none can be added")]
    Closed(Location),
    /// Electronic seals are made and used with SM2 keys.
    #[error("a seal needs an SM2 key: this one is for {0}")]
    NotSm2(zhongtai_pki::Algorithm),
    /// A seal whose facts can't be right, or that may not be used so.
    #[error("the seal {id}: {problem}")]
    Seal {
        /// The seal's identifier.
        id: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// What is to be a seal (`SES_Seal`) is not.
    #[error("not an electronic seal of GB/T 38540")]
    NotASeal(#[source] der::Error),
    /// A value that DER or the standard has no form for.
    #[error("what was to be signed can't be encoded")]
    Encode(#[from] der::Error),
    /// A time that a document can't state.
    #[error("a time outside of the years 1970 to 9999")]
    Time,
    /// The key or the time stamping authority failed.
    #[error("the seal was not put on the document")]
    Sign(#[from] SignError),
    /// Writing into memory failed.
    #[error("the document could not be written")]
    Write(#[from] std::io::Error),
}

// === impl OfdError ===

impl OfdError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::Closed(_) | Self::Seal { .. } => ErrorKind::Conflict,
            Self::Sign(error) => error.kind(),
            Self::Write(_) => ErrorKind::Internal,
            _ => ErrorKind::Invalid,
        }
    }

    pub(crate) fn entry(name: &[u8], problem: &'static str) -> Self {
        Self::Entry { name: String::from_utf8_lossy(name).into_owned(), problem }
    }

    pub(crate) fn structure(location: &Location, problem: &'static str) -> Self {
        Self::Structure { location: location.clone(), problem }
    }
}
