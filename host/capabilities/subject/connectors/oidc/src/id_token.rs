//! The checks of an ID token (OpenID Connect Core, 3.1.3.7). Signature, `iss`, `aud`, `exp` and `nonce` are
//! openidconnect's; `azp`, `iat`, `auth_time`, the subject's form and the comparison of `at_hash` are ours.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, Nonce, SignatureVerificationError,
    core::{CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJsonWebKeySet},
};
use serde_json::{Map, Value};
use zhongtai_kernel::Timestamp;

use crate::{TokenFault, begin::Pending, jws::ALGORITHMS};

/// How far two clocks may be apart.
pub(crate) const SKEW_SECONDS: i64 = 60;

/// Who asks, and when.
pub(crate) struct Asker<'a> {
    pub(crate) client: &'a ClientId,
    pub(crate) issuer: &'a IssuerUrl,
    pub(crate) now: Timestamp,
}

/// What an ID token must fit.
pub(crate) struct Expected<'a> {
    pub(crate) asker: Asker<'a>,
    /// The sign-in that it answers.
    pub(crate) pending: &'a Pending,
    /// What came beside it.
    pub(crate) access_token: &'a AccessToken,
}

// === impl Expected ===

impl Expected<'_> {
    /// The token's claims, when one of `keys` signed it and every check passes.
    pub(crate) fn verify<'t>(
        &self,
        token: &'t CoreIdToken,
        keys: &CoreJsonWebKeySet,
    ) -> Result<&'t CoreIdTokenClaims, TokenFault> {
        let Self { asker, pending, access_token } = self;
        let expiry = DateTime::from_timestamp(asker.now.as_second() - SKEW_SECONDS, 0).ok_or(TokenFault::Expired)?;
        // As for a public client: an `HS…` signature is refused twice, here and by the list.
        let verifier = CoreIdTokenVerifier::new_public_client(asker.client.clone(), asker.issuer.clone(), keys.clone())
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || expiry);
        let nonce = Nonce::new(pending.nonce.clone());
        let claims = token.claims(&verifier, &nonce).map_err(|error| fault(&error))?;
        check_party(claims, asker.client)?;
        check_subject(claims.subject().as_str())?;
        check_times(claims, asker.now, pending)?;
        if let Some(hash) = claims.access_token_hash() {
            let (algorithm, key) = (token.signing_alg(), token.signing_key(&verifier));
            let (Ok(algorithm), Ok(key)) = (algorithm, key) else { return Err(TokenFault::Algorithm) };
            let expected = AccessTokenHash::from_token(access_token, algorithm, key);
            if !expected.is_ok_and(|expected| expected == *hash) {
                return Err(TokenFault::AccessToken);
            }
        }
        Ok(claims)
    }
}

/// The claims of a token that was verified, by their names.
pub(crate) fn all_claims(verified: &CoreIdToken) -> Result<Map<String, Value>, TokenFault> {
    let text = verified.to_string();
    let payload = text.split('.').nth(1).ok_or(TokenFault::Malformed)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| TokenFault::Malformed)?;
    serde_json::from_slice(&payload).map_err(|_| TokenFault::Malformed)
}

/// openidconnect leaves `azp` to its users. Other audiences than ours it does not let through.
fn check_party(claims: &CoreIdTokenClaims, client: &ClientId) -> Result<(), TokenFault> {
    match claims.authorized_party() {
        Some(party) if party != client => Err(TokenFault::AuthorizedParty),
        _ => Ok(()),
    }
}

/// OpenID Connect Core, 2: at most 255 ASCII characters.
pub(crate) fn check_subject(subject: &str) -> Result<(), TokenFault> {
    let good = (1..=255).contains(&subject.len()) && subject.bytes().all(|b| (0x20..0x7f).contains(&b));
    if good { Ok(()) } else { Err(TokenFault::Subject) }
}

/// Issued after the sign-in was begun and not in the future; and the subject signed in lately, where that was asked for.
fn check_times(claims: &CoreIdTokenClaims, now: Timestamp, pending: &Pending) -> Result<(), TokenFault> {
    let issued = claims.issue_time().timestamp();
    let earliest = pending.begun_at.as_second() - SKEW_SECONDS;
    if !(earliest..=now.as_second() + SKEW_SECONDS).contains(&issued) {
        return Err(TokenFault::IssuedAt);
    }
    let Some(max_age) = pending.max_age else { return Ok(()) };
    let max_age = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
    let signed_in = claims.auth_time().ok_or(TokenFault::AuthTime)?.timestamp();
    let age = now.as_second().saturating_sub(signed_in);
    if age > max_age.saturating_add(SKEW_SECONDS) || age < -SKEW_SECONDS {
        return Err(TokenFault::AuthTime);
    }
    Ok(())
}

/// Our own words: openidconnect's quote the token.
pub(crate) fn fault(error: &ClaimsVerificationError) -> TokenFault {
    match error {
        ClaimsVerificationError::Expired(_) => TokenFault::Expired,
        ClaimsVerificationError::InvalidAudience(_) => TokenFault::Audience,
        ClaimsVerificationError::InvalidIssuer(_) => TokenFault::Issuer,
        ClaimsVerificationError::InvalidNonce(_) => TokenFault::Nonce,
        ClaimsVerificationError::InvalidSubject(_) => TokenFault::OtherSubject,
        ClaimsVerificationError::SignatureVerification(error) => match error {
            SignatureVerificationError::NoMatchingKey | SignatureVerificationError::AmbiguousKeyId(_) => {
                TokenFault::NoKey
            }
            SignatureVerificationError::CryptoError(_) | SignatureVerificationError::InvalidKey(_) => {
                TokenFault::Signature
            }
            _ => TokenFault::Algorithm,
        },
        ClaimsVerificationError::Unsupported(_) => TokenFault::Type,
        _ => TokenFault::Malformed,
    }
}
