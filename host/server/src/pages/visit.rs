//! One request for a page: who, in which language, and what the answer has to carry.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use minijinja::{Value, context};
use zhongtai_cap_subject::{Account, CookieSecret, Listener, Session};
use zhongtai_kernel::{ErrorKind, Lang, RequestId};

use super::{HEADERS, device, form::Form, template};
use crate::{
    app::App,
    edge::{Cookie, LANGUAGE, Names, by_cookie, cookie_value, on_shared, same_origin_required},
    problem::Problem,
};

/// The longest way back that is kept.
const RETURN_TO: usize = 1_024;

/// A request for a page.
pub(super) struct Visit {
    pub(super) app: Arc<App>,
    pub(super) listener: Listener,
    pub(super) lang: Lang,
    pub(super) id: RequestId,
    headers: HeaderMap,
    path: String,
    query: Vec<(String, String)>,
    /// The language was chosen in this request, and is to be remembered.
    has_chosen: bool,
}

/// Somebody who is signed in, at a page.
pub(super) struct Visitor {
    pub(super) session: Session,
    pub(super) secret: CookieSecret,
    pub(super) account: Account,
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let listener = parts.extensions.get::<Listener>().copied().unwrap_or(Listener::Public);
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let query: Vec<(String, String)> = form_urlencoded::parse(query).into_owned().collect();
        let chosen = query.iter().find(|(name, _)| name == "lang").and_then(|(_, lang)| lang.parse().ok());
        let kept = || cookie_value(&parts.headers, LANGUAGE).and_then(|lang| lang.parse().ok());
        Ok(Self {
            app: app.clone(),
            listener,
            lang: chosen.or_else(kept).unwrap_or(Lang::Zh),
            id: RequestId::generate(),
            headers: parts.headers.clone(),
            path: parts.uri.path().to_owned(),
            query,
            has_chosen: chosen.is_some(),
        })
    }
}

// === impl Visit ===

impl Visit {
    /// What stands in the address behind the question mark; empty when it is not there.
    pub(super) fn asked(&self, name: &str) -> &str {
        self.query.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }

    /// Where to go after signing in: what was asked for when it is a path of this host, else the account.
    pub(super) fn return_to<'a>(&self, asked: &'a str) -> &'a str {
        if is_local_path(asked) { asked } else { "/account" }
    }

    /// A few words for the list of sessions.
    pub(super) fn device(&self) -> String {
        let agent = self.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        device::describe(agent.unwrap_or_default())
    }

    pub(super) fn names(&self) -> Names {
        self.app.cookie_names(self.listener)
    }

    /// True at the admin listener.
    pub(super) fn is_admin(&self) -> bool {
        self.listener == Listener::Admin
    }

    /// The secret of one of the listener's cookies.
    pub(super) fn secret(&self, cookie: Cookie) -> Option<CookieSecret> {
        self.names().secret(&self.headers, cookie)
    }

    /// Who is signed in, if anybody is.
    pub(super) async fn visitor(&self) -> Result<Option<Visitor>, Problem> {
        let Some(secret) = self.secret(Cookie::Session) else { return Ok(None) };
        let Some(session) = by_cookie(&self.app, self.listener, secret.clone()).await? else { return Ok(None) };
        let (accounts, id) = (self.app.accounts.clone(), session.account());
        let account = on_shared(&self.app, async move { Ok(accounts.get(id).await?) }).await?;
        Ok(account.map(|account| Visitor { session, secret, account }))
    }

    /// Who is signed in; otherwise the way to sign in and back to `back`.
    pub(super) async fn must(&self, back: &str) -> Result<Visitor, Response> {
        match self.visitor().await {
            Ok(Some(visitor)) => Ok(visitor),
            Ok(None) => Err(self.to_sign_in(back)),
            Err(problem) => Err(self.problem(problem)),
        }
    }

    /// The same for a form that could be read: it has to carry this browser's token and come from a page of this host.
    pub(super) async fn must_by_form(&self, form: Result<Form, Problem>) -> Result<(Form, Visitor), Response> {
        let form = form.map_err(|problem| self.problem(problem))?;
        let visitor = self.must("/account").await?;
        self.check_form(&visitor.secret, &form).map_err(|problem| self.problem(problem))?;
        Ok((form, visitor))
    }

    /// Refuses a form that another site made the browser send, or that is older than the session.
    pub(super) fn check_form(&self, secret: &CookieSecret, form: &Form) -> Result<(), Problem> {
        same_origin_required(&self.app, self.listener, &self.headers)?;
        if secret.is_form_token(form.get("form_token")) {
            return Ok(());
        }
        let detail = "the form is not from this browser's present page: open the page again";
        Err(Problem::new(ErrorKind::Denied, "form-token", detail))
    }

    /// A page, of what is its own and what all pages show.
    pub(super) fn page(&self, status: StatusCode, name: &str, own: Value) -> Response {
        let all = context! {
            t => template::texts(self.lang),
            lang => self.lang.pick("zh-CN", "en"),
            other => self.lang.pick("en", "zh"),
            other_way => self.in_other_language(),
            is_admin => self.is_admin(),
        };
        let text = match template::render(name, context! { ..own, ..all }) {
            Ok(text) => text,
            Err(error) => {
                return Problem::inside(ErrorKind::Internal, "page", &error).in_request(self.id).into_response();
            }
        };
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        for (name, value) in HEADERS {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        if self.has_chosen {
            let lang = self.lang.pick("zh", "en");
            let cookie = format!("{LANGUAGE}={lang}; Path=/; Max-Age=31536000; SameSite=Lax");
            set_cookie(&mut response, HeaderValue::try_from(cookie).ok());
        }
        response
    }

    /// This page in the other language.
    fn in_other_language(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("lang", self.lang.pick("en", "zh"));
        let back = self.asked("return_to");
        if is_local_path(back) {
            query.append_pair("return_to", back);
        }
        format!("{}?{}", self.path, query.finish())
    }

    /// What went wrong, as a page.
    pub(super) fn problem(&self, problem: Problem) -> Response {
        let own = context! { code => problem.code(), request => self.id.to_string() };
        let mut response = self.page(problem.status(), "problem.html", own);
        problem.add_headers(&mut response);
        response
    }

    pub(super) fn to_sign_in(&self, back: &str) -> Response {
        let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", back).finish();
        redirect(&format!("/sign-in?{query}"))
    }

    /// An answer with a cookie.
    pub(super) fn with(&self, mut response: Response, cookie: Cookie, secret: &CookieSecret) -> Response {
        set_cookie(&mut response, Some(self.names().set(cookie, secret)));
        response
    }

    /// An answer that takes a cookie away.
    pub(super) fn without(&self, mut response: Response, cookie: Cookie) -> Response {
        set_cookie(&mut response, Some(self.names().clear(cookie)));
        response
    }
}

fn set_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie.filter(|cookie| !cookie.is_empty()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// 303: whatever it was, the browser asks for the next page. `to` is a path of this host.
pub(super) fn redirect(to: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/account"));
    response.headers_mut().insert(header::LOCATION, to);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A path of this host, with what stands behind it: `//elsewhere` and `/\elsewhere` are other hosts to a browser.
fn is_local_path(text: &str) -> bool {
    let rest = text.strip_prefix('/').filter(|rest| !rest.starts_with(['/', '\\']));
    let plain = |b: u8| b.is_ascii_graphic() && b != b'\\';
    rest.is_some() && text.len() <= RETURN_TO && text.bytes().all(plain) && text.parse::<http::Uri>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leaves_this_host() {
        for path in ["/", "/account", "/s/441802-chengguan/excavation/?x=1", "/s/a%20b", "/x#y"] {
            assert!(is_local_path(path), "{path}");
        }
        let long = format!("/{}", "a".repeat(RETURN_TO));
        for path in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/a\nset-cookie: x",
            "/\t/evil.example",
            " /a",
            "/a\\b",
            "/中",
            &long,
        ] {
            assert!(!is_local_path(path), "{path}");
        }
    }
}
