//! What was done to a sealed file, and what our own check says of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::time::Duration;

use cms::{content_info::ContentInfo, signed_data::SignedData};
use der::{Any, Decode, Encode, asn1::OctetString};
use support::{append, byte_range, document, file, find, last_start, seal, seal_on, sign_with, with_streams, world};
use x509_cert::attr::Attribute;
use zhongtai_pades::{Appended, Change, Fault, PdfReport, verify};
use zhongtai_pki::{
    Algorithm, ObjectIdentifier, PathError, Reason, Revoked, TimeStampError, TimeStamper, attribute, testing::World,
};

fn report(world: &World, pdf: &[u8]) -> PdfReport {
    verify(pdf, &world.trust()).unwrap()
}

fn faults(world: &World, pdf: &[u8]) -> Vec<Fault> {
    report(world, pdf).signatures.remove(0).faults
}

/// Writes `text` over `old`, which is as long or longer, with spaces after it.
fn overwrite(pdf: &mut [u8], old: &str, text: &str) {
    let at = support::find_last(pdf, old.as_bytes());
    pdf[at..at + old.len()].copy_from_slice(format!("{text:<width$}", width = old.len()).as_bytes());
}

#[test]
fn a_byte_flipped_anywhere_is_found() {
    let world = world();
    let trust = world.trust();
    for document in [document(), with_streams(&document())] {
        let sealed = seal(&world, &document);
        let [_, first, second, _] = byte_range(&sealed);
        for at in (0..first).step_by(101).chain((second..sealed.len()).step_by(31)) {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            let intact = verify(&flipped, &trust).is_ok_and(|report| report.is_intact());
            assert!(!intact, "byte {at} of {}", sealed.len());
        }
        // The blank after the signature is not signed, and has to be blank.
        let mut flipped = sealed.clone();
        flipped[second - 2] = b'1';
        assert_eq!(faults(&world, &flipped), [Fault::Form("bytes follow it that are not zero")]);
    }
}

#[test]
fn a_flipped_bit_in_the_signature_itself_is_named() {
    let world = world();
    let sealed = seal(&world, &document());
    let [_, first, second, _] = byte_range(&sealed);
    // ecdsa-with-SHA256, then the octets of the signature: two headers and two integers.
    let value = first + support::find_last(&sealed[first..second], b"2A8648CE3D040302");
    let own = first + find(&sealed[first..second], b"2A864886F70D010904");
    assert!(own > first && value > own);
    let embedded = embed(&world, &sealed, |signed| {
        let mut signer = signed.signer_infos.0.as_slice()[0].clone();
        let mut bytes = signer.signature.as_bytes().to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        signer.signature = OctetString::new(bytes).unwrap();
        signed.signer_infos.0 = vec![signer].try_into().unwrap();
    });
    let faults = faults(&world, &embedded);
    assert!(
        matches!(faults.as_slice(), [Fault::Signature(_), Fault::TimeStamp(TimeStampError::Imprint)]),
        "{faults:?}"
    );
}

/// The file with its last signature changed.
fn embed(_: &World, pdf: &[u8], change: impl FnOnce(&mut SignedData)) -> Vec<u8> {
    let [_, first, second, _] = byte_range(pdf);
    let digits = std::str::from_utf8(&pdf[first + 1..second - 1]).unwrap();
    let bytes: Vec<u8> =
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
    let length = 4 + usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
    let mut outer = ContentInfo::from_der(&bytes[..length]).unwrap();
    let mut signed: SignedData = outer.content.decode_as().unwrap();
    change(&mut signed);
    outer.content = Any::encode_from(&signed).unwrap();
    let digits: String = outer.to_der().unwrap().iter().map(|byte| format!("{byte:02X}")).collect();
    let mut changed = pdf.to_vec();
    let blank = &mut changed[first + 1..second - 1];
    blank.fill(b'0');
    blank[..digits.len()].copy_from_slice(digits.as_bytes());
    changed
}

/// Signs again, by the true key, over attributes that were changed.
fn with_attributes(world: &World, pdf: &[u8], change: impl FnOnce(&mut Vec<Attribute>)) -> Vec<u8> {
    embed(world, pdf, |signed| {
        let mut signer = signed.signer_infos.0.as_slice()[0].clone();
        let mut attributes = signer.signed_attrs.take().unwrap().into_vec();
        change(&mut attributes);
        let attributes: x509_cert::attr::Attributes = attributes.try_into().unwrap();
        let signature = world.seal.signer.sign(&attributes.to_der().unwrap()).unwrap();
        let imprint = <sha2::Sha256 as sha2::Digest>::digest(&signature).into();
        let token = Any::from_der(&world.stamper.stamp(&imprint).unwrap()).unwrap();
        let stamp = attribute::attribute(ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14"), token).unwrap();
        signer.unsigned_attrs = Some(vec![stamp].try_into().unwrap());
        signer.signed_attrs = Some(attributes);
        signer.signature = OctetString::new(signature).unwrap();
        signed.signer_infos.0 = vec![signer].try_into().unwrap();
    })
}

#[test]
fn attributes_that_pades_asks_for_have_to_be_there_and_others_must_not() {
    let world = world();
    let sealed = seal(&world, &document());
    assert_eq!(faults(&world, &with_attributes(&world, &sealed, |_| {})), [], "signed again, it holds");
    let without = |oid: ObjectIdentifier| {
        faults(&world, &with_attributes(&world, &sealed, |attributes| attributes.retain(|one| one.oid != oid)))
    };
    assert_eq!(without(attribute::CONTENT_TYPE), [Fault::Form("its signed content type is not that of data")]);
    assert_eq!(without(attribute::MESSAGE_DIGEST), [Fault::Form("it has no signed digest")]);
    let nameless = without(attribute::SIGNING_CERTIFICATE);
    assert_eq!(nameless, [Fault::Form("its signing-certificate-v2 does not name its signer's certificate")]);
    let timed = with_attributes(&world, &sealed, |attributes| {
        let now = der::asn1::UtcTime::from_unix_duration(Duration::from_secs(1_700_000_000)).unwrap();
        let oid = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
        attributes.push(attribute::attribute(oid, Any::encode_from(&now).unwrap()).unwrap());
    });
    assert_eq!(faults(&world, &timed), [Fault::Form("it has a signing time, which PAdES does not allow")]);
}

#[test]
fn a_certificate_of_the_same_name_and_number_is_not_the_signers() {
    let world = world();
    let sealed = seal(&world, &document());
    let other = self::world();
    let swapped = with_attributes(&world, &sealed, |attributes| {
        attributes.retain(|one| one.oid != attribute::SIGNING_CERTIFICATE);
        attributes.push(attribute::signing_certificate(other.seal.certificate().unwrap()).unwrap());
    });
    let named = Fault::Form("its signing-certificate-v2 does not name its signer's certificate");
    assert_eq!(faults(&world, &swapped), [named]);
}

#[test]
fn a_time_stamp_of_another_signature_is_refused() {
    let world = world();
    let (one, other) = (seal(&world, &document()), seal_on(&world, &document(), 2, 20.0, 20.0));
    let mut stamp = None;
    embed(&world, &other, |signed| stamp = signed.signer_infos.0.as_slice()[0].unsigned_attrs.clone());
    let moved = embed(&world, &one, |signed| {
        let mut signer = signed.signer_infos.0.as_slice()[0].clone();
        signer.unsigned_attrs = stamp;
        signed.signer_infos.0 = vec![signer].try_into().unwrap();
    });
    assert_eq!(faults(&world, &moved), [Fault::TimeStamp(TimeStampError::Imprint)]);
}

#[test]
fn a_signature_moved_to_another_document_is_refused() {
    let world = world();
    let (one, mut other) = (seal(&world, &document()), seal_on(&world, &document(), 1, 121.0, 200.0));
    let ([_, first, second, _], [_, to, end, _]) = (byte_range(&one), byte_range(&other));
    assert_eq!(second - first, end - to);
    other[to..end].copy_from_slice(&one[first..second]);
    assert_eq!(faults(&world, &other), [Fault::Digest]);
}

#[test]
fn two_signers_in_one_signature_are_refused() {
    let world = world();
    let sealed = seal(&world, &document());
    let doubled = embed(&world, &sealed, |signed| {
        let signer = signed.signer_infos.0.as_slice()[0].clone();
        let unstamped = cms::signed_data::SignerInfo { unsigned_attrs: None, ..signer.clone() };
        signed.signer_infos.0 = vec![signer, unstamped].try_into().unwrap();
    });
    assert_eq!(faults(&world, &doubled), [Fault::Form("it has not one signer")]);
}

#[test]
fn signed_bytes_that_are_not_the_whole_revision_are_refused() {
    let world = world();
    let sealed = seal(&world, &document());
    let [_, first, second, rest] = byte_range(&sealed);
    let range = format!("[0 {first} {second} {rest}]");
    let with = |numbers: String| {
        let mut pdf = sealed.clone();
        overwrite(&mut pdf, &format!("{range}      "), &numbers);
        faults(&world, &pdf)
    };
    let cases = [
        (format!("[1 {} {second} {rest}]", first - 1), "they do not begin with the file"),
        (format!("[0 {} {second} {rest}]", first - 1), "they leave out something else than the signature"),
        (format!("[0 {first} {} {}]", second + 1, rest - 1), "they leave out something else than the signature"),
        (format!("[0 {first} {first} {rest}]"), "they leave out something else than the signature"),
        (format!("[0 {second} {first} {rest}]"), "they leave out something else than the signature"),
        (format!("[0 {first} {second} {}]", rest + 1), "they end after the file"),
        (format!("[0 {first} {second} {}9]", u32::MAX), "they end after the file"),
        (format!("[0 {first} {second} {}]", rest - 100), "they end amid a revision"),
        (format!("[0 {first} {second} -{rest}]"), "they are not given as four numbers"),
        (format!("[0 {first} {second}]"), "they are not given as four numbers"),
        (format!("[0 {first} {second} 9 9]"), "they are not given as four numbers"),
    ];
    for (numbers, expected) in cases {
        let found = with(numbers.clone());
        assert!(found.contains(&Fault::Range(expected)), "{numbers}: {found:?}");
    }
    let short = with(format!("[0 {first} {second} {}]", rest - 20));
    assert!(short.iter().any(|fault| matches!(fault, Fault::Revision(_) | Fault::Range(_))), "{short:?}");
}

/// A true signature by the true key, over more than the revision it came with.
#[test]
fn a_signature_over_a_later_revision_than_its_own_is_refused() {
    let world = world();
    let mut pdf = seal(&world, &document());
    let [_, first, second, rest] = byte_range(&pdf);
    let previous = last_start(&pdf);
    append(&mut pdf, &[(6, b"<</Type/Font/Subtype/Type1/BaseFont/Courier>>".to_vec())], Some(previous));
    let longer = format!("[0 {first} {second} {}]", pdf.len() - second);
    overwrite(&mut pdf, &format!("[0 {first} {second} {rest}]   "), &longer);
    let content = [&pdf[..first], &pdf[second..]].concat();
    let signed = with_attributes(&world, &pdf, |attributes| {
        attributes.retain(|one| one.oid != attribute::MESSAGE_DIGEST);
        let digest = OctetString::new(<sha2::Sha256 as sha2::Digest>::digest(content).as_slice()).unwrap();
        attributes.push(attribute::attribute(attribute::MESSAGE_DIGEST, Any::encode_from(&digest).unwrap()).unwrap());
    });
    assert_eq!(faults(&world, &signed), [Fault::Range("they are of another revision than the signature's")]);
}

#[test]
fn a_signature_that_is_not_der_is_refused() {
    let world = world();
    let sealed = seal(&world, &document());
    let hex = |certificate: &zhongtai_pki::Certificate| {
        certificate.to_der().unwrap().iter().map(|byte| format!("{byte:02X}")).collect::<String>()
    };
    // The certificates are a set, whose members DER has in an order.
    let [_, first, second, _] = byte_range(&sealed);
    let digits = std::str::from_utf8(&sealed[first..second]).unwrap();
    let mut found: Vec<(usize, String)> =
        world.seal.chain.iter().map(hex).filter_map(|one| digits.find(&one).map(|at| (at, one))).collect();
    found.sort();
    let (at, one) = &found[0];
    let (_, other) = &found[1];
    let mut swapped = sealed.clone();
    swapped[first + at..first + at + one.len() + other.len()].copy_from_slice(format!("{other}{one}").as_bytes());
    assert_eq!(faults(&world, &swapped), [Fault::Form("it is not signed data in DER")]);
}

#[test]
fn a_gap_that_holds_more_than_digits_is_refused() {
    let world = world();
    let mut sealed = seal(&world, &document());
    let [_, _, second, _] = byte_range(&sealed);
    sealed[second - 10] = b'\n';
    assert_eq!(faults(&world, &sealed), [Fault::Range("what they leave out is not a hexadecimal string")]);
}

#[test]
fn another_kind_of_signature_is_named() {
    let world = world();
    let mut sealed = seal(&world, &document());
    overwrite(&mut sealed, "/ETSI.CAdES.detached", "/adbe.pkcs7.detached");
    let named = Fault::Dictionary("it is not a PAdES signature (ETSI.CAdES.detached)");
    assert!(faults(&world, &sealed).contains(&named));
}

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

#[test]
fn an_unknown_root_an_expired_and_a_revoked_certificate_are_named() {
    let world = world();
    let sealed = seal(&world, &document());
    let found = verify(&sealed, &self::world().trust()).unwrap().signatures.remove(0).faults;
    assert!(
        matches!(found.as_slice(), [Fault::TimeStamp(_), Fault::Certificate(PathError::Untrusted { .. })]),
        "{found:?}"
    );

    let old = World::new(Algorithm::EcdsaP256Sha256);
    old.clock.advance(Duration::from_secs(4 * 365 * 86_400));
    let found = faults(&old, &seal(&old, &document()));
    assert!(matches!(found.as_slice(), [Fault::Certificate(PathError::Expired { .. })]), "{found:?}");

    let serial = world.seal.certificate().unwrap().tbs_certificate().serial_number().clone();
    let revoked = |since| [Revoked { serial: serial.clone(), since, reason: Reason::KeyCompromise }];
    let before = world.trust_with(&revoked(world.now() - Duration::from_secs(60)));
    let found = verify(&sealed, &before).unwrap().signatures.remove(0).faults;
    assert!(matches!(found.as_slice(), [Fault::Certificate(PathError::Revoked { .. })]), "{found:?}");
    world.clock.advance(Duration::from_secs(7200));
    let after = world.trust_with(&revoked(world.now() - Duration::from_secs(60)));
    let report = verify(&sealed, &after).unwrap();
    assert!(report.is_intact(), "it was stamped before it was revoked: {report:?}");
}

#[test]
fn a_certificate_that_is_not_for_documents_is_refused() {
    let world = world();
    let key = zhongtai_pki::SoftwareKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let subject = zhongtai_pki::Subject::new("another stamper").unwrap();
    let profile = zhongtai_pki::Profile::TimeStamper;
    let stamper = world.department.enrol(std::sync::Arc::new(key), &subject, profile, 100).unwrap();
    let found = faults(&world, &sign_with(&world, &stamper, Some(&world.stamper)));
    assert!(matches!(found.as_slice(), [Fault::Certificate(PathError::Usage { .. })]), "{found:?}");
}
