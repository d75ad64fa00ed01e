//! Randomness fit for keys and tokens, and short numbers to read out. Always granted.

use crate::host;

/// What a person can read out without mistakes: no I, L, O, U.
const LETTERS: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P',
    'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// `len` random bytes. The host gives at most 65,536 at a time, so a longer text is asked for in parts.
pub fn bytes(len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        let more = host::random_bytes(u32::try_from((len - bytes.len()).min(65_536)).unwrap_or(65_536));
        if more.is_empty() {
            break;
        }
        bytes.extend(more);
    }
    bytes
}

/// 64 random bits.
pub fn number() -> u64 {
    host::random_number()
}

/// A number for a case that people can read out: `7K3M9-QX2TB`, 50 random bits in Crockford's alphabet.
///
/// Two of a million have the same with a probability of 1 in 2,200: `keyvalue::create` notices.
pub fn id() -> String {
    let mut bits = number();
    let mut id = String::with_capacity(11);
    for at in 0..10 {
        if at == 5 {
            id.push('-');
        }
        id.extend(LETTERS.get(usize::try_from(bits & 31).unwrap_or_default()));
        bits >>= 5;
    }
    id
}

#[cfg(feature = "getrandom")]
#[cfg(target_arch = "wasm32")]
mod backend {
    #![expect(unsafe_code, reason = "the signature that getrandom's custom backend asks for")]

    /// What `getrandom` 0.3 and 0.4 call when they are built with `--cfg getrandom_backend="custom"`.
    #[unsafe(no_mangle)]
    unsafe extern "Rust" fn __getrandom_v03_custom(dest: *mut u8, len: usize) -> Result<(), getrandom::Error> {
        let bytes = super::bytes(len);
        if bytes.len() != len {
            return Err(getrandom::Error::UNEXPECTED);
        }
        // SAFETY: the caller gives `len` bytes to write to, and `bytes` is a block of its own.
        unsafe { dest.copy_from_nonoverlapping(bytes.as_ptr(), len) };
        Ok(())
    }
}
