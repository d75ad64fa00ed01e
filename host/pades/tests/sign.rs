//! Sealing, and what it leaves as it was.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use support::{
    document, document_turned, facts, file, find, linearized, on, red_box, seal, seal_on, sign_with, with_streams,
    world,
};
use zhongtai_kernel::ErrorKind;
use zhongtai_pades::{Fault, PadesError, SignatureFacts, sign, verify};
use zhongtai_pki::{Algorithm, Credential, SignError, testing::World};

#[test]
fn a_sealed_document_is_intact_and_keeps_every_byte_it_had() {
    let world = world();
    let document = document();
    let sealed = seal(&world, &document);
    assert_eq!(sealed[..document.len()], document);
    let report = verify(&sealed, &world.trust()).unwrap();
    assert!(report.is_intact(), "{report:?}");
    let one = &report.signatures[0];
    assert_eq!((one.field.as_str(), one.page), ("Signature1", Some(1)));
    assert_eq!(one.name.as_deref(), Some("清城区城市管理局"));
    assert_eq!(one.reason.as_deref(), Some("占道挖掘许可 (1)"));
    assert_eq!(one.signed_bytes, sealed.len());
    let certificate = world.seal.certificate().unwrap();
    assert_eq!(one.certificate.as_ref(), Some(certificate));
    let apart = |at: std::time::SystemTime| at.duration_since(world.now()).unwrap_or_else(|early| early.duration());
    assert!(apart(one.stamped_at.unwrap()).as_secs() < 2, "stamped by the world's clock");
    assert!(apart(one.claimed_at.unwrap()).as_secs() < 2);
}

#[test]
fn the_seal_stands_where_it_was_put_upright_however_the_page_is_turned() {
    let world = world();
    for (rotate, width, height) in [(0, 210.0, 297.0), (90, 297.0, 210.0), (180, 210.0, 297.0), (270, 297.0, 210.0)] {
        let sealed = seal_on(&world, &document_turned(rotate), 2, 120.0, 150.0);
        let [left, top, right, bottom] = red_box(&sealed, 2).unwrap();
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() <= 1.0, "{rotate}: {found} for {wanted}");
        near(left, 120.0);
        near(top, 150.0);
        near(right, 162.0);
        near(bottom, 192.0);
        let (wide, high, pixels) = support::shown(&sealed, 2);
        near(wide as f64 / 2.0, width);
        near(high as f64 / 2.0, height);
        // The star's upper point stands in the middle above; below it there is white.
        let red = |x_mm: f64, y_mm: f64| {
            let pixel = pixels[(y_mm * 2.0) as usize * wide + (x_mm * 2.0) as usize];
            pixel[0] > 150 && pixel[1] < 128
        };
        assert!(red(141.0, 166.0) && !red(141.0, 178.0), "{rotate}: the star stands on its feet");
        assert_eq!(red_box(&sealed, 1), None);
    }
}

#[test]
fn several_seals_follow_each_other_on_tables_on_streams_and_in_a_linearized_file() {
    let world = world();
    for mut pdf in [document(), with_streams(&document()), linearized(&document())] {
        for (page, x_mm) in [(1, 20.0), (1, 80.0), (2, 140.0)] {
            pdf = seal_on(&world, &pdf, page, x_mm, 220.0);
        }
        pdf = sign(&pdf, None, &world.seal, Some(&world.stamper), &SignatureFacts::at(world.now())).unwrap();
        let report = verify(&pdf, &world.trust()).unwrap();
        assert!(report.is_intact(), "{report:?}");
        let places: Vec<_> = report.signatures.iter().map(|one| (one.field.as_str(), one.page)).collect();
        let expected = [("Signature1", 1), ("Signature2", 1), ("Signature3", 2), ("Signature4", 1)];
        assert_eq!(places, expected.map(|(name, page)| (name, Some(page))));
    }
}

#[test]
fn a_form_a_page_and_lists_that_are_elsewhere_are_appended_to_where_they_are() {
    let world = world();
    let with = |catalog: &str, page: &str, rest: &[&str]| {
        let mut objects = vec![
            format!("<</Type/Catalog/Pages 2 0 R{catalog}>>").into_bytes(),
            b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>".to_vec(),
            format!("<</Type/Page/Parent 2 0 R/Resources<<>>{page}>>").into_bytes(),
        ];
        objects.extend(rest.iter().map(|object| object.as_bytes().to_vec()));
        file(&objects)
    };
    let link = "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/Border[0 0 0]>>";
    let text = "<</FT/Tx/T(Signature1)/V(a)>>";
    let documents = [
        with("/AcroForm<</Fields[5 0 R]>>", "/Annots[4 0 R]", &[link, text]),
        with("/AcroForm 6 0 R", "/Annots 7 0 R", &[link, text, "<</Fields[5 0 R]/SigFlags 1>>", "[4 0 R]"]),
        with("/AcroForm<</Fields 6 0 R>>", "/Annots 7 0 R", &[link, text, "[5 0 R]", "[4 0 R]"]),
    ];
    for document in documents {
        let mut pdf = document;
        for _ in 0..2 {
            pdf = seal(&world, &pdf);
        }
        let report = verify(&pdf, &world.trust()).unwrap();
        assert!(report.is_intact(), "{report:?}");
        let names: Vec<_> = report.signatures.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(names, ["Signature2", "Signature3"], "the first name was taken");
    }
}

#[test]
fn a_seal_that_does_not_fit_on_the_page_is_refused() {
    let world = world();
    for (page, x_mm, y_mm) in [(1, 170.0, 10.0), (1, -1.0, 10.0), (1, 10.0, 260.0), (2, f64::NAN, 10.0), (2, 10.0, 1e9)]
    {
        let error = sign(&document(), on(page, x_mm, y_mm), &world.seal, None, &facts(&world)).unwrap_err();
        assert!(matches!(error, PadesError::OutsidePage { .. }), "{error}");
    }
    for page in [0, 3, u32::MAX] {
        let error = sign(&document(), on(page, 10.0, 10.0), &world.seal, None, &facts(&world)).unwrap_err();
        assert!(matches!(error, PadesError::NoPage { pages: 2, .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[test]
fn a_certified_document_that_allows_no_change_and_an_xfa_form_are_refused() {
    let world = world();
    let document = |catalog: &str| {
        file(&[
            format!("<</Type/Catalog/Pages 2 0 R{catalog}>>").into_bytes(),
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>".to_vec(),
            b"<</Type/Sig/Reference[<</TransformMethod/DocMDP/TransformParams<</P 1>>>>]>>".to_vec(),
            b"<</Type/Sig/Reference[<</TransformMethod/DocMDP/TransformParams<</P 2>>>>]>>".to_vec(),
        ])
    };
    let sign = |catalog: &str| sign(&document(catalog), None, &world.seal, None, &facts(&world));
    assert!(matches!(sign("/Perms<</DocMDP 4 0 R>>"), Err(PadesError::Locked)));
    assert!(sign("/Perms<</DocMDP 5 0 R>>").is_ok(), "2 allows signatures");
    assert!(matches!(sign("/AcroForm<</Fields[]/XFA(x)>>"), Err(PadesError::Xfa)));
}

#[test]
fn a_key_that_pdf_readers_do_not_know_or_that_is_not_the_certificates_is_refused() {
    let world = world();
    let sm2 = World::new(Algorithm::Sm2Sm3);
    let error = sign(&document(), None, &sm2.seal, None, &facts(&world)).unwrap_err();
    assert!(matches!(error, PadesError::Algorithm(Algorithm::Sm2Sm3)));
    let other = Credential { signer: self::world().seal.signer, chain: world.seal.chain.clone() };
    let error = sign(&document(), None, &other, None, &facts(&world)).unwrap_err();
    assert!(matches!(error, PadesError::Sign(SignError::Credential(_))), "{error}");
}

#[test]
fn a_signature_without_a_time_stamp_is_made_and_found_wanting() {
    let world = world();
    let signed = sign_with(&world, &world.seal, None);
    let report = verify(&signed, &world.trust()).unwrap();
    assert_eq!(report.signatures[0].faults, [Fault::NotStamped]);
    assert!(!report.is_intact());
}

#[test]
fn a_document_without_signatures_is_not_called_intact() {
    let report = verify(&document(), &world().trust()).unwrap();
    assert!(report.signatures.is_empty() && report.after_last.is_none() && !report.is_intact());
}

/// A stamper whose tokens are larger than the room that is left for them at first.
struct Verbose(World);

impl zhongtai_pki::TimeStamper for Verbose {
    fn stamp(&self, imprint: &[u8; 32]) -> Result<Vec<u8>, SignError> {
        use der::{Any, Decode, Encode, asn1::OctetString};
        use x509_cert::attr::Attribute;
        let token = self.0.stamper.stamp(imprint)?;
        let mut outer = cms::content_info::ContentInfo::from_der(&token)?;
        let mut signed: cms::signed_data::SignedData = outer.content.decode_as()?;
        let mut signer = signed.signer_infos.0.as_slice()[0].clone();
        let bulk = Any::encode_from(&OctetString::new(vec![7; 20_000])?)?;
        let attribute = Attribute { oid: zhongtai_pki::testing::POLICY, values: vec![bulk].try_into()? };
        signer.unsigned_attrs = Some(vec![attribute].try_into()?);
        signed.signer_infos.0 = vec![signer].try_into()?;
        outer.content = Any::encode_from(&signed)?;
        Ok(outer.to_der()?)
    }
}

#[test]
fn a_time_stamp_of_any_size_finds_room() {
    let verbose = Verbose(world());
    let signed = sign_with(&verbose.0, &verbose.0.seal, Some(&verbose));
    let report = verify(&signed, &verbose.0.trust()).unwrap();
    assert!(report.is_intact(), "{report:?}");
}

#[test]
fn neither_debug_output_nor_an_error_names_who_signs() {
    let world = world();
    let sealed = seal(&world, &document());
    let report = verify(&sealed, &world.trust()).unwrap();
    for text in [format!("{:?}", facts(&world)), format!("{report:?}")] {
        assert!(!text.contains("管理局") && !text.contains("清远"), "{text}");
    }
    assert!(find(&sealed, b"/Reason <FEFF") > 0, "while the file has it in UTF-16");
}
