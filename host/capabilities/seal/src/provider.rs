use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use zhongtai_kernel::{AccountId, DepartmentId, Timestamp};
use zhongtai_pki::{Certificate, Trust};

use crate::{Act, Cause, NewSeal, Order, Seal, SealError, SealEvent, SealName, SealUse, Sealed, SigningKey};

/// What keeps seals and uses their keys. It decides nothing about who may: that is [`crate::Seals`].
#[async_trait]
pub trait SealProvider: Send + Sync + 'static {
    /// Makes a seal with its keys and certificates. The same again is the seal that is there; another one of that name is
    /// [`SealError::Exists`].
    async fn create(&self, new: NewSeal, by: &str) -> Result<Seal, SealError>;

    /// The seal of that name.
    async fn find(&self, name: &SealName) -> Result<Option<Seal>, SealError>;

    /// A department's seals, by name.
    async fn list(&self, department: &DepartmentId) -> Result<Vec<Seal>, SealError>;

    /// The face of a seal, as outlines.
    async fn face(&self, name: &SealName) -> Result<zhongtai_impression::Drawing, SealError>;

    /// Takes a seal out of use for a while. One that is suspended already stays so.
    async fn suspend(&self, name: &SealName, by: &str, reason: &str) -> Result<Seal, SealError>;

    /// Lets a suspended seal be used again.
    async fn resume(&self, name: &SealName, by: &str, reason: &str) -> Result<Seal, SealError>;

    /// Takes a seal out of use for good: its certificates are on the revocation lists when this returns.
    async fn revoke(&self, name: &SealName, by: &str, why: (Cause, &str)) -> Result<Seal, SealError>;

    /// What happened to a seal, the oldest first.
    async fn events(&self, name: &SealName) -> Result<Vec<SealEvent>, SealError>;

    /// The latest uses of a seal, the newest first; at most 100.
    async fn uses(&self, name: &SealName) -> Result<Vec<SealUse>, SealError>;

    /// Seals a document, once for a key. The same key and request give the same bytes, also when the first try was cut
    /// off.
    async fn apply(&self, act: &Act, name: &SealName, order: Order) -> Result<Sealed, SealError>;

    /// The account's newest signing key.
    async fn signing_key(&self, account: AccountId) -> Result<Option<SigningKey>, SealError>;

    /// Makes a signing key for the account, whose verified name is `name`. One that can be used stays.
    async fn enrol(&self, account: AccountId, name: &str, by: &str) -> Result<SigningKey, SealError>;

    /// Takes the account's signing key back for good.
    async fn retire(&self, account: AccountId, by: &str, why: (Cause, &str)) -> Result<SigningKey, SealError>;

    /// Signs a document with the account's own key, once for a key.
    async fn sign(&self, act: &Act, account: AccountId, order: Order) -> Result<Sealed, SealError>;

    /// What documents are verified with: own roots, and the newest list of each authority.
    async fn trust(&self) -> Result<Arc<Trust>, SealError>;

    /// The own roots.
    async fn roots(&self) -> Result<Vec<Certificate>, SealError>;

    /// Every authority there is, by name.
    async fn authorities(&self) -> Result<Vec<AuthorityState>, SealError>;

    /// The newest revocation list of an authority, DER.
    async fn revocation_list(&self, authority: &str) -> Result<Option<Vec<u8>>, SealError>;

    /// Answers a time-stamp query (RFC 3161), DER.
    async fn time_stamp(&self, query: &[u8]) -> Result<Vec<u8>, SealError>;

    /// Signs those revocation lists anew that will run out. Returns how many.
    async fn tick(&self) -> Result<usize, SealError>;
}

/// How an authority stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityState {
    /// Its name, such as `441802-chengguan-sm2-1`.
    pub id: String,
    /// Until when its certificate is good.
    pub valid_until: Timestamp,
    /// Until when its revocation list is in force; none when it issues no certificates.
    pub list_until: Option<Timestamp>,
    /// The number of that list.
    pub list_number: i64,
    /// How many certificates it took back.
    pub revoked: i64,
}
