use async_trait::async_trait;
use zhongtai_kernel::{AccountId, DepartmentId, ScenarioId};

/// In which format a document is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// PDF/A-2b (ISO 19005-2).
    Pdf,
    /// GB/T 33190.
    Ofd,
}

/// A document that is to become a file of a case.
pub struct NewDocument {
    /// Whose case it is.
    pub scenario: ScenarioId,
    /// The case.
    pub case: String,
    /// Why.
    pub purpose: String,
    /// Whose file it will be.
    pub account: AccountId,
    /// What it is.
    pub format: Format,
    /// What people call it, with its extension.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A document can't be kept.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The files of the case or the department would be too many or too large; says which.
    #[error("{0}")]
    Quota(String),
    /// The case has no id that a file can have.
    #[error("case: {0}")]
    Case(String),
    /// Files can't be had.
    #[error("the document can't be kept: {0}")]
    Fault(String),
}

/// Where documents of cases are kept. The server wires it to the files of cases.
#[async_trait]
pub trait Shelf: Send + Sync + 'static {
    /// The account of a handle that the department was given.
    fn account_of(&self, department: &DepartmentId, handle: &str) -> Option<AccountId>;

    /// Keeps a document as a file that its case relies on; gives the file's id.
    async fn keep(&self, document: NewDocument) -> Result<String, ShelfError>;
}

// === impl Format ===

impl Format {
    /// How names of such files end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Ofd => "ofd",
        }
    }
}

impl std::fmt::Debug for NewDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What it says may be about a person.
        write!(f, "NewDocument({} {}, {} bytes)", self.scenario, self.case, self.bytes.len())
    }
}
