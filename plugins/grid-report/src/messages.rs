//! What desks are told. A message that can't be sent never undoes what it tells of: it is logged instead. None of them
//! carries the description or the phone.

use zhongtai::{
    notify::{self, Draft},
    prelude::*,
};

use crate::{rating::Grade, report::Report};

const DUTY: &str = "duty";

/// A new report waits for a dispatcher.
pub fn received(report: &Report) {
    send(about(report, DUTY, "report-received").variable("address", report.place.address.as_str()), report, "received");
}

/// A report was dispatched to a desk.
pub fn dispatched(report: &Report, desk: &str) {
    let draft = about(report, desk, "report-dispatched")
        .variable("address", report.place.address.as_str())
        .variable("supporters", report.supporters);
    send(draft, report, &format!("dispatched-{}", report.reopened));
}

/// The reporter says that it is not fixed.
pub fn reopened(report: &Report) {
    let draft = about(report, DUTY, "report-reopened")
        .variable("address", report.place.address.as_str())
        .variable("reopened", report.reopened);
    send(draft, report, &format!("reopened-{}", report.reopened));
}

/// The reporter is not content: somebody has to look into it and call back.
pub fn rated_badly(report: &Report, grade: Grade) {
    send(about(report, DUTY, "report-rated-badly").variable("grade", grade.title()), report, "rated");
}

fn about(report: &Report, desk: &str, template: &str) -> Draft {
    let draft = notify::message(notify::desk(desk), template);
    draft.variable("number", &report.number).variable("category", report.category.title())
}

fn send(draft: Draft, report: &Report, what: &str) {
    let number = &report.number;
    if let Err(error) = draft.once(format!("{number}/{what}")).send() {
        warn!(%number, what, %error, "a message was not sent");
    }
}
