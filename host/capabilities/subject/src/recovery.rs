use std::fmt;

use sha2::{Digest, Sha256};
use zhongtai_kernel::AccountId;

use crate::SubjectError;

/// Crockford's base 32: no letter that is read as a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Codes made at once.
pub(crate) const CODES: usize = 10;

/// Characters of a code: 80 bits, which can't be guessed and so need no slow hash.
const LENGTH: usize = 16;

/// A code that stands in for a lost second factor, once. Shown when it is made; never prints itself.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

// === impl RecoveryCode ===

impl RecoveryCode {
    pub(crate) fn generate() -> Result<Self, SubjectError> {
        let mut bytes = [0_u8; LENGTH];
        getrandom::fill(&mut bytes)?;
        let letters = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31)));
        Ok(Self(letters.map(|letter| char::from(*letter)).collect()))
    }

    /// A code as it was typed: dashes and blanks don't matter, nor do capitals.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let dropped = |c: &char| !(*c == '-' || c.is_whitespace());
        let code: String = text.chars().filter(dropped).map(|c| c.to_ascii_lowercase()).collect();
        (code.len() == LENGTH && code.bytes().all(|b| ALPHABET.contains(&b))).then_some(Self(code))
    }

    /// `7kq2-m9xw-41td-0hnv`: to be written down.
    pub fn expose(&self) -> String {
        let letters: Vec<char> = self.0.chars().collect();
        letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
    }

    /// Bound to the account: the same code of another one has another hash.
    pub(crate) fn hash(&self, account: AccountId) -> String {
        hex::encode(Sha256::new().chain_update(account.to_bytes()).chain_update(&self.0).finalize())
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed_and_never_prints_itself() {
        let code = RecoveryCode::generate().unwrap();
        let shown = code.expose();
        assert_eq!(shown.len(), 19);
        for typed in [shown.clone(), shown.to_uppercase(), shown.replace('-', " "), shown.replace('-', "")] {
            assert_eq!(RecoveryCode::parse(&typed).as_ref(), Some(&code), "{typed}");
        }
        for text in ["", "123456", &shown[1..], &format!("{shown}0"), &shown.replace(shown.as_bytes()[0] as char, "u")]
        {
            assert_eq!(RecoveryCode::parse(text), None, "{text}");
        }
        assert_eq!(format!("{code:?}"), "RecoveryCode(..)");
        assert_ne!(code.hash(AccountId::generate()), code.hash(AccountId::generate()));
    }
}
