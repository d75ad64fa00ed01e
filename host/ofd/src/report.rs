use std::time::SystemTime;

use zhongtai_pki::{PathError, TimeStampError, VerifyError};

use crate::{Location, SealFacts};

/// What [`verify`](crate::verify) found out about a document.
#[derive(Debug)]
pub struct OfdReport {
    /// In the order in which they were put on it.
    pub seals: Vec<SealReport>,
}

/// What it found out about one seal.
#[derive(Debug)]
pub struct SealReport {
    /// Where the seal is described in the package.
    pub signature: Location,
    /// What the seal says of itself; none where it can't be read.
    pub seal: Option<SealFacts>,
    /// Whose certificate sealed: its subject's name.
    pub signer: Option<String>,
    /// Who made the seal.
    pub maker: Option<String>,
    /// When it was put on the document.
    pub time: Option<SealTime>,
    /// Where it stands.
    pub stamps: Vec<StampReport>,
    /// Why it does not hold; it does when there is nothing here.
    pub problems: Vec<SealProblem>,
}

/// When a seal was put on a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealTime {
    /// By a time stamping authority that is trusted.
    Stamped(SystemTime),
    /// By the signer's own word: certificates must be good now, and not only then.
    Claimed(SystemTime),
}

/// Where a seal stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StampReport {
    /// The page, from 1.
    pub page: usize,
    /// From its left edge.
    pub x_mm: f64,
    /// From its upper edge.
    pub y_mm: f64,
    /// Width.
    pub width_mm: f64,
    /// Height.
    pub height_mm: f64,
}

/// Why a seal does not hold.
#[derive(Debug, thiserror::Error)]
pub enum SealProblem {
    /// A signature without a seal is of another standard.
    #[error("it is a signature without a seal, which is not supported")]
    NotASeal,
    /// Only SM2 and SM3 are of GB/T 38540.
    #[error("it names another algorithm than SM2 with SM3: {0}")]
    Algorithm(String),
    /// A file is not what was sealed.
    #[error("{0} was changed after sealing")]
    Altered(Location),
    /// A file is gone.
    #[error("{0} was removed after sealing")]
    Absent(Location),
    /// A file is covered twice, of which readers take one.
    #[error("{0} is covered twice")]
    Twice(Location),
    /// A file is in the package, but the seal says nothing of it.
    #[error("{0} is not covered: it was added after sealing, or left out")]
    Uncovered(Location),
    /// `Signature.xml` is not what was signed.
    #[error("its description was changed after sealing")]
    Description,
    /// What was signed was for another place in the package.
    #[error("it was made for {0:?}, not for where it lies")]
    Place(String),
    /// `Seal.esl` is not the seal that was signed.
    #[error("the seal's file is not the seal that was used")]
    SealFile,
    /// The data do not have the form of GB/T 38540.
    #[error("its data are not of GB/T 38540")]
    Form(#[from] der::Error),
    /// The data are of another version.
    #[error("its data are not of version 4 of GB/T 38540")]
    Version,
    /// The signer's signature does not hold.
    #[error("the signature does not hold")]
    Signature(#[source] VerifyError),
    /// The maker's signature under the seal does not hold.
    #[error("the seal was not made by who it says")]
    SealSignature(#[source] VerifyError),
    /// The signer's certificate is not one that may use the seal.
    #[error("the signer may not use this seal")]
    NotListed,
    /// The seal was used outside of its validity.
    #[error("the seal was not valid when it was used")]
    SealNotValid,
    /// The signer's certificate is not good.
    #[error("the signer's certificate is not good")]
    Signer(#[source] PathError),
    /// The maker's certificate is not good.
    #[error("the seal maker's certificate is not good")]
    Maker(#[source] PathError),
    /// The time stamp does not hold.
    #[error("the time stamp does not hold")]
    TimeStamp(#[source] TimeStampError),
    /// The signer's time can't be.
    #[error("the signer's time lies in the future, before the certificate or far from the time stamp")]
    Time,
    /// It stands on a page that is not there, or nowhere.
    #[error("it stands on no page of the document")]
    NoPage,
}

// === impl OfdReport ===

impl OfdReport {
    /// Whether there is a seal and all of them hold.
    pub fn is_valid(&self) -> bool {
        !self.seals.is_empty() && self.seals.iter().all(SealReport::is_valid)
    }
}

// === impl SealReport ===

impl SealReport {
    /// Whether it holds.
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    pub(crate) fn new(signature: Location) -> Self {
        let (seal, signer, maker, time) = (None, None, None, None);
        Self { signature, seal, signer, maker, time, stamps: Vec::new(), problems: Vec::new() }
    }
}

// === impl SealTime ===

impl SealTime {
    /// The time, by whoever's word.
    pub fn at(self) -> SystemTime {
        match self {
            Self::Stamped(at) | Self::Claimed(at) => at,
        }
    }
}
