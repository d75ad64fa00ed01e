//! Documents (文书) from the templates that departments put online: laid out once, as PDF/A and as OFD.
//!
//! A template ([`DocumentTemplate`]) is text with a JSON Schema of what is filled in; a version never changes.
//! [`Documents`] makes documents: for the host's own use, such as the papers of certificates, and for guests, whose
//! documents become files of their case without ever coming into the sandbox. Who may use a template, policy decides.
//! Typesetting itself is `zhongtai-typeset`; where files are kept is the affair of whoever implements [`Shelf`].

#[cfg(feature = "testing")]
pub mod contract;
mod documents;
mod embedded;
mod error;
mod file;
mod host;
mod migration;
mod problem;
mod provider;
mod rendered;
mod shelf;
mod template;

pub use documents::{Documents, Request};
pub use embedded::EmbeddedTemplates;
pub use error::DocumentError;
pub use file::{FolderError, TemplateFile};
pub use migration::MIGRATIONS;
pub use problem::InputProblem;
pub use provider::{Registered, TemplateProvider, TemplateSummary};
pub use rendered::{Kept, Rendered};
pub use shelf::{Format, NewDocument, Shelf, ShelfError};
pub use template::{DocumentTemplate, Inputs};
pub use zhongtai_typeset::{Fault, SealPlace};

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability.
pub struct DocumentCapability(pub Arc<Documents>);

impl Capability for DocumentCapability {
    fn name(&self) -> &'static str {
        "document"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.0.clone());
    }
}
