//! ISO 7064 MOD 37,36: the check character of a text of digits and capital letters.

/// The 36 characters by their values.
const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The check character of `text`; `None` when a character is not a digit or a capital letter.
///
/// ISO 7064:2003, 9 (hybrid systems): it notices every single changed character, and nearly every swap of two
/// neighbours.
pub(crate) fn mod_37_36(text: impl IntoIterator<Item = char>) -> Option<char> {
    let mut product = 36;
    for character in text {
        let sum = (product + value(character)?) % 36;
        product = if sum == 0 { 36 } else { sum } * 2 % 37;
    }
    ALPHABET.get((37 - product) % 36).map(|letter| char::from(*letter))
}

fn value(character: char) -> Option<usize> {
    ALPHABET.iter().position(|letter| char::from(*letter) == character)
}
