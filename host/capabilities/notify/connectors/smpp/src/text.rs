//! Texts as short messages carry them: the alphabets of 3GPP TS 23.038, and the parts of 3GPP TS 23.040, 9.2.3.24.1.

use crate::Alphabet;

/// The GSM 7-bit default alphabet (6.2.1), from 0x00 on; 0x1b escapes to the extension table.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension table (6.2.1.1).
const EXTENDED: [(char, u8); 10] = [
    ('\u{c}', 0x0a),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2f),
    ('[', 0x3c),
    ('~', 0x3d),
    (']', 0x3e),
    ('|', 0x40),
    ('€', 0x65),
];
const ESCAPE: u8 = 0x1b;

/// Of a message that travels alone, and of a part of several, which has a header of 6 octets.
const SEPTETS: (usize, usize) = (160, 153);
const OCTETS: (usize, usize) = (140, 134);

/// The `data_coding` of the SMSC's default alphabet, and of UCS-2 (5.2.19).
const DEFAULT_ALPHABET: u8 = 0;
const UCS2: u8 = 8;

/// A text as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    pub data_coding: u8,
    /// Each begins with a user data header.
    pub have_header: bool,
    pub parts: Vec<Vec<u8>>,
}

/// The text needs more parts than a message can have: 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

// === impl Parts ===

impl Parts {
    /// Cuts a text; a character is never cut in two. `reference` tells the parts of one message from those of another.
    pub(crate) fn of(text: &str, alphabet: Alphabet, reference: u8) -> Result<Self, TooLong> {
        let septets: Option<Vec<Vec<u8>>> = match alphabet {
            Alphabet::Gsm7 => text.chars().map(septets).collect(),
            Alphabet::Ucs2 => None,
        };
        let ((alone, each), data_coding, characters) = match septets {
            Some(characters) => (SEPTETS, DEFAULT_ALPHABET, characters),
            None => (OCTETS, UCS2, text.chars().map(units).collect()),
        };
        if characters.iter().map(Vec::len).sum::<usize>() <= alone {
            return Ok(Self { data_coding, have_header: false, parts: vec![characters.concat()] });
        }
        let parts = cut(&characters, each);
        let count = u8::try_from(parts.len()).map_err(|_| TooLong)?;
        // 8-bit reference: length of the header, its element, length, reference, how many, which one.
        let with_header = |(number, part): (u8, Vec<u8>)| [vec![5, 0, 3, reference, count, number], part].concat();
        Ok(Self { data_coding, have_header: true, parts: (1..=count).zip(parts).map(with_header).collect() })
    }
}

fn cut(characters: &[Vec<u8>], each: usize) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    for character in characters {
        match parts.last_mut() {
            Some(part) if part.len() + character.len() <= each => part.extend_from_slice(character),
            _ => parts.push(character.clone()),
        }
    }
    parts
}

/// One septet an octet, as SMSCs take it; nothing for a character that the alphabet does not have.
fn septets(character: char) -> Option<Vec<u8>> {
    let basic = BASIC.chars().position(|known| known == character && known != '\u{1b}');
    if let Some(septet) = basic.and_then(|place| u8::try_from(place).ok()) {
        return Some(vec![septet]);
    }
    EXTENDED.iter().find(|(known, _)| *known == character).map(|(_, septet)| vec![ESCAPE, *septet])
}

/// Big-endian UTF-16: what phones read where UCS-2 is said.
fn units(character: char) -> Vec<u8> {
    let mut units = [0; 2];
    character.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zhongtai_cap_notify::{Encoding, Segments};

    use super::*;

    fn of(text: &str) -> Parts {
        Parts::of(text, Alphabet::Gsm7, 7).unwrap()
    }

    #[test]
    fn the_alphabet_is_that_of_the_standard() {
        assert_eq!(BASIC.chars().count(), 128);
        for (text, expected) in [("@", 0x00), ("A", 0x41), ("à", 0x7f), (" ", 0x20), ("¡", 0x40), ("Æ", 0x1c)] {
            assert_eq!(of(text).parts, [vec![expected]], "{text}");
        }
        assert_eq!(of("€").parts, [vec![0x1b, 0x65]]);
        assert_eq!(of("中").parts, [vec![0x4e, 0x2d]]);
        assert_eq!((of("中").data_coding, of("a").data_coding), (8, 0));
        assert_eq!(Parts::of("a", Alphabet::Ucs2, 7).unwrap().parts, [vec![0, 0x61]]);
    }

    #[test]
    fn parts_say_which_they_are_of_how_many() {
        let parts = of(&"中".repeat(100));
        assert!(parts.have_header && parts.parts.len() == 2);
        assert_eq!((&parts.parts[0][..6], &parts.parts[1][..6]), (&[5, 0, 3, 7, 2, 1][..], &[5, 0, 3, 7, 2, 2][..]));
        assert!(parts.parts.iter().all(|part| part.len() <= 140));
        assert_eq!(Parts::of(&"中".repeat(67 * 256), Alphabet::Gsm7, 7), Err(TooLong));
        assert_eq!(Parts::of(&"中".repeat(67 * 255), Alphabet::Gsm7, 7).unwrap().parts.len(), 255);
    }

    proptest! {
        /// The capability counts what this crate sends.
        #[test]
        fn there_are_as_many_parts_as_were_counted(text in "[a-z€中𠮷\\^]{0,400}") {
            let (parts, counted) = (of(&text), Segments::of(&text));
            prop_assert_eq!(parts.parts.len(), counted.count);
            prop_assert_eq!(parts.data_coding == 8, counted.encoding == Encoding::Ucs2);
        }
    }
}
