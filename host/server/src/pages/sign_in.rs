//! `/sign-in`: login name and password.

use axum::response::Response;
use http::StatusCode;
use minijinja::context;
use zhongtai_cap_subject::{Begun, CookieSecret, Listener, Proof, SubjectError, Wait};

use super::{
    form::Form,
    oidc,
    visit::{Visit, redirect},
};
use crate::{
    edge::{Cookie, on_shared},
    identity::{SignInError, check_password, is_administrator},
    problem::Problem,
};

/// What to say beside which field.
#[derive(Default)]
struct Wrong {
    key: &'static str,
    seconds: u64,
}

/// What a right password leads to.
enum Next {
    /// Signed in, with a session's secret.
    SignedIn(CookieSecret),
    /// A code is to come, from the browser with this secret.
    SecondFactor(CookieSecret),
    /// An account that has no business at this listener.
    NotHere,
}

/// `GET /sign-in`
pub(super) async fn show(visit: Visit) -> Response {
    let back = visit.return_to(visit.asked("return_to")).to_owned();
    match visit.visitor().await {
        Ok(Some(_)) => redirect(&back),
        Ok(None) => form(&visit, StatusCode::OK, &back, "", &Wrong::default()),
        Err(problem) => visit.problem(problem),
    }
}

/// The form, with a form token bound to this browser: nobody can sign it in as somebody else (login CSRF).
fn form(visit: &Visit, status: StatusCode, back: &str, login: &str, wrong: &Wrong) -> Response {
    let (secret, is_new) = match visit.secret(Cookie::SignIn) {
        Some(secret) => (secret, false),
        None => match CookieSecret::generate() {
            Ok(secret) => (secret, true),
            Err(error) => return visit.problem(error.into()),
        },
    };
    let own = context! {
        form_token => secret.form_token(),
        providers => oidc::offered(visit, back),
        return_to => back,
        login => login,
        wrong => wrong.key,
        minutes => wrong.seconds.div_ceil(60),
        told => match visit.asked("notice") {
            "signed-out" => "signed_out",
            "password-changed" => "password_changed",
            _ => "",
        },
    };
    let page = visit.page(status, "sign-in.html", own);
    if is_new { visit.with(page, Cookie::SignIn, &secret) } else { page }
}

/// `POST /sign-in`
pub(super) async fn submit(visit: Visit, form: Result<Form, Problem>) -> Response {
    let form = match form {
        Ok(form) => form,
        Err(problem) => return visit.problem(problem),
    };
    let back = visit.return_to(form.get("return_to")).to_owned();
    let Some(secret) = visit.secret(Cookie::SignIn) else {
        // The browser keeps no cookies, or the form was left open for too long.
        return self::form(&visit, StatusCode::BAD_REQUEST, &back, form.get("login"), &wrong("no_cookie"));
    };
    if let Err(problem) = visit.check_form(&secret, &form) {
        return visit.problem(problem);
    }
    if let Some(missing) = [("login", "login_missing"), ("password", "password_missing")]
        .into_iter()
        .find_map(|(field, key)| form.get(field).trim().is_empty().then_some(key))
    {
        return self::form(&visit, StatusCode::BAD_REQUEST, &back, form.get("login"), &wrong(missing));
    }
    match try_password(&visit, &form, &back).await {
        Ok(Next::SignedIn(secret)) => {
            let is_too_little = visit.is_admin() && visit.app.identity.is_too_little(Proof::Password);
            let to = if is_too_little { "/account/second-factor" } else { &back };
            visit.without(visit.with(redirect(to), Cookie::Session, &secret), Cookie::SignIn)
        }
        Ok(Next::SecondFactor(secret)) => visit.with(redirect("/sign-in/second-factor"), Cookie::SignIn, &secret),
        Ok(Next::NotHere) => {
            self::form(&visit, StatusCode::FORBIDDEN, &back, form.get("login"), &wrong("not_an_administrator"))
        }
        Err(Failed::Wrong(status, wrong)) => self::form(&visit, status, &back, form.get("login"), &wrong),
        Err(Failed::Problem(problem)) => visit.problem(problem),
    }
}

/// Why there is no session.
enum Failed {
    Wrong(StatusCode, Wrong),
    Problem(Problem),
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

async fn try_password(visit: &Visit, form: &Form, back: &str) -> Result<Next, Failed> {
    let (app, id, listener, device) = (visit.app.clone(), visit.id, visit.listener, visit.device());
    let (login, password) = (form.get("login").to_owned(), form.get("password").to_owned());
    let detail = back.to_owned();
    let next = on_shared(&visit.app, async move {
        let account = match check_password(&app, &login, &password, id).await {
            Ok(account) => account,
            Err(error) => return Ok(Err(error)),
        };
        if listener == Listener::Admin && !is_administrator(&account) {
            return Ok(Ok(Next::NotHere));
        }
        let who = account.subject.account;
        if app.identity.factors.is_enrolled(who).await? {
            let begun = Begun { account: Some(who), detail };
            return Ok(Ok(Next::SecondFactor(app.identity.pending.begin(Wait::SecondFactor, &begun).await?)));
        }
        let (_, secret) = app.identity.sessions.begin(listener, &account, Proof::Password, &device).await?;
        Ok(Ok(Next::SignedIn(secret)))
    });
    next.await?.map_err(failed)
}

/// What people can do something about is said beside the field; the rest is a page of its own.
fn failed(error: SignInError) -> Failed {
    let wrong = match &error {
        SignInError::Subject(SubjectError::WrongCredentials) => (StatusCode::UNAUTHORIZED, wrong("wrong_password")),
        SignInError::Subject(SubjectError::Disabled) => (StatusCode::FORBIDDEN, wrong("disabled")),
        SignInError::Subject(SubjectError::Throttled { retry_after }) => {
            (StatusCode::TOO_MANY_REQUESTS, Wrong { key: "throttled", seconds: retry_after.as_secs() })
        }
        _ => return Failed::Problem(error.into()),
    };
    Failed::Wrong(wrong.0, wrong.1)
}

fn wrong(key: &'static str) -> Wrong {
    Wrong { key, seconds: 0 }
}
