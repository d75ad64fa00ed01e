//! Calls to the document capability, through the generated bindings.

use crate::{
    bindings::zhongtai::document::documents as wit,
    document::{Document, Error, Fault, Format, InputProblem, Rendered},
};

pub fn render(document: &Document) -> Result<Rendered, Error> {
    let Document { template, version, inputs, case, purpose, subject, format } = document.clone();
    let format = match format {
        Format::Pdf => wit::Format::Pdf,
        Format::Ofd => wit::Format::Ofd,
    };
    let request = wit::Request { template, version, inputs, case_id: case, purpose, subject, format };
    let wit::Rendered { file, sha256, sm3, pages, version } = wit::render(&request)?;
    Ok(Rendered { file, sha256, sm3, pages, version })
}

impl From<wit::Error> for Error {
    fn from(error: wit::Error) -> Self {
        let problem = |wit::FieldProblem { field, zh, en }| InputProblem { field, zh, en };
        let fault = |wit::Fault { part, line, column, zh, en }| Fault { part, line, column, zh, en };
        match error {
            wit::Error::Denied(decision) => Self::Denied(decision),
            wit::Error::UndeclaredPurpose(purpose) => Self::UndeclaredPurpose(purpose),
            wit::Error::UnknownTemplate(name) => Self::UnknownTemplate(name),
            wit::Error::InvalidInputs(problems) => Self::InvalidInputs(problems.into_iter().map(problem).collect()),
            wit::Error::FaultyTemplate(faults) => Self::FaultyTemplate(faults.into_iter().map(fault).collect()),
            wit::Error::Invalid(what) => Self::Invalid(what),
            wit::Error::Anonymous => Self::Anonymous,
            wit::Error::Limit(what) => Self::Limit(what),
            wit::Error::QuotaExceeded(what) => Self::QuotaExceeded(what),
            wit::Error::Other(what) => Self::Other(what),
        }
    }
}
