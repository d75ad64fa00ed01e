use std::sync::Arc;

use serde_json::{Value, json};
use zhongtai_conn_subject_oidc::{
    AnswerFault, Begin, Callback, CallbackFault, ExternalIdentity, OidcError, Pending, Provider, TokenFault, Wanted,
};
use zhongtai_kernel::{Clock, ManualClock, Timestamp};

use crate::support::{Hostile, Signer, parameter, provider};

/// The name of a variable that every process has.
pub(crate) const CLIENT: &str = "client_id = \"zt\"\nclient_secret_env = \"PATH\"\n";

/// A lying provider, ours, and the hand on the clock.
pub(crate) struct Scene {
    pub(crate) hostile: Hostile,
    pub(crate) ours: Provider,
    pub(crate) clock: Arc<ManualClock>,
}

// === impl Scene ===

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with("").await
    }

    pub(crate) async fn with(more: &str) -> Self {
        let hostile = Hostile::start().await;
        let clock = Arc::new(ManualClock::at(Timestamp::from_second(1_790_000_000).unwrap()));
        let ours = provider(&hostile.issuer, &format!("{CLIENT}{more}"), clock.clone());
        Self { hostile, ours, clock }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// The claims of an honest ID token that answers `begin`.
    pub(crate) fn claims(&self, begin: &Begin) -> Value {
        json!({
            "iss": self.hostile.issuer,
            "aud": "zt",
            "sub": "zhang-san",
            "iat": self.now(),
            "exp": self.now() + 300,
            "nonce": parameter(&begin.url, "nonce"),
            "sid": "session-1",
        })
    }

    pub(crate) async fn begin(&self) -> Begin {
        self.ours.begin(&Wanted::default()).await.unwrap()
    }

    /// Signs in with an ID token that `forge` makes of honest claims.
    pub(crate) async fn sign_in(
        &self,
        forge: impl FnOnce(&Signer, Value) -> String,
    ) -> Result<ExternalIdentity, OidcError> {
        let begin = self.begin().await;
        self.hostile.gives(&forge(&self.hostile.key, self.claims(&begin)));
        self.ours.complete(came_back(&begin.pending), begin.pending).await
    }

    /// Signs in with one claim changed, or taken away by null.
    pub(crate) async fn sign_in_with(&self, claim: &str, value: Value) -> Result<ExternalIdentity, OidcError> {
        self.sign_in(|key, claims| key.sign(&changed(claims, claim, value))).await
    }

    /// The claims of an honest logout token.
    pub(crate) fn logout(&self) -> Value {
        json!({
            "iss": self.hostile.issuer,
            "aud": "zt",
            "sub": "zhang-san",
            "sid": "session-1",
            "iat": self.now(),
            "exp": self.now() + 120,
            "jti": "logout-1",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        })
    }

    pub(crate) async fn logout_with(&self, claim: &str, value: Value) -> Result<(), OidcError> {
        let token = self.hostile.key.sign(&changed(self.logout(), claim, value));
        self.ours.logout_token(&token).await.map(drop)
    }
}

pub(crate) fn changed(mut claims: Value, claim: &str, value: Value) -> Value {
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
        value => claims[claim] = value,
    }
    claims
}

pub(crate) fn came_back(pending: &Pending) -> Callback {
    Callback { code: Some("a-code".to_owned()), state: Some(pending.state().to_owned()), ..Callback::default() }
}

#[track_caller]
pub(crate) fn is_token<T: std::fmt::Debug>(result: Result<T, OidcError>, expected: TokenFault) {
    match result {
        Err(OidcError::Token(fault)) if fault == expected => {}
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}

#[track_caller]
pub(crate) fn is_callback<T: std::fmt::Debug>(result: Result<T, OidcError>, expected: CallbackFault) {
    match result {
        Err(OidcError::Callback(fault)) if fault == expected => {}
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}

#[track_caller]
pub(crate) fn is_answer<T: std::fmt::Debug>(result: Result<T, OidcError>, expected: AnswerFault) {
    match result {
        Err(OidcError::BadAnswer(fault)) if fault == expected => {}
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}
