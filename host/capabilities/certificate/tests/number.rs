//! Numbers by GB/T 36904, and their check character by ISO 7064 MOD 37,36.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use proptest::prelude::*;
use zhongtai_cap_certificate::{CertificateNumber, Issue};

const PUBLISHED: &str = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U";
const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

#[test]
fn the_published_number_is_valid_and_made_again_from_its_parts() {
    let number: CertificateNumber = PUBLISHED.parse().unwrap();
    assert_eq!(number.to_string(), PUBLISHED);
    let (kind, issuer, serial) = (number.kind().clone(), number.issuer().clone(), number.serial().clone());
    assert_eq!(CertificateNumber::new(kind, issuer, serial, Issue::FIRST), number);
    assert_eq!(number.issue().next().map(Issue::get), Some(2));
}

#[test]
fn what_is_wrong_is_said_without_the_number() {
    let wrong = [
        ("", "it begins with 1.2.156.3005.2."),
        ("1.2.156.3005.2.x", "it has type, issuer, serial, version and check character"),
        (&PUBLISHED.replace(".U", ".V"), "the check character does not fit"),
        (&PUBLISHED.replace(".U", ".UU"), "the check character does not fit"),
        (&PUBLISHED.replace("011.", "01A."), "the type has a credit code and three digits"),
        (&PUBLISHED.replace("11430000006122244L", "11430000006122244M"), "the issuer: not a valid GB 32100-2015"),
        (&PUBLISHED.replace("20230000403", "2023-0000403"), "the serial has 1 to 32"),
        (&PUBLISHED.replace(".001.", ".000."), "the version has three digits, 001 at least"),
        (&PUBLISHED.replace(".001.", ".1."), "the version has three digits"),
    ];
    for (text, expected) in wrong {
        let said = text.parse::<CertificateNumber>().unwrap_err().to_string();
        assert!(said.contains(expected), "{text}: {said}");
        assert!(!said.contains("20230000403"));
    }
}

/// ISO 7064 as the standard's own recursion defines it, in another form than ours: a number is right when the product
/// over all characters, the check character too, ends congruent to one.
fn is_right(text: &str) -> bool {
    let value = |b: u8| ALPHABET.iter().position(|letter| *letter == b).unwrap() as i64;
    let (check, body) = text.as_bytes().split_last().unwrap();
    let product = body.iter().fold(36, |product, b| {
        let sum = (product + value(*b)).rem_euclid(36);
        (if sum == 0 { 36 } else { sum }) * 2 % 37
    });
    (product + value(*check)).rem_euclid(36) == 1
}

proptest! {
    #[test]
    fn every_number_reads_back_and_is_right_by_the_standard(serial in "[0-9A-Z]{1,32}", issues in 0_u16..998) {
        let number: CertificateNumber = PUBLISHED.parse().unwrap();
        let issue = (0..issues).fold(Issue::FIRST, |issue, _| issue.next().unwrap());
        let (kind, issuer) = (number.kind().clone(), number.issuer().clone());
        let made = CertificateNumber::new(kind, issuer, serial.parse().unwrap(), issue);
        prop_assert_eq!(made.to_string().parse::<CertificateNumber>(), Ok(made.clone()));
        let bare: String = made.to_string()["1.2.156.3005.2.".len()..].replace('.', "");
        prop_assert!(is_right(&bare), "{}", bare);
    }

    #[test]
    fn every_single_changed_character_of_a_serial_is_noticed(
        serial in "[0-9A-Z]{1,32}", at in 0_usize..32, letter in 0_usize..36,
    ) {
        let number: CertificateNumber = PUBLISHED.parse().unwrap();
        let (kind, issuer) = (number.kind().clone(), number.issuer().clone());
        let made = CertificateNumber::new(kind, issuer, serial.parse().unwrap(), Issue::FIRST);
        let mut changed = serial.clone().into_bytes();
        let at = at % changed.len();
        prop_assume!(changed[at] != ALPHABET[letter]);
        changed[at] = ALPHABET[letter];
        let changed = format!(".{}.", String::from_utf8(changed).unwrap());
        let text = made.to_string().replacen(&format!(".{serial}."), &changed, 1);
        prop_assert!(text.parse::<CertificateNumber>().is_err(), "{}", text);
    }
}
