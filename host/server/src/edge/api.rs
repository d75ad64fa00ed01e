//! `/api/v1/...` of the public listener.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use zhongtai_audit::{Order, Page, WhoRead, who_read};
use zhongtai_cap_subject::{Account, Credential, Proof};
use zhongtai_kernel::{ErrorKind, RequestId, Timestamp};

use crate::{app::App, edge::subject::session, identity::check_both, json::Body, problem::Problem};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/sign-in", post(sign_in))
        .route("/api/v1/sign-out", post(sign_out))
        .route("/api/v1/me/readings", get(readings))
}

/// How long a sign-in lasts.
const SESSION_LIFETIME: Duration = Duration::from_secs(8 * 3600);

/// Who signs in.
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    pub(crate) login: String,
    pub(crate) password: String,
    /// A code of the second factor, or a recovery code; needed where the account has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) totp: Option<String>,
}

/// A token: the only time that it is shown.
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct SignedIn {
    pub(crate) token: String,
    pub(crate) expires_at: Timestamp,
}

/// `POST /api/v1/sign-in`: a bearer token for a login name and a password, and a code where there is a second factor.
async fn sign_in(State(app): State<Arc<App>>, Body(request): Body<SignIn>) -> Response {
    let id = RequestId::generate();
    match on_shared(&app, try_sign_in(app.clone(), request, id)).await {
        Ok(signed_in) => Json(signed_in).into_response(),
        Err(problem) => problem.in_request(id).into_response(),
    }
}

async fn try_sign_in(app: Arc<App>, request: SignIn, id: RequestId) -> Result<SignedIn, Problem> {
    let signed_in = check_both(&app, (&request.login, &request.password), request.totp.as_deref(), id).await?;
    token(&app, signed_in, &["scenario"]).await
}

/// Issues a token of a session's length, as sure as the sign-in was.
pub(crate) async fn token(app: &App, by: (Account, Proof), scopes: &[&str]) -> Result<SignedIn, Problem> {
    let (account, proof) = by;
    let (who, assurance) = (account.subject.account, account.assurance_by(proof));
    let (record, token) = app.tokens.sign_in(who, scopes, SESSION_LIFETIME, assurance).await?;
    Ok(SignedIn { token: token.expose().to_owned(), expires_at: record.expires_at })
}

/// `POST /api/v1/sign-out`: ends the token or the session it came with.
async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<StatusCode, Problem> {
    let session = session(&app, &headers).await?;
    on_shared(&app, {
        let app = app.clone();
        async move {
            app.record(RequestId::generate(), session.account().to_string(), "session:sign-out", "platform", "ok")?;
            match session.credential {
                Credential::Token(token) => app.tokens.revoke(token).await?,
                Credential::Cookie(id) => app.identity.sessions.end(session.account(), id).await?,
            }
            Ok(StatusCode::NO_CONTENT)
        }
    })
    .await
}

/// Which readings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Readings {
    /// From when, inclusive.
    from: Option<Timestamp>,
    /// Until when, exclusive.
    to: Option<Timestamp>,
    /// Where the page before ended: its `next`.
    after: Option<u64>,
}

/// `GET /api/v1/me/readings`: who did what with the data of the person who asks, when and why; newest first.
async fn readings(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(range): Query<Readings>,
) -> Result<Json<Page>, Problem> {
    let session = session(&app, &headers).await?;
    let question = WhoRead {
        account: session.account(),
        from: range.from,
        to: range.to,
        order: Order::NewestFirst,
        limit: 100,
        cursor: range.after,
    };
    on_shared(&app, {
        let log = app.audit.clone();
        async move {
            let read = tokio::task::spawn_blocking(move || who_read(log.dir(), &question)).await;
            let lost = |_| Problem::new(ErrorKind::Internal, "lost", "the request was lost");
            Ok(Json(read.map_err(lost)??))
        }
    })
    .await
}

/// Runs on the shared runtime, where the database's connections live.
pub(crate) async fn on_shared<T: Send + 'static>(
    app: &App,
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    let lost = || Problem::new(ErrorKind::Internal, "lost", "the request was lost");
    app.shared.spawn(work).await.map_err(|_| lost())?
}
