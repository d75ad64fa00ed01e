use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use zhongtai_kernel::Digest;

use crate::{FilesError, InvalidText};

/// A file's id: 16 random bytes in lower-case hex. What the file is called on the disk, too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId([u8; 16]);

// === impl FileId ===

impl FileId {
    /// A new id.
    pub fn generate() -> Result<Self, FilesError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for FileId {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        // One spelling only: an id may be a key in a department's own data.
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(InvalidText::Id);
        }
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidText::Id)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What lets somebody send or fetch one file: 32 random bytes. Only their digest is stored, and
/// `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketSecret([u8; 32]);

// === impl TicketSecret ===

impl TicketSecret {
    /// A new secret.
    pub(crate) fn generate() -> Result<Self, FilesError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The 43 characters that stand in an address. Whoever has them and is the ticket's subject may use it.
    pub fn expose(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is stored, and what a record may name it by.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

impl FromStr for TicketSecret {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidText::Ticket)?;
        bytes.try_into().map(Self).map_err(|_| InvalidText::Ticket)
    }
}

impl fmt::Debug for TicketSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_writes_in_one_spelling() {
        let id = FileId::generate().unwrap();
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "..", &id.to_string()[1..], &format!("{id}0"), "0123456789ABCDEF0123456789ABCDEF"] {
            assert_eq!(text.parse::<FileId>(), Err(InvalidText::Id), "{text}");
        }
    }

    #[test]
    fn a_tickets_secret_is_read_back_and_not_printed() {
        let secret = TicketSecret::generate().unwrap();
        assert_eq!(secret.expose().parse(), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "TicketSecret(…)");
        assert!("abc".parse::<TicketSecret>().is_err() && "../x".parse::<TicketSecret>().is_err());
    }
}
