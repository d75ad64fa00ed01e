//! What tools that we did not write say about our signatures, and about ones that were tampered with.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{sync::Arc, time::Duration};

use jiff::{Timestamp, ToSpan};
use support::{
    Bench, append, byte_range, document, find, last_start, linearized, must, said, seal, seal_by_another, seal_on,
    sign_with, with_streams, world,
};
use zhongtai_pades::verify;
use zhongtai_pki::{
    Algorithm, Profile, Reason, Revoked, SoftwareKey, Subject, testing::World, x509_cert::der::EncodePem,
};
use zhongtai_test_tools::{python, tool};

/// The documents that everything is tried on.
fn documents() -> [Vec<u8>; 3] {
    [document(), with_streams(&document()), linearized(&document())]
}

#[test]
fn pdfsig_calls_a_sealed_document_valid_trusted_and_wholly_signed() {
    let world = world();
    let bench = Bench::new(&world);
    for document in documents() {
        let said = bench.pdfsig(&seal(&world, &document));
        for line in [
            "Signature Validation: Signature is Valid.",
            "Certificate Validation: Certificate is Trusted.",
            "Total document signed",
            "Signature Type: ETSI.CAdES.detached",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
    }
}

#[test]
fn pdfsig_calls_each_of_three_seals_valid() {
    let world = world();
    let bench = Bench::new(&world);
    for document in documents() {
        let pdf = [10.0, 60.0, 110.0].into_iter().fold(document, |pdf, x_mm| seal_by_another(&world, &pdf, x_mm));
        let said = bench.pdfsig(&pdf);
        assert_eq!(said.matches("Signature is Valid.").count(), 3, "{said}");
        assert_eq!(said.matches("Certificate is Trusted.").count(), 3, "{said}");
        assert_eq!(said.matches("Total document signed").count(), 1, "only the last one signs all: {said}");
    }
}

#[test]
fn pyhanko_calls_each_of_three_seals_valid_and_what_follows_them_harmless() {
    let world = world();
    let bench = Bench::new(&world);
    for document in documents() {
        let one = seal(&world, &document);
        let three = seal_on(&world, &seal_on(&world, &one, 2, 10.0, 20.0), 2, 80.0, 20.0);
        for (pdf, seals) in [(one, 1), (three, 3)] {
            let (content, said) = bench.pyhanko("validate", &pdf);
            assert!(content, "{said}");
            assert_eq!(said.matches("The signature is judged VALID.").count(), seals, "{said}");
            assert!(!said.contains("INVALID") && !said.contains("untrusted"), "{said}");
            let (content, said) = bench.pyhanko("adesverify", &pdf);
            assert!(content, "{said}");
        }
    }
}

#[test]
fn openssl_verifies_the_cades_signature_and_the_time_stamp() {
    let world = world();
    let bench = Bench::new(&world);
    let sealed = seal(&world, &document());
    let (valid, said) = bench.openssl_cms(&sealed, &bench.path("root.pem"), &[]);
    assert!(valid && said.contains("CAdES Verification successful"), "{said}");

    let script = "import sys\nfrom asn1crypto import cms\n\
        info = cms.ContentInfo.load(open(sys.argv[1], 'rb').read(), strict=True)['content']['signer_infos'][0]\n\
        assert {a['type'].native for a in info['signed_attrs']} == {'content_type', 'message_digest', '1.2.840.113549.1.9.16.2.47'}\n\
        stamp, = [a for a in info['unsigned_attrs'] if a['type'].native == 'signature_time_stamp_token']\n\
        open(sys.argv[2], 'wb').write(stamp['values'][0].dump())\n\
        open(sys.argv[3], 'wb').write(info['signature'].native)";
    must(python().args(["-c", script]).args(["signature.der", "token.der", "value.bin"].map(|name| bench.path(name))));
    let check = |data: &str, root: &str| {
        let mut run = tool("openssl");
        run.args(["ts", "-verify", "-token_in", "-in"]).arg(bench.path("token.der"));
        support::said(run.arg("-data").arg(bench.path(data)).arg("-CAfile").arg(bench.path(root)))
    };
    assert!(check("value.bin", "root.pem").contains("Verification: OK"));
    assert!(check("content.bin", "root.pem").contains("Verification: FAILED"), "a stamp of something else");
    bench.write("other.pem", self::world().root.certificate().unwrap().to_pem(Default::default()).unwrap().as_bytes());
    assert!(check("value.bin", "other.pem").contains("Verification: FAILED"), "another root");
}

#[test]
fn an_rsa_seal_is_as_good() {
    let world = world();
    let bench = Bench::new(&world);
    let file = bench.path("rsa.pem");
    must(tool("openssl").args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072", "-out"]).arg(&file));
    let key = SoftwareKey::from_pem(&std::fs::read_to_string(file).unwrap()).unwrap();
    let subject = Subject::new("RSA").unwrap();
    let credential = world.department.enrol(Arc::new(key), &subject, Profile::DocumentSigner, 365).unwrap();
    let signed = sign_with(&world, &credential, Some(&world.stamper));
    assert!(verify(&signed, &world.trust()).unwrap().is_intact());
    let said = bench.pdfsig(&signed);
    assert!(said.contains("Signature is Valid.") && said.contains("Certificate is Trusted."), "{said}");
    assert!(bench.pyhanko("validate", &signed).0);
    assert!(bench.openssl_cms(&signed, &bench.path("root.pem"), &[]).0);
}

#[test]
fn qpdf_finds_nothing_wrong_with_a_file_of_three_seals() {
    let world = world();
    let bench = Bench::new(&world);
    for document in documents() {
        let pdf = (0..3).fold(document, |pdf, number| seal_on(&world, &pdf, 2, 10.0 + 50.0 * f64::from(number), 20.0));
        let file = bench.write("qpdf.pdf", &pdf);
        let said = said(tool("qpdf").arg("--check").arg(file));
        assert!(said.contains("No syntax or stream encoding errors found"), "{said}");
        assert!(!said.contains("WARNING"), "{said}");
    }
}

#[test]
fn everybody_sees_a_flipped_byte_in_the_content() {
    let world = world();
    let bench = Bench::new(&world);
    let mut pdf = seal(&world, &document());
    let at = find(&pdf, b"Permit No. 17") + 12;
    pdf[at] ^= 1;
    assert!(bench.pdfsig(&pdf).contains("Digest Mismatch."));
    let (content, said) = bench.pyhanko("validate", &pdf);
    assert!(!content && said.contains("INVALID"), "{said}");
    assert!(!bench.pyhanko("adesverify", &pdf).0);
    assert!(!bench.openssl_cms(&pdf, &bench.path("root.pem"), &[]).0);
    assert!(!verify(&pdf, &world.trust()).unwrap().is_intact());
}

#[test]
fn everybody_sees_a_flipped_byte_in_the_signature() {
    let world = world();
    let bench = Bench::new(&world);
    let mut pdf = seal(&world, &document());
    // The digits after the name of the digest attribute and its two headers are the digest's.
    let [_, first, second, _] = byte_range(&pdf);
    let digest = first + find(&pdf[first..second], b"2A864886F70D010904") + 18 + 8;
    // Another digit: what is no digit at all is another fault.
    pdf[digest + 10] = if pdf[digest + 10] == b'0' { b'1' } else { b'0' };
    assert!(!bench.pdfsig(&pdf).contains("Signature is Valid."));
    assert!(!bench.pyhanko("validate", &pdf).0);
    assert!(!bench.pyhanko("adesverify", &pdf).0);
    assert!(!bench.openssl_cms(&pdf, &bench.path("root.pem"), &[]).0);
    assert!(!verify(&pdf, &world.trust()).unwrap().is_intact());
}

#[test]
fn everybody_sees_a_revision_after_the_last_seal() {
    let world = world();
    let bench = Bench::new(&world);
    let mut pdf = seal(&world, &document());
    let content = b"BT /F1 24 Tf 72 720 Td (Permit No. 99) Tj ET";
    let body = [format!("<</Length {}>>\nstream\n", content.len()).as_bytes(), content, b"\nendstream"].concat();
    let previous = last_start(&pdf);
    append(&mut pdf, &[(5, body)], Some(previous));
    let said = bench.pdfsig(&pdf);
    assert!(said.contains("Not total document signed") || !said.contains("Total document signed"), "{said}");
    let (content, said) = bench.pyhanko("validate", &pdf);
    assert!(!content, "{said}");
    let report = verify(&pdf, &world.trust()).unwrap();
    assert!(!report.is_intact() && !report.signatures[0].is_valid());
}

#[test]
fn nobody_trusts_another_root() {
    let sealed = seal(&world(), &document());
    let stranger = world();
    let bench = Bench::new(&stranger);
    let said = bench.pdfsig(&sealed);
    assert!(said.contains("Signature is Valid.") && !said.contains("Certificate is Trusted."), "{said}");
    assert!(!bench.pyhanko("validate", &sealed).0);
    assert!(!bench.pyhanko("adesverify", &sealed).0);
    assert!(!bench.openssl_cms(&sealed, &bench.path("root.pem"), &[]).0);
    assert!(!verify(&sealed, &stranger.trust()).unwrap().is_intact());
}

/// The seal's certificate is good for three years, the stamper's for five.
#[test]
fn nobody_trusts_a_certificate_that_had_expired_when_it_sealed() {
    let begun = Timestamp::now().checked_sub((24 * 365 * 4).hours()).unwrap();
    let world = World::at(Algorithm::EcdsaP256Sha256, begun);
    world.clock.advance(Duration::from_secs(4 * 365 * 86_400));
    let sealed = seal(&world, &document());
    let bench = Bench::new(&world);
    let said = bench.pdfsig(&sealed);
    assert!(said.contains("Signature is Valid.") && said.contains("Certificate has Expired"), "{said}");
    let (content, said) = bench.pyhanko("validate", &sealed);
    assert!(!content && said.contains("expired"), "{said}");
    // pyHanko's `adesverify` warns of it, and calls the signature valid all the same.
    let (valid, said) = bench.openssl_cms(&sealed, &bench.path("root.pem"), &[]);
    assert!(!valid && said.contains("expired"), "{said}");
    assert!(!verify(&sealed, &world.trust()).unwrap().is_intact());
}

#[test]
fn openssl_and_we_refuse_a_seal_that_was_revoked() {
    let world = world();
    let bench = Bench::new(&world);
    let sealed = seal(&world, &document());
    let serial = world.seal.certificate().unwrap().tbs_certificate().serial_number().clone();
    let since = world.now() - Duration::from_secs(3600);
    let revoked = [Revoked { serial, since, reason: Reason::KeyCompromise }];
    for (revoked, expected) in [(&[][..], true), (&revoked[..], false)] {
        let trust = world.trust_with(revoked);
        let lists = trust.revocations.iter().map(|list| list.to_pem(Default::default()).unwrap());
        let all = std::fs::read_to_string(bench.path("root.pem")).unwrap() + &lists.collect::<String>();
        let authorities = bench.write("authorities.pem", all.as_bytes());
        let (valid, said) = bench.openssl_cms(&sealed, &authorities, &["-crl_check_all"]);
        assert_eq!(valid, expected, "{said}");
        assert_eq!(said.contains("certificate revoked"), !expected, "{said}");
        assert_eq!(verify(&sealed, &trust).unwrap().is_intact(), expected);
    }
}

/// pyHanko appends another signature to ours; with a key and certificate that openssl made.
#[test]
fn a_signature_that_pyhanko_appends_leaves_ours_valid() {
    let world = world();
    let bench = Bench::new(&world);
    let sealed = bench.write("sealed.pdf", &seal(&world, &document()));
    let (key, certificate, both) = (bench.path("key.pem"), bench.path("certificate.pem"), bench.path("both.pdf"));
    must(
        tool("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"])
            .args(["-subj", "/CN=pyHanko", "-addext", "keyUsage=digitalSignature", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate),
    );
    let mut run = zhongtai_test_tools::python_tool("pyhanko");
    run.args(["sign", "addsig", "--use-pades", "--field", "1/50,50,200,100/Other", "pemder", "--no-pass", "--key"]);
    must(run.arg(&key).arg("--cert").arg(&certificate).arg(&sealed).arg(&both));
    let both = std::fs::read(both).unwrap();
    let report = verify(&both, &world.trust()).unwrap();
    assert_eq!(report.signatures.len(), 2);
    assert!(report.signatures[0].is_valid(), "{report:?}");
    assert!(!report.signatures[1].is_valid() && report.after_last.is_none(), "unknown root, no stamp: {report:?}");
    // In a field that was there for it when we sealed, too.
    let (prepared, signed) = (bench.path("prepared.pdf"), bench.path("signed.pdf"));
    let mut run = zhongtai_test_tools::python_tool("pyhanko");
    let plain = bench.write("plain.pdf", &document());
    must(run.args(["sign", "addfields", "--field", "1/50,50,200,100/Approver"]).arg(plain).arg(&prepared));
    let sealed = bench.write("sealed.pdf", &seal(&world, &std::fs::read(prepared).unwrap()));
    let mut run = zhongtai_test_tools::python_tool("pyhanko");
    run.args(["sign", "addsig", "--use-pades", "--field", "Approver", "pemder", "--no-pass", "--key"]);
    must(run.arg(&key).arg("--cert").arg(&certificate).arg(&sealed).arg(&signed));
    let report = verify(&std::fs::read(signed).unwrap(), &world.trust()).unwrap();
    assert_eq!(report.signatures.len(), 2);
    assert!(report.signatures[0].is_valid(), "{report:?}");

    let again = seal(&world, &both);
    let said = bench.pdfsig(&again);
    assert_eq!(said.matches("Signature is Valid.").count(), 3, "{said}");
    let report = verify(&again, &world.trust()).unwrap();
    assert!(report.signatures[0].is_valid() && report.signatures[2].is_valid(), "{report:?}");
}
