//! Documents (文书): from a template of the department and the data of a case, as a file of that case. Needs a grant for
//! `document`.
//!
//! ```
//! # fn made() -> zhongtai::Result<()> {
//! use serde_json::json;
//! use zhongtai::{document, document::Document, Purpose};
//!
//! let fields = json!({ "number": "清城管〔2026〕12号", "place": "桥北路1号" });
//! let notice = Document::new("acceptance-notice", &fields, "WJ-2026-17", Purpose("road-repair"))?;
//! let file = document::render(&notice)?.file;
//! # Ok(()) }
//! ```

use serde::Serialize;

use crate::{Problem, Purpose, host, problem};

/// Makes a document and attaches it to its case. Its bytes stay with the host: `files` gives a link to it.
///
/// # Errors
/// `?` turns a refusal into 403, inputs that don't fit into 422 and a failure into 503.
pub fn render(document: &Document) -> Result<Rendered, Error> {
    host::render(document)
}

/// In which format a document is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// PDF/A-2b (ISO 19005-2).
    #[default]
    Pdf,
    /// GB/T 33190.
    Ofd,
}

/// A document to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The template's name.
    pub template: String,
    /// Which version; the newest when there is none.
    pub version: Option<u32>,
    /// A JSON object with what is filled in.
    pub inputs: String,
    /// The case.
    pub case: String,
    /// Why.
    pub purpose: String,
    /// Whose file it will be: a subject's handle; who asks when there is none.
    pub subject: Option<String>,
    /// As what it is kept.
    pub format: Format,
}

// === impl Document ===

impl Document {
    /// A PDF from the newest version of a template, for a case; it will be a file of who asks.
    ///
    /// # Errors
    /// 500 when the inputs are no JSON object.
    pub fn new(template: &str, inputs: &impl Serialize, case: &str, purpose: Purpose<'_>) -> Result<Self, Problem> {
        let inputs = match serde_json::to_value(inputs) {
            Ok(serde_json::Value::Object(inputs)) => serde_json::Value::Object(inputs).to_string(),
            _ => return Err(problem::internal("the inputs of a document are no JSON object")),
        };
        let (template, case, purpose) = (template.into(), case.into(), purpose.0.into());
        Ok(Self { template, version: None, inputs, case, purpose, subject: None, format: Format::Pdf })
    }

    /// The same as a file of the subject with this handle.
    #[must_use]
    pub fn of(mut self, handle: &str) -> Self {
        self.subject = Some(handle.into());
        self
    }

    /// The same as OFD.
    #[must_use]
    pub fn ofd(mut self) -> Self {
        self.format = Format::Ofd;
        self
    }
}

/// A document that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rendered {
    /// The file's id, for `files`.
    pub file: String,
    /// 64 hex digits.
    pub sha256: String,
    /// 64 hex digits (GB/T 32905).
    pub sm3: String,
    /// How many pages.
    pub pages: u32,
    /// Of the template.
    pub version: u32,
}

/// An input that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputProblem {
    /// Where it is; empty for the whole.
    pub field: String,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// What is wrong, in English.
    pub en: String,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In which part.
    pub part: Option<String>,
    /// From 1.
    pub line: Option<u32>,
    /// From 1.
    pub column: Option<u32>,
    /// What, in Chinese.
    pub zh: String,
    /// What, in English.
    pub en: String,
}

/// Why there is no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// The purpose is not one of those in the manifest.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// There is no such template, or no such version of it.
    #[error("there is no template `{0}`")]
    UnknownTemplate(String),
    /// The inputs don't fit the template's schema.
    #[error("the inputs do not fit the template: {}", fields(.0))]
    InvalidInputs(Vec<InputProblem>),
    /// The template can't be laid out with these inputs. What is wrong may quote these, and a text of an error gets into
    /// logs: it says only where.
    #[error("the template is faulty in {}", place(.0))]
    FaultyTemplate(Vec<Fault>),
    /// A value is not what it must be.
    #[error("{0}")]
    Invalid(String),
    /// Nobody signed in, and no subject was named.
    #[error("nobody signed in, and no subject was named")]
    Anonymous,
    /// Too many pages, too much time or memory.
    #[error("{0}")]
    Limit(String),
    /// The case or the department has as many files as it may.
    #[error("{0}")]
    QuotaExceeded(String),
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

fn place(faults: &[Fault]) -> String {
    let first = faults.first();
    let part = first.and_then(|fault| fault.part.as_deref()).unwrap_or("some place");
    first.and_then(|fault| fault.line).map_or_else(|| part.to_owned(), |line| format!("{part}, line {line}"))
}

fn fields(problems: &[InputProblem]) -> String {
    problems.iter().map(|one| format!("`{}`: {}", one.field, one.en)).collect::<Vec<_>>().join("; ")
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Denied(decision) => problem::denied(decision),
            Error::UndeclaredPurpose(purpose) => problem::undeclared(&purpose),
            Error::Anonymous => problem::unauthenticated("sign in first"),
            Error::InvalidInputs(problems) => problem::unprocessable(text)
                .with_code("invalid-inputs")
                .with("fields", serde_json::to_value(problems).unwrap_or_default()),
            Error::Invalid(what) => problem::unprocessable(what),
            Error::QuotaExceeded(_) => {
                problem::conflict("no more files can be kept for this case").with_code("quota-exceeded")
            }
            // A mistake of the plugin or of the template: who asked can't do anything about it.
            Error::UnknownTemplate(_) | Error::FaultyTemplate(_) | Error::Limit(_) | Error::Other(_) => {
                problem::failed("document", text)
            }
        }
    }
}
