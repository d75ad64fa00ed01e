//! The capability as guests see it: parse, authorise, make and keep. The document itself stays with the host.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};
use zhongtai_runtime::{Invocation, slow_lane};
use zhongtai_typeset::{Fault, TypesetError};

use crate::{DocumentError, Documents, Format, InputProblem, Kept, Request, ShelfError};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-document;
        world host { import zhongtai:document/documents@0.1.0; }
    ",
    path: "../../../wit/document",
    world: "zhongtai:host-document/host",
    imports: { default: async | trappable },
});

use zhongtai::document::documents as wit;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

impl wit::Host for Invocation {
    async fn render(&mut self, request: wit::Request) -> wasmtime::Result<Result<wit::Rendered, wit::Error>> {
        let Ok(inputs) = serde_json::from_str(&request.inputs) else {
            return Ok(Err(wit::Error::Invalid("inputs: expected a JSON object".to_owned())));
        };
        let documents = self.provider::<Arc<Documents>>()?;
        // It asks the database and waits for another process.
        slow_lane().await;
        let request = Request {
            template: request.template,
            version: request.version,
            inputs,
            case: request.case_id,
            purpose: request.purpose,
            subject: request.subject,
            format: match request.format {
                wit::Format::Pdf => Format::Pdf,
                wit::Format::Ofd => Format::Ofd,
            },
        };
        let kept = documents.render_for(self.asker(), request).await;
        Ok(kept.map(rendered).map_err(|error| answer(self, error)))
    }
}

fn rendered(kept: Kept) -> wit::Rendered {
    wit::Rendered {
        file: kept.file,
        sha256: zhongtai_kernel::Digest::from_bytes(kept.sha256).hex(),
        sm3: hex::encode(kept.sm3),
        pages: u32::try_from(kept.pages).unwrap_or(u32::MAX),
        version: kept.version,
    }
}

/// What the guest may know of a failure; faults of ours are logged. What is wrong with a template may quote the inputs,
/// which the guest gave: it may see that, and the log may not.
fn answer(invocation: &Invocation, error: DocumentError) -> wit::Error {
    match error {
        DocumentError::Denied(reference) => wit::Error::Denied(reference),
        DocumentError::UndeclaredPurpose(purpose) => wit::Error::UndeclaredPurpose(purpose),
        DocumentError::UnknownTemplate(name) => wit::Error::UnknownTemplate(name),
        DocumentError::Inputs(problems) => wit::Error::InvalidInputs(problems.into_iter().map(problem).collect()),
        DocumentError::Anonymous => wit::Error::Anonymous,
        DocumentError::Typeset(TypesetError::Template(faults)) => {
            wit::Error::FaultyTemplate(faults.iter().map(fault).collect())
        }
        DocumentError::Typeset(
            TypesetError::TooManyPages { .. }
            | TypesetError::TooLarge(_)
            | TypesetError::TimedOut(_)
            | TypesetError::OutOfMemory(_)
            | TypesetError::Died,
        ) => wit::Error::Limit(error.to_string()),
        DocumentError::Shelf(ShelfError::Quota(which)) => wit::Error::QuotaExceeded(which),
        DocumentError::Invalid { .. }
        | DocumentError::InvalidTemplate(_)
        | DocumentError::Parts(_)
        | DocumentError::Shelf(ShelfError::Case(_)) => wit::Error::Invalid(error.to_string()),
        DocumentError::Unrecorded => wit::Error::Other(error.to_string()),
        DocumentError::Store(_) | DocumentError::Typeset(_) | DocumentError::Shelf(ShelfError::Fault(_)) => {
            let error = zhongtai_kernel::chain(&error);
            tracing::error!(request = %invocation.request_id(), error, "a document can't be made");
            wit::Error::Other("documents can't be had; try again later".to_owned())
        }
    }
}

fn problem(InputProblem { field, problem }: InputProblem) -> wit::FieldProblem {
    wit::FieldProblem { field, zh: problem.zh, en: problem.en }
}

fn fault(fault: &Fault) -> wit::Fault {
    let number = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok());
    let place = fault.place.as_ref();
    wit::Fault {
        part: place.map(|place| place.part.clone()),
        line: number(place.and_then(|place| place.line)),
        column: number(place.and_then(|place| place.column)),
        zh: fault.chinese(),
        en: fault.to_string(),
    }
}
