//! Who operates: a bearer token with the scope `admin`, of an account with the role `operator`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use zhongtai_kernel::{ErrorKind, RequestId, Subject};

use crate::{
    app::App,
    edge::{SignIn, SignedIn, authenticate, session, token},
    json::Body,
    problem::Problem,
};

/// An operator who signed in. A handler that takes one can't be reached by anybody else.
pub(crate) struct Operator {
    account: String,
}

// === impl Operator ===

impl Operator {
    /// For records: the account's id.
    pub(crate) fn actor(&self) -> String {
        self.account.clone()
    }
}

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let session = session(app, &parts.headers).await?;
        if !is_operator(&session.subject) || !session.has_scope("admin") {
            let detail = "needs a token with the scope `admin` of an account with the role `operator`";
            return Err(Problem::new(ErrorKind::Denied, "not-an-operator", detail));
        }
        Ok(Self { account: session.subject.account.to_string() })
    }
}

fn is_operator(subject: &Subject) -> bool {
    subject.roles.iter().any(|role| role == "operator")
}

/// `POST /admin/v1/sign-in`: a token for this listener, for an operator's login name and password.
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    Body(request): Body<SignIn>,
) -> Result<Json<SignedIn>, Problem> {
    let account = authenticate(&app, &request, RequestId::generate()).await?;
    if !is_operator(&account.subject) {
        return Err(Problem::new(ErrorKind::Denied, "not-an-operator", "the account has not the role `operator`"));
    }
    Ok(Json(token(&app, &account, &["admin", "scenario"]).await?))
}
