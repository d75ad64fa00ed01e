//! Accounts and their tokens.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_subject::{Account, Attributes, LoginName, NewAccount, Password};
use zhongtai_kernel::{Assurance, DepartmentId, ErrorKind, RequestId, SubjectKind, Timestamp};

use crate::{
    admin::{
        auth::{AnyAdministrator, Audit, ROLES, Role as _, Security, System, administrators_roles},
        openapi::{Conflicting, Missing, Refused, Unusable},
        schema,
    },
    app::App,
    json::Body,
    params::Path,
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(add, list)).routes(routes!(disable)).routes(routes!(issue_token))
}

/// An account to be made.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    pub(crate) login: String,
    #[schema(value_type = schema::SubjectKind)]
    pub(crate) kind: SubjectKind,
    #[serde(default = "low")]
    #[schema(value_type = schema::Assurance)]
    pub(crate) assurance: Assurance,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) department: Option<DepartmentId>,
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    /// The highest data level that an officer is cleared for, 1 to 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) clearance: Option<u8>,
    /// `name`, `phone`, `email`, ...
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, String>,
}

fn low() -> Assurance {
    Assurance::Low
}

/// A new account with its generated password: the only time that it is shown.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct AddedUser {
    pub(crate) account: String,
    pub(crate) login: String,
    pub(crate) password: String,
}

/// An account, without personal attributes.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct UserReport {
    pub(crate) account: String,
    pub(crate) login: String,
    #[schema(value_type = schema::SubjectKind)]
    pub(crate) kind: SubjectKind,
    #[schema(value_type = Option<String>)]
    pub(crate) department: Option<DepartmentId>,
    pub(crate) roles: Vec<String>,
    /// An officer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clearance: Option<u8>,
    pub(crate) created_at: Timestamp,
    pub(crate) disabled_at: Option<Timestamp>,
}

/// Makes an account. Administrators are made by those of the same role, everybody else by system administrators.
#[utoipa::path(
    post,
    path = "/users",
    operation_id = "add_user",
    tag = "users",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    request_body = NewUser,
    responses(
        (status = 200, description = "the account with its password", body = AddedUser),
        Refused, Unusable, Conflicting,
    ),
)]
async fn add(
    State(app): State<Arc<App>>,
    administrator: AnyAdministrator,
    Body(user): Body<NewUser>,
) -> Result<Json<AddedUser>, Problem> {
    may_manage(&administrator, &user.roles)?;
    let password = Password::generate()?;
    let mut attributes = Attributes::new();
    for (name, value) in &user.attributes {
        attributes.set(name.parse()?, value)?;
    }
    let new = NewAccount {
        login: user.login.parse()?,
        password: password.clone(),
        kind: user.kind,
        assurance: user.assurance,
        department: user.department,
        roles: user.roles,
        clearance: user.clearance,
        attributes,
    };
    // Not the login name, which may be a phone number: the account's id, as soon as there is one.
    app.record_first(administrator.actor(), "account:create", new.kind.as_str()).await?;
    let account = app.accounts.create(new).await?;
    app.record(
        RequestId::generate(),
        administrator.actor(),
        "account:create",
        account.subject.account.to_string(),
        "ok",
    )?;
    Ok(Json(AddedUser {
        account: account.subject.account.to_string(),
        login: account.login.as_str().to_owned(),
        password: password.expose().to_owned(),
    }))
}

/// The first 200 accounts.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "list_users",
    tag = "users",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "without personal attributes", body = Vec<UserReport>), Refused),
)]
async fn list(State(app): State<Arc<App>>, _: AnyAdministrator) -> Result<Json<Vec<UserReport>>, Problem> {
    let accounts = app.accounts.list(None, 200).await?;
    Ok(Json(accounts.into_iter().map(report).collect()))
}

fn report(account: Account) -> UserReport {
    UserReport {
        account: account.subject.account.to_string(),
        login: account.login.as_str().to_owned(),
        kind: account.subject.kind,
        department: account.subject.department.clone(),
        roles: account.subject.roles.clone(),
        clearance: (account.subject.kind == SubjectKind::Officer).then_some(account.subject.clearance),
        created_at: account.created_at,
        disabled_at: account.disabled_at,
    }
}

/// Signs an account out everywhere, for good.
#[utoipa::path(
    post,
    path = "/users/{login}/disable",
    operation_id = "disable_user",
    tag = "users",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    params(("login" = String, Path, description = "the login name")),
    responses((status = 204, description = "done"), Refused, Missing),
)]
async fn disable(
    State(app): State<Arc<App>>,
    administrator: AnyAdministrator,
    Path(login): Path<String>,
) -> Result<http::StatusCode, Problem> {
    let account = find(&app, &login).await?;
    may_manage(&administrator, &account.subject.roles)?;
    app.record_first(administrator.actor(), "account:disable", account.subject.account.to_string()).await?;
    app.accounts.disable(account.subject.account).await?;
    Ok(http::StatusCode::NO_CONTENT)
}

/// What a token may do and how long.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// `scenario`, `admin`
    pub(crate) scopes: Vec<String>,
    pub(crate) days: u32,
    pub(crate) label: String,
}

/// A token: the only time that it is shown.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct IssuedToken {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) expires_at: Timestamp,
}

/// Issues a token of an account.
#[utoipa::path(
    post,
    path = "/users/{login}/tokens",
    operation_id = "issue_token",
    tag = "users",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    params(("login" = String, Path, description = "the login name")),
    request_body = NewToken,
    responses((status = 200, description = "the token", body = IssuedToken), Refused, Unusable, Missing),
)]
async fn issue_token(
    State(app): State<Arc<App>>,
    administrator: AnyAdministrator,
    Path(login): Path<String>,
    Body(new): Body<NewToken>,
) -> Result<Json<IssuedToken>, Problem> {
    let subject = find(&app, &login).await?.subject;
    may_manage(&administrator, &subject.roles)?;
    let account = subject.account;
    app.record_first(administrator.actor(), "token:issue", format!("{account} {}", new.scopes.join(","))).await?;
    let scopes: Vec<_> = new.scopes.iter().map(String::as_str).collect();
    let lifetime = Duration::from_secs(u64::from(new.days) * 24 * 3600);
    let (record, token) = app.tokens.issue(account, &scopes, lifetime, &new.label).await?;
    let (id, token) = (record.id.to_string(), token.expose().to_owned());
    Ok(Json(IssuedToken { id, token, expires_at: record.expires_at }))
}

/// Who is an administrator is decided by those of the same role; who else has an account, by system administrators.
/// Otherwise one of the three could make itself another.
pub(super) fn may_manage(administrator: &AnyAdministrator, roles: &[String]) -> Result<(), Problem> {
    let needed = match administrators_roles(roles).as_slice() {
        [] => System::NAME,
        [role] => role,
        _ => {
            let detail = format!("an account has one of the roles {} at most", ROLES.join(", "));
            return Err(Problem::new(ErrorKind::Invalid, "administrators-roles", detail));
        }
    };
    if administrator.has(needed) {
        return Ok(());
    }
    let detail = format!("accounts like this one are looked after by those with the role `{needed}`");
    Err(Problem::new(ErrorKind::Denied, "another-role", detail))
}

pub(super) async fn find(app: &App, login: &str) -> Result<Account, Problem> {
    let login: LoginName = login.parse()?;
    app.accounts.find(&login).await?.ok_or_else(|| Problem::not_found("such account"))
}
