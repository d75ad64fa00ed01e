//! The document's form and its signature fields (ISO 32000-1, 12.7).

use std::collections::HashSet;

use crate::pdf::{Dict, File, Id, Object, PdfError};

/// Fields of a form, of any kind.
const MOST_FIELDS: usize = 100_000;

/// A field of type `Sig`, with or without a signature.
#[derive(Debug, Clone)]
pub(crate) struct SignatureField {
    pub(crate) id: Id,
    /// With the names of the fields above it, as readers show it.
    pub(crate) name: String,
    pub(crate) dict: Dict,
}

/// The interactive form of a document.
pub(crate) struct Form {
    /// Where it is, if it is an object of its own.
    pub(crate) id: Option<Id>,
    pub(crate) dict: Dict,
}

// === impl Form ===

impl Form {
    pub(crate) fn of(file: &File<'_>) -> Result<Option<Self>, PdfError> {
        let (_, catalog) = file.root()?;
        let Some(form) = catalog.get("AcroForm") else { return Ok(None) };
        match file.resolve(form)? {
            Object::Dict(dict) => Ok(Some(Self { id: form.as_reference(), dict })),
            Object::Null => Ok(None),
            _ => Err(PdfError::Document("the form is no dictionary")),
        }
    }

    /// The fields at the top.
    pub(crate) fn fields(&self, file: &File<'_>) -> Result<Vec<Object>, PdfError> {
        match file.value(&self.dict, "Fields")? {
            Object::Array(fields) => Ok(fields),
            Object::Null => Ok(Vec::new()),
            _ => Err(PdfError::Document("the form's fields are no array")),
        }
    }
}

/// All signature fields, in the form's order.
pub(crate) fn signature_fields(file: &File<'_>) -> Result<Vec<SignatureField>, PdfError> {
    let Some(form) = Form::of(file)? else { return Ok(Vec::new()) };
    let mut rest: Vec<(Object, String, bool)> =
        form.fields(file)?.into_iter().rev().map(|field| (field, String::new(), false)).collect();
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    while let Some((field, above, above_is_signature)) = rest.pop() {
        let id = field.as_reference().ok_or(PdfError::Document("a field is no reference"))?;
        if !seen.insert(id) {
            return Err(PdfError::Document("a field is in the form twice"));
        }
        if seen.len() + rest.len() > MOST_FIELDS {
            return Err(PdfError::TooLarge("fields"));
        }
        let Object::Dict(dict) = file.get(id)? else {
            return Err(PdfError::Document("a field is no dictionary"));
        };
        let is_signature = dict.get("FT").map_or(above_is_signature, |_| dict.is("FT", "Sig"));
        let name = full_name(&above, &file.value(&dict, "T")?);
        if let Object::Array(kids) = file.value(&dict, "Kids")? {
            rest.extend(kids.into_iter().rev().map(|kid| (kid, name.clone(), is_signature)));
        } else if is_signature {
            found.push(SignatureField { id, name, dict });
        }
    }
    Ok(found)
}

fn full_name(above: &str, own: &Object) -> String {
    match own.as_text() {
        None => above.to_owned(),
        Some(own) if above.is_empty() => own,
        Some(own) => format!("{above}.{own}"),
    }
}
