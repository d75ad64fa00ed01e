//! A sealed file that was continued: what a later revision may add, and what breaks the seals before it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use support::{append, document, faults, file, find, last_start, report, seal, seal_on, world};
use zhongtai_pades::{Appended, Change, Fault};
use zhongtai_pki::testing::World;

/// Appends a revision to a sealed document, and says what is found of it.
fn appended(world: &World, objects: &[(u32, &[u8])]) -> (Change, Vec<Fault>) {
    let mut pdf = seal(world, &document());
    let (previous, before) = (last_start(&pdf), pdf.len());
    let objects: Vec<(u32, Vec<u8>)> = objects.iter().map(|(number, body)| (*number, body.to_vec())).collect();
    append(&mut pdf, &objects, Some(previous));
    let mut report = report(world, &pdf);
    let Appended { bytes, change } = report.after_last.take().unwrap();
    assert_eq!(bytes, pdf.len() - before);
    (change, report.signatures.remove(0).faults)
}

#[test]
fn a_revision_that_changes_what_is_shown_is_named_and_breaks_the_signature() {
    let world = world();
    let page = |rest: &str| {
        format!("<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F1 6 0 R>>>>/Rotate 0{rest}>>")
    };
    let cases: [(u32, &str, &str); 8] = [
        (5, "<</Length 2>>\nstream\nBT\nendstream", "it was changed"),
        (6, "<</Type/Font/Subtype/Type1/BaseFont/Courier>>", "it was changed"),
        (2, "<</Type/Pages/Kids[4 0 R 3 0 R]/Count 2/MediaBox[0 0 595.276 841.89]>>", "it was changed"),
        (4, &page("/CropBox[0 0 9 9]"), "the page was changed"),
        (4, &page("/Annots[50 0 R]"), "a field or an annotation was added that is no signature"),
        (3, "<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F1 6 0 R>>>>>>", "a list is gone"),
        (1, &catalog("/OpenAction 50 0 R"), "the catalog was changed"),
        (1, &catalog("/Names<</JavaScript 50 0 R>>"), "the catalog was changed"),
    ];
    for (object, body, what) in cases {
        let (change, faults) = appended(&world, &[(object, body.as_bytes())]);
        assert_eq!(change, Change::Content { object, what });
        assert_eq!(faults, [Fault::ChangedLater(change)], "{what}");
    }
}

#[test]
fn a_revision_that_changes_nothing_is_reported_and_leaves_the_signature_valid() {
    let (change, faults) = appended(&world(), &[(6, b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>")]);
    assert_eq!((change, faults), (Change::Nothing, vec![]));
}

#[test]
fn validation_data_is_reported_and_leaves_the_signature_valid() {
    let world = world();
    let (change, faults) = appended(&world, &[(1, catalog("/DSS 50 0 R").as_bytes()), (50, b"<</Certs[]>>")]);
    assert_eq!((change, faults), (Change::ValidationData, vec![]));
}

/// What other signers write beside their signature.
#[test]
fn metadata_is_reported_and_leaves_the_signature_valid() {
    let world = world();
    let xmp = b"<</Type/Metadata/Subtype/XML/Length 0>>\nstream\n\nendstream";
    let (change, faults) = appended(&world, &[(1, catalog("/Metadata 50 0 R").as_bytes()), (50, xmp)]);
    assert_eq!((change, faults), (Change::Metadata, vec![]));
}

/// Whoever makes the document may call a page's content metadata, and change it when others have signed.
#[test]
fn content_that_is_called_metadata_is_content() {
    let world = world();
    for role in ["Metadata", "DSS"] {
        let text =
            |text: &str| format!("<</Type/Metadata/Subtype/XML/Length 9>>\nstream\n({text})'\nendstream").into_bytes();
        let document = file(&[
            format!("<</Type/Catalog/Pages 2 0 R/{role} 4 0 R>>").into_bytes(),
            b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>".to_vec(),
            b"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>".to_vec(),
            text("100 yu"),
        ]);
        let mut pdf = seal(&world, &document);
        let previous = last_start(&pdf);
        append(&mut pdf, &[(4, text("900 yu"))], Some(previous));
        let report = report(&world, &pdf);
        let change = Change::Content { object: 4, what: "it was changed" };
        assert_eq!(report.after_last.unwrap().change, change);
        assert_eq!(report.signatures[0].faults, [Fault::ChangedLater(change)]);
    }
}

/// The catalog of a sealed document, with something more in it.
fn catalog(more: &str) -> String {
    let sealed = seal(&world(), &document());
    let at = find(&sealed, b"/AcroForm ") + 10;
    let form = String::from_utf8_lossy(&sealed[at..at + 8]).into_owned();
    let form = form.split('R').next().unwrap();
    format!("<</Type/Catalog/Pages 2 0 R/Lang(zh-CN)/AcroForm {form}R{more}>>")
}

/// An object that the signed document refers to and does not have shows nothing, until somebody appends it.
#[test]
fn an_object_that_was_awaited_is_content() {
    let world = world();
    let document = file(&[
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/Contents 40 0 R>>".to_vec(),
    ]);
    let mut pdf = seal(&world, &document);
    let previous = last_start(&pdf);
    append(&mut pdf, &[(40, b"<</Length 2>>\nstream\nBT\nendstream".to_vec())], Some(previous));
    let report = report(&world, &pdf);
    let change = Change::Content { object: 40, what: "it was referred to before it was there" };
    assert_eq!(report.after_last.unwrap().change, change);
    assert_eq!(report.signatures[0].faults, [Fault::ChangedLater(change)]);
}

#[test]
fn a_new_document_behind_the_signed_one_is_content() {
    let world = world();
    let mut pdf = seal(&world, &document());
    let start = pdf.len();
    append(&mut pdf, &[(1, b"<</Type/Catalog/Pages 2 0 R>>".to_vec())], None);
    assert!(pdf.len() > start);
    // Without `Prev` the rest of the document is gone, and the signatures with it.
    assert!(report(&world, &pdf).signatures.is_empty());
    let mut pdf = seal(&world, &document());
    let previous = last_start(&pdf);
    append(&mut pdf, &[(60, b"<</Type/Catalog/Pages 2 0 R>>".to_vec())], Some(previous));
    let at = support::find_last(&pdf, b"/Root 1 0 R");
    pdf.splice(at..at + 11, b"/Root 60 0 R".iter().copied());
    assert!(report(&world, &pdf).signatures.is_empty(), "the other catalog has no form");
}

#[test]
fn another_catalog_with_the_same_signatures_is_content() {
    let world = world();
    let mut pdf = seal(&world, &document());
    let previous = last_start(&pdf);
    let body = catalog("").replace("/Pages 2 0 R", "/Pages 61 0 R");
    let pages = b"<</Type/Pages/Kids[4 0 R]/Count 1/MediaBox[0 0 595.276 841.89]>>".to_vec();
    append(&mut pdf, &[(60, body.into_bytes()), (61, pages)], Some(previous));
    let at = support::find_last(&pdf, b"/Root 1 0 R");
    pdf.splice(at..at + 11, b"/Root 60 0 R".iter().copied());
    let change = Change::Content { object: 60, what: "there is another catalog" };
    assert_eq!(faults(&world, &pdf), [Fault::ChangedLater(change)]);
}

/// The new cross-references stand alone, and leave one object out.
#[test]
fn an_object_that_is_gone_is_content() {
    let world = world();
    let mut pdf = seal(&world, &document());
    let mut table = b"xref\n".to_vec();
    for number in (1..=10).filter(|number| *number != 6) {
        let at = support::find_last(&pdf, format!("\n{number} 0 obj\n").as_bytes()) + 1;
        table.extend(format!("{number} 1\n{at:010} 00000 n\r\n").into_bytes());
    }
    let start = pdf.len();
    pdf.extend(table);
    pdf.extend(format!("trailer\n<</Size 11/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").into_bytes());
    let faults = faults(&world, &pdf);
    assert!(
        matches!(faults.as_slice(), [Fault::ChangedLater(Change::Content { what: "it is gone", .. })]),
        "{faults:?}"
    );
}

#[test]
fn the_documents_information_may_note_when_it_was_changed_and_nothing_else() {
    let world = world();
    let with_information = |pdf: &mut Vec<u8>, number: u32| {
        let at = support::find_last(pdf, b"/Root ");
        pdf.splice(at..at, format!("/Info {number} 0 R").into_bytes());
    };
    let mut base = document();
    with_information(&mut base, 6);
    let sealed = seal(&world, &base);
    let after = |body: &str, number: u32| {
        let mut pdf = sealed.clone();
        let previous = last_start(&pdf);
        append(&mut pdf, &[(number, body.as_bytes().to_vec())], Some(previous));
        with_information(&mut pdf, number);
        report(&world, &pdf).after_last.unwrap().change
    };
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica";
    assert_eq!(after(&format!("{font}/ModDate(D:2026)/Producer(x)>>"), 6), Change::Metadata);
    let content = |object, what| Change::Content { object, what };
    let changed = content(6, "the document's information was changed");
    assert_eq!(after(&format!("{font}/Title(x)>>"), 6), changed);
    assert_eq!(after("<</Title(x)>>", 70), content(0, "the document's information is another object"));
}

#[test]
fn bytes_that_belong_to_no_revision_break_the_signature() {
    let world = world();
    let sealed = seal(&world, &document());
    for rest in ["x".repeat(9), "\n5 0 obj\n<</Length 2>>\nstream\nBT\nendstream\nendobj\n".into(), "\n%%EOF\n".into()]
    {
        let report = report(&world, &[sealed.as_slice(), rest.as_bytes()].concat());
        assert_eq!(report.after_last, Some(Appended { bytes: rest.len(), change: Change::Unreadable }));
        assert_eq!(report.signatures[0].faults, [Fault::ChangedLater(Change::Unreadable)]);
    }
    let report = report(&world, &[sealed.as_slice(), b"\r\n"].concat());
    assert_eq!(report.after_last, Some(Appended { bytes: 2, change: Change::Nothing }));
    assert!(report.signatures[0].is_valid() && !report.is_intact());
}

#[test]
fn content_changed_between_two_seals_breaks_the_first_and_not_the_second() {
    let world = world();
    let mut pdf = seal(&world, &document());
    let previous = last_start(&pdf);
    append(&mut pdf, &[(6, b"<</Type/Font/Subtype/Type1/BaseFont/Courier>>".to_vec())], Some(previous));
    let pdf = seal_on(&world, &pdf, 2, 20.0, 20.0);
    let report = report(&world, &pdf);
    let change = Change::Content { object: 6, what: "it was changed" };
    assert_eq!(report.signatures[0].faults, [Fault::ChangedLater(change)]);
    assert_eq!(report.signatures[1].faults, []);
    assert_eq!(report.after_last, None);
}

/// The second signature covers the first revision's end with an attack in between; the middle one is forged.
#[test]
fn a_forged_seal_in_the_middle_is_told_from_the_true_ones() {
    let (world, stranger) = (world(), world());
    let forged = seal_on(&stranger, &seal(&world, &document()), 1, 20.0, 20.0);
    let pdf = seal_on(&world, &forged, 2, 20.0, 20.0);
    let report = report(&world, &pdf);
    let valid: Vec<bool> = report.signatures.iter().map(|one| one.is_valid()).collect();
    assert_eq!(valid, [true, false, true]);
    assert!(!report.is_intact());
}
