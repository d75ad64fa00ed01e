//! Keys and names of files in the database: AES-256-GCM under a key of the platform, bound to the file's row, so that
//! a row can't stand in for another. Who removes the row has destroyed the file.

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use zeroize::Zeroizing;
use zhongtai_kernel::{AccountId, ScenarioId};
use zhongtai_store::StoreError;

use crate::{CaseRef, FileId, FileName, FilesError, seal::FileKey};

/// Bytes of a nonce.
const NONCE: usize = 12;

/// Seals and opens what a row holds.
pub(crate) struct Vault(Aes256Gcm);

/// What a sealed value belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Belongs<'a> {
    pub(crate) file: FileId,
    pub(crate) scenario: &'a ScenarioId,
    pub(crate) case: &'a CaseRef,
    pub(crate) account: AccountId,
}

// === impl Vault ===

impl Vault {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(&(*key).into()))
    }

    /// A new file's key, and how it is stored.
    pub(crate) fn new_key(&self, to: Belongs<'_>) -> Result<(FileKey, Vec<u8>), FilesError> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key)?;
        let sealed = self.seal(b"key", to, &*key)?;
        Ok((key, sealed))
    }

    pub(crate) fn open_key(&self, to: Belongs<'_>, sealed: &[u8]) -> Result<FileKey, FilesError> {
        let opened = self.open(b"key", to, sealed).map(Zeroizing::new);
        let key = opened.and_then(|bytes| bytes.as_slice().try_into().ok()).map(Zeroizing::new);
        Ok(key.ok_or_else(|| corrupt("files.sealed_key"))?)
    }

    pub(crate) fn seal_name(&self, to: Belongs<'_>, name: &FileName) -> Result<Vec<u8>, FilesError> {
        self.seal(b"name", to, name.as_str().as_bytes())
    }

    pub(crate) fn open_name(&self, to: Belongs<'_>, sealed: &[u8]) -> Result<FileName, FilesError> {
        let opened = self.open(b"name", to, sealed).and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(opened.and_then(|text| text.parse().ok()).ok_or_else(|| corrupt("files.sealed_name"))?)
    }

    fn seal(&self, what: &[u8], to: Belongs<'_>, value: &[u8]) -> Result<Vec<u8>, FilesError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let payload = Payload { msg: value, aad: &binding(what, to) };
        let sealed =
            self.0.encrypt(&nonce.into(), payload).map_err(|_| FilesError::Fault("a value can't be sealed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, what: &[u8], to: Belongs<'_>, stored: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = stored.split_first_chunk::<NONCE>()?;
        self.0.decrypt(&(*nonce).into(), Payload { msg: sealed, aad: &binding(what, to) }).ok()
    }
}

fn corrupt(column: &'static str) -> StoreError {
    StoreError::corrupt(column, "it was changed, moved from another row, or sealed with another host's key")
}

/// Each part with its length, so that no two different owners have one binding.
fn binding(what: &[u8], to: Belongs<'_>) -> Vec<u8> {
    let account = to.account.to_bytes();
    let parts = [what, to.file.as_bytes(), to.scenario.as_str().as_bytes(), to.case.as_str().as_bytes(), &account];
    parts.iter().flat_map(|part| (part.len() as u32).to_le_bytes().into_iter().chain(part.iter().copied())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_a_name_open_only_in_the_row_they_were_sealed_for() {
        let vault = Vault::new(&[7; 32]);
        let (scenario, other): (ScenarioId, ScenarioId) =
            ("441802-chengguan/a".parse().unwrap(), "441802-chengguan/b".parse().unwrap());
        let (case, another): (CaseRef, CaseRef) = ("1".parse().unwrap(), "2".parse().unwrap());
        let to = Belongs {
            file: FileId::generate().unwrap(),
            scenario: &scenario,
            case: &case,
            account: AccountId::generate(),
        };
        let (key, sealed) = vault.new_key(to).unwrap();
        assert_eq!(*vault.open_key(to, &sealed).unwrap(), *key);
        let moved = [
            Belongs { file: FileId::generate().unwrap(), ..to },
            Belongs { scenario: &other, ..to },
            Belongs { case: &another, ..to },
            Belongs { account: AccountId::generate(), ..to },
        ];
        for to in moved {
            assert!(vault.open_key(to, &sealed).is_err());
        }
        assert!(Vault::new(&[8; 32]).open_key(to, &sealed).is_err(), "another platform's key");
        assert!(vault.open_key(to, &sealed[..10]).is_err(), "cut");

        let name: FileName = "身份证.jpg".parse().unwrap();
        let sealed_name = vault.seal_name(to, &name).unwrap();
        assert_eq!(vault.open_name(to, &sealed_name).unwrap(), name);
        assert!(vault.open_name(to, &sealed).is_err(), "a key is no name");
        assert!(!sealed_name.windows(3).any(|part| part == "身".as_bytes()));
    }
}
