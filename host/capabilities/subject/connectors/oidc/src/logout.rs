//! Logout tokens (OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6).

use serde::Deserialize;
use serde_json::{Map, Value};
use zhongtai_kernel::Timestamp;

use crate::{
    TokenFault,
    id_token::{Asker, SKEW_SECONDS, check_subject},
};

/// The member of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A logout token is sent when it is made. One that is older was kept back, or is replayed by somebody.
const MAX_AGE_SECONDS: i64 = 10 * 60;

/// The longest `sid` and `jti`.
const MAX_ID_BYTES: usize = 512;

/// The provider ended sessions: end ours that came from them. With a `sid`, that session; else all of the subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutEvent {
    /// The provider's issuer identifier.
    pub issuer: String,
    /// Whose sessions.
    pub subject: Option<String>,
    /// Which session.
    pub sid: Option<String>,
    /// The token's id. It was seen here for the first time; several hosts may want to compare notes.
    pub jti: String,
    /// Until when the same token could come again.
    pub until: Timestamp,
}

/// The claims of a logout token.
#[derive(Deserialize)]
pub(crate) struct LogoutClaims {
    iss: String,
    aud: Audience,
    iat: f64,
    exp: f64,
    jti: Option<String>,
    sub: Option<String>,
    sid: Option<String>,
    events: Option<Map<String, Value>>,
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

// === impl LogoutClaims ===

impl LogoutClaims {
    /// What happened, when the claims are those of a logout token for us.
    pub(crate) fn check(self, asker: &Asker<'_>) -> Result<LogoutEvent, TokenFault> {
        if self.iss != asker.issuer.as_str() {
            return Err(TokenFault::Issuer);
        }
        if !self.aud.is_only(asker.client.as_str()) {
            return Err(TokenFault::Audience);
        }
        let until = self.check_times(asker.now)?;
        // An ID token has one: it must not end a session.
        if self.nonce.is_some() {
            return Err(TokenFault::Nonce);
        }
        if !self.events.as_ref().and_then(|events| events.get(EVENT)).is_some_and(Value::is_object) {
            return Err(TokenFault::NotLogout);
        }
        let well_formed = |id: &String| (1..=MAX_ID_BYTES).contains(&id.len());
        let jti = self.jti.filter(well_formed).ok_or(TokenFault::NotLogout)?;
        if self.sub.is_none() && self.sid.is_none() || self.sid.as_ref().is_some_and(|sid| !well_formed(sid)) {
            return Err(TokenFault::NotLogout);
        }
        self.sub.as_deref().map(check_subject).transpose()?;
        Ok(LogoutEvent { issuer: self.iss, subject: self.sub, sid: self.sid, jti, until })
    }

    /// Until when the token could be taken.
    fn check_times(&self, now: Timestamp) -> Result<Timestamp, TokenFault> {
        let now = now.as_second();
        let (issued, expires) = (seconds(self.iat), seconds(self.exp));
        if !(now - MAX_AGE_SECONDS - SKEW_SECONDS..=now + SKEW_SECONDS).contains(&issued) {
            return Err(TokenFault::IssuedAt);
        }
        if expires <= now - SKEW_SECONDS {
            return Err(TokenFault::Expired);
        }
        let last = expires.min(issued + MAX_AGE_SECONDS);
        Timestamp::from_second(last + SKEW_SECONDS + 1).map_err(|_| TokenFault::Expired)
    }
}

/// A NumericDate (RFC 7519, 2) may have a fraction. What is not a time becomes one that no check lets through.
fn seconds(date: f64) -> i64 {
    date as i64
}

// === impl Audience ===

impl Audience {
    fn is_only(&self, client: &str) -> bool {
        match self {
            Self::One(one) => one == client,
            Self::Many(all) => !all.is_empty() && all.iter().all(|one| one == client),
        }
    }
}
