//! `/account`: who am I, my sessions, my second factor; and the ways out.

use axum::response::Response;
use http::StatusCode;
use minijinja::{Value, context};
use zhongtai_cap_subject::{Credential, FactorState, Password, Proof, SessionId, SessionRecord, SubjectError};
use zhongtai_kernel::{SubjectKind, Timestamp};

use super::{
    acting,
    form::Form,
    messages, oidc,
    visit::{Visit, Visitor, redirect},
};
use crate::{
    edge::{Cookie, on_shared},
    identity::is_official,
    problem::Problem,
};

/// China's time, which has no daylight saving: 8 hours before UTC.
const BEIJING: jiff::tz::Offset = jiff::tz::Offset::constant(8);

/// `GET /account`
pub(super) async fn show(visit: Visit) -> Response {
    match visit.must("/account").await {
        Ok(visitor) => page(&visit, &visitor, StatusCode::OK, "").await,
        Err(response) => response,
    }
}

pub(super) async fn page(visit: &Visit, visitor: &Visitor, status: StatusCode, wrong: &str) -> Response {
    let (app, who, acting) = (visit.app.clone(), visitor.account.subject.account, visitor.session.acting);
    let subject = visitor.session.subject.clone();
    let known = on_shared(&visit.app, async move {
        let identity = &app.identity;
        let mandates = acting::Shown::of(&app, who, acting).await?;
        let inbox = messages::Shown::of(&app, subject, who).await?;
        Ok((identity.sessions.list(who).await?, identity.factors.state(who).await?, mandates, inbox))
    });
    match known.await {
        Ok((sessions, factor, mandates, inbox)) => {
            let own = shown(visit, visitor, &sessions, factor, wrong);
            visit.page(status, "account.html", context! { ..own, ..mandates.value(visitor), ..inbox.value() })
        }
        Err(problem) => visit.problem(problem),
    }
}

fn shown(visit: &Visit, visitor: &Visitor, sessions: &[SessionRecord], factor: FactorState, wrong: &str) -> Value {
    let subject = &visitor.account.subject;
    let session = |session: &SessionRecord| {
        context! {
            id => session.id.to_string(),
            device => session.device.clone(),
            is_this => visitor.session.credential == Credential::Cookie(session.id),
            listener => session.listener.as_str(),
            since => time(session.created_at),
            seen => time(session.seen_at),
            until => time(session.expires_at),
        }
    };
    let told = match visit.asked("notice") {
        "session-ended" => "session_ended",
        "acting-for" => "acting_changed",
        "mandate-given" => "mandate_given",
        "mandate-revoked" => "mandate_revoked",
        "channel-set" => "channel_set",
        _ => "",
    };
    context! {
        form_token => visitor.secret.form_token(),
        login => visitor.account.login.as_str(),
        kind => match subject.kind {
            SubjectKind::NaturalPerson => "natural_person",
            SubjectKind::LegalPerson => "legal_person",
            SubjectKind::Officer => "officer",
        },
        department => subject.department.as_ref().map(ToString::to_string).unwrap_or_default(),
        roles => subject.roles.clone(),
        assurance => visitor.session.subject.assurance as u8,
        has_factor => factor.since.is_some(),
        factor_since => factor.since.map(time).unwrap_or_default(),
        recovery_codes => factor.recovery_codes,
        is_expected => is_official(&visitor.account),
        by_password => visitor.session.proof == Proof::Password,
        providers => oidc::offered(visit, "/account"),
        sessions => sessions.iter().map(session).collect::<Vec<_>>(),
        told => told,
        wrong => wrong,
    }
}

/// To the minute, as a clock in China shows it.
pub(super) fn time(at: Timestamp) -> String {
    BEIJING.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `POST /account/sessions/end`
pub(super) async fn end_session(visit: Visit, form: Result<Form, Problem>) -> Response {
    let (form, visitor) = match visit.must_by_form(form).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    let session: SessionId = match form.get("session").parse() {
        Ok(session) => session,
        Err(error) => return visit.problem(Problem::from(error)),
    };
    let (app, id, who) = (visit.app.clone(), visit.id, visitor.account.subject.account);
    let ended = on_shared(&visit.app, async move {
        app.record(id, who.to_string(), "session:end", session.to_string(), "ok")?;
        Ok(app.identity.sessions.end(who, session).await?)
    });
    match ended.await {
        Ok(()) if visitor.session.credential == Credential::Cookie(session) => signed_out(&visit),
        Ok(()) => redirect("/account?notice=session-ended"),
        Err(problem) => visit.problem(problem),
    }
}

/// `POST /sign-out`: here, or everywhere.
pub(super) async fn sign_out(visit: Visit, form: Result<Form, Problem>) -> Response {
    let (form, visitor) = match visit.must_by_form(form).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    let (app, id, who) = (visit.app.clone(), visit.id, visitor.account.subject.account);
    let everywhere = form.get("everywhere") == "yes";
    let ended = on_shared(&visit.app, async move {
        let target = if everywhere { "everywhere" } else { "platform" };
        app.record(id, who.to_string(), "session:sign-out", target, "ok")?;
        match visitor.session.credential {
            Credential::Cookie(session) if !everywhere => app.identity.sessions.end(who, session).await?,
            _ => app.identity.sessions.end_all(who).await?,
        }
        Ok(())
    });
    match ended.await {
        Ok(()) => signed_out(&visit),
        Err(problem) => visit.problem(problem),
    }
}

fn signed_out(visit: &Visit) -> Response {
    visit.without(redirect("/sign-in?notice=signed-out"), Cookie::Session)
}

/// `POST /account/password`: ends every session, this one too.
pub(super) async fn set_password(visit: Visit, form: Result<Form, Problem>) -> Response {
    let (form, visitor) = match visit.must_by_form(form).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    let Ok(new) = Password::new(form.get("new")) else {
        return page(&visit, &visitor, StatusCode::BAD_REQUEST, "short_password").await;
    };
    if form.get("new") != form.get("again") {
        return page(&visit, &visitor, StatusCode::BAD_REQUEST, "passwords_differ").await;
    }
    let (app, id, old) = (visit.app.clone(), visit.id, form.get("old").to_owned());
    let account = visitor.account.clone();
    let changed = on_shared(&visit.app, async move {
        // Whoever finds a browser open does not take the account over.
        let checked = app.accounts.sign_in(account.login.as_str(), &old).await;
        let who = account.subject.account.to_string();
        let outcome = if checked.is_ok() { "ok" } else { "refused" };
        app.record(id, who.clone(), "account:set-password", who, outcome)?;
        match checked {
            Ok(_) => Ok(app.accounts.set_password(account.subject.account, new).await.map(|()| true)?),
            Err(SubjectError::WrongCredentials) => Ok(false),
            Err(error) => Err(error.into()),
        }
    });
    match changed.await {
        Ok(true) => visit.without(redirect("/sign-in?notice=password-changed"), Cookie::Session),
        Ok(false) => page(&visit, &visitor, StatusCode::UNAUTHORIZED, "wrong_old_password").await,
        Err(problem) => visit.problem(problem),
    }
}
