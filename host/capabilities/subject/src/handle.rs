use aes::{
    Aes256,
    cipher::{BlockDecrypt, BlockEncrypt, KeyInit as _},
};
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;
use zhongtai_kernel::{AccountId, DepartmentId};

/// Turns accounts into handles and back, without a table.
///
/// A handle is the account's 16 bytes, encrypted as one AES-256 block under a key of the department's own, in
/// lower-case hex. The same account has the same handle in a department for ever, and unrelated ones in two
/// departments, who can't put their data together by it. Every host of a database needs the same key.
///
/// ```
/// # use zhongtai_cap_subject::Handles;
/// # use zhongtai_kernel::AccountId;
/// let handles = Handles::new([7; 32]);
/// let department = "441802-chengguan".parse().unwrap();
/// let account = AccountId::generate();
/// let handle = handles.seal(&department, account);
/// assert_eq!(handles.open(&department, &handle), Some(account));
/// ```
#[derive(Clone)]
pub struct Handles([u8; 32]);

// === impl Handles ===

impl Handles {
    /// Handles under a key that must never change.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The handle of an account for a department.
    pub fn seal(&self, department: &DepartmentId, account: AccountId) -> String {
        let mut block = account.to_bytes().into();
        self.cipher(department).encrypt_block(&mut block);
        hex::encode(block)
    }

    /// The account of a department's handle. `None` when it is none; a handle that somebody made up opens to an
    /// account that does not exist.
    pub fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId> {
        // One spelling only: a handle may be a key in a department's own data.
        if handle.bytes().any(|b| b.is_ascii_uppercase()) {
            return None;
        }
        let mut bytes = [0; 16];
        hex::decode_to_slice(handle, &mut bytes).ok()?;
        let mut block = bytes.into();
        self.cipher(department).decrypt_block(&mut block);
        Some(AccountId::from_bytes(block.into()))
    }

    fn cipher(&self, department: &DepartmentId) -> Aes256 {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of 32 bytes");
        mac.update(department.as_str().as_bytes());
        let key: [u8; 32] = mac.finalize().into_bytes().into();
        Aes256::new(&key.into())
    }
}
