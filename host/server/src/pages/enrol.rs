//! `/account/second-factor`: an authenticator app is shown a secret, and shows that it has it.

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use minijinja::context;
use zhongtai_cap_subject::{Credential, Enrolment, Proof, RecoveryCode, SubjectError};

use super::{
    form::Form,
    qr,
    visit::{Visit, Visitor, redirect},
};
use crate::{
    edge::{Cookie, on_shared},
    identity::confirm_recorded,
    problem::Problem,
};

/// `GET /account/second-factor`
pub(super) async fn show(visit: Visit) -> Response {
    let visitor = match visit.must("/account/second-factor").await {
        Ok(visitor) => visitor,
        Err(response) => return response,
    };
    let (app, account) = (visit.app.clone(), visitor.account.clone());
    let state = on_shared(&visit.app, async move {
        let factors = &app.identity.factors;
        Ok((factors.is_enrolled(account.subject.account).await?, factors.enrolling(&account).await?))
    });
    match state.await {
        Ok((true, _)) if visitor.session.proof != Proof::SecondFactor => to_step_up(),
        Ok((has_one, enrolment)) => page(&visit, StatusCode::OK, &visitor, enrolment, has_one, ("", Duration::ZERO)),
        Err(problem) => visit.problem(problem),
    }
}

fn page(
    visit: &Visit,
    status: StatusCode,
    visitor: &Visitor,
    enrolment: Option<Enrolment>,
    has_one: bool,
    (wrong, wait): (&str, Duration),
) -> Response {
    let (secret, qr) = enrolment.map_or_else(Default::default, |enrolment| {
        (in_fours(&enrolment.secret), qr::svg(&enrolment.uri).unwrap_or_default())
    });
    let own = context! {
        form_token => visitor.secret.form_token(),
        secret => secret,
        qr => qr,
        has_one => has_one,
        required => visit.app.identity.is_too_little(visitor.session.proof) && visit.is_admin(),
        wrong => wrong,
        minutes => wait.as_secs().div_ceil(60),
    };
    visit.page(status, "enrol.html", own)
}

/// `POST /account/second-factor`: makes a secret. Whoever has a second factor shows it first.
pub(super) async fn begin(visit: Visit, form: Result<Form, Problem>) -> Response {
    let (_, visitor) = match visit.must_by_form(form).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    let (app, proof, id) = (visit.app.clone(), visitor.session.proof, visit.id);
    let begun = on_shared(&visit.app, async move {
        let who = visitor.account.subject.account;
        if app.identity.factors.is_enrolled(who).await? && proof != Proof::SecondFactor {
            return Ok(false);
        }
        app.record(id, who.to_string(), "second-factor:enrol", who.to_string(), "begun")?;
        app.identity.factors.enrol(&visitor.account).await?;
        Ok(true)
    });
    match begun.await {
        Ok(true) => redirect("/account/second-factor"),
        Ok(false) => to_step_up(),
        Err(problem) => visit.problem(problem),
    }
}

/// `POST /account/second-factor/confirm`: from here on it counts, and this session is as sure as it makes it.
pub(super) async fn confirm(visit: Visit, form: Result<Form, Problem>) -> Response {
    let (form, visitor) = match visit.must_by_form(form).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    let Credential::Cookie(session) = visitor.session.credential else { return redirect("/account") };
    let (app, account, id) = (visit.app.clone(), visitor.account.clone(), visit.id);
    let (code, proof) = (form.get("code").to_owned(), visitor.session.proof);
    let confirmed = on_shared(&visit.app, async move {
        let who = account.subject.account;
        let has_one = app.identity.factors.is_enrolled(who).await?;
        if has_one && proof != Proof::SecondFactor {
            return Ok(Err((has_one, None)));
        }
        match confirm_recorded(&app, who, &code, id).await? {
            Ok(codes) => Ok(Ok((codes, app.identity.sessions.step_up(session, &account).await?))),
            Err(error) => Ok(Err((has_one, Some((error, app.identity.factors.enrolling(&account).await?))))),
        }
    });
    match confirmed.await {
        Ok(Ok((codes, secret))) => {
            let codes: Vec<String> = codes.iter().map(RecoveryCode::expose).collect();
            let page = visit.page(StatusCode::OK, "recovery-codes.html", context! { codes => codes });
            visit.with(page, Cookie::Session, &secret)
        }
        Ok(Err((_, None))) => to_step_up(),
        Ok(Err((_, Some((SubjectError::NoFactor, _))))) => redirect("/account/second-factor"),
        Ok(Err((has_one, Some((SubjectError::WrongCode, enrolment))))) => {
            let wrong = ("wrong_code", Duration::ZERO);
            page(&visit, StatusCode::UNAUTHORIZED, &visitor, enrolment, has_one, wrong)
        }
        Ok(Err((has_one, Some((SubjectError::Throttled { retry_after }, enrolment))))) => {
            let wrong = ("throttled", retry_after);
            page(&visit, StatusCode::TOO_MANY_REQUESTS, &visitor, enrolment, has_one, wrong)
        }
        Ok(Err((_, Some((error, _))))) => visit.problem(error.into()),
        Err(problem) => visit.problem(problem),
    }
}

fn to_step_up() -> Response {
    redirect("/account/step-up?return_to=/account/second-factor")
}

/// For typing.
fn in_fours(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
}
