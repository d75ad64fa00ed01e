//! The second half of a sign-in: from what the browser brought back to an identity.

use std::fmt;

use openidconnect::{
    AccessToken, AdditionalClaims, AuthorizationCode, OAuth2TokenResponse, PkceCodeVerifier, RequestTokenError,
    StandardErrorResponse, SubjectIdentifier, TokenResponse, UserInfoClaims, UserInfoError, UserInfoUrl,
    core::{CoreErrorResponseType, CoreGenderClaim, CoreIdToken, CoreTokenResponse},
};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zhongtai_kernel::{Assurance, Timestamp};

use crate::{
    AnswerFault, Callback, CallbackFault, ClientFault, ExternalIdentity, HttpFault, IdTokenHint, OidcError, Pending,
    Provider, Refusal,
    assertion::ASSERTION_TYPE,
    claims::Claims,
    credentials::Credentials,
    discovery::Known,
    id_token::{self, Expected},
};

/// How long a subject may take to sign in at the provider.
const PENDING_SECONDS: i64 = 10 * 60;

// === impl Provider ===

impl Provider {
    /// Completes the sign-in that `pending` was begun with. `pending` is spent, also when this fails.
    #[tracing::instrument(skip_all, fields(provider = %self.name))]
    pub async fn complete(&self, callback: Callback, pending: Pending) -> Result<ExternalIdentity, OidcError> {
        self.check_pending(&callback, &pending)?;
        let known = self.discovery.known().await?;
        self.check_issuer(&callback, &known)?;
        if let Some(error) = &callback.error {
            return Err(refusal(error));
        }
        let code = callback.code.filter(|code| !code.is_empty()).ok_or(CallbackFault::NoCode)?;
        let tokens = self.exchange(&known, code, &pending).await?;
        let id_token = tokens.id_token().ok_or(AnswerFault::NoIdToken)?;
        let expected = Expected { asker: self.asker(), access_token: tokens.access_token(), pending: &pending };
        let claims = match expected.verify(id_token, &known.keys) {
            Ok(claims) => claims,
            Err(fault) => expected.verify(id_token, &self.other_keys(&known, fault).await?.keys)?,
        };
        let userinfo = match &known.metadata.userinfo {
            Some(url) if self.config.userinfo => {
                self.userinfo(&known, url, tokens.access_token(), claims.subject()).await?
            }
            _ => Map::new(),
        };
        let acr = claims.auth_context_ref().map(|acr| acr.as_str().to_owned());
        let auth_time = claims.auth_time().and_then(|time| Timestamp::from_second(time.timestamp()).ok());
        self.identity(id_token, claims.subject(), acr, auth_time, userinfo, pending.assurance)
    }

    fn check_pending(&self, callback: &Callback, pending: &Pending) -> Result<(), CallbackFault> {
        let now = self.clock.now();
        if pending.issuer != self.issuer() {
            return Err(CallbackFault::OtherProvider);
        }
        let state = callback.state.as_deref().unwrap_or_default();
        // Compared as digests: how long it takes tells nothing about the state.
        if digest(&SHA256, state.as_bytes()).as_ref() != digest(&SHA256, pending.state.as_bytes()).as_ref() {
            return Err(CallbackFault::State);
        }
        let age = now.as_second().saturating_sub(pending.begun_at.as_second());
        if !(-id_token::SKEW_SECONDS..PENDING_SECONDS).contains(&age) {
            return Err(CallbackFault::Late);
        }
        let until = Timestamp::from_second(pending.begun_at.as_second() + PENDING_SECONDS).unwrap_or(Timestamp::MAX);
        if !self.states.is_first(&pending.state, until, now) {
            return Err(CallbackFault::Replayed);
        }
        Ok(())
    }

    /// RFC 9207: an answer that another provider sent here.
    fn check_issuer(&self, callback: &Callback, known: &Known) -> Result<(), CallbackFault> {
        match callback.iss.as_deref() {
            Some(issuer) if issuer == self.issuer() => Ok(()),
            None if !known.metadata.sends_issuer => Ok(()),
            _ => Err(CallbackFault::Issuer),
        }
    }

    async fn exchange(&self, known: &Known, code: String, pending: &Pending) -> Result<CoreTokenResponse, OidcError> {
        let client = self.client_of(known);
        let verifier = PkceCodeVerifier::new(pending.pkce_verifier.clone());
        let mut request = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
        if let Credentials::Key(key) = &self.credentials {
            let assertion = key.sign(self.client.as_str(), self.issuer(), self.clock.now())?;
            request = request
                .add_extra_param("client_assertion_type", ASSERTION_TYPE)
                .add_extra_param("client_assertion", assertion);
        }
        let http = self.discovery.http.only_to(known.metadata.endpoints.clone());
        request.request_async(&http).await.map_err(token_error)
    }

    async fn userinfo(
        &self,
        known: &Known,
        url: &UserInfoUrl,
        token: &AccessToken,
        subject: &SubjectIdentifier,
    ) -> Result<Map<String, Value>, OidcError> {
        // openidconnect panics when a header can't carry the token.
        if !token.secret().bytes().all(|b| (0x21..0x7f).contains(&b)) {
            return Err(AnswerFault::AccessToken.into());
        }
        let client = self.client_of(known).set_user_info_url(url.clone());
        let http = self.discovery.http.only_to(known.metadata.endpoints.clone());
        let answer: UserInfoClaims<Additional, CoreGenderClaim> = client
            .user_info(token.clone(), Some(subject.clone()))
            .request_async(&http)
            .await
            .map_err(userinfo_error)?;
        match serde_json::to_value(&answer) {
            Ok(Value::Object(claims)) => Ok(claims),
            _ => Err(AnswerFault::Malformed("userinfo").into()),
        }
    }

    fn identity(
        &self,
        id_token: &CoreIdToken,
        subject: &SubjectIdentifier,
        acr: Option<String>,
        auth_time: Option<Timestamp>,
        userinfo: Map<String, Value>,
        wanted: Option<Assurance>,
    ) -> Result<ExternalIdentity, OidcError> {
        let assurance = acr.as_ref().and_then(|acr| self.config.acr.get(acr)).copied().unwrap_or(Assurance::Low);
        if let Some(wanted) = wanted.filter(|wanted| assurance < *wanted) {
            return Err(OidcError::TooWeak { wanted, reached: assurance });
        }
        let claims = Claims { id_token: id_token::all_claims(id_token)?, userinfo };
        Ok(ExternalIdentity {
            issuer: self.issuer().to_owned(),
            subject: subject.as_str().to_owned(),
            claims: claims.read(&self.config)?,
            acr,
            assurance,
            auth_time,
            sid: claims.id_token.get("sid").and_then(Value::as_str).map(str::to_owned),
            id_token: IdTokenHint(id_token.to_string()),
        })
    }
}

/// The claims of userinfo that are not standard ones.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct Additional(Map<String, Value>);

impl AdditionalClaims for Additional {}

impl fmt::Debug for Additional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Additional(..)")
    }
}

/// RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6; Unmet Authentication Requirements 1.0.
fn refusal(error: &str) -> OidcError {
    OidcError::Refused(match error {
        "access_denied" => Refusal::AccessDenied,
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            Refusal::InteractionRequired
        }
        "unmet_authentication_requirements" => Refusal::TooWeak,
        "server_error" | "temporarily_unavailable" => Refusal::Fault,
        "unauthorized_client" | "invalid_request" | "invalid_scope" | "unsupported_response_type" => {
            return ClientFault::NotAccepted.into();
        }
        _ => Refusal::Other,
    })
}

/// Our own words: openidconnect's quote the answer.
fn token_error(error: RequestTokenError<HttpFault, StandardErrorResponse<CoreErrorResponseType>>) -> OidcError {
    match error {
        RequestTokenError::Request(fault) => fault.into(),
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            CoreErrorResponseType::InvalidGrant => OidcError::Refused(Refusal::Code),
            CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                ClientFault::NotAccepted.into()
            }
            _ => OidcError::Refused(Refusal::Other),
        },
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            AnswerFault::Malformed("the token endpoint's answer").into()
        }
    }
}

fn userinfo_error(error: UserInfoError<HttpFault>) -> OidcError {
    match error {
        UserInfoError::Request(fault) => fault.into(),
        UserInfoError::ClaimsVerification(error) => id_token::fault(&error).into(),
        UserInfoError::Response(status, ..) => AnswerFault::Status { what: "userinfo", status: status.as_u16() }.into(),
        _ => AnswerFault::Malformed("userinfo").into(),
    }
}
