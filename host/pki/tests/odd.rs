//! Certificates and lists that other authorities make, and that are refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod outside;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use const_oid::{AssociatedOid as _, ObjectIdentifier};
use der::{
    Decode as _, Encode as _,
    asn1::{BitString, OctetString},
};
use outside::Folder;
use x509_cert::{
    crl::RevokedCert,
    ext::{Extension, pkix::CrlReason},
    time::Time,
};
use zhongtai_kernel::SystemClock;
use zhongtai_pki::{
    Algorithm, Authority, Certificate, CertificateList, Credential, PathError, SoftwareKey, Trust, Usage, certificates,
    testing::World,
};

const DAY: Duration = Duration::from_secs(86_400);
const ROOT: &str =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash";
const LEAF: &str = "keyUsage=critical,digitalSignature";

/// What is said of a leaf with these extensions below a root with those, both made by openssl.
fn judged(root: &str, leaf: &str, usage: Usage) -> Result<(), String> {
    judged_on("P-256", root, leaf, usage)
}

fn judged_on(curve: &str, root: &str, leaf: &str, usage: Usage) -> Result<(), String> {
    let folder = Folder::new();
    let run = |arguments: &str| {
        let outcome = folder.openssl(arguments);
        assert!(outcome.0, "{arguments}: {}", outcome.1);
    };
    folder.put("openssl.cnf", format!("[req]\ndistinguished_name=dn\n[dn]\n[root]\n{root}\n[leaf]\n{leaf}\n"));
    let key = |curve: &str| format!("-newkey ec -pkeyopt ec_paramgen_curve:{curve} -nodes -config openssl.cnf");
    run(&format!("req -x509 {} -keyout root.key -out root.pem -subj /CN=root -days 30 -extensions root", key("P-256")));
    run(&format!("req {} -keyout leaf.key -out leaf.csr -subj /CN=leaf", key(curve)));
    let extensions = if leaf.is_empty() { "" } else { "-extfile openssl.cnf -extensions leaf" };
    run(&format!(
        "x509 -req -in leaf.csr -CA root.pem -CAkey root.key -set_serial 7 -days 20 {extensions} -out leaf.pem"
    ));

    let text = |name: &str| String::from_utf8(folder.read(name)).unwrap();
    let signer = Arc::new(SoftwareKey::from_pem(&text("root.key")).unwrap());
    let credential = Credential::import(signer, &text("root.pem")).unwrap();
    let authority = Authority::load(credential, Arc::new(SystemClock)).unwrap();
    let trust = Trust {
        roots: vec![authority.certificate().unwrap().clone()],
        revocations: vec![authority.revocation_list(1, &[], DAY).unwrap()],
    };
    let leaf = certificates(&text("leaf.pem")).unwrap().remove(0);
    trust.check(&leaf, &[], SystemTime::now(), usage).map_err(|error| error.to_string())
}

#[test]
fn what_a_leaf_does_not_allow_is_refused() {
    let said = |leaf: &str| judged(ROOT, leaf, Usage::DocumentSigning).unwrap_err();
    assert_eq!(judged(ROOT, LEAF, Usage::DocumentSigning), Ok(()));
    assert_eq!(said("basicConstraints=CA:FALSE"), "CN=leaf: not for this use: it does not say what its key is for");
    assert_eq!(said("keyUsage=keyEncipherment"), "CN=leaf: not for this use: its key is not for signatures");
    assert!(said(&format!("{LEAF}\nextendedKeyUsage=serverAuth")).contains("does not include documents"));
    assert!(said(&format!("{LEAF}\nnameConstraints=permitted;DNS:x")).contains("name constraints are not understood"));
    assert_eq!(said(""), "CN=leaf: not an X.509 certificate of version 3");
    let other = judged_on("P-384", ROOT, LEAF, Usage::DocumentSigning).unwrap_err();
    assert_eq!(other, "CN=leaf: its key is neither P-256 nor SM2 nor RSA");
}

#[test]
fn a_time_stamper_is_critically_that_and_nothing_else() {
    let judge = |uses: &str| judged(ROOT, &format!("{LEAF}\nextendedKeyUsage={uses}"), Usage::TimeStamping);
    assert_eq!(judge("critical,timeStamping"), Ok(()));
    for uses in ["timeStamping", "critical,timeStamping,emailProtection", "critical,emailProtection"] {
        assert!(judge(uses).unwrap_err().contains("not critically for time stamps and nothing else"), "{uses}");
    }
}

#[test]
fn what_a_root_does_not_allow_is_refused() {
    let said = |root: &str| judged(root, LEAF, Usage::DocumentSigning).unwrap_err();
    let base = "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\nkeyUsage=critical,";
    assert!(said(&format!("{base}cRLSign")).contains("its key is not for signing certificates"));
    assert!(said(&format!("{base}keyCertSign")).contains("no revocation list of its issuer is in force"));
    let limited = said(&format!("{ROOT}\nextendedKeyUsage=serverAuth"));
    assert!(limited.contains("it is limited to other uses"), "{limited}");
}

#[test]
fn a_certificate_that_names_two_algorithms_is_refused() {
    let world = World::new(Algorithm::EcdsaP256Sha256);
    let ecdsa_sha256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    let mut bytes = world.seal.chain[0].to_der().unwrap();
    let at = bytes.windows(8).rposition(|part| part == ecdsa_sha256).unwrap();
    bytes[at + 7] = 3;
    let leaf = Certificate::from_der(&bytes).unwrap();
    let error = world.trust().check(&leaf, &world.seal.chain, world.now(), Usage::DocumentSigning).unwrap_err();
    assert!(error.to_string().contains("it names two algorithms"), "{error}");
}

/// The department's list, changed and signed again.
fn list(world: &World, change: impl FnOnce(&mut CertificateList)) -> CertificateList {
    let mut list = world.department.revocation_list(2, &[], 30 * DAY).unwrap();
    change(&mut list);
    let signature = world.department.credential().signer.sign(&list.tbs_cert_list.to_der().unwrap()).unwrap();
    list.signature = BitString::from_bytes(&signature).unwrap();
    list
}

/// Of the seal, by the root's list and these of the department.
fn status(world: &World, lists: Vec<CertificateList>, at: SystemTime) -> Result<(), PathError> {
    let mut trust = world.trust();
    trust.revocations.truncate(1);
    trust.revocations.extend(lists);
    trust.check(&world.seal.chain[0], &world.seal.chain, at, Usage::DocumentSigning)
}

fn seal_with(world: &World, reason: CrlReason, since: SystemTime) -> RevokedCert {
    let extn_value = OctetString::new(reason.to_der().unwrap()).unwrap();
    RevokedCert {
        serial_number: world.seal.chain[0].tbs_certificate().serial_number().clone(),
        revocation_date: Time::try_from(since).unwrap(),
        crl_entry_extensions: Some(vec![Extension { extn_id: CrlReason::OID, critical: false, extn_value }]),
    }
}

#[test]
fn a_list_that_covers_less_than_it_seems_counts_for_nothing() {
    let world = World::new(Algorithm::Sm2Sm3);
    let unknown = |list| matches!(status(&world, vec![list], world.now()), Err(PathError::RevocationUnknown { .. }));
    assert_eq!(status(&world, vec![list(&world, |_| ())], world.now()), Ok(()));
    let critical = |oid: &str| {
        let extn_id = ObjectIdentifier::new(oid).unwrap();
        Extension { extn_id, critical: true, extn_value: OctetString::new([5, 0]).unwrap() }
    };
    // issuingDistributionPoint and deltaCRLIndicator
    for oid in ["2.5.29.28", "2.5.29.27"] {
        let extension = critical(oid);
        let limited = |list: &mut CertificateList| list.tbs_cert_list.crl_extensions.as_mut().unwrap().push(extension);
        assert!(unknown(list(&world, limited)), "{oid}");
    }
    // certificateIssuer: the entry is of another authority.
    let indirect = |list: &mut CertificateList| {
        let mut entry = seal_with(&world, CrlReason::Superseded, world.now() + 90 * DAY);
        entry.crl_entry_extensions.as_mut().unwrap().push(critical("2.5.29.29"));
        list.tbs_cert_list.revoked_certificates = Some(vec![entry]);
    };
    assert!(unknown(list(&world, indirect)), "an indirect list");
    assert!(unknown(list(&world, |list| list.tbs_cert_list.next_update = None)), "without an end");
}

#[test]
fn a_list_from_after_a_certificates_end_needs_to_keep_expired_ones() {
    let world = World::new(Algorithm::EcdsaP256Sha256);
    let sealed_at = world.now() + DAY;
    world.clock.advance(1100 * DAY);
    let trust = world.trust();
    let outcome = trust.check(&world.seal.chain[0], &world.seal.chain, sealed_at, Usage::DocumentSigning);
    assert_eq!(outcome, Ok(()), "ours keep them");
    let forgetful = list(&world, |list| {
        list.tbs_cert_list.crl_extensions.as_mut().unwrap().retain(|one| one.extn_id.to_string() != "2.5.29.60");
    });
    assert!(matches!(status(&world, vec![forgetful], sealed_at), Err(PathError::RevocationUnknown { .. })));
}

#[test]
fn a_hold_counts_while_its_list_is_in_force_and_a_lost_key_from_when_it_was_lost() {
    let world = World::new(Algorithm::EcdsaP256Sha256);
    let now = world.now();
    let held = list(&world, |list| {
        list.tbs_cert_list.revoked_certificates = Some(vec![seal_with(&world, CrlReason::CertificateHold, now)]);
    });
    assert!(matches!(status(&world, vec![held.clone()], now), Err(PathError::Revoked { .. })));
    world.clock.advance(31 * DAY);
    let lifted = list(&world, |_| ());
    assert_eq!(status(&world, vec![held, lifted.clone()], now + 31 * DAY), Ok(()));

    let lost = list(&world, |list| {
        let mut entry = seal_with(&world, CrlReason::KeyCompromise, now + 20 * DAY);
        let date = der::asn1::GeneralizedTime::from_system_time(now + 5 * DAY).unwrap();
        let extn_value = OctetString::new(date.to_der().unwrap()).unwrap();
        let extn_id = ObjectIdentifier::new_unwrap("2.5.29.24");
        entry.crl_entry_extensions.as_mut().unwrap().push(Extension { extn_id, critical: false, extn_value });
        list.tbs_cert_list.revoked_certificates = Some(vec![entry]);
    });
    assert_eq!(status(&world, vec![lost.clone()], now + 4 * DAY), Ok(()));
    let since = now + 5 * DAY;
    assert!(matches!(status(&world, vec![lost], since), Err(PathError::Revoked { since: said, .. }) if said == since));
}
