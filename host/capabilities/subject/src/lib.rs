//! Who is asking (身份): local accounts, bearer tokens, and what a plugin may know about a subject.
//!
//! [`Accounts`] and [`SecondFactors`] sign people in, [`Sessions`] remembers browsers and [`Tokens`] programs, and the
//! capability answers plugins: an opaque handle of
//! the department's own ([`Handles`], `subject:identify`), and single fields for a declared purpose
//! (`subject:read-field`), each one decided by policy and recorded. A value about a person is never in a log, in
//! `Debug` or in an error.

mod account;
mod accounts;
mod attribute;
#[cfg(feature = "testing")]
pub mod contract;
mod embedded;
mod error;
mod external;
mod handle;
mod hashing;
mod host;
mod identifier;
mod login;
mod mandate;
mod mandates;
mod migration;
mod password;
mod pending;
mod provider;
mod recent;
mod recovery;
mod row;
mod second_factor;
mod secret;
mod session;
mod sessions;
mod throttle;
mod token;
mod tokens;
mod totp;
mod vault;

pub use account::{Account, NewAccount};
pub use accounts::Accounts;
pub use attribute::{AttributeName, Attributes};
pub use error::{InvalidValue, SubjectError};
pub use external::{ExternalIdentity, Linked, Links};
pub use handle::Handles;
pub use login::LoginName;
pub use mandate::{Mandate, MandateAction, MandateId, MandateScope, NewMandate};
pub use mandates::Mandates;
pub use migration::MIGRATIONS;
pub use password::Password;
pub use pending::{Begun, Pending, Wait};
pub use provider::{Contact, FIELDS, SubjectProvider};
pub use recovery::RecoveryCode;
pub use second_factor::{Enrolment, Factor, FactorState, SecondFactors};
pub use secret::CookieSecret;
pub use session::{Acting, Credential, Listener, Proof, Session, SessionId, SessionRecord};
pub use sessions::{External, SessionLimits, Sessions};
pub use token::{Token, TokenId, TokenRecord};
pub use tokens::Tokens;

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability, over some provider. Not `Subject`: that is who asks.
pub struct SubjectCapability {
    /// What is known about subjects.
    pub provider: Arc<dyn SubjectProvider>,
    /// Handles for departments.
    pub handles: Arc<Handles>,
}

impl Capability for SubjectCapability {
    fn name(&self) -> &'static str {
        "subject"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.provider.clone());
        services.add(self.handles.clone());
    }
}
