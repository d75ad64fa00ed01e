//! What a short message costs: its encoding and the parts that it travels in.

/// The GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1), one septet each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension table (6.2.1.1), two septets each.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// How the characters travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The GSM 7-bit default alphabet: 160 septets in one part, 153 in each of several.
    Gsm7,
    /// UTF-16: 70 units in one part, 67 in each of several. Chinese needs it.
    Ucs2,
}

/// What a text needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    /// How its characters travel.
    pub encoding: Encoding,
    /// The parts that are sent, and paid for.
    pub count: usize,
}

// === impl Segments ===

impl Segments {
    /// Counts as a carrier does: a character is never cut in two, which can cost a place at the end of a part.
    pub fn of(text: &str) -> Self {
        let septets: Option<Vec<usize>> = text.chars().map(septets).collect();
        match septets {
            Some(widths) => Self { encoding: Encoding::Gsm7, count: parts(&widths, 160, 153) },
            None => {
                let widths: Vec<usize> = text.chars().map(char::len_utf16).collect();
                Self { encoding: Encoding::Ucs2, count: parts(&widths, 70, 67) }
            }
        }
    }
}

fn septets(character: char) -> Option<usize> {
    match () {
        () if BASIC.contains(character) => Some(1),
        () if EXTENDED.contains(character) => Some(2),
        () => None,
    }
}

fn parts(widths: &[usize], alone: usize, each: usize) -> usize {
    if widths.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (mut count, mut used) = (1, 0);
    for width in widths {
        if used + width > each {
            count += 1;
            used = 0;
        }
        used += width;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_as_3gpp_ts_23_038_and_23_040_have_them() {
        let of = |text: &str| (Segments::of(text).encoding, Segments::of(text).count);
        assert_eq!(of(""), (Encoding::Gsm7, 1));
        assert_eq!(of(&"a".repeat(160)), (Encoding::Gsm7, 1));
        assert_eq!(of(&"a".repeat(161)), (Encoding::Gsm7, 2));
        assert_eq!(of(&"a".repeat(306)), (Encoding::Gsm7, 2));
        assert_eq!(of(&"a".repeat(307)), (Encoding::Gsm7, 3));
        assert_eq!(of(&"€".repeat(80)), (Encoding::Gsm7, 1), "two septets each");
        // 153 is odd: the 77th does not fit into what is left of a part.
        assert_eq!(of(&"€".repeat(152)), (Encoding::Gsm7, 2));
        assert_eq!(of(&"€".repeat(153)), (Encoding::Gsm7, 3));
        assert_eq!(of(&"中".repeat(70)), (Encoding::Ucs2, 1));
        assert_eq!(of(&"中".repeat(71)), (Encoding::Ucs2, 2));
        assert_eq!(of(&"中".repeat(134)), (Encoding::Ucs2, 2));
        assert_eq!(of(&"中".repeat(135)), (Encoding::Ucs2, 3));
        assert_eq!(of(&format!("{}中", "a".repeat(69))), (Encoding::Ucs2, 1), "one such character is enough");
        assert_eq!(of(&"𠮷".repeat(35)), (Encoding::Ucs2, 1), "two units each");
        assert_eq!(of(&"𠮷".repeat(67)), (Encoding::Ucs2, 3), "33 in a part: a pair is not cut");
    }
}
