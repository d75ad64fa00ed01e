//! Which certificates are good, and what is said of those that are not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod outside;

use std::time::{Duration, SystemTime};

use der::{Decode as _, Encode as _};
use outside::Folder;
use zhongtai_pki::{
    Algorithm, Authority, Certificate, Credential, PathError, Profile, Reason, Revoked, Subject, Trust, Usage,
    certificates,
    testing::{World, key},
};

const DAY: Duration = Duration::from_secs(86_400);
const SEAL: &str = "CN=城市管理局公章,OU=城市管理局,O=清城区人民政府,C=CN";

fn world() -> World {
    World::new(Algorithm::EcdsaP256Sha256)
}

fn check(trust: &Trust, credential: &Credential, at: SystemTime) -> Result<(), PathError> {
    trust.check(&credential.chain[0], &credential.chain, at, Usage::DocumentSigning)
}

fn taken_back(world: &World, since: SystemTime) -> Revoked {
    let serial = world.seal.chain[0].tbs_certificate().serial_number().clone();
    Revoked { serial, since, reason: Reason::KeyCompromise }
}

/// The same certificate with one part of its bytes replaced.
fn altered(certificate: &Certificate, from: &[u8], to: &[u8]) -> Certificate {
    let bytes = certificate.to_der().unwrap();
    let at = bytes.windows(from.len()).position(|part| part == from).unwrap();
    Certificate::from_der(&[&bytes[..at], to, &bytes[at + from.len()..]].concat()).unwrap()
}

#[test]
fn a_seal_is_good_below_its_root_in_both_kinds_of_keys() {
    for algorithm in [Algorithm::EcdsaP256Sha256, Algorithm::Sm2Sm3] {
        let world = World::new(algorithm);
        assert_eq!(check(&world.trust(), &world.seal, world.now()), Ok(()));
        let mut shuffled = world.seal.chain.clone();
        shuffled.reverse();
        let outcome = world.trust().check(&world.seal.chain[0], &shuffled, world.now(), Usage::DocumentSigning);
        assert_eq!(outcome, Ok(()), "in any order");
    }
}

#[test]
fn nothing_is_good_below_a_root_that_is_not_trusted() {
    let (world, other) = (world(), world());
    let trust = Trust { roots: other.trust().roots, ..world.trust() };
    let untrusted = check(&trust, &world.seal, world.now()).unwrap_err();
    // The other root bears the same name: it did not sign.
    assert!(matches!(untrusted, PathError::Untrusted { .. } | PathError::Signature { .. }), "{untrusted}");
    let nobody = Trust { roots: vec![], ..world.trust() };
    assert!(matches!(check(&nobody, &world.seal, world.now()), Err(PathError::Untrusted { .. })));
    let alone = world.trust().check(&world.seal.chain[0], &[], world.now(), Usage::DocumentSigning);
    assert_eq!(alone, Err(PathError::Untrusted { subject: SEAL.to_owned() }), "without the department between");
}

#[test]
fn a_certificate_is_good_from_its_first_second_to_its_last() {
    let world = world();
    let trust = world.trust();
    let early = check(&trust, &world.seal, world.now() - Duration::from_secs(1)).unwrap_err();
    assert_eq!(early, PathError::NotYetValid { subject: SEAL.to_owned() });
    let end = world.now() + 1095 * DAY;
    world.clock.advance(1090 * DAY);
    assert_eq!(check(&world.trust(), &world.seal, end), Ok(()));
    let late = check(&world.trust(), &world.seal, end + Duration::from_secs(1)).unwrap_err();
    assert_eq!(late, PathError::Expired { subject: SEAL.to_owned() });
}

#[test]
fn a_revoked_certificate_is_good_until_it_was_revoked() {
    let world = world();
    let since = world.now() + 2 * DAY;
    let trust = world.trust_with(&[taken_back(&world, since)]);
    assert_eq!(check(&trust, &world.seal, world.now() + DAY), Ok(()));
    let revoked = Err(PathError::Revoked { subject: SEAL.to_owned(), since });
    assert_eq!(check(&trust, &world.seal, since), revoked);
    assert_eq!(check(&trust, &world.seal, since + DAY), revoked);
}

#[test]
fn what_an_old_list_says_is_not_forgotten_when_a_new_one_leaves_it_out() {
    let world = world();
    let old = world.trust_with(&[taken_back(&world, world.now())]);
    let mut trust = world.trust();
    trust.revocations.extend(old.revocations);
    assert!(matches!(check(&trust, &world.seal, world.now()), Err(PathError::Revoked { .. })));
}

#[test]
fn without_a_list_in_force_it_is_unknown_whether_a_certificate_is_good() {
    let world = world();
    let unknown = |trust: &Trust, at| match check(trust, &world.seal, at) {
        Err(PathError::RevocationUnknown { subject }) => subject,
        other => panic!("{other:?}"),
    };
    let mut trust = world.trust();
    assert!(unknown(&trust, world.now() + 31 * DAY).contains("CN=城市管理局,"), "out of date");
    let department = trust.revocations.pop().unwrap();
    assert_eq!(unknown(&trust, world.now()), SEAL, "none of the department");
    let root = trust.revocations.pop().unwrap();
    trust.revocations.push(department.clone());
    assert!(unknown(&trust, world.now()).contains("CN=城市管理局,"), "none of the root");
    let mut forged = department;
    forged.tbs_cert_list.revoked_certificates = None;
    forged.tbs_cert_list.next_update = forged.tbs_cert_list.next_update.map(|_| later(&world));
    trust.revocations = vec![root, forged];
    assert_eq!(unknown(&trust, world.now()), SEAL, "its signature does not hold");
}

fn later(world: &World) -> x509_cert::time::Time {
    world.seal.chain[0].tbs_certificate().validity().not_after
}

#[test]
fn a_list_signed_by_somebody_else_with_the_same_name_counts_for_nothing() {
    let (world, namesake) = (world(), world());
    let mut trust = world.trust();
    trust.revocations = namesake.trust().revocations;
    assert!(matches!(check(&trust, &world.seal, world.now()), Err(PathError::RevocationUnknown { .. })));
}

#[test]
fn a_leaf_may_not_issue() {
    let world = world();
    // Somebody who has a seal's key plays authority with it.
    let forged = forged_below(&world.seal, &world);
    let chain = [&forged.chain[..1], world.seal.chain.as_slice()].concat();
    let error = world.trust().check(&chain[0], &chain, world.now(), Usage::DocumentSigning).unwrap_err();
    assert_eq!(
        error,
        PathError::NotAnAuthority { subject: SEAL.to_owned(), reason: "it is not marked as an authority" }
    );
}

/// A certificate signed by `above` as if it were an authority.
fn forged_below(above: &Credential, world: &World) -> Credential {
    let name =
        Subject::new("城市管理局公章").unwrap().organization("清城区人民政府").unwrap().unit("城市管理局").unwrap();
    let pretended = Authority::root(above.signer.clone(), &name, 2000, world.clock.clone()).unwrap();
    pretended
        .enrol(key(Algorithm::EcdsaP256Sha256), &Subject::new("伪造").unwrap(), Profile::DocumentSigner, 100)
        .unwrap()
}

#[test]
fn more_authorities_in_a_row_than_allowed_are_refused() {
    let world = world();
    // A department makes an authority below itself, which its certificate does not allow.
    let name = Subject::new("城市管理局").unwrap().organization("清城区人民政府").unwrap();
    let key_of_department = world.department.credential().signer.clone();
    let pretended = Authority::root(key_of_department, &name, 3000, world.clock.clone()).unwrap();
    let below = pretended.department(key(Algorithm::EcdsaP256Sha256), &Subject::new("街道").unwrap(), 2000).unwrap();
    let seal = below
        .enrol(key(Algorithm::EcdsaP256Sha256), &Subject::new("街道章").unwrap(), Profile::DocumentSigner, 1000)
        .unwrap();
    let real = world.department.certificate().unwrap().clone();
    let others = [seal.chain[1].clone(), real];
    let mut trust = world.trust();
    trust.revocations.push(below.revocation_list(1, &[], 30 * DAY).unwrap());
    let error = trust.check(&seal.chain[0], &others, world.now(), Usage::DocumentSigning).unwrap_err();
    assert!(
        matches!(&error, PathError::NotAnAuthority { reason, .. } if reason.contains("more authorities")),
        "{error}"
    );
}

#[test]
fn each_certificate_is_good_for_its_own_use_only() {
    let world = world();
    let trust = world.trust();
    let ok = |certificate: &Certificate, usage| {
        trust.check(certificate, &world.seal.chain, world.now(), usage).map_err(|error| match error {
            PathError::Usage { reason, .. } => reason,
            other => panic!("{other}"),
        })
    };
    let stamper = world
        .department
        .enrol(key(Algorithm::EcdsaP256Sha256), &Subject::new("时间戳").unwrap(), Profile::TimeStamper, 30)
        .unwrap();
    let (seal, stamper, department) = (&world.seal.chain[0], &stamper.chain[0], &world.seal.chain[1]);
    assert_eq!(ok(seal, Usage::DocumentSigning), Ok(()));
    assert!(ok(seal, Usage::TimeStamping).unwrap_err().contains("not critically for time stamps"));
    assert!(ok(seal, Usage::CertificateAuthority).unwrap_err().contains("not an authority's"));
    assert_eq!(ok(stamper, Usage::TimeStamping), Ok(()));
    assert!(ok(stamper, Usage::DocumentSigning).unwrap_err().contains("does not include documents"));
    assert_eq!(ok(department, Usage::CertificateAuthority), Ok(()));
    assert!(ok(department, Usage::DocumentSigning).unwrap_err().contains("it is an authority's"));
}

#[test]
fn a_changed_certificate_is_seen() {
    let world = world();
    let changed = altered(&world.seal.chain[0], "公章".as_bytes(), "私章".as_bytes());
    let error = world.trust().check(&changed, &world.seal.chain, world.now(), Usage::DocumentSigning).unwrap_err();
    assert!(matches!(error, PathError::Signature { .. }), "{error}");
}

#[test]
fn what_is_critical_and_not_understood_is_refused() {
    let folder = Folder::new();
    let config =
        "[req]\ndistinguished_name=dn\n[dn]\n[seal]\nkeyUsage=critical,digitalSignature\n1.2.3.4=critical,ASN1:NULL\n";
    folder.put("openssl.cnf", config);
    let made = folder.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c.pem -subj /CN=x -days 30 -config openssl.cnf -extensions seal",
    );
    assert!(made.0, "{made:?}");
    let certificate = certificates(&String::from_utf8(folder.read("c.pem")).unwrap()).unwrap().remove(0);
    let trust = Trust { roots: vec![certificate.clone()], revocations: vec![] };
    let error = trust.check(&certificate, &[], SystemTime::now(), Usage::DocumentSigning).unwrap_err();
    assert_eq!(error.to_string(), "CN=x: a critical extension of it is not understood");
}

#[test]
fn a_crowd_of_authorities_with_one_name_and_key_ends_soon() {
    let world = world();
    let name = Subject::new("城市管理局").unwrap().organization("清城区人民政府").unwrap();
    let key_of_department = world.department.credential().signer.clone();
    // Each stands above every other one: there are more ways up than anybody can try.
    let crowd: Vec<Certificate> = (0..20)
        .map(|_| Authority::root(key_of_department.clone(), &name, 30, world.clock.clone()).unwrap())
        .map(|authority| authority.certificate().unwrap().clone())
        .collect();
    let begun = std::time::Instant::now();
    let error = world.trust().check(&world.seal.chain[0], &crowd, world.now(), Usage::DocumentSigning).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(60), "{error}");
}
