//! One-time passwords by the clock (RFC 6238): 6 digits, 30 seconds, HMAC-SHA-1, which every authenticator app takes.
//! SHA-1's collisions do not matter to HMAC.

use ring::hmac;

/// Seconds that a code is for.
pub(crate) const STEP: i64 = 30;

/// Steps before and after now that count too: clocks differ, and people type slowly (RFC 6238, 5.2).
const DRIFT: i64 = 1;

/// Bytes of a secret: as many as SHA-1's output has (RFC 4226, 4).
pub(crate) const SECRET: usize = 20;

/// A code as it was typed: six digits, blanks left out.
pub(crate) fn parse(text: &str) -> Option<u32> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// The step that `code` is of, among those that count at `now` and come after `last`: a code counts once.
pub(crate) fn step_of(secret: &[u8], code: u32, now_s: i64, last: i64) -> Option<i64> {
    let current = now_s.div_euclid(STEP);
    // All are computed, so that the time does not tell which one it was.
    let matching = (current - DRIFT..=current + DRIFT).filter(|step| code_at(secret, *step) == code);
    matching.filter(|step| *step > last).fold(None, |_, step| Some(step))
}

/// The code of a step (RFC 4226, 5.3).
pub(crate) fn code_at(secret: &[u8], step: i64) -> u32 {
    truncated(secret, step) % 1_000_000
}

fn truncated(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or_default() & 15);
    let four = bytes.get(offset..).and_then(|rest| rest.first_chunk::<4>()).copied().unwrap_or_default();
    u32::from_be_bytes(four) & 0x7fff_ffff
}

/// RFC 4648 base 32 without padding, as `otpauth://` wants it.
pub(crate) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut group = [0_u8; 8];
        for (to, from) in group.iter_mut().skip(3).zip(chunk) {
            *to = *from;
        }
        let bits = u64::from_be_bytes(group);
        let letters = (chunk.len() * 8).div_ceil(5);
        let letter = |index: usize| (bits >> (35 - 5 * index)) as usize & 31;
        text.extend((0..letters).filter_map(|index| ALPHABET.get(letter(index))).map(|b| char::from(*b)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_are_those_of_rfc_6238_appendix_b() {
        for (time, eight) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            let step = time / STEP;
            assert_eq!(truncated(SEED, step) % 100_000_000, eight, "{time}");
            assert_eq!(code_at(SEED, step), eight % 1_000_000, "{time}");
        }
    }

    #[test]
    fn the_codes_are_those_of_rfc_4226_appendix_d() {
        let codes = [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        for (step, code) in codes.into_iter().enumerate() {
            assert_eq!(code_at(SEED, step as i64), code);
        }
    }

    #[test]
    fn a_code_counts_one_step_before_and_after_its_own_and_not_again() {
        let (step, now) = (1_000_i64, 1_000 * STEP + 7);
        let code = code_at(SEED, step);
        for drift in [-STEP, 0, STEP] {
            assert_eq!(step_of(SEED, code, now + drift, 0), Some(step), "{drift}");
        }
        for drift in [-2 * STEP, 2 * STEP] {
            assert_eq!(step_of(SEED, code, now + drift, 0), None, "{drift}");
        }
        assert_eq!(step_of(SEED, code, now, step - 1), Some(step));
        assert_eq!(step_of(SEED, code, now, step), None, "used");
        assert_eq!(step_of(SEED, (code + 1) % 1_000_000, now, 0), None);
    }

    #[test]
    fn a_code_is_six_digits() {
        assert_eq!((parse(" 012 345 "), parse("999999")), (Some(12_345), Some(999_999)));
        for text in ["", "12345", "1234567", "12345a", "+12345", "１２３４５６"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn base_32_is_that_of_rfc_4648_section_10() {
        for (bytes, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB")]
        {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(base32(SEED), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
