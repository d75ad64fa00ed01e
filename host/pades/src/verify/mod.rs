//! Checking: what each signature signed, whether it holds, and what was done to the file since.

mod changes;
mod located;
pub(crate) mod oid;
mod report;
mod value;

use std::{collections::HashMap, time::SystemTime};

use zhongtai_pki::Trust;

pub use self::report::{Appended, Change, Fault, PdfReport, SignatureReport};
use self::{located::Located, value::Checked};
use crate::{
    MOST_SIGNATURES, PadesError, date,
    field::{SignatureField, signature_fields},
    pdf::{Budget, File, Id, Object, Pages, PdfError},
};

/// Checks all signatures of a PDF.
///
/// Stricter than PDF readers: a signature has to be PAdES with a time stamp, in strict DER, over all of its revision
/// but its own digits; later revisions may add signatures and validation data, and nothing else; certificates are
/// checked for the stamped time.
///
/// # Errors
/// When the file is not a PDF that can be read. What is wrong with a signature is in the report.
pub fn verify(pdf: &[u8], trust: &Trust) -> Result<PdfReport, PadesError> {
    let budget = Budget::new();
    let file = File::open(pdf, &budget)?;
    let fields = signature_fields(&file)?.into_iter().filter(|field| field.dict.get("V").is_some());
    let fields: Vec<SignatureField> = fields.collect();
    if fields.len() > MOST_SIGNATURES {
        return Err(PdfError::TooLarge("signatures").into());
    }
    let pages = if fields.is_empty() { HashMap::new() } else { pages(&file)? };
    let mut examined = Vec::new();
    for field in fields {
        examined.push(Examined::new(&file, field, &pages, &budget, trust));
    }
    // One whose place is not known counts as the last: nothing is known to be signed by it.
    examined.sort_by_key(|one| one.end.unwrap_or(usize::MAX));
    let after_last = compare(&mut examined, &file);
    Ok(PdfReport { signatures: examined.into_iter().map(|one| one.report).collect(), after_last })
}

/// A signature that was looked at, with the revision it signs.
struct Examined<'a> {
    report: SignatureReport,
    end: Option<usize>,
    revision: Option<File<'a>>,
}

// === impl Examined ===

impl<'a> Examined<'a> {
    fn new(
        file: &File<'a>,
        field: SignatureField,
        pages: &HashMap<Id, u32>,
        budget: &'a Budget,
        trust: &Trust,
    ) -> Self {
        let page = pages.get(&field.id).copied();
        match Located::find(file, &field) {
            Ok(located) => Self::at(file, &field, &located, page, budget, trust),
            Err(fault) => {
                let report = SignatureReport { faults: vec![fault], page, ..nothing_known(field.name) };
                Self { report, end: None, revision: None }
            }
        }
    }

    fn at(
        file: &File<'a>,
        field: &SignatureField,
        located: &Located,
        page: Option<u32>,
        budget: &'a Budget,
        trust: &Trust,
    ) -> Self {
        let claimed_at = located.text(file, "M").and_then(|date| date::read(&date));
        let (revision, checked) = examine(file, located, claimed_at, budget, trust);
        let report = SignatureReport {
            page,
            certificate: checked.certificate,
            name: located.text(file, "Name"),
            reason: located.text(file, "Reason"),
            location: located.text(file, "Location"),
            claimed_at,
            stamped_at: checked.stamped_at,
            signed_bytes: located.end,
            faults: checked.faults,
            ..nothing_known(field.name.clone())
        };
        Self { report, end: Some(located.end), revision }
    }
}

fn nothing_known(field: String) -> SignatureReport {
    SignatureReport {
        field,
        page: None,
        certificate: None,
        name: None,
        reason: None,
        location: None,
        claimed_at: None,
        stamped_at: None,
        signed_bytes: 0,
        faults: Vec::new(),
    }
}

fn examine<'a>(
    file: &File<'a>,
    located: &Located,
    claimed_at: Option<SystemTime>,
    budget: &'a Budget,
    trust: &Trust,
) -> (Option<File<'a>>, Checked) {
    let mut checked = match located.dict.get("Contents").and_then(Object::as_string) {
        Some(contents) => value::check(contents, &located.digest(file.bytes()), claimed_at, trust),
        None => Checked { faults: vec![Fault::Dictionary("it has no signature")], ..Checked::default() },
    };
    if !located.dict.is("SubFilter", "ETSI.CAdES.detached") {
        checked.faults.push(Fault::Dictionary("it is not a PAdES signature (ETSI.CAdES.detached)"));
    }
    let revision = located.revision(file.bytes(), budget).map_err(|fault| checked.faults.push(fault)).ok();
    (revision, checked)
}

/// Tells each signature what was done after it, and the file what nobody signed.
fn compare(examined: &mut [Examined<'_>], file: &File<'_>) -> Option<Appended> {
    let after_last = after_last(examined, file);
    let harmful = |change: Change| (!change.is_harmless()).then_some(change);
    let mut changed = after_last.as_ref().and_then(|appended| harmful(appended.change.clone()));
    for number in (0..examined.len()).rev() {
        if let (Some(change), Some(one)) = (&changed, examined.get_mut(number)) {
            one.report.faults.push(Fault::ChangedLater(change.clone()));
        }
        let earlier = number.checked_sub(1).and_then(|number| examined.get(number)?.revision.as_ref());
        let later = examined.get(number).and_then(|one| one.revision.as_ref());
        // Where a revision can't be read nobody knows what it changed.
        let change = match (earlier, later) {
            (Some(earlier), Some(later)) => changes::between(earlier, later).unwrap_or(Change::Unreadable),
            _ => Change::Unreadable,
        };
        changed = harmful(change).or(changed);
    }
    after_last
}

fn after_last(examined: &[Examined<'_>], file: &File<'_>) -> Option<Appended> {
    let last = examined.iter().rev().find(|one| one.end.is_some())?;
    let end = last.end?;
    let bytes = file.bytes().len() - end;
    if bytes == 0 {
        return None;
    }
    let rest = file.bytes().get(file.end.max(end)..).unwrap_or_default();
    let change = match &last.revision {
        Some(revision) if rest.iter().all(u8::is_ascii_whitespace) => {
            changes::between(revision, file).unwrap_or(Change::Unreadable)
        }
        _ => Change::Unreadable,
    };
    Some(Appended { bytes, change })
}

/// The page on which each annotation stands.
fn pages(file: &File<'_>) -> Result<HashMap<Id, u32>, PdfError> {
    let mut pages = HashMap::new();
    for (page, number) in Pages::of(file)?.zip(1..) {
        if let Object::Array(annotations) = file.value(&page?.dict, "Annots")? {
            pages.extend(annotations.iter().filter_map(Object::as_reference).map(|id| (id, number)));
        }
    }
    Ok(pages)
}
