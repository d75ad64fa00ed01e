//! Who asks: the subject behind a bearer token.

use std::sync::Arc;

use http::{HeaderMap, header};
use zhongtai_cap_subject::Session;
use zhongtai_kernel::{Channel, ErrorKind, Subject};

use crate::{app::App, problem::Problem};

/// The subject of a request and how it came in: nobody without credentials, a problem with credentials that are not
/// valid.
pub(super) async fn of(app: &App, headers: &HeaderMap) -> Result<(Option<Arc<Subject>>, Channel), Problem> {
    if !headers.contains_key(header::AUTHORIZATION) {
        return Ok((None, Channel::Web));
    }
    let session = session(app, headers).await?;
    if !session.has_scope("scenario") {
        let detail = "the token has not the scope `scenario`";
        return Err(Problem::new(ErrorKind::Denied, "missing-scope", detail));
    }
    Ok((Some(session.subject), Channel::Api))
}

/// The session of a request that must have one.
pub(crate) async fn session(app: &App, headers: &HeaderMap) -> Result<Session, Problem> {
    let token = bearer(headers).ok_or_else(unauthenticated)?;
    let session = match app.tokens.resolve_at_hand(token) {
        Some(session) => session,
        None => {
            // The database's connections belong to the shared runtime.
            let (tokens, token) = (app.tokens.clone(), token.to_owned());
            let resolve = app.shared.spawn(async move { tokens.resolve(&token).await });
            resolve.await.map_err(|_| unauthenticated())??
        }
    };
    session.ok_or_else(unauthenticated)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn unauthenticated() -> Problem {
    let detail = "no valid bearer token: sign in at POST /api/v1/sign-in";
    Problem::new(ErrorKind::Unauthenticated, "unauthenticated", detail)
}
