//! Seals, and everything that must break them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::time::Duration;

use support::{Office, PLACE, changed, facts, file, files, pack, permit, picture, replaced};
use zhongtai_kernel::ErrorKind;
use zhongtai_ofd::{ESeal, OfdError, Picture, Placement, SealFacts, SealProblem, SealTime, seal, verify_at, write};
use zhongtai_pki::{Algorithm, Reason, Revoked, Trust, testing::World};

const CONTENT: &str = "Doc_0/Pages/Page_0/Content.xml";
const SIGNATURE: &str = "Doc_0/Signs/Sign_0/Signature.xml";
const VALUE: &str = "Doc_0/Signs/Sign_0/SignedValue.dat";
const LIST: &str = "Doc_0/Signs/Signatures.xml";
const DAY: Duration = Duration::from_secs(86_400);

/// What is wrong with the only or last seal, in words; empty when nothing is.
fn problems(ofd: &[u8], office: &Office) -> Vec<String> {
    problems_for(ofd, &office.world.trust(), office)
}

fn problems_for(ofd: &[u8], trust: &Trust, office: &Office) -> Vec<String> {
    let report = verify_at(ofd, trust, office.world.now()).unwrap();
    let last = report.seals.last().unwrap();
    assert_eq!(last.is_valid(), last.problems.is_empty());
    last.problems.iter().map(|problem| zhongtai_kernel::chain(problem)).collect()
}

#[test]
fn a_sealed_document_is_valid_and_says_who_sealed_it_where_and_when() {
    let office = Office::new();
    let report = verify_at(&office.sealed(), &office.world.trust(), office.world.now()).unwrap();
    assert!(report.is_valid(), "{report:?}");
    let [seal] = report.seals.as_slice() else { panic!("{report:?}") };
    assert_eq!(seal.seal.as_ref(), Some(&facts(&office.world)));
    assert_eq!(seal.time, Some(SealTime::Stamped(office.world.now())));
    assert!(seal.signer.as_ref().unwrap().contains("城市管理局公章"), "{:?}", seal.signer);
    assert!(seal.maker.as_ref().unwrap().contains("清城区电子印章制作"), "{:?}", seal.maker);
    let stamp = seal.stamps[0];
    assert_eq!((stamp.page, stamp.x_mm, stamp.y_mm, stamp.width_mm, stamp.height_mm), (2, 130.0, 200.0, 42.0, 42.0));
}

#[test]
fn a_document_without_a_seal_is_not_valid() {
    let office = Office::new();
    let report = verify_at(&write(&permit()).unwrap(), &office.world.trust(), office.world.now()).unwrap();
    assert!(report.seals.is_empty() && !report.is_valid());
}

#[test]
fn three_seals_in_sequence_all_hold_and_each_covers_those_before_it() {
    let office = Office::new();
    let first = office.sealed();
    let second = office.seal_on(&first).unwrap();
    let third = office.seal_on(&second).unwrap();
    let report = verify_at(&third, &office.world.trust(), office.world.now()).unwrap();
    assert!(report.is_valid(), "{report:?}");
    assert_eq!(report.seals.len(), 3);
    let last = String::from_utf8(file(&third, "Doc_0/Signs/Sign_2/Signature.xml")).unwrap();
    for name in ["/OFD.xml", "/Doc_0/Signs/Sign_0/SignedValue.dat", "/Doc_0/Signs/Sign_1/Seal.esl"] {
        assert!(last.contains(&format!("FileRef=\"{name}\"")), "{name}");
    }
    assert!(String::from_utf8(file(&third, LIST)).unwrap().contains("<ofd:MaxSignId>3</ofd:MaxSignId>"));
}

#[test]
fn a_seal_that_was_put_on_first_cannot_pass_for_the_last() {
    let office = Office::new();
    let second = office.seal_on(&office.sealed()).unwrap();
    let swapped = replaced(&second, LIST, "Sign_0/", "Sign_x/");
    let swapped = replaced(&swapped, LIST, "Sign_1/", "Sign_0/");
    let swapped = replaced(&swapped, LIST, "Sign_x/", "Sign_1/");
    let told = problems(&swapped, &office);
    assert!(told.iter().any(|one| one.contains("Sign_1/Signature.xml is not covered")), "{told:?}");
}

#[test]
fn a_seal_that_is_listed_twice_is_refused() {
    let office = Office::new();
    let entry = r#"<ofd:Signature ID="2" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"/></ofd:Signatures>"#;
    let twice = replaced(&office.sealed(), LIST, "</ofd:Signatures>", entry);
    let refused = verify_at(&twice, &office.world.trust(), office.world.now()).unwrap_err();
    assert_eq!(refused.to_string(), "Doc_0/Signs/Signatures.xml: a signature is listed twice");
}

#[test]
fn a_flipped_byte_in_any_file_breaks_the_seal() {
    let office = Office::new();
    let sealed = office.sealed();
    for (position, (name, _)) in files(&sealed).iter().enumerate() {
        if name == LIST {
            continue;
        }
        let flipped = changed(&sealed, |files| {
            let data = &mut files[position].1;
            let middle = data.len() / 2;
            data[middle] ^= 1;
        });
        match verify_at(&flipped, &office.world.trust(), office.world.now()) {
            Ok(report) => assert!(!report.is_valid(), "{name}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Invalid, "{name}"),
        }
    }
}

#[test]
fn a_changed_page_is_named() {
    let office = Office::new();
    let told = problems(&replaced(&office.sealed(), CONTENT, "占道", "占地"), &office);
    assert_eq!(told, [format!("{CONTENT} was changed after sealing")]);
}

#[test]
fn a_page_changed_together_with_its_digest_is_still_found() {
    let office = Office::new();
    let sealed = office.sealed();
    let original = file(&sealed, CONTENT);
    let altered = replaced(&sealed, CONTENT, "占道", "占地");
    let base64 = |data: &[u8]| {
        use base64::{Engine, prelude::BASE64_STANDARD};
        use sm3::{Digest, Sm3};
        BASE64_STANDARD.encode(Sm3::digest(data))
    };
    let altered = replaced(&altered, SIGNATURE, &base64(&original), &base64(&file(&altered, CONTENT)));
    assert_eq!(problems(&altered, &office), ["its description was changed after sealing"]);
}

#[test]
fn a_moved_seal_is_found() {
    let office = Office::new();
    let moved = replaced(&office.sealed(), SIGNATURE, "130 200 42 42", "10 200 42 42");
    assert_eq!(problems(&moved, &office), ["its description was changed after sealing"]);
}

#[test]
fn an_added_and_a_removed_file_are_named() {
    let office = Office::new();
    let sealed = office.sealed();
    let added = changed(&sealed, |files| files.push(("Doc_0/Annots/Page_0.xml".to_owned(), b"<a/>".to_vec())));
    let told = problems(&added, &office);
    assert_eq!(told, ["Doc_0/Annots/Page_0.xml is not covered: it was added after sealing, or left out"]);
    let removed = changed(&sealed, |files| files.retain(|(name, _)| name != "Doc_0/Res/font_1.ttf"));
    assert_eq!(problems(&removed, &office), ["Doc_0/Res/font_1.ttf was removed after sealing"]);
    let removed = changed(&sealed, |files| files.retain(|(name, _)| name != VALUE));
    assert_eq!(problems(&removed, &office), [format!("{VALUE} was removed after sealing")]);
}

#[test]
fn a_description_at_another_place_is_found() {
    let office = Office::new();
    let moved = changed(&office.sealed(), |files| {
        let (name, _) = files.iter_mut().find(|(name, _)| name == SIGNATURE).unwrap();
        *name = "Doc_0/Signs/Sign_9/Signature.xml".to_owned();
        let (_, list) = files.iter_mut().find(|(name, _)| name == LIST).unwrap();
        *list = String::from_utf8(list.clone()).unwrap().replace("Sign_0/", "Sign_9/").into_bytes();
    });
    assert_eq!(problems(&moved, &office), [format!("it was made for \"/{SIGNATURE}\", not for where it lies")]);
}

#[test]
fn another_seal_file_than_the_one_used_is_found() {
    let office = Office::new();
    let facts = SealFacts { name: "另一枚".to_owned(), ..facts(&office.world) };
    let other = ESeal::make(&facts, &picture(), &office.world.seal.chain[..1], &office.maker).unwrap();
    let swapped = changed(&office.sealed(), |files| {
        let (_, data) = files.iter_mut().find(|(name, _)| name.ends_with("Seal.esl")).unwrap();
        *data = other.to_der().unwrap();
    });
    let told = problems(&swapped, &office);
    let expected =
        ["Doc_0/Signs/Sign_0/Seal.esl was changed after sealing", "the seal's file is not the seal that was used"];
    assert_eq!(told, expected);
}

#[test]
fn a_signature_by_another_key_does_not_hold() {
    let office = Office::new();
    let mut credential = office.world.seal.clone();
    credential.signer = zhongtai_pki::testing::key(Algorithm::Sm2Sm3);
    let ofd = write(&permit()).unwrap();
    let forged = seal(&ofd, &office.seal, PLACE, &credential, Some(&office.world.stamper), office.world.now()).unwrap();
    let told = problems(&forged, &office);
    assert!(told.len() == 1 && told[0].starts_with("the signature does not hold: "), "{told:?}");
}

#[test]
fn a_seal_by_another_maker_than_it_says_does_not_hold() {
    let mut office = Office::new();
    let mut maker = office.maker.clone();
    maker.signer = zhongtai_pki::testing::key(Algorithm::Sm2Sm3);
    office.seal = ESeal::make(&facts(&office.world), &picture(), &office.world.seal.chain[..1], &maker).unwrap();
    let told = problems(&office.sealed(), &office);
    assert!(told.len() == 1 && told[0].starts_with("the seal was not made by who it says: "), "{told:?}");
}

#[test]
fn under_another_root_neither_signer_nor_maker_nor_stamper_is_trusted() {
    let office = Office::new();
    let told = problems_for(&office.sealed(), &World::new(Algorithm::Sm2Sm3).trust(), &office);
    let starts =
        ["the time stamp does not hold", "the signer's certificate is not", "the seal maker's certificate is not"];
    assert_eq!(told.len(), 3, "{told:?}");
    for (one, start) in told.iter().zip(starts) {
        assert!(one.starts_with(start), "{told:?}");
    }
}

#[test]
fn a_revoked_signer_is_not_trusted_unless_the_stamp_is_older() {
    let office = Office::new();
    let sealed = office.sealed();
    let serial = office.world.seal.chain[0].tbs_certificate().serial_number().clone();
    let revoked = |since| [Revoked { serial: serial.clone(), since, reason: Reason::KeyCompromise }];
    let before = office.world.trust_with(&revoked(office.world.now() - DAY));
    let told = problems_for(&sealed, &before, &office);
    assert!(told.len() == 1 && told[0].starts_with("the signer's certificate is not good: "), "{told:?}");
    assert!(told[0].ends_with("revoked"), "{told:?}");
    let after = office.world.trust_with(&revoked(office.world.now() + DAY));
    assert_eq!(problems_for(&sealed, &after, &office), Vec::<String>::new());
}

#[test]
fn a_seal_without_a_stamp_counts_as_of_now() {
    let office = Office::new();
    let ofd = write(&permit()).unwrap();
    let sealed = seal(&ofd, &office.seal, PLACE, &office.world.seal, None, office.world.now()).unwrap();
    let trust = office.world.trust();
    let report = verify_at(&sealed, &trust, office.world.now() + DAY).unwrap();
    assert!(report.is_valid(), "{report:?}");
    assert_eq!(report.seals[0].time, Some(SealTime::Claimed(office.world.now())));
    let stamped = office.sealed();
    let years = office.world.now() + 4 * 365 * DAY;
    assert!(verify_at(&stamped, &trust, years).unwrap().is_valid());
    let report = verify_at(&sealed, &trust, years).unwrap();
    assert!(matches!(report.seals[0].problems[..], [SealProblem::Signer(_), SealProblem::Maker(_)]), "{report:?}");
}

#[test]
fn a_time_that_can_not_be_is_found() {
    let office = Office::new();
    let ofd = write(&permit()).unwrap();
    let (stamper, now) = (&office.world.stamper, office.world.now());
    let at = |at, stamper| seal(&ofd, &office.seal, PLACE, &office.world.seal, stamper, at).unwrap();
    let far_from_stamp = at(now + Duration::from_secs(3600), Some(stamper as _));
    assert!(problems(&far_from_stamp, &office)[0].contains("future"), "{:?}", problems(&far_from_stamp, &office));
    let from_the_future = at(now + DAY, None);
    assert_eq!(problems(&from_the_future, &office).len(), 1);
}

#[test]
fn a_stamp_of_another_signature_is_found() {
    let office = Office::new();
    struct Wrong<'a>(&'a dyn zhongtai_pki::TimeStamper);
    impl zhongtai_pki::TimeStamper for Wrong<'_> {
        fn stamp(&self, _: &[u8; 32]) -> Result<Vec<u8>, zhongtai_pki::SignError> {
            self.0.stamp(&[7; 32])
        }
    }
    let ofd = write(&permit()).unwrap();
    let stamper = Wrong(&office.world.stamper);
    let sealed = seal(&ofd, &office.seal, PLACE, &office.world.seal, Some(&stamper), office.world.now()).unwrap();
    assert_eq!(problems(&sealed, &office), ["the time stamp does not hold: the time stamp is of something else"]);
}

#[test]
fn a_seal_is_used_only_in_its_validity_by_those_it_names_and_with_sm2() {
    let office = Office::new();
    let ofd = write(&permit()).unwrap();
    let now = office.world.now();
    let told = |credential, at| seal(&ofd, &office.seal, PLACE, credential, None, at).unwrap_err();
    let late = told(&office.world.seal, now + 366 * DAY);
    assert_eq!(late.to_string(), "the seal 44180200000001: it is not valid at this time");
    assert_eq!(late.kind(), ErrorKind::Conflict);
    let other = told(&office.maker, now);
    assert_eq!(
        other.to_string(),
        "the seal 44180200000001: the signer's certificate is not among those that may use it"
    );
    let p256 = told(&World::new(Algorithm::EcdsaP256Sha256).seal, now);
    assert!(matches!(p256, OfdError::NotSm2(Algorithm::EcdsaP256Sha256)), "{p256}");
}

#[test]
fn a_seal_that_can_not_be_right_is_not_made() {
    let office = Office::new();
    let make = |change: &dyn Fn(&mut SealFacts, &mut Picture)| {
        let (mut facts, mut picture) = (facts(&office.world), picture());
        change(&mut facts, &mut picture);
        ESeal::make(&facts, &picture, &office.world.seal.chain[..1], &office.maker).unwrap_err().to_string()
    };
    assert!(make(&|facts, _| facts.id = "印章".to_owned()).ends_with("its identifier is empty or not ASCII"));
    assert!(make(&|facts, _| facts.name.clear()).ends_with("it has no name"));
    assert!(make(&|facts, _| facts.valid_until = facts.valid_from).ends_with("its validity ends before it begins"));
    assert!(make(&|facts, _| facts.valid_until += 3650 * DAY).contains("when its maker's certificate is not"));
    assert!(make(&|_, picture| picture.width_mm = 0).ends_with("its face is not within 1 and 200 mm"));
    assert!(make(&|_, picture| picture.png = b"GIF89a".to_vec()).contains("no PNG file"));
    assert!(make(&|_, picture| picture.png.resize(100_001, 0)).contains("at most 100 kB"));
    let nobody = ESeal::make(&facts(&office.world), &picture(), &[], &office.maker).unwrap_err();
    assert!(nobody.to_string().ends_with("nobody may use it: name at least one certificate"));
}

#[test]
fn a_seal_lies_on_a_page_that_is_there() {
    let office = Office::new();
    let ofd = write(&permit()).unwrap();
    let told =
        |place| seal(&ofd, &office.seal, place, &office.world.seal, None, office.world.now()).unwrap_err().to_string();
    assert_eq!(told(Placement { page: 3, ..PLACE }), "there is no page 3: the document has 2");
    assert_eq!(told(Placement { page: 0, ..PLACE }), "there is no page 0: the document has 2");
    let off = "the seal would not lie on page 2, which is 210 mm wide and 297 mm high: move it";
    for place in [
        Placement { x_mm: 168.1, ..PLACE },
        Placement { y_mm: -0.1, ..PLACE },
        Placement { y_mm: f64::NAN, ..PLACE },
        Placement { x_mm: f64::INFINITY, ..PLACE },
    ] {
        assert_eq!(told(place), off);
    }
}

#[test]
fn a_document_that_was_closed_takes_no_more_seals() {
    let office = Office::new();
    // As other writers do it: the signature covers the list too.
    let reference = format!(
        "<ofd:Reference FileRef=\"/{LIST}\"><ofd:CheckValue>AAAA</ofd:CheckValue></ofd:Reference></ofd:References>"
    );
    let closed = replaced(&office.sealed(), SIGNATURE, "</ofd:References>", &reference);
    let refused = office.seal_on(&closed).unwrap_err();
    assert!(matches!(&refused, OfdError::Closed(by) if by.as_str() == SIGNATURE), "{refused}");
}

#[test]
fn a_document_of_another_writer_can_be_sealed() {
    let office = Office::new();
    // Another prefix, a byte order mark, folders as entries, a comment.
    let foreign = changed(&write(&permit()).unwrap(), |files| {
        for (name, data) in files.iter_mut() {
            if name.ends_with(".xml") {
                let text =
                    String::from_utf8(data.clone()).unwrap().replace("ofd:", "o:").replace("xmlns:ofd", "xmlns:o");
                *data = format!("\u{feff}{text}<!-- made elsewhere -->").into_bytes();
            }
        }
        files.push(("Doc_0/Empty/".to_owned(), Vec::new()));
    });
    let sealed = office.seal_on(&office.seal_on(&foreign).unwrap()).unwrap();
    let report = verify_at(&sealed, &office.world.trust(), office.world.now()).unwrap();
    assert!(report.is_valid() && report.seals.len() == 2, "{report:?}");
}

#[test]
fn a_seal_survives_its_way_through_storage() {
    let office = Office::new();
    let der = office.seal.to_der().unwrap();
    let read = ESeal::from_der(&der).unwrap();
    assert_eq!(read, office.seal);
    assert_eq!(read.size_mm(), (42, 42));
    assert!(matches!(ESeal::from_der(&der[..der.len() - 1]), Err(OfdError::NotASeal(_))));
    assert!(matches!(ESeal::from_der(b""), Err(OfdError::NotASeal(_))));
}

#[test]
fn broken_seal_data_is_told_and_not_trusted() {
    let office = Office::new();
    let sealed = office.sealed();
    let value = file(&sealed, VALUE);
    for length in [0, 1, 2, 100, value.len() / 2, value.len() - 1] {
        let cut = changed(&sealed, |files| {
            let (_, data) = files.iter_mut().find(|(name, _)| name == VALUE).unwrap();
            data.truncate(length);
        });
        let told = problems(&cut, &office);
        assert!(told.len() == 1 && told[0].starts_with("its data are not of GB/T 38540"), "{told:?}");
    }
    let longer = changed(&sealed, |files| {
        let (_, data) = files.iter_mut().find(|(name, _)| name == VALUE).unwrap();
        data.push(0);
    });
    assert!(!problems(&longer, &office).is_empty());
}

/// The document after `change` of its signed data.
fn resigned(ofd: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    changed(ofd, |files| {
        let (_, data) = files.iter_mut().find(|(name, _)| name == VALUE).unwrap();
        let at = data.windows(from.len()).position(|window| window == from).unwrap();
        data[at..at + to.len()].copy_from_slice(to);
    })
}

#[test]
fn another_algorithm_or_version_is_found_wherever_it_is_named() {
    let office = Office::new();
    let sealed = office.sealed();
    let has = |ofd: &[u8], part: &str| {
        let told = problems(ofd, &office);
        assert!(told.iter().any(|one| one.contains(part)), "{part}: {told:?}");
    };
    let another = "another algorithm than SM2 with SM3: ";
    has(&replaced(&sealed, SIGNATURE, "1.2.156.10197.1.401", "MD5"), &format!("{another}MD5"));
    has(&replaced(&sealed, SIGNATURE, "1.2.156.10197.1.501", "1.2.3"), &format!("{another}1.2.3"));
    let oid = |last| [6, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, last];
    let (listed, own) = (&sealed, file(&sealed, VALUE));
    let places = own.windows(10).filter(|window| *window == oid(0x75)).count();
    let other = changed(listed, |files| {
        let (_, data) = files.iter_mut().find(|(name, _)| name == VALUE).unwrap();
        for at in 0..data.len() - 10 {
            if data[at..at + 10] == oid(0x75) {
                data[at + 9] = 0x76;
            }
        }
    });
    assert!(places > 2);
    has(&other, &format!("{another}1.2.156.10197.1.502"));
    has(&resigned(&sealed, &[2, 1, 4], &[2, 1, 5]), "not of version 4");
    has(&resigned(&sealed, b"\x16\x02ES", b"\x16\x02EX"), "not of version 4");
}

#[test]
fn a_signature_without_a_seal_is_not_taken_for_one() {
    let office = Office::new();
    let plain = replaced(&office.sealed(), LIST, "Type=\"Seal\"", "Type=\"Sign\"");
    assert_eq!(problems(&plain, &office), ["it is a signature without a seal, which is not supported"]);
}

#[test]
fn a_seal_on_no_page_and_a_file_covered_twice_are_found() {
    let office = Office::new();
    let sealed = office.sealed();
    let changed = "its description was changed after sealing";
    let nowhere = replaced(&sealed, SIGNATURE, "PageRef=\"", "PageRef=\"9");
    assert_eq!(problems(&nowhere, &office), ["it stands on no page of the document", changed]);
    let hidden = replaced(&sealed, SIGNATURE, "<ofd:StampAnnot", "<ofd:Hidden");
    assert_eq!(problems(&hidden, &office), ["it stands on no page of the document", changed]);
    let description = String::from_utf8(file(&sealed, SIGNATURE)).unwrap();
    let start = description.find("<ofd:Reference ").unwrap();
    let first = &description[start..start + description[start..].find("</ofd:Reference>").unwrap()];
    let twice = format!("{first}</ofd:Reference></ofd:References>");
    let twice = replaced(&sealed, SIGNATURE, "</ofd:References>", &twice);
    assert_eq!(problems(&twice, &office), ["OFD.xml is covered twice", changed]);
}

#[test]
fn packing_anew_changes_nothing() {
    let office = Office::new();
    let sealed = office.sealed();
    assert_eq!(problems(&pack(&files(&sealed)), &office), Vec::<String>::new());
}
