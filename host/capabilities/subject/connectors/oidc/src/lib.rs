//! Sign-in through an OpenID Connect provider (统一身份认证): code flow with PKCE, step-up, sign-out in both directions.
//!
//! A [`Provider`] begins a sign-in and completes it with what the browser brings back. It knows nothing of routes,
//! sessions and accounts; those are the server's. What is configured is in [`OidcConfig`], what is checked in README.md.
//!
//! ```
//! use std::{collections::BTreeMap, sync::Arc};
//!
//! use zhongtai_conn_subject_oidc::{
//!     Callback, ConfigError, ExternalIdentity, IdTokenHint, OidcConfig, OidcError, Pending, Prompt, Provider, Wanted,
//! };
//! use zhongtai_kernel::{Assurance, Clock};
//! use zhongtai_outbound::Outbound;
//!
//! /// When the host starts: `[sign_in.oidc.<name>]`. Asks no provider.
//! fn providers(
//!     config: &BTreeMap<String, OidcConfig>,
//!     outbound: &Outbound,
//!     clock: &Arc<dyn Clock>,
//! ) -> Result<BTreeMap<String, Provider>, ConfigError> {
//!     let provider = |name: &str, config| Provider::new(name, config, outbound, clock.clone());
//!     config.iter().map(|(name, config)| Ok((name.clone(), provider(name, config)?))).collect()
//! }
//!
//! /// Somebody chose `provider.title()` on the sign-in page. Keep `Pending` (it is `Serialize`) sealed in a cookie with
//! /// `SameSite=Lax`, or at the server under a cookie's id, and send the browser away with 303.
//! async fn begin(provider: &Provider) -> Result<(String, Pending), OidcError> {
//!     let begin = provider.begin(&Wanted::default()).await?;
//!     Ok((begin.url, begin.pending))
//! }
//!
//! /// `GET` [`CALLBACK_ROUTE`]: take `Pending` away, then find or make the account of `(issuer, subject)`, and keep `sid`
//! /// and `id_token` with the session. A new session id, as after every sign-in.
//! async fn come_back(provider: &Provider, query: Callback, pending: Pending) -> Result<ExternalIdentity, OidcError> {
//!     provider.complete(query, pending).await
//! }
//!
//! /// A task needs a surer sign-in than the session has.
//! async fn step_up(provider: &Provider) -> Result<(String, Pending), OidcError> {
//!     let wanted =
//!         Wanted { assurance: Some(Assurance::Substantial), prompt: Some(Prompt::Login), ..Wanted::default() };
//!     let begin = provider.begin(&wanted).await?;
//!     Ok((begin.url, begin.pending))
//! }
//!
//! /// Somebody signs out: end the session here first, then send the browser where it is signed out too, if there is
//! /// such a place. It comes back to [`SIGNED_OUT_ROUTE`] with `state`.
//! async fn sign_out(provider: &Provider, id_token: &str, state: &str) -> Option<String> {
//!     provider.end_session_url(Some(&IdTokenHint::new(id_token)), Some(state)).await.ok().flatten()
//! }
//!
//! /// `POST` [`LOGOUT_ROUTE`] with a form: end the sessions of `sid`, or without one all of `subject`. No cookie, no CSRF
//! /// token: the provider sends it. Answer 200 with `cache-control: no-store`; 400 for an error that is not temporary.
//! async fn signed_out_there(provider: &Provider, logout_token: &str) -> Result<(), OidcError> {
//!     let event = provider.logout_token(logout_token).await?;
//!     match (event.sid, event.subject) {
//!         (Some(_sid), _) => { /* end the session of (event.issuer, sid) */ }
//!         (None, Some(_subject)) => { /* end every session of (event.issuer, subject) */ }
//!         (None, None) => {} // never: one of the two is there
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Errors: `Display` may be shown to the public, [`chain`](zhongtai_kernel::chain) is for the log. Neither has a token, a
//! code, a secret or a person's data in it. Futures may be polled on any thread; they wait for the network, so run them
//! on the shared runtime.

mod assertion;
mod begin;
mod claims;
mod complete;
mod config;
mod credentials;
mod discovery;
mod document;
mod error;
mod http;
mod id_token;
mod identity;
mod jws;
mod logout;
mod provider;
mod seen;

pub use begin::{Begin, Callback, Pending, Prompt, Wanted};
pub use config::{ClaimNames, ConfigError, OidcConfig};
pub use error::{AnswerFault, CallbackFault, ClientFault, HttpFault, OidcError, Refusal, TokenFault};
pub use identity::{ExternalClaims, ExternalIdentity, IdTokenHint};
pub use logout::LogoutEvent;
pub use provider::{CALLBACK_ROUTE, LOGOUT_ROUTE, Provider, SIGNED_OUT_ROUTE};
