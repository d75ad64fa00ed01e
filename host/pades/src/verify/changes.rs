//! What a later revision of a document does to an earlier one. Only what is known to be harmless is: another
//! signature with its field, and data for its validation. Everything else is a change of content.

use std::collections::{HashMap, HashSet};

use super::Change;
use crate::{
    field::{Form, signature_fields},
    pdf::{Dict, File, Id, Object, Pages, PdfError},
};

/// What an object of the earlier revision is there for, where a signature may touch it.
#[derive(Clone, Copy)]
enum Role {
    Catalog,
    Form,
    Fields,
    Page,
    Annotations,
    EmptySignature,
    ValidationData,
    Metadata,
    Information,
}

struct Comparison<'f, 'a> {
    old: &'f File<'a>,
    new: &'f File<'a>,
    /// Signature fields, signed, that only the later revision has.
    signed: HashSet<Id>,
    has_signatures: bool,
    has_validation_data: bool,
    has_metadata: bool,
}

/// Compares two revisions of one file.
pub(super) fn between(old: &File<'_>, new: &File<'_>) -> Result<Change, PdfError> {
    let content = |object, what| Ok(Change::Content { object, what });
    if old.root()?.0 != new.root()?.0 {
        return content(new.root()?.0.number, "there is another catalog");
    }
    if old.trailer().get("Info").is_some_and(|info| new.trailer().get("Info") != Some(info)) {
        return content(0, "the document's information is another object");
    }
    if let Some((number, _)) = old.entries().find(|(number, _)| new.entry(*number).is_none()) {
        return content(number, "it is gone");
    }
    let (added, altered) = differences(old, new)?;
    let references = references(old)?;
    // What was nothing, and so not shown, would become something.
    if let Some(number) = added.iter().find(|number| references.contains_key(number)) {
        return content(*number, "it was referred to before it was there");
    }
    let signed = signature_fields(new)?.into_iter().filter(|field| field.dict.get("V").is_some());
    let signed = signed.map(|field| field.id).filter(|id| added.contains(&id.number)).collect();
    let mut comparison = Comparison::new(old, new, signed);
    let roles = if altered.is_empty() { HashMap::new() } else { roles(old, &references)? };
    for number in altered {
        if let Err(what) = comparison.judge(number, roles.get(&number).copied())? {
            return content(number, what);
        }
    }
    Ok(comparison.change())
}

/// Objects that are new, and those that are not what they were, in their order.
fn differences(old: &File<'_>, new: &File<'_>) -> Result<(HashSet<u32>, Vec<u32>), PdfError> {
    let (mut added, mut altered) = (HashSet::new(), Vec::new());
    for (number, entry) in new.entries() {
        match old.entry(number) {
            Some(before) if before == entry => {}
            before if before.is_none_or(|before| before.generation().is_none()) => {
                added.insert(number);
            }
            before if before.and_then(|before| before.generation()) != entry.generation() => altered.push(number),
            _ => {
                let id = Id { number, generation: entry.generation().unwrap_or_default() };
                if old.get(id)? != new.get(id)? {
                    altered.push(number);
                }
            }
        }
    }
    altered.sort_unstable();
    Ok((added, altered))
}

/// How often the objects of a revision refer to each number.
fn references(old: &File<'_>) -> Result<HashMap<u32, usize>, PdfError> {
    let mut counts = HashMap::new();
    for (number, entry) in old.entries() {
        let Some(generation) = entry.generation() else { continue };
        old.get(Id { number, generation })?.references(&mut |id| *counts.entry(id.number).or_insert(0) += 1);
    }
    Ok(counts)
}

/// The objects that a signature may touch. The rest has no role.
///
/// What may be changed freely has its role only if nothing else refers to it: a page's content might be called metadata
/// before it is signed, to be changed after.
fn roles(old: &File<'_>, references: &HashMap<u32, usize>) -> Result<HashMap<u32, Role>, PdfError> {
    let mut roles = HashMap::new();
    let mut add = |id: Option<Id>, role| {
        if let Some(id) = id {
            roles.insert(id.number, role);
        }
    };
    for page in Pages::of(old)? {
        let page = page?;
        add(page.dict.get("Annots").and_then(Object::as_reference), Role::Annotations);
        add(Some(page.id), Role::Page);
    }
    for field in signature_fields(old)? {
        if field.dict.get("V").is_none() {
            add(Some(field.id), Role::EmptySignature);
        }
    }
    if let Some(form) = Form::of(old)? {
        add(form.dict.get("Fields").and_then(Object::as_reference), Role::Fields);
        add(form.id, Role::Form);
    }
    let (root, catalog) = old.root()?;
    let only_here = |key: &str| {
        let id = catalog.get(key).and_then(Object::as_reference)?;
        (references.get(&id.number) == Some(&1)).then_some(id)
    };
    add(only_here("DSS"), Role::ValidationData);
    add(only_here("Metadata"), Role::Metadata);
    add(old.trailer().get("Info").and_then(Object::as_reference), Role::Information);
    add(Some(root), Role::Catalog);
    Ok(roles)
}

// === impl Comparison ===

impl<'f, 'a> Comparison<'f, 'a> {
    fn new(old: &'f File<'a>, new: &'f File<'a>, signed: HashSet<Id>) -> Self {
        Self { old, new, signed, has_signatures: false, has_validation_data: false, has_metadata: false }
    }

    fn change(&self) -> Change {
        match (self.has_signatures, self.has_validation_data, self.has_metadata) {
            (true, ..) => Change::Signatures,
            (false, true, _) => Change::ValidationData,
            (false, false, true) => Change::Metadata,
            (false, false, false) => Change::Nothing,
        }
    }

    /// Whether an object that was altered may be as it is now; if not, what is wrong.
    fn judge(&mut self, number: u32, role: Option<Role>) -> Result<Result<(), &'static str>, PdfError> {
        let id = Id { number, generation: self.old.entry(number).and_then(|entry| entry.generation()).unwrap_or(0) };
        let (before, after) = (self.old.get(id)?, self.new.get(id)?);
        match (role, &before, &after) {
            (Some(Role::Catalog), Object::Dict(before), Object::Dict(after)) => self.judge_catalog(before, after),
            (Some(Role::Form), Object::Dict(before), Object::Dict(after)) => self.judge_form(before, after),
            (Some(Role::Page), Object::Dict(before), Object::Dict(after)) => self.judge_page(before, after),
            (Some(Role::EmptySignature), Object::Dict(before), Object::Dict(after)) => {
                Ok(self.judge_signing(before, after))
            }
            (Some(Role::Fields | Role::Annotations), Object::Array(before), Object::Array(after)) => {
                Ok(self.judge_list(before, after))
            }
            (Some(Role::ValidationData), ..) => {
                self.has_validation_data = true;
                Ok(Ok(()))
            }
            (Some(Role::Metadata), Object::Stream(_), Object::Stream(_)) => {
                self.has_metadata = true;
                Ok(Ok(()))
            }
            (Some(Role::Information), Object::Dict(before), Object::Dict(after)) => {
                Ok(self.judge_information(before, after))
            }
            _ => Ok(Err("it was changed")),
        }
    }

    fn judge_catalog(&mut self, before: &Dict, after: &Dict) -> Result<Result<(), &'static str>, PdfError> {
        const MAY_CHANGE: [&str; 5] = ["AcroForm", "DSS", "Extensions", "Metadata", "Version"];
        if before.without(&MAY_CHANGE) != after.without(&MAY_CHANGE) {
            return Ok(Err("the catalog was changed"));
        }
        self.has_validation_data |= before.get("DSS") != after.get("DSS");
        self.has_metadata |= before.get("Metadata") != after.get("Metadata");
        if before.get("AcroForm") == after.get("AcroForm") {
            return Ok(Ok(()));
        }
        let (before, after) = (Form::of(self.old)?, Form::of(self.new)?);
        let before = before.map_or_else(Dict::new, |form| form.dict);
        let Some(after) = after else { return Ok(Err("the form is gone")) };
        self.judge_form(&before, &after.dict)
    }

    fn judge_form(&mut self, before: &Dict, after: &Dict) -> Result<Result<(), &'static str>, PdfError> {
        const MAY_CHANGE: [&str; 2] = ["Fields", "SigFlags"];
        let flags = |form: &Dict| form.get("SigFlags").and_then(Object::as_integer).unwrap_or(0);
        if before.without(&MAY_CHANGE) != after.without(&MAY_CHANGE) || flags(before) & !flags(after) != 0 {
            return Ok(Err("the form was changed"));
        }
        self.judge_value(before, after, "Fields")
    }

    fn judge_page(&mut self, before: &Dict, after: &Dict) -> Result<Result<(), &'static str>, PdfError> {
        if before.without(&["Annots"]) != after.without(&["Annots"]) {
            return Ok(Err("the page was changed"));
        }
        self.judge_value(before, after, "Annots")
    }

    /// A list in a dictionary, wherever it stands.
    fn judge_value(&mut self, before: &Dict, after: &Dict, key: &str) -> Result<Result<(), &'static str>, PdfError> {
        let (before, after) = (self.old.value(before, key)?, self.new.value(after, key)?);
        match (&before, &after) {
            (Object::Null, Object::Null) => Ok(Ok(())),
            (Object::Null, Object::Array(after)) => Ok(self.judge_list(&[], after)),
            (Object::Array(before), Object::Array(after)) => Ok(self.judge_list(before, after)),
            _ => Ok(Err("a list is gone")),
        }
    }

    /// A list of fields or annotations: what was there stays, and what comes after it are signatures.
    fn judge_list(&mut self, before: &[Object], after: &[Object]) -> Result<(), &'static str> {
        let Some(more) = after.strip_prefix(before) else { return Err("fields or annotations were taken away") };
        if more.iter().any(|one| one.as_reference().is_none_or(|id| !self.signed.contains(&id))) {
            return Err("a field or an annotation was added that is no signature");
        }
        self.has_signatures |= !more.is_empty();
        Ok(())
    }

    /// A field that was left for a signature was signed.
    fn judge_signing(&mut self, before: &Dict, after: &Dict) -> Result<(), &'static str> {
        const MAY_CHANGE: [&str; 3] = ["V", "AP", "F"];
        if before.without(&MAY_CHANGE) != after.without(&MAY_CHANGE) || after.get("V").is_none() {
            return Err("a field for a signature was changed without being signed");
        }
        self.has_signatures = true;
        Ok(())
    }

    /// Who wrote the last revision, and when.
    fn judge_information(&mut self, before: &Dict, after: &Dict) -> Result<(), &'static str> {
        const MAY_CHANGE: [&str; 2] = ["ModDate", "Producer"];
        if before.without(&MAY_CHANGE) != after.without(&MAY_CHANGE) {
            return Err("the document's information was changed");
        }
        self.has_metadata = true;
        Ok(())
    }
}
