//! Signing in at an identity provider (OpenID Connect), of which the connector knows what to check. State, nonce and
//! PKCE are kept here under a short-lived cookie of the browser that began, and are good for one try.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderValue, StatusCode, header};
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};
use zhongtai_cap_subject::{
    Account, Attributes, Begun, CookieSecret, External, ExternalIdentity, Linked, Listener, Wait,
};
use zhongtai_conn_subject_oidc::{
    CALLBACK_ROUTE, Callback, ExternalIdentity as Claimed, LOGOUT_ROUTE, OidcError, Pending, Prompt, Provider,
    SIGNED_OUT_ROUTE, Wanted,
};
use zhongtai_kernel::{Assurance, ErrorKind, RequestId, chain};

use super::{
    form::Form,
    visit::{Visit, redirect},
};
use crate::{
    admin::administrators_roles,
    app::App,
    edge::{Cookie, on_shared},
    problem::Problem,
};

/// Providers by their name in `[sign_in.oidc.<name>]`.
pub(crate) type Providers = BTreeMap<String, Arc<Provider>>;

/// What waits for the browser to come back.
#[derive(Serialize, Deserialize)]
struct Left {
    provider: String,
    return_to: String,
    pending: Pending,
}

/// Of the public listener: administrators sign in with their own second factor.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/sign-in/oidc/{provider}", get(begin))
        .route(CALLBACK_ROUTE, get(come_back))
        .route(LOGOUT_ROUTE, post(signed_out_there))
        .route(SIGNED_OUT_ROUTE, get(async || redirect("/sign-in?notice=signed-out")))
}

/// The providers that the sign-in page offers, with the way back.
pub(super) fn offered(visit: &Visit, back: &str) -> Vec<Value> {
    if visit.is_admin() {
        return Vec::new();
    }
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", back).finish();
    let offer = |(name, provider): (&String, &Arc<Provider>)| {
        context! { title => provider.title(), way => format!("/sign-in/oidc/{name}?{query}") }
    };
    visit.app.identity.providers.iter().map(offer).collect()
}

fn provider(app: &App, name: &str) -> Result<Arc<Provider>, Problem> {
    app.identity.providers.get(name).cloned().ok_or_else(|| Problem::not_found("identity provider"))
}

/// `GET /sign-in/oidc/{provider}`: away to the provider.
async fn begin(visit: Visit, Path(name): Path<String>) -> Response {
    let provider = match provider(&visit.app, &name) {
        Ok(provider) => provider,
        Err(problem) => return visit.problem(problem),
    };
    let (app, return_to) = (visit.app.clone(), visit.return_to(visit.asked("return_to")).to_owned());
    // A surer sign-in than the provider would ask for by itself, also where one is signed in there.
    let wanted = match visit.asked("level") {
        "2" => Wanted { assurance: Some(Assurance::Substantial), prompt: Some(Prompt::Login), ..Wanted::default() },
        _ => Wanted::default(),
    };
    let begun = on_shared(&visit.app, async move {
        let begun = provider.begin(&wanted).await.map_err(|error| failed(&name, &error))?;
        let left = Left { provider: name, return_to, pending: begun.pending };
        let lost = |_| Problem::new(ErrorKind::Internal, "provider", "the sign-in can't be begun");
        let detail = serde_json::to_string(&left).map_err(lost)?;
        let secret = app.identity.pending.begin(Wait::Provider, &Begun { account: None, detail }).await?;
        Ok((begun.url, secret))
    });
    match begun.await {
        Ok((url, secret)) => {
            let mut response = redirect("/sign-in");
            let Ok(url) = HeaderValue::try_from(url) else {
                return visit.problem(Problem::new(ErrorKind::Internal, "provider", "the address is not one"));
            };
            response.headers_mut().insert(header::LOCATION, url);
            visit.with(response, Cookie::SignIn, &secret)
        }
        Err(problem) => visit.problem(problem),
    }
}

/// `GET` [`CALLBACK_ROUTE`]: back from the provider, with the cookie of the browser that left. `SameSite=Lax` sends it.
async fn come_back(visit: Visit, Path(name): Path<String>) -> Response {
    let Some(secret) = visit.secret(Cookie::SignIn) else { return redirect("/sign-in") };
    let asked = |name: &str| Some(visit.asked(name).to_owned()).filter(|text| !text.is_empty());
    let callback = Callback { code: asked("code"), state: asked("state"), iss: asked("iss"), error: asked("error") };
    match complete(&visit, name, secret, callback).await {
        Ok(Some((session, back))) => {
            let to = visit.return_to(&back).to_owned();
            visit.without(visit.with(redirect(&to), Cookie::Session, &session), Cookie::SignIn)
        }
        Ok(None) => redirect("/sign-in"),
        Err(problem) => visit.without(visit.problem(problem), Cookie::SignIn),
    }
}

async fn complete(
    visit: &Visit,
    name: String,
    secret: CookieSecret,
    callback: Callback,
) -> Result<Option<(CookieSecret, String)>, Problem> {
    let provider = provider(&visit.app, &name)?;
    let (app, id, device) = (visit.app.clone(), visit.id, visit.device());
    on_shared(&visit.app, async move {
        // Taken away before it is looked at: nobody tries twice.
        let Some(begun) = app.identity.pending.take(Wait::Provider, &secret).await? else { return Ok(None) };
        let Ok(left) = serde_json::from_str::<Left>(&begun.detail) else { return Ok(None) };
        if left.provider != name {
            return Ok(None);
        }
        let claimed = match provider.complete(callback, left.pending).await {
            Ok(claimed) => claimed,
            Err(error) => {
                app.record(id, "anonymous".to_owned(), "session:sign-in", format!("oidc {name}"), "refused")?;
                return Err(failed(&name, &error));
            }
        };
        let session = sign_in_external(&app, (&name, id), claimed, &device).await?;
        Ok(Some((session, left.return_to)))
    })
    .await
}

/// Finds or makes the account of who signed in elsewhere, and begins a session as sure as that sign-in was.
async fn sign_in_external(
    app: &App,
    (name, id): (&str, RequestId),
    claimed: Claimed,
    device: &str,
) -> Result<CookieSecret, Problem> {
    let identity = identity(claimed)?;
    // An administrator's account is never given to who has only the same resident ID at a provider.
    let may_link = |account: &Account| administrators_roles(&account.subject.roles).is_empty();
    let found = app.identity.links.account(&identity, may_link).await;
    let actor =
        found.as_ref().map_or_else(|_| "anonymous".to_owned(), |(account, _)| account.subject.account.to_string());
    let outcome = if found.is_ok() { "ok" } else { "refused" };
    app.record(id, actor.clone(), "session:sign-in", format!("oidc {name}"), outcome)?;
    let (account, linked) = found?;
    let act = match linked {
        Linked::Known => None,
        Linked::Found => Some("account:link"),
        Linked::Made => Some("account:create"),
    };
    if let Some(act) = act {
        app.record(RequestId::generate(), actor.clone(), act, format!("{actor} oidc {name}"), "ok")?;
    }
    let ExternalIdentity { issuer, subject, session, assurance, .. } = identity;
    let external = External { issuer, subject, session, assurance };
    let begun = app.identity.sessions.begin_external(Listener::Public, &account, &external, device).await?;
    Ok(begun.1)
}

fn identity(claimed: Claimed) -> Result<ExternalIdentity, Problem> {
    let mut attributes = Attributes::new();
    for (name, value) in claimed.claims.attributes() {
        attributes.set(name.parse()?, value)?;
    }
    Ok(ExternalIdentity {
        issuer: claimed.issuer,
        subject: claimed.subject,
        kind: claimed.claims.kind,
        attributes,
        department: claimed.claims.department,
        assurance: claimed.assurance,
        session: claimed.sid,
    })
}

/// `POST` [`LOGOUT_ROUTE`]: the provider says that a session is over there. It sends no cookie and no form token; its
/// signature counts. Only what is temporary may be sent again.
async fn signed_out_there(visit: Visit, Path(name): Path<String>, form: Result<Form, Problem>) -> Response {
    let ended = async {
        let (provider, form) = (provider(&visit.app, &name)?, form?);
        let (app, token, id) = (visit.app.clone(), form.get("logout_token").to_owned(), visit.id);
        on_shared(&visit.app, async move {
            let event = provider.logout_token(&token).await.map_err(|error| failed(&name, &error))?;
            let sessions = &app.identity.sessions;
            let ended = sessions.end_external(&event.issuer, event.sid.as_deref(), event.subject.as_deref()).await?;
            app.record(id, format!("oidc {name}"), "session:sign-out", format!("{ended} sessions"), "ok")?;
            Ok(())
        })
        .await
    };
    let mut response = match ended.await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(problem) if problem.status() == StatusCode::SERVICE_UNAVAILABLE => problem.into_response(),
        // Back-Channel Logout 1.0, 2.8.
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The log learns why; the public, that it did not work.
fn failed(name: &str, error: &OidcError) -> Problem {
    tracing::warn!(provider = name, error = chain(error), "a sign-in at an identity provider failed");
    let kind = match error.kind() {
        kind @ (ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Overloaded) => kind,
        _ => ErrorKind::Denied,
    };
    Problem::new(kind, "provider", error.to_string())
}
