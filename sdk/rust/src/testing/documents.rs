//! The mock's documents: what was asked for. There is no typesetter here; a document is a file of its case without
//! pages to look at.

use super::{
    answers::{allowed, declared},
    state::with,
    uploads::Upload,
};
use crate::{
    document::{Document, Error, Format, Rendered},
    files::Kind,
};

pub fn render(document: &Document) -> Result<Rendered, Error> {
    with(|host| {
        declared(host, &document.purpose).map_err(Error::UndeclaredPurpose)?;
        let asker = host.person.as_ref().map(|person| person.subject.handle.clone());
        let owner = document.subject.clone().or(asker).ok_or(Error::Anonymous)?;
        allowed(host, "document:render").map_err(Error::Denied)?;
        if host.document_templates.as_ref().is_some_and(|known| !known.contains(&document.template)) {
            return Err(Error::UnknownTemplate(document.template.clone()));
        }
        let (kind, content) = match document.format {
            Format::Pdf => (Kind::Pdf, b"%PDF-1.7".as_slice()),
            Format::Ofd => (Kind::Ofd, b"PK".as_slice()),
        };
        host.documents.push(document.clone());
        let file = format!("mock-document-{}", host.documents.len());
        let now = host.now;
        host.uploads.add(Upload::new(&document.case, kind, content).id(&file).by(&owner).attached(), now);
        let zeros = "0".repeat(64);
        Ok(Rendered { file, sha256: zeros.clone(), sm3: zeros, pages: 1, version: document.version.unwrap_or(1) })
    })
}
