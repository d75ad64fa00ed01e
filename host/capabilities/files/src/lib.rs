//! Application materials and results (办件材料、办理结果): streamed in and out, examined, and encrypted at rest.
//!
//! A plugin never holds a file's bytes on their way: it asks for a ticket, the subject sends the file to the platform,
//! and the plugin sees what arrived. [`FilesProvider`] takes and gives files; [`EmbeddedFiles`] keeps them in a folder
//! ([`cap_std`] handles, random names, no links followed) with what is known about them in the database. A content is
//! what its bytes say ([`FileKind`]), and archives and images are examined before anybody sees them.

mod archive;
mod config;
#[cfg(feature = "testing")]
pub mod contract;
mod embedded;
mod error;
mod examine;
mod folder;
mod host;
mod id;
mod kind;
mod migration;
mod name;
mod provider;
mod receive;
mod rows;
mod seal;
mod tickets;
mod vault;

pub use config::{ArchiveLimits, FilesConfig};
pub use embedded::EmbeddedFiles;
pub use error::{FilesError, InvalidText, UnsafeContent};
pub use id::{FileId, TicketSecret};
pub use kind::FileKind;
pub use migration::MIGRATIONS;
pub use name::{CaseRef, FileName};
pub use provider::{
    Announced, Content, FileRecord, FilesProvider, Grant, LEVEL, Link, MAX_FILES, NewFile, Sm3Digest, Ticket, Upload,
};

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// Where files are sent to and fetched from: this, and the ticket's secret.
pub const PATH: &str = "/api/v1/files/";

/// The capability, over some provider.
pub struct Files(pub Arc<dyn FilesProvider>);

impl Capability for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.0.clone());
    }
}
