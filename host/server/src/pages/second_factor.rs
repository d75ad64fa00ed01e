//! A code: to finish a sign-in, or to make a session surer (step-up).

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use minijinja::context;
use zhongtai_cap_subject::{CookieSecret, Credential, Proof, SubjectError, Wait};

use super::{
    form::Form,
    visit::{Visit, Visitor, redirect},
};
use crate::{
    edge::{Cookie, on_shared},
    identity::{SignInError, check_code},
    problem::Problem,
};

/// What came of a code.
enum Outcome {
    /// A session's secret, and where to go.
    Done(CookieSecret, String),
    /// It took too long, or was done already: from the beginning.
    Over,
    /// What to say beside the field, and how long to wait.
    Wrong(&'static str, Duration),
}

/// `GET /sign-in/second-factor`
pub(super) async fn show(visit: Visit) -> Response {
    let Some(secret) = visit.secret(Cookie::SignIn) else { return redirect("/sign-in") };
    let (app, asked) = (visit.app.clone(), secret.clone());
    let begun = on_shared(&visit.app, async move { Ok(app.identity.pending.peek(Wait::SecondFactor, &asked).await?) });
    match begun.await {
        Ok(Some(_)) => form(&visit, StatusCode::OK, "/sign-in/second-factor", &secret, ("", Duration::ZERO), ""),
        Ok(None) => redirect("/sign-in"),
        Err(problem) => visit.problem(problem),
    }
}

fn form(
    visit: &Visit,
    status: StatusCode,
    action: &str,
    secret: &CookieSecret,
    (wrong, wait): (&str, Duration),
    back: &str,
) -> Response {
    let own = context! {
        form_token => secret.form_token(),
        action => action,
        return_to => back,
        wrong => wrong,
        minutes => wait.as_secs().div_ceil(60),
    };
    visit.page(status, "second-factor.html", own)
}

/// `POST /sign-in/second-factor`
pub(super) async fn submit(visit: Visit, form: Result<Form, Problem>) -> Response {
    let form = match form {
        Ok(form) => form,
        Err(problem) => return visit.problem(problem),
    };
    let Some(secret) = visit.secret(Cookie::SignIn) else { return redirect("/sign-in") };
    if let Err(problem) = visit.check_form(&secret, &form) {
        return visit.problem(problem);
    }
    match finish(&visit, &secret, form.get("code")).await {
        Ok(Outcome::Done(session, back)) => {
            let to = visit.return_to(&back).to_owned();
            visit.without(visit.with(redirect(&to), Cookie::Session, &session), Cookie::SignIn)
        }
        Ok(Outcome::Over) => redirect("/sign-in"),
        Ok(Outcome::Wrong(key, wait)) => {
            self::form(&visit, status(key), "/sign-in/second-factor", &secret, (key, wait), "")
        }
        Err(problem) => visit.problem(problem),
    }
}

async fn finish(visit: &Visit, secret: &CookieSecret, code: &str) -> Result<Outcome, Problem> {
    let (app, id, listener, device) = (visit.app.clone(), visit.id, visit.listener, visit.device());
    let (secret, code) = (secret.clone(), code.to_owned());
    on_shared(&visit.app, async move {
        let pending = &app.identity.pending;
        let Some(begun) = pending.peek(Wait::SecondFactor, &secret).await? else { return Ok(Outcome::Over) };
        let Some(who) = begun.account else { return Ok(Outcome::Over) };
        if let Err(error) = check_code(&app, who, &code, (id, "session:second-factor")).await {
            return wrong(error);
        }
        // Once: two that come at once with two codes get one session.
        let (Some(_), Some(account)) = (pending.take(Wait::SecondFactor, &secret).await?, app.accounts.get(who).await?)
        else {
            return Ok(Outcome::Over);
        };
        if account.disabled_at.is_some() {
            return Err(SubjectError::Disabled.into());
        }
        let (_, session) = app.identity.sessions.begin(listener, &account, Proof::SecondFactor, &device).await?;
        Ok(Outcome::Done(session, begun.detail))
    })
    .await
}

/// `GET /account/step-up`
pub(super) async fn show_step_up(visit: Visit) -> Response {
    let visitor = match visit.must("/account/step-up").await {
        Ok(visitor) => visitor,
        Err(response) => return response,
    };
    let back = visit.return_to(visit.asked("return_to")).to_owned();
    if visitor.session.proof == Proof::SecondFactor {
        return redirect(&back);
    }
    let (app, who) = (visit.app.clone(), visitor.account.subject.account);
    match on_shared(&visit.app, async move { Ok(app.identity.factors.is_enrolled(who).await?) }).await {
        Ok(true) => form(&visit, StatusCode::OK, "/account/step-up", &visitor.secret, ("", Duration::ZERO), &back),
        Ok(false) => redirect("/account/second-factor"),
        Err(problem) => visit.problem(problem),
    }
}

/// `POST /account/step-up`
pub(super) async fn step_up(visit: Visit, form: Result<Form, Problem>) -> Response {
    let (form, visitor) = match visit.must_by_form(form).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    let back = visit.return_to(form.get("return_to")).to_owned();
    let secret = visitor.secret.clone();
    match raise(&visit, visitor, form.get("code")).await {
        Ok(Outcome::Done(session, _)) => visit.with(redirect(&back), Cookie::Session, &session),
        Ok(Outcome::Over) => redirect("/account"),
        Ok(Outcome::Wrong(key, wait)) => {
            self::form(&visit, status(key), "/account/step-up", &secret, (key, wait), &back)
        }
        Err(problem) => visit.problem(problem),
    }
}

async fn raise(visit: &Visit, visitor: Visitor, code: &str) -> Result<Outcome, Problem> {
    let Credential::Cookie(session) = visitor.session.credential else { return Ok(Outcome::Over) };
    let (app, id, code) = (visit.app.clone(), visit.id, code.to_owned());
    on_shared(&visit.app, async move {
        let who = visitor.account.subject.account;
        if let Err(error) = check_code(&app, who, &code, (id, "session:step-up")).await {
            return wrong(error);
        }
        let secret = app.identity.sessions.step_up(session, &visitor.account).await?;
        Ok(Outcome::Done(secret, String::new()))
    })
    .await
}

/// What people can do something about is said beside the field.
fn wrong(error: SignInError) -> Result<Outcome, Problem> {
    match error {
        SignInError::Subject(SubjectError::WrongCode) => Ok(Outcome::Wrong("wrong_code", Duration::ZERO)),
        SignInError::Subject(SubjectError::Throttled { retry_after }) => Ok(Outcome::Wrong("throttled", retry_after)),
        error => Err(error.into()),
    }
}

fn status(wrong: &str) -> StatusCode {
    if wrong == "throttled" { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNAUTHORIZED }
}
