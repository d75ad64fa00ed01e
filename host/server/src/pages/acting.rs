//! For whom I act: a choice among the mandates that I have; and the mandates that my enterprise gives.

use std::{collections::BTreeSet, time::Duration};

use axum::response::Response;
use http::StatusCode;
use minijinja::{Value, context};
use zhongtai_cap_subject::{
    Acting, AttributeName, Credential, LoginName, Mandate, MandateAction, MandateId, MandateScope, NewMandate, Proof,
    SubjectError,
};
use zhongtai_kernel::{AccountId, SubjectKind};

use super::{
    account::{page, time},
    form::Form,
    visit::{Visit, Visitor, redirect},
};
use crate::{
    app::App,
    edge::{may_act, no_mandate, on_shared},
    problem::Problem,
};

/// What the account's page shows of mandates.
pub(super) struct Shown {
    /// Those that the visitor may act by.
    has: Vec<Value>,
    /// Those that the visitor's enterprise gave.
    gave: Vec<Value>,
}

// === impl Shown ===

impl Shown {
    /// Of somebody's account; `acting` is what their session does now.
    pub(super) async fn of(app: &App, account: AccountId, acting: Acting) -> Result<Self, Problem> {
        let (mut has, mut gave) = (Vec::new(), Vec::new());
        let now = app.clock.now();
        for mandate in app.mandates.of(account).await?.iter().filter(|mandate| mandate.is_valid(now)) {
            let other = if mandate.agent == account { mandate.principal } else { mandate.agent };
            let told = told(mandate, name(app, other).await?, acting == Acting::By(mandate.id));
            if mandate.agent == account { has.push(told) } else { gave.push(told) }
        }
        Ok(Self { has, gave })
    }

    /// For the template.
    pub(super) fn value(&self, visitor: &Visitor) -> Value {
        context! {
            has_mandates => self.has.clone(),
            gave_mandates => self.gave.clone(),
            is_enterprise => visitor.account.subject.kind == SubjectKind::LegalPerson,
            acts_for_oneself => visitor.session.acting == Acting::Oneself,
            acting_ended => visitor.session.acting == Acting::Ended,
        }
    }
}

fn told(mandate: &Mandate, name: String, is_chosen: bool) -> Value {
    context! {
        id => mandate.id.to_string(),
        name => name,
        actions => mandate.actions.iter().map(|action| action.as_str()).collect::<Vec<_>>(),
        scenarios => match &mandate.scope {
            MandateScope::Everything => Vec::new(),
            MandateScope::Scenarios(_) => mandate.scope.texts(),
        },
        until => time(mandate.until),
        is_chosen => is_chosen,
    }
}

/// An enterprise's or a person's name; the login name, where none is known.
async fn name(app: &App, account: AccountId) -> Result<String, Problem> {
    let attributes = app.accounts.attributes(account, &[AttributeName::Name]).await?;
    if let Some(name) = attributes.get(AttributeName::Name) {
        return Ok(name.to_owned());
    }
    let account = app.accounts.get(account).await?;
    Ok(account.map(|account| account.login.as_str().to_owned()).unwrap_or_default())
}

/// `POST /account/acting-for`: an enterprise, or oneself again.
pub(super) async fn choose(visit: Visit, form: Result<Form, Problem>) -> Response {
    let (form, visitor) = match visit.must_by_form(form).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    let Credential::Cookie(session) = visitor.session.credential else { return redirect("/account") };
    let choice: Option<MandateId> = match form.get("mandate") {
        "" => None,
        text => match text.parse() {
            Ok(id) => Some(id),
            Err(_) => return visit.problem(no_mandate()),
        },
    };
    let app = visit.app.clone();
    let chosen = on_shared(&visit.app, async move {
        let person = visitor.session.person;
        if let Some(id) = choice {
            let mandate = app.mandates.get(id).await?.ok_or_else(no_mandate)?;
            may_act(&app, &person, &mandate).await?;
        }
        Ok(app.mandates.choose(person.account, session, choice).await?)
    });
    match chosen.await {
        Ok(()) => redirect("/account?notice=acting-for"),
        Err(problem) => visit.problem(problem),
    }
}

/// `POST /account/mandates`: an enterprise's own account gives one. A password alone is not enough for that.
pub(super) async fn give(visit: Visit, form: Result<Form, Problem>) -> Response {
    let (form, visitor) = match visit.must_by_form(form).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    if visitor.session.proof != Proof::SecondFactor {
        return redirect("/account/step-up");
    }
    let (wrong, new) = match read(&visit, &visitor, &form).await {
        Ok(Ok(new)) => ("", Some(new)),
        Ok(Err(wrong)) => (wrong, None),
        Err(problem) => return visit.problem(problem),
    };
    let Some(new) = new else { return page(&visit, &visitor, StatusCode::BAD_REQUEST, wrong).await };
    let (app, id, principal) = (visit.app.clone(), visit.id, visitor.account.subject.account);
    let given = on_shared(&visit.app, async move {
        app.record(id, principal.to_string(), "mandate:give", format!("{principal} to {}", new.agent), "begun")?;
        match app.mandates.give(new, principal).await {
            Ok(_) => Ok(true),
            Err(SubjectError::Invalid(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    });
    match given.await {
        Ok(true) => redirect("/account?notice=mandate-given"),
        Ok(false) => page(&visit, &visitor, StatusCode::BAD_REQUEST, "agent_unknown").await,
        Err(problem) => visit.problem(problem),
    }
}

/// What was filled in, or what is wrong with it.
async fn read(visit: &Visit, visitor: &Visitor, form: &Form) -> Result<Result<NewMandate, &'static str>, Problem> {
    let Ok(login) = form.get("agent").parse::<LoginName>() else { return Ok(Err("agent_unknown")) };
    let accounts = visit.app.accounts.clone();
    let agent = on_shared(&visit.app, async move { Ok(accounts.find(&login).await?) }).await?;
    let Some(agent) = agent else { return Ok(Err("agent_unknown")) };
    let actions: BTreeSet<_> = MandateAction::ALL.into_iter().filter(|a| form.get(a.as_str()) == "yes").collect();
    if actions.is_empty() {
        return Ok(Err("actions_missing"));
    }
    let scenarios: Vec<&str> = match form.get("scenarios").split_whitespace().collect::<Vec<_>>() {
        none if none.is_empty() => vec!["*"],
        some => some,
    };
    let Ok(scope) = MandateScope::parse(&scenarios) else { return Ok(Err("scenarios_wrong")) };
    let days: u64 = match form.get("days").trim().parse() {
        Ok(days) if (1..=1_826).contains(&days) => days,
        _ => return Ok(Err("days_wrong")),
    };
    let from = visit.app.clock.now();
    let until = from + Duration::from_secs(days * 86_400);
    let principal = visitor.account.subject.account;
    Ok(Ok(NewMandate { principal, agent: agent.subject.account, scope, actions, from, until }))
}

/// `POST /account/mandates/revoke`: by who gave it, or by who has it and does not want it.
pub(super) async fn revoke(visit: Visit, form: Result<Form, Problem>) -> Response {
    let (form, visitor) = match visit.must_by_form(form).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    let Ok(mandate) = form.get("mandate").parse::<MandateId>() else { return visit.problem(no_mandate()) };
    let (app, id, who) = (visit.app.clone(), visit.id, visitor.account.subject.account);
    let revoked = on_shared(&visit.app, async move {
        let found = app.mandates.get(mandate).await?;
        found.filter(|found| found.principal == who || found.agent == who).ok_or_else(no_mandate)?;
        app.record(id, who.to_string(), "mandate:revoke", mandate.to_string(), "begun")?;
        Ok(app.mandates.revoke(mandate).await?)
    });
    match revoked.await {
        Ok(()) => redirect("/account?notice=mandate-revoked"),
        Err(problem) => visit.problem(problem),
    }
}
