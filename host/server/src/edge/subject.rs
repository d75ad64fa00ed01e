//! Who asks: the subject behind a bearer token, or behind a browser's cookie.

use std::sync::Arc;

use http::{HeaderMap, header};
use zhongtai_cap_subject::{CookieSecret, Listener, Session, SubjectError};
use zhongtai_kernel::{Channel, ErrorKind, Subject};

use super::{acting::in_request, cookies::Cookie};
use crate::{app::App, problem::Problem};

/// What a request says about who sends it.
enum Sent<'h> {
    Bearer(&'h str),
    Cookie(CookieSecret),
    Nothing,
}

/// The subject of a request and how it came in: nobody without credentials, a problem with a token that is not valid.
/// A cookie that is no longer valid is nobody's: a browser can't help sending it, and a page that needs nobody to be
/// signed in must still open.
pub(super) async fn of(app: &App, headers: &HeaderMap) -> Result<(Option<Arc<Subject>>, Channel), Problem> {
    let session = match sent(app, Listener::Public, headers)? {
        Sent::Nothing => return Ok((None, Channel::Web)),
        Sent::Cookie(secret) => {
            let Some(session) = by_cookie(app, Listener::Public, secret).await? else {
                return Ok((None, Channel::Web));
            };
            return Ok((Some(in_request(app, session, headers).await?.subject), Channel::Web));
        }
        Sent::Bearer(token) => by_token(app, token).await?.ok_or_else(unauthenticated)?,
    };
    if !session.has_scope("scenario") {
        let detail = "the token has not the scope `scenario`";
        return Err(Problem::new(ErrorKind::Denied, "missing-scope", detail));
    }
    Ok((Some(in_request(app, session, headers).await?.subject), Channel::Api))
}

/// The session of a request to the public listener that must have one.
pub(crate) async fn session(app: &App, headers: &HeaderMap) -> Result<Session, Problem> {
    at(app, Listener::Public, headers).await
}

/// The session of a request that must have one.
pub(crate) async fn at(app: &App, listener: Listener, headers: &HeaderMap) -> Result<Session, Problem> {
    let session = match sent(app, listener, headers)? {
        Sent::Nothing => None,
        Sent::Cookie(secret) => by_cookie(app, listener, secret).await?,
        Sent::Bearer(token) => by_token(app, token).await?,
    };
    session.ok_or_else(unauthenticated)
}

/// The session of a browser's cookie.
pub(crate) async fn by_cookie(app: &App, listener: Listener, secret: CookieSecret) -> Result<Option<Session>, Problem> {
    if let Some(session) = app.identity.sessions.resolve_at_hand(listener, &secret) {
        return Ok(session);
    }
    let identity = app.identity.clone();
    on_shared(app, async move { identity.sessions.resolve(listener, &secret).await }).await
}

async fn by_token(app: &App, token: &str) -> Result<Option<Session>, Problem> {
    if let Some(session) = app.tokens.resolve_at_hand(token) {
        return Ok(session);
    }
    let (tokens, token) = (app.tokens.clone(), token.to_owned());
    on_shared(app, async move { tokens.resolve(&token).await }).await
}

/// The database's connections belong to the shared runtime.
async fn on_shared(
    app: &App,
    resolve: impl Future<Output = Result<Option<Session>, SubjectError>> + Send + 'static,
) -> Result<Option<Session>, Problem> {
    Ok(app.shared.spawn(resolve).await.map_err(|_| unauthenticated())??)
}

/// One of the two: a request that is somebody's by its token must not be somebody else's by its cookie.
fn sent<'h>(app: &App, listener: Listener, headers: &'h HeaderMap) -> Result<Sent<'h>, Problem> {
    let cookie = app.cookie_names(listener).secret(headers, Cookie::Session);
    match (headers.contains_key(header::AUTHORIZATION), cookie) {
        (false, None) => Ok(Sent::Nothing),
        (false, Some(secret)) => Ok(Sent::Cookie(secret)),
        (true, None) => bearer(headers).map(Sent::Bearer).ok_or_else(unauthenticated),
        (true, Some(_)) => {
            let detail = "the request has a bearer token and a session's cookie: send one of them";
            Err(Problem::new(ErrorKind::Invalid, "two-credentials", detail))
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The subject of a request, also one that an agent acts for, and how it came in; a problem when nobody is signed in.
pub(super) async fn signed_in(app: &App, headers: &HeaderMap) -> Result<(Arc<Subject>, Channel), Problem> {
    match of(app, headers).await? {
        (Some(subject), channel) => Ok((subject, channel)),
        (None, _) => Err(unauthenticated()),
    }
}

pub(super) fn unauthenticated() -> Problem {
    let detail = "no valid bearer token or session: sign in at POST /api/v1/sign-in, or at /sign-in with a browser";
    Problem::new(ErrorKind::Unauthenticated, "unauthenticated", detail)
}
