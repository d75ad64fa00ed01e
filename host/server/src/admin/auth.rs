//! Who operates: a bearer token with the scope `admin`, of an account with the role `operator`.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};
use zhongtai_kernel::ErrorKind;

use crate::{app::App, edge::session, problem::Problem};

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
        let is_operator = session.subject.roles.iter().any(|role| role == "operator");
        if !is_operator || !session.has_scope("admin") {
            let detail = "needs a token with the scope `admin` of an account with the role `operator`";
            return Err(Problem::new(ErrorKind::Denied, "not-an-operator", detail));
        }
        Ok(Self { account: session.subject.account.to_string() })
    }
}
