//! As much of PDF (ISO 32000-1) as seals need: objects, cross-references, pages, and appending a revision.
//!
//! A verifier must know where each byte of a file belongs: which revision wrote an object, and where in the file its
//! `Contents` stand. It must also stay within bounds whatever it is given. Libraries that read PDF into a document
//! keep neither places nor revisions, repair what is broken, and unpack without a bound; so this reader is our own.
//! It repairs nothing.

mod error;
mod file;
mod filter;
mod increment;
mod object;
mod pages;
mod reader;
mod table;

pub use error::PdfError;
pub(crate) use file::{Budget, File, InPlace};
pub(crate) use increment::{Increment, Written};
pub(crate) use object::{Dict, Id, Object};
pub(crate) use pages::{Page, Pages};
