//! What the scenario answers.

use zhongtai::{credit, prelude::*};

use crate::{
    PURPOSE,
    applicant::Applicant,
    application::{Application, Decision, Outcome, Review, State},
    delivery, fee,
    form::{Day, Form, Text},
    idempotency::IdempotencyKey,
    messages,
    number::Number,
    payment, permit, place, store,
    view::{Page, Reader, Receipt, View, WINDOW, visible},
};

/// The longest permit unless an operator sets `longest_days`.
const LONGEST_DAYS: u32 = 90;

/// Takes an application in.
#[post("/applications")]
pub fn apply(subject: Subject, key: IdempotencyKey, Json(form): Json<Form>) -> Result<Response> {
    let application = match store::earlier(&subject.handle, &key)? {
        Some(application) => application,
        None => store::file(admit(&subject, form.clone())?, &key)?,
    };
    ensure!(
        application.form == form,
        unprocessable("this idempotency key was used for another application").with_code("idempotency-key-reused")
    );
    let application = payment::ask_for(application);
    messages::received(&application);
    Ok(Created(Receipt::new(&application)).at(format!("applications/{}", application.number)))
}

/// Whether an application is taken in, and how it will be looked at.
fn admit(subject: &Subject, form: Form) -> Result<Application> {
    let filed = clock::now();
    form.check(Day::of(filed)?, config::parse("longest_days")?.unwrap_or(LONGEST_DAYS))?;
    let applicant = Applicant::of(subject, &form.company)?;
    let review = Review::by(&credit::check(&form.company, PURPOSE)?)?;
    let fee = fee::for_area(form.area_m2)?;
    let (grid, payment) = (place::grid_of(&form), payment::expected());
    let number = Number::draw(filed);
    info!(%number, review = review.name(), "application admitted");
    Ok(Application {
        number,
        applicant,
        form,
        review,
        fee,
        filed,
        state: State::Received,
        permit: None,
        grid,
        payment,
        delivery: None,
    })
}

#[derive(Deserialize)]
pub struct After {
    after: Option<Number>,
}

/// The subject's own applications; all of them for the window.
#[get("/applications")]
pub fn list(subject: Subject, Query(After { after }): Query<After>) -> Result<Json<Page>> {
    let reader = Reader::of(&subject);
    let found = match reader {
        Reader::Window => store::all(after.as_ref())?,
        Reader::Applicant => store::own(&subject.handle, after.as_ref())?,
    };
    let last = found.last().filter(|_| found.len() == store::PAGE);
    let next = last.map(|application| application.number.clone());
    let applications = found.into_iter().map(|application| View::of(application, reader)).collect();
    Ok(Json(Page { applications, next }))
}

/// One application. Somebody else's is as unknown as one that was never filed.
#[get("/applications/{number}")]
pub fn show(subject: Subject, Path(number): Path<Number>) -> Result<Json<View>> {
    Ok(Json(View::of(visible(&subject, &number)?, Reader::of(&subject))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    outcome: Outcome,
    reason: Text<500>,
}

/// Decides an application, once and for all. What an officer approves who may issue certificates, is issued at once;
/// a permit that can't be issued now does not undo the decision: `POST .../permit` issues it later.
#[post("/applications/{number}/decisions")]
pub fn decide(officer: Subject, Path(number): Path<Number>, Json(new): Json<NewDecision>) -> Result<Created<View>> {
    ensure!(officer.has_role(WINDOW), forbidden("only an officer at the window decides"));
    let issues = officer.has_role(permit::ISSUER) && new.outcome == Outcome::Approve;
    let decision = Decision { by: officer.handle, at: clock::now(), reason: new.reason };
    let mut decided = store::change(&number, |application| application.decide(new.outcome, decision.clone()))?;
    info!(%number, outcome = decided.state.name(), "application decided");
    let then = match new.outcome {
        Outcome::Approve if issues => permit::issue_for(&decided).and_then(|_| delivery::send(&decided)),
        Outcome::Approve => Ok(()),
        Outcome::Reject => payment::give_back(&decided),
    };
    if let Err(problem) = then {
        warn!(%number, code = problem.code(), detail = problem.detail(), "what follows the decision was not done");
    }
    decided = store::find(&number)?.unwrap_or(decided);
    messages::decided(&decided, &decision);
    Ok(Created(View::of(decided, Reader::Window)))
}
