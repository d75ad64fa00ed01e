//! For officers. That their department is the plugin's own is policy's business: see `policies/`.

use zhongtai::prelude::*;

use crate::{
    category::Category,
    messages,
    number::Number,
    progress::State,
    store,
    text::Text,
    view::{CallBack, Detail, Page},
};

/// 分派员: sees every report and sends it to a desk.
const DISPATCHER: &str = "dispatcher";
/// 网格员: deals with it on site.
const GRID: &str = "grid";

fn require(officer: &Subject, roles: &[&str]) -> Result<()> {
    let allowed = roles.iter().any(|role| officer.has_role(role));
    ensure!(allowed, forbidden("this is for officers with the role {}", roles.join(" or ")));
    Ok(())
}

#[derive(Deserialize)]
pub struct Filter {
    category: Category,
    state: Option<State>,
    after: Option<Number>,
}

/// A category's reports, oldest first.
#[get("/reports")]
pub fn list(officer: Subject, Query(filter): Query<Filter>) -> Result<Json<Page>> {
    require(&officer, &[DISPATCHER, GRID])?;
    let found = store::page(filter.category, filter.state, filter.after.as_ref())?;
    let next = found.last().filter(|_| found.len() == store::PAGE).map(|report| report.number.clone());
    Ok(Json(Page { reports: found.into_iter().map(Detail::from).collect(), next }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispatch {
    desk: String,
}

/// Sends a report to one of the desks that the operator set up.
#[post("/reports/{number}/dispatch")]
pub fn dispatch(officer: Subject, Path(number): Path<Number>, Json(order): Json<Dispatch>) -> Result<Json<Detail>> {
    require(&officer, &[DISPATCHER])?;
    let desks = config::require("desks")?;
    let known = desks.split(',').any(|desk| desk.trim() == order.desk);
    ensure!(known, unprocessable("the desks are {desks}").with_code("unknown-desk"));
    let report = store::change(&number, |report| report.dispatched(&order.desk, &officer))?;
    messages::dispatched(&report, &order.desk);
    info!(%number, desk = order.desk, "report dispatched");
    Ok(Json(report.into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handling {
    /// What was done. Everybody can read it.
    reply: Text<300>,
}

/// Says that a report is dealt with, and what was done.
#[post("/reports/{number}/handle")]
pub fn handle(officer: Subject, Path(number): Path<Number>, Json(done): Json<Handling>) -> Result<Json<Detail>> {
    require(&officer, &[GRID])?;
    let report = store::change(&number, |report| report.handled(done.reply.clone(), &officer))?;
    info!(%number, "report handled");
    Ok(Json(report.into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calling {
    reason: Text<100>,
}

/// Shows the reporter's phone to an officer who says why. Who asked, when and why stays in the report.
#[post("/reports/{number}/call-back")]
pub fn call_back(officer: Subject, Path(number): Path<Number>, Json(call): Json<Calling>) -> Result<Json<CallBack>> {
    require(&officer, &[DISPATCHER, GRID])?;
    let report = store::change(&number, |report| report.called_back(call.reason.clone(), &officer))?;
    info!(%number, by = %officer.handle, "phone shown for a call back");
    let phone = report.phone.ok_or_else(|| internal("the phone is gone"))?;
    Ok(Json(CallBack { phone }))
}
