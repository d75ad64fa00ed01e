use std::sync::Arc;

use async_trait::async_trait;
use zhongtai_kernel::Timestamp;

use crate::{DocumentError, DocumentTemplate};

/// Where templates are.
#[async_trait]
pub trait TemplateProvider: Send + Sync + 'static {
    /// Registers a template: a changed one is a new version, the same one changes nothing. A name belongs to the
    /// department that had it first.
    async fn put(&self, template: DocumentTemplate) -> Result<Registered, DocumentError>;

    /// A version of a template, or the newest.
    async fn find(&self, name: &str, version: Option<u32>) -> Result<Arc<DocumentTemplate>, DocumentError>;

    /// The versions of every template, by name and from the newest to the oldest.
    async fn all(&self) -> Result<Vec<TemplateSummary>, DocumentError>;
}

/// What became of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its version.
    pub version: u32,
    /// Its digest: SHA-256 in hexadecimal digits.
    pub digest: String,
    /// False when it was there already.
    pub is_new: bool,
}

/// A version of a template as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateSummary {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// What people call the document.
    pub title: String,
    /// The department whose template it is.
    pub owner: String,
    /// SHA-256 in hexadecimal digits.
    pub digest: String,
    /// When it was put online.
    pub created_at: Timestamp,
}
