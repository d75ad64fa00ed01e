//! Certificates and revocation lists, as openssl reads and verifies them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod outside;

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, SystemTime},
};

use der::{Encode as _, EncodePem as _, pem::LineEnding};
use outside::{Folder, key_of, refused, said};
use zhongtai_kernel::SystemClock;
use zhongtai_pki::{
    Algorithm, Authority, Credential, CredentialError, IssueError, Profile, Reason, Revoked, Signer as _, SoftwareKey,
    Subject, certificates, revocation_list,
    testing::{World, key},
};

const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// A world of now: openssl goes by the machine's clock.
fn world(algorithm: Algorithm) -> World {
    World::at(algorithm, zhongtai_kernel::Timestamp::now())
}

/// Root, department, seal and another root, as files.
fn chain(world: &World) -> Folder {
    let folder = Folder::new();
    for (name, certificate) in [("root", world.root.certificate()), ("department", world.department.certificate())] {
        folder.certificate(&format!("{name}.pem"), certificate.unwrap());
    }
    folder.certificate("seal.pem", &world.seal.chain[0]);
    folder
}

#[test]
fn openssl_verifies_a_p256_chain_and_not_below_another_root() {
    let folder = chain(&world(Algorithm::EcdsaP256Sha256));
    let verify = "verify -x509_strict -purpose smimesign -untrusted department.pem";
    said(folder.openssl(&format!("{verify} -CAfile root.pem seal.pem")), "seal.pem: OK");
    let other = chain(&world(Algorithm::EcdsaP256Sha256));
    folder.put("other.pem", other.read("root.pem"));
    refused(folder.openssl(&format!("{verify} -CAfile other.pem seal.pem")), "error seal.pem");
}

#[test]
fn openssl_verifies_an_sm2_chain_link_by_link_and_not_under_another_id() {
    let folder = chain(&world(Algorithm::Sm2Sm3));
    for (above, below) in [("root", "root"), ("root", "department"), ("department", "seal")] {
        let verify = |id: &str| {
            folder.openssl(&format!("verify -partial_chain -vfyopt distid:{id} -trusted {above}.pem {below}.pem"))
        };
        said(verify("1234567812345678"), &format!("{below}.pem: OK"));
        if above != below {
            refused(verify("someone"), "certificate signature failure");
        }
    }
}

#[test]
fn a_flipped_byte_of_a_certificate_is_seen_by_openssl() {
    let world = world(Algorithm::EcdsaP256Sha256);
    let folder = chain(&world);
    let mut seal = world.seal.chain[0].to_der().unwrap();
    *seal.last_mut().unwrap() ^= 1;
    folder.put("seal.pem", der::pem::encode_string("CERTIFICATE", LineEnding::LF, &seal).unwrap());
    let outcome = folder.openssl("verify -CAfile root.pem -untrusted department.pem seal.pem");
    refused(outcome, "certificate signature failure");
}

#[test]
fn openssl_reads_what_each_certificate_is_for() {
    let world = world(Algorithm::EcdsaP256Sha256);
    let folder = chain(&world);
    let read = |name: &str| folder.openssl(&format!("x509 -in {name}.pem -noout -text -nameopt utf8,sep_comma_plus"));
    let root = read("root").1;
    for part in ["CA:TRUE, pathlen:1", "Certificate Sign, CRL Sign", "Version: 3"] {
        assert!(root.contains(part), "{part} in {root}");
    }
    assert!(read("department").1.contains("CA:TRUE, pathlen:0"));
    let seal = read("seal").1;
    for part in [
        "CN=城市管理局公章",
        "Digital Signature, Non Repudiation",
        "E-mail Protection",
        "1.3.6.1.5.5.7.3.36",
        "Key Identifier",
    ] {
        assert!(seal.contains(part), "{part} in {seal}");
    }
    assert!(!seal.contains("CA:TRUE"));
}

#[test]
fn where_revocation_lists_are_is_written_when_it_is_known() {
    let world = world(Algorithm::EcdsaP256Sha256);
    let department = world.department.clone().with_lists_at("https://ca.example.gov.cn/chengguan.crl");
    let seal = department
        .enrol(key(Algorithm::EcdsaP256Sha256), &Subject::new("章").unwrap(), Profile::DocumentSigner, 30)
        .unwrap();
    let folder = Folder::new();
    folder.certificate("seal.pem", &seal.chain[0]);
    said(folder.openssl("x509 -in seal.pem -noout -text"), "URI:https://ca.example.gov.cn/chengguan.crl");
}

#[test]
fn openssl_verifies_revocation_lists_and_finds_a_revoked_seal_on_them() {
    let world = world(Algorithm::EcdsaP256Sha256);
    let folder = with_lists(&world);
    let verify = |list: &str| {
        folder.openssl(&format!(
            "verify -crl_check_all -CRLfile root.crl -CRLfile {list} -CAfile root.pem -untrusted department.pem seal.pem"
        ))
    };
    said(verify("fine.crl"), "seal.pem: OK");
    refused(verify("taken.crl"), "certificate revoked");
    said(folder.openssl("crl -in taken.crl -CAfile department.pem -noout"), "verify OK");
    refused_text(&folder.openssl("crl -in taken.crl -CAfile root.pem -noout").1);
    said(folder.openssl("crl -in taken.crl -noout -text"), "Key Compromise");
    said(folder.openssl("crl -in taken.crl -noout -text"), "Version 2");
}

#[test]
fn openssl_verifies_the_signature_of_an_sm2_revocation_list() {
    let world = world(Algorithm::Sm2Sm3);
    let folder = with_lists(&world);
    // `openssl crl` takes no id for SM2: what was signed is given to it apart.
    let list = revocation_list(&String::from_utf8(folder.read("taken.crl")).unwrap()).unwrap();
    folder.put("signed", list.tbs_cert_list.to_der().unwrap());
    folder.put("signature", list.signature.raw_bytes());
    folder.public_key("key.pem", key_of(world.department.certificate().unwrap()));
    let verify =
        "pkeyutl -verify -pubin -inkey key.pem -rawin -in signed -sigfile signature -digest sm3 -pkeyopt distid:";
    said(folder.openssl(&format!("{verify}1234567812345678")), "Signature Verified Successfully");
    refused(folder.openssl(&format!("{verify}someone")), "Signature Verification Failure");
    said(folder.openssl("crl -in taken.crl -noout -text"), "Key Compromise");
}

/// Lists of the root and of the department, without and with the seal.
fn with_lists(world: &World) -> Folder {
    let folder = chain(world);
    let serial = world.seal.chain[0].tbs_certificate().serial_number().clone();
    let revoked = Revoked { serial, since: SystemTime::now(), reason: Reason::KeyCompromise };
    folder.list("root.crl", &world.root.revocation_list(1, &[], WEEK).unwrap());
    folder.list("fine.crl", &world.department.revocation_list(1, &[], WEEK).unwrap());
    folder.list("taken.crl", &world.department.revocation_list(2, &[revoked], WEEK).unwrap());
    folder
}

/// `openssl crl` of this version ends well whatever it finds.
fn refused_text(text: &str) {
    assert!(!text.contains("verify OK"), "{text}");
}

#[test]
fn serial_numbers_are_positive_of_128_bits_and_never_the_same() {
    let world = world(Algorithm::EcdsaP256Sha256);
    let public = key(Algorithm::EcdsaP256Sha256);
    let subject = Subject::new("章").unwrap();
    let serials: HashSet<Vec<u8>> = (0..50)
        .map(|_| world.department.issue(public.public_key(), &subject, Profile::DocumentSigner, 1).unwrap())
        .map(|certificate| certificate.tbs_certificate().serial_number().as_bytes().to_vec())
        .collect();
    assert_eq!(serials.len(), 50);
    assert!(serials.iter().all(|serial| serial.len() == 16 && serial[0] & 0x80 == 0));
}

#[test]
fn authorities_issue_only_what_stands_below_them() {
    let world = world(Algorithm::EcdsaP256Sha256);
    let subject = Subject::new("局").unwrap();
    let refused = |outcome: Result<Authority, IssueError>| matches!(outcome, Err(IssueError::NotAllowed));
    assert!(refused(world.department.department(key(Algorithm::EcdsaP256Sha256), &subject, 30)), "a third level");
    assert!(refused(Authority::load(world.seal.clone(), Arc::new(SystemClock))), "a seal as an authority");
    let public = key(Algorithm::EcdsaP256Sha256);
    let root = world.department.issue(public.public_key(), &subject, Profile::Root, 30);
    assert!(matches!(root, Err(IssueError::NotAllowed)), "a root below another");
    let long = world.department.issue(public.public_key(), &subject, Profile::DocumentSigner, 3651);
    assert!(matches!(long, Err(IssueError::OutlivesIssuer)), "longer than the issuer");
    let other = world.department.issue(b"not a key", &subject, Profile::DocumentSigner, 30);
    assert!(matches!(other, Err(IssueError::NotAllowed)), "no key");
}

#[test]
fn a_foreign_chain_is_taken_with_its_key_and_not_with_another() {
    let folder = Folder::new();
    let run = |arguments: &str| assert!(folder.openssl(arguments).0, "{arguments}");
    run("req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -subj /CN=省级根证书 -utf8 -days 30");
    run("req -newkey rsa:2048 -nodes -keyout seal.key -out seal.csr -subj /CN=章 -utf8");
    run("x509 -req -in seal.csr -CA root.pem -CAkey root.key -CAcreateserial -out seal.pem -days 20");
    let text = |name: &str| String::from_utf8(folder.read(name)).unwrap();
    let key = |name: &str| Arc::new(SoftwareKey::from_pem(&text(name)).unwrap());
    let chain = format!("一些文字\n{}\n{}", text("seal.pem"), text("root.pem"));
    assert_eq!(certificates(&chain).unwrap().len(), 2);
    let credential = Credential::import(key("seal.key"), &chain).unwrap();
    assert_eq!(credential.signer.algorithm(), Algorithm::RsaPkcs1Sha256);

    let import = |name: &str, chain: &str| Credential::import(key(name), chain).unwrap_err();
    assert_eq!(import("root.key", &chain), CredentialError::OtherKey);
    let own = world(Algorithm::EcdsaP256Sha256).root.certificate().unwrap().to_pem(LineEnding::LF).unwrap();
    assert_eq!(import("seal.key", &format!("{}{own}", text("seal.pem"))), CredentialError::Broken(1));
    assert_eq!(import("seal.key", "nothing"), CredentialError::NotCertificates);
    let list = world(Algorithm::EcdsaP256Sha256).root.revocation_list(7, &[], WEEK).unwrap();
    assert_eq!(revocation_list(&list.to_pem(LineEnding::LF).unwrap()).unwrap(), list);
    assert_eq!(revocation_list(&own).unwrap_err(), CredentialError::NotAList);
}

#[test]
fn a_subject_that_certificates_cannot_carry_is_refused() {
    let long = "长".repeat(65);
    for text in ["", " 章", "章 ", "章\n", long.as_str()] {
        assert!(Subject::new(text).is_err(), "{text:?}");
        assert!(Subject::new("章").unwrap().organization(text).is_err(), "{text:?}");
    }
    // What separates the parts of a written name means nothing here.
    let tricky = Subject::new("A,CN=B+O=C/CN=D").unwrap();
    let root = Authority::root(key(Algorithm::EcdsaP256Sha256), &tricky, 1, Arc::new(SystemClock)).unwrap();
    let name = root.certificate().unwrap().tbs_certificate().subject().clone();
    assert_eq!(name.len(), 2, "a country and one name: {name}");
}
