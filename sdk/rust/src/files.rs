//! Files of a case: what applicants hand in, and results. Needs a grant for `files`.
//!
//! A file's bytes don't pass through the plugin. It asks for a ticket and gives its path to the subject, whose browser
//! sends the file there; the answer has the file's id, which the subject hands in with the form. The plugin looks at
//! what arrived, and attaches it to the case.
//!
//! ```
//! use zhongtai::{files, prelude::*};
//!
//! const APPLY: Purpose = Purpose("excavation-permit");
//!
//! #[post("/applications/{number}/plan")]
//! fn plan(_subject: Subject, Path(number): Path<String>) -> Result<Json<files::Ticket>> {
//!     Ok(Json(files::upload(&number, APPLY).kind(files::Kind::Pdf).at_most(20 << 20).ticket()?))
//! }
//!
//! #[put("/applications/{number}/plan/{id}")]
//! fn hand_in(_subject: Subject, Path((number, id)): Path<(String, String)>) -> Result<Json<files::File>> {
//!     let plan = files::stat(&id, APPLY)?;
//!     ensure!(plan.case == number, unprocessable("the plan was handed in for another application"));
//!     files::attach(&id)?;
//!     Ok(Json(plan))
//! }
//! # fn main() {}
//! ```
//!
//! In a browser: `fetch(ticket.path, { method: 'PUT', body: file, headers: { 'x-file-name':
//! encodeURIComponent(file.name) } })`, signed in as the subject that asked for the ticket.

use serde::Serialize;

use crate::{Problem, Purpose, clock::Timestamp, host, problem};

/// A ticket to fill in: one file for a case, as the plugin names it (1 to 128 of letters, digits, `-`, `_` and `.`).
pub fn upload(case: &str, purpose: Purpose<'_>) -> Draft {
    Draft(Want { case: case.into(), purpose: purpose.0.into(), kinds: Vec::new(), max_bytes: u64::MAX })
}

/// A ticket for the subject of this request to fetch a file, once and within minutes.
///
/// # Errors
/// As for [`stat`].
pub fn download(id: &str, purpose: Purpose<'_>) -> Result<Ticket, Error> {
    host::download(id, purpose.0)
}

/// What is known about a file.
///
/// # Errors
/// `?` turns a refusal into 403 and a missing file into 404. Who may not see files is refused whether there is one.
pub fn stat(id: &str, purpose: Purpose<'_>) -> Result<File, Error> {
    host::file(id, purpose.0)
}

/// The files of a case that the subject of this request handed in, the oldest first.
///
/// # Errors
/// As for [`stat`].
pub fn own(case: &str, purpose: Purpose<'_>) -> Result<Vec<File>, Error> {
    host::files(case, Whose::Own, purpose.0)
}

/// All files of a case, the oldest first: for officers.
///
/// # Errors
/// As for [`stat`].
pub fn all(case: &str, purpose: Purpose<'_>) -> Result<Vec<File>, Error> {
    host::files(case, Whose::All, purpose.0)
}

/// Bytes of a file from `offset`, at most `length`, which the host cuts at 1 MiB. Empty at the end.
///
/// # Errors
/// As for [`stat`].
pub fn read(id: &str, purpose: Purpose<'_>, offset: u64, length: u32) -> Result<Vec<u8>, Error> {
    host::read_file(id, purpose.0, offset, length)
}

/// Keeps a file for good: the case relies on it. A file that is not attached is removed after some days.
///
/// # Errors
/// As for [`stat`].
pub fn attach(id: &str) -> Result<(), Error> {
    host::attach(id)
}

/// Removes a file.
///
/// # Errors
/// As for [`stat`].
pub fn remove(id: &str) -> Result<(), Error> {
    host::remove_file(id)
}

/// What a file is, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A document.
    Pdf,
    /// A document (GB/T 33190).
    Ofd,
    /// A photograph.
    Jpeg,
    /// An image.
    Png,
    /// A text of Word or WPS.
    Docx,
    /// A table of Excel or WPS.
    Xlsx,
    /// An archive.
    Zip,
}

/// Whose files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The subject's.
    Own,
    /// Everybody's.
    All,
}

/// What may be handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// For which case.
    pub case: String,
    /// Why.
    pub purpose: String,
    /// What is taken.
    pub kinds: Vec<Kind>,
    /// The largest, bytes.
    pub max_bytes: u64,
}

/// A ticket being filled in.
#[derive(Clone, Debug)]
#[must_use = "there is no ticket before `ticket`"]
pub struct Draft(Want);

impl Draft {
    /// Takes files of this kind, too.
    pub fn kind(mut self, kind: Kind) -> Self {
        self.0.kinds.push(kind);
        self
    }

    /// Takes this many bytes at most; without it, what the platform takes.
    pub fn at_most(mut self, bytes: u64) -> Self {
        self.0.max_bytes = bytes;
        self
    }

    /// The ticket, for the subject of this request.
    ///
    /// # Errors
    /// `?` turns a refusal into 403, nobody signed in into 401, and a full case into 409.
    pub fn ticket(self) -> Result<Ticket, Error> {
        host::upload(self.0)
    }
}

/// Sends or fetches one file, once, by the subject that asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ticket {
    /// Where, on the platform's public address. A secret of the subject's.
    pub path: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A file that has arrived whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// Its id.
    pub id: String,
    /// The case.
    pub case: String,
    /// What it was handed in for.
    pub purpose: String,
    /// What it is.
    pub kind: Kind,
    /// Its size.
    pub bytes: u64,
    /// 64 hex digits.
    pub sha256: String,
    /// 64 hex digits (GB/T 32905).
    pub sm3: String,
    /// What its sender called it: for people to read.
    pub name: Option<String>,
    /// When it had arrived.
    pub stored_at: Timestamp,
    /// True when the case relies on it.
    pub attached: bool,
}

/// Why there is no file and no ticket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// Nobody signed in.
    #[error("nobody signed in")]
    Anonymous,
    /// The purpose is not one of those in the manifest.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// A value breaks its rule.
    #[error("{0}")]
    Invalid(String),
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// The case or the department holds as much as it may.
    #[error("the {0} holds as much as it may")]
    QuotaExceeded(String),
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(decision) => problem::denied(decision),
            Error::Anonymous => problem::unauthenticated("sign in first"),
            Error::UndeclaredPurpose(purpose) => problem::undeclared(&purpose),
            Error::Invalid(what) => problem::bad_request(what),
            Error::NotFound => problem::not_found("there is no such file"),
            Error::QuotaExceeded(_) => {
                problem::conflict("no more files can be handed in for this case").with_code("quota-exceeded")
            }
            Error::Other(what) => problem::failed("files", what),
        }
    }
}
