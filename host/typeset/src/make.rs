//! From an order to its files: one layout, written twice.

use std::time::{Instant, SystemTime};

use sha2::{Digest, Sha256};
use typst::{
    World,
    diag::{SourceDiagnostic, Warned},
    foundations::Smart,
};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::{
    Facts, Fault, Order, Took, Typeset,
    error::Refusal,
    fonts::Fonts,
    page,
    world::{Desk, local},
};

/// Asia/Shanghai.
const MINUTES_EAST: i32 = 8 * 60;
/// What a document names as its maker.
const CREATOR: &str = "Zhongtai";

pub(crate) fn make(fonts: &Fonts, order: &Order, most_pages: usize) -> Result<Typeset, Refusal> {
    let desk = Desk::new(fonts, order).map_err(Refusal::Internal)?;
    let started = Instant::now();
    let (document, warnings) = lay_out(&desk, order, most_pages)?;
    let laid_out = Instant::now();
    // OFD first: it can show less, and says more clearly what it can't.
    let drawn = page::draw(&desk, &document, &order.title, SystemTime::from(order.at)).map_err(Refusal::Template)?;
    let ofd = zhongtai_ofd::write(&drawn.layout).map_err(|problem| Refusal::Internal(problem.to_string()))?;
    let ofd_written = Instant::now();
    let pdf = pdf(&desk, &document, order)?;
    let took = Took {
        layout_us: micros(laid_out - started),
        ofd_us: micros(ofd_written - laid_out),
        pdf_us: micros(ofd_written.elapsed()),
    };
    let facts = Facts { pages: document.pages().len(), seal_places: drawn.seal_places, warnings, took };
    Ok(Typeset { pdf, ofd, facts })
}

fn lay_out(desk: &Desk<'_>, order: &Order, most: usize) -> Result<(PagedDocument, Vec<Fault>), Refusal> {
    let Warned { output, warnings } = typst::compile::<PagedDocument>(&desk as &dyn World);
    let mut document = output.map_err(|errors| faults(desk, &errors))?;
    let pages = document.pages().len();
    if pages > most {
        return Err(Refusal::TooManyPages { pages, most });
    }
    // The order says what the document is called and when it was made, whatever the template says.
    let info = document.info_mut();
    info.title = Some(order.title.as_str().into());
    info.date = Smart::Auto;
    Ok((document, warnings.iter().map(|warning| desk.fault(warning)).collect()))
}

fn pdf(desk: &Desk<'_>, document: &PagedDocument, order: &Order) -> Result<Vec<u8>, Refusal> {
    let internal = |problem: &str| Refusal::Internal(problem.to_owned());
    let standards = PdfStandards::new(&[PdfStandard::A_2b]).map_err(|problem| internal(problem.message()))?;
    let made = local(order.at).and_then(|made| Timestamp::new_local(made, MINUTES_EAST));
    let options = PdfOptions {
        ident: Smart::Custom(identifier(order)),
        creator: Smart::Custom(Some(CREATOR.to_owned())),
        timestamp: Some(made.ok_or_else(|| internal("the time of the order is none that a PDF can have"))?),
        standards,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(document, &options).map_err(|errors| faults(desk, &errors))
}

/// Another order makes another document; the same one makes the same.
fn identifier(order: &Order) -> String {
    let mut digest = Sha256::new();
    for part in [order.template.digest(), order.title.clone(), order.at.to_string()] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.update(serde_json::to_vec(&order.inputs).unwrap_or_default());
    hex::encode(digest.finalize())
}

fn faults(desk: &Desk<'_>, errors: &[SourceDiagnostic]) -> Refusal {
    Refusal::Template(errors.iter().map(|error| desk.fault(error)).collect())
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
