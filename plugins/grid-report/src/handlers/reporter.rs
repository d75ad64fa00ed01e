//! For whoever filed a report, which the code proves.

use zhongtai::prelude::*;

use crate::{messages, number::Number, rating::Grade, secret::Claim, store, view::Status};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    code: Claim,
    fixed: bool,
}

/// Closes a report that is fixed; one that is not goes back to the dispatcher.
#[post("/reports/{number}/verify")]
pub fn verify(Path(number): Path<Number>, Json(given): Json<Verification>) -> Result<Json<Status>> {
    let report = store::change(&number, |report| {
        report.seal.check(&given.code)?;
        report.verified(given.fixed)
    })?;
    if !given.fixed {
        messages::reopened(&report);
    }
    info!(%number, fixed = given.fixed, "report verified");
    Ok(Json(Status::from(&report)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    code: Claim,
    grade: Grade,
}

/// Rates how a report was dealt with, once, after it is closed.
#[post("/reports/{number}/rating")]
pub fn rate(Path(number): Path<Number>, Json(given): Json<Rating>) -> Result<Json<Status>> {
    let report = store::change(&number, |report| {
        report.seal.check(&given.code)?;
        report.rated(given.grade)
    })?;
    if given.grade.is_bad() {
        messages::rated_badly(&report, given.grade);
    }
    info!(%number, grade = given.grade.number(), "report rated");
    Ok(Json(Status::from(&report)))
}
