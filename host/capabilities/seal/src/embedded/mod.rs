//! Seals in the platform's own database, with its own authorities.

mod act;
mod authority;
mod change;
mod create;
mod credential;
mod find;
mod list;
mod person;
mod token;

use std::sync::Arc;

use async_trait::async_trait;
use zhongtai_impression::Drawing;
use zhongtai_kernel::{AccountId, Clock, DepartmentId, Timestamp};
use zhongtai_pki::{Algorithm, Certificate, Trust};
use zhongtai_store::Store;

pub use self::authority::certificates_pem;
use self::{authority::Authorities, token::Tokens};
use crate::{
    Act, AuthorityState, Cause, NewSeal, Order, Seal, SealConfig, SealError, SealEvent, SealName, SealProvider,
    SealUse, Sealed, SigningKey, Status, face::Pen, vault::Vault,
};

/// Seals in the platform's own database. Cheap to clone.
#[derive(Clone)]
pub struct EmbeddedSeals(Arc<Inner>);

struct Inner {
    authorities: Authorities,
    pen: Pen,
    tokens: Tokens,
}

// === impl EmbeddedSeals ===

impl EmbeddedSeals {
    /// Seals of a store that has [`crate::MIGRATIONS`]. `key` keeps private keys at rest: every host of a database needs
    /// the same one.
    ///
    /// # Errors
    /// When the configuration can't be used.
    pub fn new(store: Store, clock: Arc<dyn Clock>, key: &[u8; 32], config: &SealConfig) -> Result<Self, SealError> {
        let authorities = Authorities::new(store, clock, Arc::new(Vault::new(key)?), config)?;
        let (pen, tokens) = (Pen::new(config), Tokens::new(config.token.clone()));
        Ok(Self(Arc::new(Inner { authorities, pen, tokens })))
    }

    fn authorities(&self) -> &Authorities {
        &self.0.authorities
    }

    fn store(&self) -> &Store {
        &self.authorities().store
    }

    fn vault(&self) -> &Vault {
        &self.authorities().vault
    }

    fn pen(&self) -> &Pen {
        &self.0.pen
    }

    fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    fn now(&self) -> Timestamp {
        self.authorities().clock.now()
    }
}

#[async_trait]
impl SealProvider for EmbeddedSeals {
    async fn create(&self, new: NewSeal, by: &str) -> Result<Seal, SealError> {
        create::create(self, new, by).await
    }

    async fn find(&self, name: &SealName) -> Result<Option<Seal>, SealError> {
        find::by_name(self, name).await
    }

    async fn list(&self, department: &DepartmentId) -> Result<Vec<Seal>, SealError> {
        find::of_department(self, department).await
    }

    async fn face(&self, name: &SealName) -> Result<Drawing, SealError> {
        find::face(self, name).await
    }

    async fn suspend(&self, name: &SealName, by: &str, reason: &str) -> Result<Seal, SealError> {
        change::turn(self, name, (Status::Valid, Status::Suspended), ("suspended", by, reason)).await
    }

    async fn resume(&self, name: &SealName, by: &str, reason: &str) -> Result<Seal, SealError> {
        change::turn(self, name, (Status::Suspended, Status::Valid), ("resumed", by, reason)).await
    }

    async fn revoke(&self, name: &SealName, by: &str, why: (Cause, &str)) -> Result<Seal, SealError> {
        change::revoke(self, name, by, why).await
    }

    async fn events(&self, name: &SealName) -> Result<Vec<SealEvent>, SealError> {
        find::events(self, name).await
    }

    async fn uses(&self, name: &SealName) -> Result<Vec<SealUse>, SealError> {
        find::uses(self, name).await
    }

    async fn apply(&self, act: &Act, name: &SealName, order: Order) -> Result<Sealed, SealError> {
        act::apply(self, act, name, order).await
    }

    async fn signing_key(&self, account: AccountId) -> Result<Option<SigningKey>, SealError> {
        person::newest(self, account).await
    }

    async fn enrol(&self, account: AccountId, name: &str, by: &str) -> Result<SigningKey, SealError> {
        person::enrol(self, account, name, by).await
    }

    async fn retire(&self, account: AccountId, by: &str, why: (Cause, &str)) -> Result<SigningKey, SealError> {
        person::retire(self, account, by, why).await
    }

    async fn sign(&self, act: &Act, account: AccountId, order: Order) -> Result<Sealed, SealError> {
        act::sign(self, act, account, order).await
    }

    async fn trust(&self) -> Result<Arc<Trust>, SealError> {
        self.authorities().trust().await
    }

    async fn roots(&self) -> Result<Vec<Certificate>, SealError> {
        self.authorities().roots().await
    }

    async fn authorities(&self) -> Result<Vec<AuthorityState>, SealError> {
        list::states(self.authorities()).await
    }

    async fn revocation_list(&self, authority: &str) -> Result<Option<Vec<u8>>, SealError> {
        list::newest(self.authorities(), authority).await
    }

    async fn time_stamp(&self, query: &[u8]) -> Result<Vec<u8>, SealError> {
        let stamper = self.authorities().stamper(Algorithm::EcdsaP256Sha256).await?;
        Ok(stamper.respond(query)?)
    }

    async fn tick(&self) -> Result<usize, SealError> {
        list::tick(self.authorities()).await
    }
}
