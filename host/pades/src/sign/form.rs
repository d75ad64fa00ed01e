//! The field of a new signature: in the form, and on its page.

use super::{SealAppearance, appearance};
use crate::{
    MOST_SIGNATURES, PadesError,
    field::{Form, signature_fields},
    pdf::{Dict, File, Id, Increment, Object, Page, Pages, PdfError},
};

/// Annotation flags (ISO 32000-1, 12.5.3): print it, and let nobody move it. PDF/A asks for the first.
const PRINT_AND_LOCKED: i64 = 4 | 128;

/// Form flags (12.7.2): there are signatures, and the file is only ever to be appended to.
const SIGNATURES_EXIST_APPEND_ONLY: i64 = 1 | 2;

/// Adds the field of the signature `value` to the form and to the page.
pub(super) fn add(
    file: &File<'_>,
    increment: &mut Increment<'_, '_>,
    appearance: Option<&SealAppearance<'_>>,
    value: Id,
) -> Result<(), PadesError> {
    let form = Form::of(file)?;
    check(file, form.as_ref())?;
    let page = appearance::page(Pages::of(file)?, appearance.map_or(1, |seal| seal.placement.page))?;
    let field = increment.reserve();
    let mut widget = widget(name(file)?, value, &page);
    if let Some(seal) = appearance {
        let drawn = increment.reserve();
        let rectangle = appearance::rectangle(&page, seal)?;
        increment.put_bytes(drawn, appearance::form(seal.drawing, page.quarters)?);
        widget.set("Rect", Object::Array(rectangle.map(Object::real).to_vec()));
        widget.set("AP", Object::Dict(Dict::new().with("N", drawn.reference())));
    }
    increment.put(field, &Object::Dict(widget));
    add_to_page(file, increment, page, field)?;
    add_to_form(file, increment, form, field)
}

fn check(file: &File<'_>, form: Option<&Form>) -> Result<(), PadesError> {
    if form.is_some_and(|form| form.dict.get("XFA").is_some()) {
        return Err(PadesError::Xfa);
    }
    let signed = signature_fields(file)?.iter().filter(|field| field.dict.get("V").is_some()).count();
    if signed >= MOST_SIGNATURES {
        return Err(PadesError::TooManySignatures(signed));
    }
    if is_locked(file)? { Err(PadesError::Locked) } else { Ok(()) }
}

/// Whether a certifying signature allows no change at all (12.8.2.2: `P` is 1).
fn is_locked(file: &File<'_>) -> Result<bool, PdfError> {
    let (_, catalog) = file.root()?;
    let permissions = file.value(&catalog, "Perms")?;
    let Some(certified) = permissions.as_dict().and_then(|dict| dict.get("DocMDP")) else { return Ok(false) };
    let certified = file.resolve(certified)?;
    let Some(references) = certified.as_dict() else { return Ok(true) };
    let Object::Array(references) = file.value(references, "Reference")? else { return Ok(true) };
    for reference in references {
        let reference = file.resolve(&reference)?;
        let Some(reference) = reference.as_dict() else { return Ok(true) };
        let parameters = file.value(reference, "TransformParams")?;
        let allowed = parameters.as_dict().and_then(|dict| dict.get("P")).and_then(Object::as_integer);
        if reference.is("TransformMethod", "DocMDP") && allowed == Some(1) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A name that no other field has.
fn name(file: &File<'_>) -> Result<String, PdfError> {
    let mut taken = std::collections::HashSet::new();
    if let Some(form) = Form::of(file)? {
        for field in form.fields(file)? {
            let field = file.resolve(&field)?;
            taken.extend(field.as_dict().and_then(|dict| dict.get("T")).and_then(Object::as_text));
        }
    }
    let numbered = (1..).map(|number: usize| format!("Signature{number}"));
    let free = numbered.take(taken.len() + 1).find(|name| !taken.contains(name));
    free.ok_or(PdfError::TooLarge("fields"))
}

/// Field and annotation in one dictionary (12.5.6.19). Without an appearance it has no size.
fn widget(name: String, value: Id, page: &Page) -> Dict {
    Dict::new()
        .with("Type", Object::name("Annot"))
        .with("Subtype", Object::name("Widget"))
        .with("FT", Object::name("Sig"))
        .with("T", Object::text(&name))
        .with("V", value.reference())
        .with("P", page.id.reference())
        .with("F", Object::Integer(PRINT_AND_LOCKED))
        .with("Rect", Object::Array(vec![Object::Integer(0); 4]))
}

fn add_to_page(file: &File<'_>, increment: &mut Increment<'_, '_>, page: Page, field: Id) -> Result<(), PdfError> {
    let mut annotations = array(file, &page.dict, "Annots")?;
    annotations.push(field.reference());
    match page.dict.get("Annots").and_then(Object::as_reference) {
        Some(id) => increment.put(id, &Object::Array(annotations)),
        None => {
            let dict = page.dict.with("Annots", Object::Array(annotations));
            increment.put(page.id, &Object::Dict(dict));
        }
    }
    Ok(())
}

fn add_to_form(
    file: &File<'_>,
    increment: &mut Increment<'_, '_>,
    form: Option<Form>,
    field: Id,
) -> Result<(), PadesError> {
    let (place, mut dict) = form.map_or((None, Dict::new()), |form| (form.id, form.dict));
    let mut fields = array(file, &dict, "Fields")?;
    fields.push(field.reference());
    let flags = dict.get("SigFlags").and_then(Object::as_integer).unwrap_or(0);
    match dict.get("Fields").and_then(Object::as_reference) {
        Some(id) => increment.put(id, &Object::Array(fields)),
        None => dict.set("Fields", Object::Array(fields)),
    }
    dict.set("SigFlags", Object::Integer(flags | SIGNATURES_EXIST_APPEND_ONLY));
    if let Some(id) = place {
        increment.put(id, &Object::Dict(dict));
        return Ok(());
    }
    // The form becomes an object of its own, so that the next signature leaves the catalog alone.
    let id = increment.reserve();
    increment.put(id, &Object::Dict(dict));
    let (root, catalog) = file.root()?;
    increment.put(root, &Object::Dict(catalog.with("AcroForm", id.reference())));
    Ok(())
}

fn array(file: &File<'_>, dict: &Dict, key: &str) -> Result<Vec<Object>, PdfError> {
    match file.value(dict, key)? {
        Object::Array(items) => Ok(items),
        Object::Null => Ok(Vec::new()),
        _ => Err(PdfError::Document("annotations or fields are no array")),
    }
}
