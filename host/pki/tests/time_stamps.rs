//! Time stamps, as openssl asks for and verifies them, and what is refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod outside;

use std::{sync::Arc, time::Duration};

use cms::{
    content_info::ContentInfo,
    signed_data::{SignedData, SignerInfos},
};
use der::{
    Any, Decode as _, Encode as _,
    asn1::{OctetString, SetOfVec},
};
use outside::{Folder, refused, said};
use x509_cert::attr::Attribute;
use zhongtai_kernel::SystemClock;
use zhongtai_pki::{
    Algorithm, Hash, PathError, Profile, Reason, Revoked, SignError, Subject, TimeStampAuthority, TimeStampError,
    TimeStamper as _, Trust, attribute,
    testing::{POLICY, World, key},
    verify_time_stamp,
};

const DATA: &[u8] = "准予占道挖掘".as_bytes();

fn imprint() -> [u8; 32] {
    Hash::Sha256.digest(DATA)
}

fn world(algorithm: Algorithm) -> World {
    World::at(algorithm, zhongtai_kernel::Timestamp::now())
}

/// The trusted root and what is between, as files.
fn authorities(world: &World) -> Folder {
    let folder = Folder::new();
    folder.certificate("root.pem", world.root.certificate().unwrap());
    folder.certificate("department.pem", world.department.certificate().unwrap());
    folder.put("data", DATA);
    folder
}

#[test]
fn openssl_verifies_a_token_and_sees_other_data_and_other_roots() {
    let world = world(Algorithm::EcdsaP256Sha256);
    let folder = authorities(&world);
    folder.put("token", world.stamper.stamp(&imprint()).unwrap());
    let verify = "ts -verify -token_in -in token -untrusted department.pem";
    said(folder.openssl(&format!("{verify} -data data -CAfile root.pem")), "Verification: OK");
    folder.put("other", "不准");
    refused(folder.openssl(&format!("{verify} -data other -CAfile root.pem")), "message imprint mismatch");
    folder.certificate("foreign.pem", World::new(Algorithm::EcdsaP256Sha256).root.certificate().unwrap());
    refused(folder.openssl(&format!("{verify} -data data -CAfile foreign.pem")), "certificate verify error");
    let text = folder.openssl("ts -reply -token_in -in token -token_out -text").1;
    for part in ["Policy OID: 1.3.6.1.4.1.32473.1", "Hash Algorithm: sha256", "Accuracy: 0x01 seconds", "Ordering: no"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn openssl_asks_and_is_answered_with_its_nonce() {
    let world = world(Algorithm::EcdsaP256Sha256);
    let folder = authorities(&world);
    assert!(folder.openssl("ts -query -data data -sha256 -cert -out query").0);
    folder.put("answer", world.stamper.respond(&folder.read("query")).unwrap());
    said(
        folder.openssl("ts -verify -queryfile query -in answer -CAfile root.pem -untrusted department.pem"),
        "Verification: OK",
    );
    assert!(folder.openssl("ts -query -data data -sha256 -cert -out another").0);
    refused(
        folder.openssl("ts -verify -queryfile another -in answer -CAfile root.pem -untrusted department.pem"),
        "nonce mismatch",
    );
}

#[test]
fn what_is_not_granted_is_answered_with_the_reason() {
    let world = world(Algorithm::EcdsaP256Sha256);
    let folder = authorities(&world);
    let answer = |query: &str, reason: &str| {
        assert!(folder.openssl(&format!("ts -query -data data {query} -out query")).0);
        folder.put("answer", world.stamper.respond(&folder.read("query")).unwrap());
        let text = folder.openssl("ts -reply -in answer -text").1;
        assert!(text.contains("Status: Rejected.") && text.contains(reason), "{text}");
    };
    answer("-sha512", "unrecognized or unsupported algorithm");
    answer("-sha256 -tspolicy 1.2.3.4", "the requested TSA policy is not supported");
    folder.put("answer", world.stamper.respond(b"nonsense").unwrap());
    let text = folder.openssl("ts -reply -in answer -text").1;
    assert!(text.contains("transaction not permitted or supported"), "{text}");
}

#[test]
fn a_token_says_when_in_both_kinds_of_keys() {
    for algorithm in [Algorithm::EcdsaP256Sha256, Algorithm::Sm2Sm3] {
        let world = World::new(algorithm);
        world.clock.advance(Duration::from_millis(3_700));
        let token = world.stamper.stamp(&imprint()).unwrap();
        let at = verify_time_stamp(&token, &imprint(), &world.trust()).unwrap();
        assert_eq!(world.now().duration_since(at).unwrap(), Duration::from_millis(700), "whole seconds");
        assert_ne!(token, world.stamper.stamp(&imprint()).unwrap(), "another serial number every time");
    }
}

#[test]
fn a_token_of_other_data_or_by_an_untrusted_signer_is_refused() {
    let (world, other) = (World::new(Algorithm::Sm2Sm3), World::new(Algorithm::Sm2Sm3));
    let token = world.stamper.stamp(&imprint()).unwrap();
    let trust = world.trust();
    assert_eq!(verify_time_stamp(&token, &[0; 32], &trust), Err(TimeStampError::Imprint));
    let foreign = verify_time_stamp(&token, &imprint(), &other.trust());
    assert!(matches!(foreign, Err(TimeStampError::Untrusted(_))), "{foreign:?}");
    let unknown = verify_time_stamp(&token, &imprint(), &Trust { revocations: vec![], ..trust });
    assert!(matches!(unknown, Err(TimeStampError::Untrusted(PathError::RevocationUnknown { .. }))), "{unknown:?}");
}

#[test]
fn a_token_of_a_revoked_stamper_is_refused() {
    let world = World::new(Algorithm::EcdsaP256Sha256);
    let subject = Subject::new("时间戳").unwrap();
    let stamping = world.department.enrol(key(Algorithm::EcdsaP256Sha256), &subject, Profile::TimeStamper, 9).unwrap();
    let serial = stamping.chain[0].tbs_certificate().serial_number().clone();
    let stamper = TimeStampAuthority::new(stamping, POLICY, world.clock.clone()).unwrap();
    let token = stamper.stamp(&imprint()).unwrap();
    let revoked = Revoked { serial, since: world.now(), reason: Reason::Superseded };
    let outcome = verify_time_stamp(&token, &imprint(), &world.trust_with(&[revoked]));
    assert!(matches!(outcome, Err(TimeStampError::Untrusted(PathError::Revoked { .. }))), "{outcome:?}");
}

#[test]
fn every_flipped_bit_of_a_token_is_seen_but_those_that_say_nothing() {
    let world = World::new(Algorithm::EcdsaP256Sha256);
    let token = world.stamper.stamp(&imprint()).unwrap();
    let (trust, at) = (world.trust(), verify_time_stamp(&token, &imprint(), &world.trust()).unwrap());
    let missed: Vec<usize> = (0..token.len())
        .filter(|&byte| {
            let mut changed = token.clone();
            changed[byte] ^= 1;
            verify_time_stamp(&changed, &imprint(), &trust).is_ok_and(|said| said == at)
        })
        .collect();
    // The root is inside too, and nothing needs that copy: one from the trusted roots is taken.
    let root = world.root.certificate().unwrap().to_der().unwrap();
    let place = token.windows(root.len()).position(|part| part == root).unwrap();
    let outside: Vec<&usize> = missed.iter().filter(|byte| !(place..place + root.len()).contains(byte)).collect();
    assert!(outside.is_empty(), "bytes {outside:?} of {}", token.len());
}

#[test]
fn a_stamper_needs_a_certificate_for_stamps_and_nothing_else() {
    let world = World::new(Algorithm::EcdsaP256Sha256);
    let seal = TimeStampAuthority::new(world.seal.clone(), POLICY, Arc::new(SystemClock));
    assert!(matches!(seal, Err(SignError::Credential(_))));
}

#[test]
fn a_token_with_bytes_after_it_or_sets_out_of_order_is_refused() {
    let world = World::new(Algorithm::EcdsaP256Sha256);
    let token = world.stamper.stamp(&imprint()).unwrap();
    let longer = [token.as_slice(), &[0]].concat();
    let refused = |token: &[u8]| match verify_time_stamp(token, &imprint(), &world.trust()) {
        Err(TimeStampError::Malformed(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&longer), "it is not signed data in DER");
    // The signed attributes in another order: the same set, another encoding.
    let content = ContentInfo::from_der(&token).unwrap();
    let signed = content.content.decode_as::<SignedData>().unwrap();
    let attributes = signed.signer_infos.0.as_slice()[0].signed_attrs.clone().unwrap();
    let parts: Vec<Vec<u8>> = attributes.iter().map(|one| one.to_der().unwrap()).collect();
    let (sorted, mut turned) = (parts.concat(), parts);
    turned.reverse();
    let turned = turned.concat();
    let at = token.windows(sorted.len()).position(|part| part == sorted).unwrap();
    let changed = [&token[..at], &turned, &token[at + sorted.len()..]].concat();
    assert_eq!(refused(&changed), "it is not signed data in DER");
}

/// A token with its signed attributes changed, and signed again by the stamper itself.
fn signed_again(world: &World, change: impl Fn(&mut Vec<Attribute>)) -> Result<(), TimeStampError> {
    let subject = Subject::new("时间戳").unwrap();
    let stamping = world.department.enrol(key(Algorithm::EcdsaP256Sha256), &subject, Profile::TimeStamper, 9).unwrap();
    let stamper = TimeStampAuthority::new(stamping.clone(), POLICY, world.clock.clone()).unwrap();
    let mut outer = ContentInfo::from_der(&stamper.stamp(&imprint()).unwrap()).unwrap();
    let mut signed = outer.content.decode_as::<SignedData>().unwrap();
    let mut signer = signed.signer_infos.0.as_slice()[0].clone();
    let mut attributes = signer.signed_attrs.unwrap().into_vec();
    change(&mut attributes);
    let attributes = SetOfVec::try_from(attributes).unwrap();
    let signature = stamping.signer.sign(&attributes.to_der().unwrap()).unwrap();
    (signer.signed_attrs, signer.signature) = (Some(attributes), OctetString::new(signature).unwrap());
    signed.signer_infos = SignerInfos(SetOfVec::try_from(vec![signer]).unwrap());
    outer.content = Any::encode_from(&signed).unwrap();
    verify_time_stamp(&outer.to_der().unwrap(), &imprint(), &world.trust()).map(|_| ())
}

#[test]
fn a_stamp_that_signs_less_or_something_else_is_refused_though_its_signature_holds() {
    let world = World::new(Algorithm::EcdsaP256Sha256);
    assert_eq!(signed_again(&world, |_| ()), Ok(()));
    let refused = |change: &dyn Fn(&mut Vec<Attribute>)| match signed_again(&world, change) {
        Err(TimeStampError::Malformed(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let without = |oid| refused(&move |attributes| attributes.retain(|one| one.oid != oid));
    assert!(without(attribute::SIGNING_CERTIFICATE).contains("does not name its signer's certificate"));
    assert!(without(attribute::MESSAGE_DIGEST).contains("signed digest is of another content"));
    assert!(without(attribute::CONTENT_TYPE).contains("signed content type is another"));
    let another = world.seal.chain[0].clone();
    let named = refused(&move |attributes| {
        attributes.retain(|one| one.oid != attribute::SIGNING_CERTIFICATE);
        attributes.push(attribute::signing_certificate(&another).unwrap());
    });
    assert!(named.contains("does not name its signer's certificate"));
    let digest = Any::encode_from(&OctetString::new([7; 32]).unwrap()).unwrap();
    let digested = refused(&move |attributes| {
        attributes.retain(|one| one.oid != attribute::MESSAGE_DIGEST);
        attributes.push(attribute::attribute(attribute::MESSAGE_DIGEST, digest.clone()).unwrap());
    });
    assert!(digested.contains("signed digest is of another content"));
}
