//! Electronic seals (电子印章) and personal signatures (电子签名) on the files of cases. Needs a grant for `seal`.
//!
//! A file is named by its id; neither it nor a key gets to the plugin. What comes back is another file of the same case.
//!
//! ```
//! use zhongtai::{prelude::*, seal::{self, Place, Reasons}};
//!
//! const ISSUE: Purpose = Purpose("excavation-permit");
//!
//! #[post("/applications/{number}/permit/{file}/seal")]
//! fn seal_permit(_officer: Subject, Path((number, file)): Path<(String, String)>) -> Result<Json<seal::Sealed>> {
//!     let reasons = Reasons::new(&number, "issue", ISSUE).note("占道挖掘许可");
//!     Ok(Json(seal::apply("441802-chengguan/permit", &file, Place::on(1, 130.0, 220.0), &reasons, &number)?))
//! }
//! # fn main() {}
//! ```

use serde::Serialize;

use crate::{Problem, Purpose, host, problem};

/// Puts a department's seal on a PDF or OFD file. It can't be undone; `once`, the idempotency key, makes it happen once
/// and gives the same file again.
///
/// # Errors
/// `?` turns a refusal into 403, a seal that can't be used into 409, and a document that can't be sealed into 422.
pub fn apply(seal: &str, file: &str, place: Place, reasons: &Reasons, once: &str) -> Result<Sealed, Error> {
    host::apply_seal(seal, file, place, reasons, once)
}

/// Signs with the own key of whoever asks.
///
/// # Errors
/// As for [`apply`]; 401 when nobody signed in.
pub fn sign(file: &str, place: Place, reasons: &Reasons, once: &str) -> Result<Sealed, Error> {
    host::sign_file(file, place, reasons, once)
}

/// Checks the seals and signatures of a file of the scenario.
///
/// # Errors
/// As for [`apply`].
pub fn verify(file: &str, purpose: Purpose<'_>) -> Result<Report, Error> {
    host::verify_file(file, purpose.0)
}

/// Where the face's upper left corner goes, in millimetres of the page as it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// From 1.
    pub page: u32,
    /// From the left edge.
    pub x_mm: f64,
    /// From the upper edge, downwards.
    pub y_mm: f64,
}

impl Place {
    /// That place.
    pub fn on(page: u32, x_mm: f64, y_mm: f64) -> Self {
        Self { page, x_mm, y_mm }
    }
}

/// For what a document is sealed: what policy and the record see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasons {
    /// The case's id; nothing personal.
    pub case: String,
    /// The stage that the case has come to, such as `issue`.
    pub stage: String,
    /// One of the purposes in the manifest.
    pub purpose: String,
    /// A line that readers of a PDF show.
    pub note: Option<String>,
}

impl Reasons {
    /// For a case at a stage.
    pub fn new(case: &str, stage: &str, purpose: Purpose<'_>) -> Self {
        Self { case: case.into(), stage: stage.into(), purpose: purpose.0.into(), note: None }
    }

    /// The same with a line that readers of a PDF show.
    #[must_use]
    pub fn note(mut self, note: &str) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// A sealed file, in the case of the file that it was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// Its id, for [`files`](crate::files).
    pub file: String,
    /// 64 hex digits.
    pub sha256: String,
    /// 64 hex digits, GB/T 32905.
    pub sm3: String,
}

/// What a document is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every seal and signature holds, and they cover all of the file.
    Valid,
    /// One does not hold, or something was added behind the last.
    Invalid,
    /// There is none.
    Unsigned,
    /// It can't be read as what it seems to be.
    Unreadable,
}

/// What was found out about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// All of it in one word.
    pub verdict: Verdict,
    /// The same in a sentence, in Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// The file that was checked, 64 hex digits.
    pub sha256: String,
    /// In the order in which they were made.
    pub signatures: Vec<Signature>,
    /// Bytes behind the last one, which nobody signed.
    pub bytes_after_last: u64,
}

impl Report {
    /// Whether everything holds.
    pub fn is_valid(&self) -> bool {
        self.verdict == Verdict::Valid
    }
}

/// One seal or signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// Whether it holds.
    pub valid: bool,
    /// What it says of itself.
    pub name: Option<String>,
    /// Whom the signer's certificate names.
    pub signer: Option<String>,
    /// The page that it stands on, from 1.
    pub page: Option<u32>,
    /// When, RFC 3339, UTC.
    pub at: Option<String>,
    /// Whether a trusted time stamp says so.
    pub stamped: bool,
    /// Whether it covers the file to its end.
    pub whole_file: bool,
    /// What is wrong with it.
    pub problems: Vec<Wrong>,
}

/// Something that is wrong with a seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// For programs, such as `changed`, `revoked` or `untrusted`.
    pub code: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// How a seal or signing key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It can be used.
    Valid,
    /// Not for now.
    Suspended,
    /// Never again.
    Revoked,
    /// Its time is over.
    Expired,
}

/// Why nothing was sealed or verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// The purpose is not one of those in the manifest.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// Nobody signed in.
    #[error("nobody signed in")]
    Anonymous,
    /// There is no such seal, signing key or file.
    #[error("there is no such {0}")]
    NotFound(String),
    /// It can't be used as it stands.
    #[error("the seal or key can't be used: {0:?}")]
    NotAllowedWhile(Standing),
    /// The case has not come to the stage that the seal is used from.
    #[error("the case has not come to `{0}`")]
    NotAtStage(String),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Something is not what it must be, or the document can't be sealed.
    #[error("{0}")]
    Invalid(String),
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Denied(decision) => problem::denied(decision),
            Error::UndeclaredPurpose(purpose) => problem::undeclared(&purpose),
            Error::Anonymous => problem::unauthenticated(text),
            Error::NotFound(_) => problem::not_found(text),
            Error::NotAllowedWhile(_) | Error::NotAtStage(_) | Error::KeyReused => problem::conflict(text),
            Error::Invalid(what) => problem::unprocessable(what),
            Error::Other(what) => problem::failed("seal", what),
        }
    }
}
