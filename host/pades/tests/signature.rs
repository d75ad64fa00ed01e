//! A signature that was changed, moved or made again: its own bytes, its attributes, its time stamp.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::time::Duration;

use cms::{content_info::ContentInfo, signed_data::SignedData};
use der::{Any, Decode, Encode, asn1::OctetString};
use support::{append, byte_range, document, faults, find, last_start, overwrite, seal, seal_on, world};
use x509_cert::attr::Attribute;
use zhongtai_pades::Fault;
use zhongtai_pki::{ObjectIdentifier, TimeStampError, TimeStamper, attribute, testing::World};

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
fn another_kind_of_signature_is_named() {
    let world = world();
    let mut sealed = seal(&world, &document());
    overwrite(&mut sealed, "/ETSI.CAdES.detached", "/adbe.pkcs7.detached");
    let named = Fault::Dictionary("it is not a PAdES signature (ETSI.CAdES.detached)");
    assert!(faults(&world, &sealed).contains(&named));
}
