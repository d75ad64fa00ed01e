//! Who administers: a bearer token with the scope `admin`, or a session of this listener, of an account with one of three roles, none of which may do
//! what another does (三员: GB/T 22239 level 3).

use std::{marker::PhantomData, sync::Arc};

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use zhongtai_cap_subject::{Listener, Proof};
use zhongtai_kernel::{ErrorKind, RequestId, Subject};

use crate::{
    admin::openapi::{Refused, Unusable},
    app::App,
    edge::{SignIn, SignedIn, session_at, token},
    identity::{SECOND_FACTOR_REQUIRED, check_both, is_administrator, second_factor_required},
    json::Body,
    problem::Problem,
};

/// One of the three roles. An account has at most one of them.
pub(crate) trait Role: Send {
    /// As it is written in an account.
    const NAME: &'static str;
    /// The problem's code when somebody else comes.
    const REFUSAL: &'static str;
}

/// System administrators: plugins, grants, settings, accounts, data.
pub(crate) enum System {}
/// Security administrators: policies.
pub(crate) enum Security {}
/// Audit administrators: the audit log.
pub(crate) enum Audit {}

impl Role for System {
    const NAME: &'static str = "operator";
    const REFUSAL: &'static str = "not-an-operator";
}

impl Role for Security {
    const NAME: &'static str = "security";
    const REFUSAL: &'static str = "not-security";
}

impl Role for Audit {
    const NAME: &'static str = "auditor";
    const REFUSAL: &'static str = "not-an-auditor";
}

/// The names of the three roles.
pub(crate) const ROLES: [&str; 3] = [System::NAME, Security::NAME, Audit::NAME];

/// An administrator of a role who signed in. A handler that takes one can't be reached by anybody else.
pub(crate) struct Administrator<R> {
    account: String,
    role: PhantomData<R>,
}

/// A system administrator.
pub(crate) type Operator = Administrator<System>;
/// A security administrator.
pub(crate) type SecurityOfficer = Administrator<Security>;
/// An audit administrator.
pub(crate) type Auditor = Administrator<Audit>;

/// An administrator of any of the three roles.
pub(crate) struct AnyAdministrator {
    subject: Arc<Subject>,
}

/// An administrator who may have shown a password only: enough to enrol a second factor, and for nothing else.
pub(crate) struct Newcomer {
    subject: Arc<Subject>,
    proof: Proof,
    is_too_little: bool,
}

// === impl Administrator ===

impl<R> Administrator<R> {
    /// For records: the account's id.
    pub(crate) fn actor(&self) -> String {
        self.account.clone()
    }
}

impl<R: Role> FromRequestParts<Arc<App>> for Administrator<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let any = AnyAdministrator::from_request_parts(parts, app).await;
        match any {
            Ok(any) if any.has(R::NAME) => Ok(Self { account: any.actor(), role: PhantomData }),
            Err(problem) if !problem.is_denied() || problem.code() == SECOND_FACTOR_REQUIRED => Err(problem),
            _ => {
                let detail = format!("needs a token with the scope `admin` of an account with the role `{}`", R::NAME);
                Err(Problem::new(ErrorKind::Denied, R::REFUSAL, detail))
            }
        }
    }
}

// === impl AnyAdministrator ===

impl AnyAdministrator {
    /// For records: the account's id.
    pub(crate) fn actor(&self) -> String {
        self.subject.account.to_string()
    }

    /// True when it is this one of the three.
    pub(crate) fn has(&self, role: &str) -> bool {
        role_of(&self.subject) == Some(role)
    }
}

impl FromRequestParts<Arc<App>> for AnyAdministrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Newcomer { subject, is_too_little, .. } = Newcomer::from_request_parts(parts, app).await?;
        if is_too_little { Err(second_factor_required()) } else { Ok(Self { subject }) }
    }
}

// === impl Newcomer ===

impl Newcomer {
    /// What they have shown.
    pub(crate) fn proof(&self) -> Proof {
        self.proof
    }

    /// The account.
    pub(crate) fn subject(&self) -> &Arc<Subject> {
        &self.subject
    }
}

impl FromRequestParts<Arc<App>> for Newcomer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let session = session_at(app, Listener::Admin, &parts.headers).await?;
        if role_of(&session.subject).is_none() || !session.has_scope("admin") {
            return Err(not_an_administrator());
        }
        let is_too_little = app.identity.is_too_little(session.proof);
        Ok(Self { subject: session.person, proof: session.proof, is_too_little })
    }
}

/// The administrator's role of an account: `None` also for one that has several, which must not be.
fn role_of(subject: &Subject) -> Option<&'static str> {
    match administrators_roles(&subject.roles).as_slice() {
        [role] => Some(role),
        _ => None,
    }
}

/// Those of `roles` that are an administrator's.
pub(crate) fn administrators_roles(roles: &[String]) -> Vec<&'static str> {
    ROLES.into_iter().filter(|role| roles.iter().any(|own| own == role)).collect()
}

fn not_an_administrator() -> Problem {
    let detail =
        format!("needs a token with the scope `admin` of an account with one of the roles {}", ROLES.join(", "));
    Problem::new(ErrorKind::Denied, "not-an-administrator", detail)
}

/// A token for this listener, for an administrator's login name and password, and a code of the second factor.
#[utoipa::path(
    post,
    path = "/sign-in",
    operation_id = "sign_in",
    tag = "users",
    security(()),
    request_body = SignIn,
    responses((status = 200, description = "a token for eight hours", body = SignedIn), Refused, Unusable),
)]
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    Body(request): Body<SignIn>,
) -> Result<Json<SignedIn>, Problem> {
    let both = (request.login.as_str(), request.password.as_str());
    let signed_in = check_both(&app, both, request.totp.as_deref(), RequestId::generate()).await?;
    if !is_administrator(&signed_in.0) {
        return Err(not_an_administrator());
    }
    Ok(Json(token(&app, signed_in, &["admin", "scenario"]).await?))
}
