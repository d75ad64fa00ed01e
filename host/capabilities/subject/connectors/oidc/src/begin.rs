use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use zhongtai_kernel::{Assurance, Timestamp};

/// How a subject should sign in. The default leaves it to the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// How sure the sign-in must be: asks for the `acr` values that stand for it, and refuses a weaker one.
    pub assurance: Option<Assurance>,
    /// What the provider should do though the subject is signed in there.
    pub prompt: Option<Prompt>,
    /// How long ago the subject may have signed in there, in whole seconds.
    pub max_age: Option<Duration>,
}

/// The `prompt` of OpenID Connect Core, 3.1.2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// Show nothing: fails when the subject is not signed in there.
    None,
    /// Sign in again.
    Login,
    /// Let the subject choose an account.
    SelectAccount,
}

/// A sign-in that was begun.
#[derive(Debug)]
pub struct Begin {
    /// Where the browser goes.
    pub url: String,
    /// What belongs to the browser until it comes back, and to nobody else.
    pub pending: Pending,
}

/// What a sign-in needs to be completed. Secret: keep it at the server, or sealed in a cookie, bound to the browser that
/// began, for ten minutes, and take it away when it is used. `Debug` shows nothing of it.
#[derive(Serialize, Deserialize)]
pub struct Pending {
    pub(crate) issuer: String,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) pkce_verifier: String,
    pub(crate) begun_at: Timestamp,
    pub(crate) assurance: Option<Assurance>,
    pub(crate) max_age: Option<Duration>,
}

// === impl Pending ===

impl Pending {
    /// The `state` that the browser will bring back: what to find it by.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// When it was begun.
    pub fn begun_at(&self) -> Timestamp {
        self.begun_at
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("begun_at", &self.begun_at).finish_non_exhaustive()
    }
}

/// What the browser brought back: the query of the callback. `Debug` shows nothing of it.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Callback {
    /// To be exchanged for tokens.
    pub code: Option<String>,
    /// The `state` that was sent.
    pub state: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").finish_non_exhaustive()
    }
}
