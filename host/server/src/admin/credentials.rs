//! What people sign in with: an administrator's own second factor; and of the accounts they look after, passwords,
//! second factors and tokens.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_subject::{Account, Password, Proof, RecoveryCode, TokenId, TokenRecord};
use zhongtai_kernel::{ErrorKind, RequestId, Timestamp};

use crate::{
    admin::{
        auth::{AnyAdministrator, Audit, Newcomer, Role as _, Security, System},
        openapi::{Conflicting, Missing, Refused, Unusable},
        users::{find, may_manage},
    },
    app::App,
    identity::confirm_recorded,
    json::Body,
    params::Path,
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(enrol))
        .routes(routes!(confirm))
        .routes(routes!(set_password))
        .routes(routes!(reset_second_factor))
        .routes(routes!(list_tokens))
        .routes(routes!(revoke_token))
}

/// What an authenticator app has to know: shown until it is confirmed.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Enrolling {
    /// `otpauth://totp/...`, for a QR code.
    pub(crate) uri: String,
    /// The secret in base 32, for typing.
    pub(crate) secret: String,
}

/// A code that the app shows.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    pub(crate) code: String,
}

/// What stands in for a lost app: the only time that they are shown.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    pub(crate) recovery_codes: Vec<String>,
}

/// A new generated password: the only time that it is shown.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct NewPassword {
    pub(crate) password: String,
}

/// A token without its secret.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TokenReport {
    pub(crate) id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) label: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) revoked_at: Option<Timestamp>,
}

/// Makes a secret for an authenticator app, for oneself: also for who has signed in with a password only.
#[utoipa::path(
    post,
    path = "/me/second-factor",
    operation_id = "enrol_second_factor",
    tag = "users",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "the secret, which counts once it is confirmed", body = Enrolling), Refused),
)]
async fn enrol(State(app): State<Arc<App>>, newcomer: Newcomer) -> Result<Json<Enrolling>, Problem> {
    let account = own(&app, &newcomer).await?;
    let who = account.subject.account;
    // Who has one shows it first; a token that was issued is no sign-in, and can't.
    if newcomer.proof() != Proof::SecondFactor && app.identity.factors.is_enrolled(who).await? {
        let detail = "you have a second factor: sign in with it to change it, or have it reset";
        return Err(Problem::new(ErrorKind::Conflict, "second-factor-there", detail));
    }
    app.record_first(who.to_string(), "second-factor:enrol", who.to_string()).await?;
    let enrolment = app.identity.factors.enrol(&account).await?;
    Ok(Json(Enrolling { uri: enrolment.uri, secret: enrolment.secret }))
}

/// Puts the own second factor in force, by a code of the app. Sign in again with a code to use it.
#[utoipa::path(
    post,
    path = "/me/second-factor/confirm",
    operation_id = "confirm_second_factor",
    tag = "users",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    request_body = Code,
    responses((status = 200, description = "recovery codes", body = RecoveryCodes), Refused, Unusable, Conflicting),
)]
async fn confirm(
    State(app): State<Arc<App>>,
    newcomer: Newcomer,
    Body(request): Body<Code>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let who = newcomer.subject().account;
    let codes = confirm_recorded(&app, who, &request.code, RequestId::generate()).await??;
    Ok(Json(RecoveryCodes { recovery_codes: codes.iter().map(RecoveryCode::expose).collect() }))
}

async fn own(app: &App, newcomer: &Newcomer) -> Result<Account, Problem> {
    let account = app.accounts.get(newcomer.subject().account).await?;
    account.ok_or_else(|| Problem::not_found("such account"))
}

/// Gives an account a new generated password, and signs it out everywhere.
#[utoipa::path(
    post,
    path = "/users/{login}/password",
    operation_id = "set_password",
    tag = "users",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    params(("login" = String, Path, description = "the login name")),
    responses((status = 200, description = "the password", body = NewPassword), Refused, Missing),
)]
async fn set_password(
    State(app): State<Arc<App>>,
    administrator: AnyAdministrator,
    Path(login): Path<String>,
) -> Result<Json<NewPassword>, Problem> {
    let account = managed(&app, &administrator, &login).await?.subject.account;
    app.record_first(administrator.actor(), "account:set-password", account.to_string()).await?;
    let password = Password::generate()?;
    app.accounts.set_password(account, password.clone()).await?;
    Ok(Json(NewPassword { password: password.expose().to_owned() }))
}

/// Takes an account's second factor away, for somebody who lost it, and signs the account out everywhere.
#[utoipa::path(
    post,
    path = "/users/{login}/second-factor/reset",
    operation_id = "reset_second_factor",
    tag = "users",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    params(("login" = String, Path, description = "the login name")),
    responses((status = 204, description = "done"), Refused, Missing),
)]
async fn reset_second_factor(
    State(app): State<Arc<App>>,
    administrator: AnyAdministrator,
    Path(login): Path<String>,
) -> Result<StatusCode, Problem> {
    let account = managed(&app, &administrator, &login).await?.subject.account;
    app.record_first(administrator.actor(), "second-factor:reset", account.to_string()).await?;
    app.identity.factors.reset(account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tokens of an account, without their secrets; those that expired over 30 days ago may be gone.
#[utoipa::path(
    get,
    path = "/users/{login}/tokens",
    operation_id = "list_tokens",
    tag = "users",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    params(("login" = String, Path, description = "the login name")),
    responses((status = 200, description = "the newest first", body = Vec<TokenReport>), Refused, Missing),
)]
async fn list_tokens(
    State(app): State<Arc<App>>,
    administrator: AnyAdministrator,
    Path(login): Path<String>,
) -> Result<Json<Vec<TokenReport>>, Problem> {
    let account = managed(&app, &administrator, &login).await?.subject.account;
    Ok(Json(app.tokens.list(account).await?.into_iter().map(report).collect()))
}

/// Revokes one token of an account: at once on this host, within a second on others.
#[utoipa::path(
    delete,
    path = "/users/{login}/tokens/{id}",
    operation_id = "revoke_token",
    tag = "users",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    params(
        ("login" = String, Path, description = "the login name"),
        ("id" = String, Path, description = "the token's id, which is not its secret"),
    ),
    responses((status = 204, description = "done"), Refused, Missing),
)]
async fn revoke_token(
    State(app): State<Arc<App>>,
    administrator: AnyAdministrator,
    Path((login, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let account = managed(&app, &administrator, &login).await?.subject.account;
    let id: TokenId = id.parse()?;
    // Of this account: who may look after it may not look after every other.
    if !app.tokens.list(account).await?.iter().any(|token| token.id == id) {
        return Err(Problem::not_found("such token"));
    }
    app.record_first(administrator.actor(), "token:revoke", format!("{account} {id}")).await?;
    app.tokens.revoke(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn managed(app: &App, administrator: &AnyAdministrator, login: &str) -> Result<Account, Problem> {
    let account = find(app, login).await?;
    may_manage(administrator, &account.subject.roles)?;
    Ok(account)
}

fn report(token: TokenRecord) -> TokenReport {
    let TokenRecord { id, account: _, scopes, label, created_at, expires_at, revoked_at } = token;
    TokenReport { id: id.to_string(), scopes, label, created_at, expires_at, revoked_at }
}
