//! What people are told. A message that can't be sent never undoes what it tells of: it is logged instead.

use zhongtai::{
    notify::{self, Draft, Recipient},
    prelude::*,
};

use crate::application::{Application, Decision};

/// Tells the applicant and the desk of a new application, once, however often it is called.
pub fn received(application: &Application) {
    let Application { number, form, review, .. } = application;
    let applicant = notify::message(to_applicant(application), "application-received")
        .variable("place", form.place.as_str())
        .variable("fee", application.fee)
        .variable("notice", application.payment.as_ref().and_then(|payment| payment.notice.as_deref()).unwrap_or(""));
    let desk = notify::message(notify::desk("duty"), "application-to-review")
        .variable("company", &form.company)
        .variable("place", form.place.as_str())
        .variable("area_m2", form.area_m2)
        .variable("grid", application.grid.as_ref().map_or("", |grid| grid.name.as_str()));
    for (draft, to) in [(applicant, "applicant"), (desk, "desk")] {
        let draft = draft.variable("review", review.name()).variable("from", form.from).variable("to", form.to);
        send(draft.variable("number", number).once(format!("{number}/received/{to}")), application);
    }
}

/// Tells the applicant what was decided.
pub fn decided(application: &Application, decision: &Decision) {
    let number = &application.number;
    let draft = notify::message(to_applicant(application), "application-decided")
        .variable("number", number)
        .variable("outcome", application.state.name())
        .variable("reason", decision.reason.as_str())
        .variable("permit", application.permit.as_ref().map_or("", |permit| permit.number.as_str()));
    send(draft.once(format!("{number}/decided")), application);
}

/// Tells the applicant that the fee arrived.
pub fn paid(application: &Application) {
    let number = &application.number;
    let draft = notify::message(to_applicant(application), "fee-paid").variable("number", number);
    send(draft.variable("fee", application.fee).once(format!("{number}/paid")), application);
}

/// Tells the applicant that somebody signed for the permit.
pub fn delivered(application: &Application) {
    let number = &application.number;
    let draft = notify::message(to_applicant(application), "permit-delivered").variable("number", number);
    send(draft.once(format!("{number}/delivered")), application);
}

fn to_applicant(application: &Application) -> Recipient {
    Recipient::Subject(application.applicant.handle.clone())
}

fn send(draft: Draft, application: &Application) {
    if let Err(error) = draft.send() {
        warn!(number = %application.number, %error, "a message was not sent");
    }
}
