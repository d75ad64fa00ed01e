//! `/s/{department}/{scenario}/...`: router, subject, body, sandbox, response.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header, request::Parts};
use hyper::body::Incoming;
use zhongtai_kernel::{ErrorKind, RequestId};
use zhongtai_runtime::{Call, InvokeError, Outcome};

use crate::{
    app::App,
    deployments::Slot,
    edge::{body, subject},
    problem::Problem,
};

/// Where scenarios live.
pub(super) const PREFIX: &str = "/s/";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers one request, whatever happens in it.
pub(super) async fn answer(app: &App, request: Request<Incoming>) -> Response {
    let (id, started) = (RequestId::generate(), Instant::now());
    let Some((slot, rest)) = route(app, request.uri().path(), id) else {
        return with_id(Problem::not_found("scenario").in_request(id).into_response(), id);
    };
    let path = rest.to_owned();
    let mut cost = (0, 0);
    let response = match serve(app, &slot, request, path, id, &mut cost).await {
        Ok(response) => response,
        Err(problem) => problem.in_request(id).into_response(),
    };
    let (denials, memory) = cost;
    slot.metrics.record(response.status().as_u16(), started.elapsed().as_secs_f64(), denials, memory);
    with_id(response, id)
}

/// The release that answers, and the path below the scenario's route.
fn route<'a>(app: &App, path: &'a str, id: RequestId) -> Option<(Arc<Slot>, &'a str)> {
    let below = path.strip_prefix(PREFIX)?;
    let (department, tail) = below.split_once('/')?;
    let name = tail.split('/').next()?;
    let scenario = below.get(..department.len() + 1 + name.len())?;
    let rest = tail.get(name.len()..).filter(|rest| !rest.is_empty()).unwrap_or("/");
    Some((app.deployments.pick(scenario, id)?, rest))
}

async fn serve(
    app: &App,
    slot: &Slot,
    request: Request<Incoming>,
    path: String,
    id: RequestId,
    cost: &mut (u32, usize),
) -> Result<Response, Problem> {
    let release = slot.loaded.as_ref().map_err(|_| {
        Problem::new(ErrorKind::Unavailable, "release-unavailable", "the scenario can't run here at the moment")
    })?;
    let (parts, body) = request.into_parts();
    let (subject, channel) = subject::of(app, &parts.headers).await?;
    let way_in = if subject.is_none() { way_in(&parts) } else { None };
    let most = (release.release().manifest().limits.body_kib as usize) << 10;
    let request = zhongtai_runtime::Request {
        body: body::read(body, &parts.headers, most, app.body_patience).await?,
        method: parts.method,
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        path,
    };
    let outcome = app.runtime.invoke(release.clone(), Call { id, subject, channel, request }).await;
    *cost = (outcome.denials, outcome.memory);
    match way_in {
        Some(way_in) if matches!(outcome.response, Err(InvokeError::Denied { .. })) => Ok(way_in),
        _ => respond(outcome, slot, id),
    }
}

/// Where a person who opened a page goes to sign in, and comes back from; a program is told that it may not.
fn way_in(parts: &Parts) -> Option<Response> {
    let accepted = parts.headers.get(header::ACCEPT)?.to_str().ok()?;
    if parts.method != Method::GET || !accepted.split(',').any(|kind| kind.trim().starts_with("text/html")) {
        return None;
    }
    let back = parts.uri.path_and_query()?.as_str();
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", back).finish();
    let to = HeaderValue::try_from(format!("/sign-in?{query}")).ok()?;
    let headers = [(header::LOCATION, to), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Some((StatusCode::SEE_OTHER, headers).into_response())
}

fn respond(outcome: Outcome, slot: &Slot, id: RequestId) -> Result<Response, Problem> {
    let answer = outcome.response.map_err(|error| {
        log(&error, slot, id);
        Problem::from(&error)
    })?;
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response.headers_mut().entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// For the department: what its guest did.
fn log(error: &InvokeError, slot: &Slot, id: RequestId) {
    let release = &slot.deployed.release;
    let (scenario, component) = (release.scenario(), release.digest());
    match error {
        InvokeError::Trap { reason, location } => {
            let location = location.as_deref().unwrap_or("unknown");
            let reason = without_numbers(reason);
            tracing::error!(request = %id, %scenario, %component, code = error.code(), reason, location, "the guest trapped");
        }
        InvokeError::Denied { .. } => {}
        _ => tracing::warn!(request = %id, %scenario, %component, code = error.code(), %error, "the request failed"),
    }
}

/// A panic's message without what may be somebody's phone, ID or card number: runs of seven digits or more.
pub(crate) fn without_numbers(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let digits = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (number, after) = from.split_at(digits);
        kept.push_str(before);
        kept.push_str(if digits < 7 { number } else { "[number]" });
        rest = after;
    }
    kept + rest
}

pub(super) fn with_id(mut response: Response, id: RequestId) -> Response {
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panics_message_is_logged_without_long_numbers() {
        assert_eq!(without_numbers("no such applicant: 13800000000"), "no such applicant: [number]");
        assert_eq!(without_numbers("len is 3 but the index is 20261122"), "len is 3 but the index is [number]");
        assert_eq!(without_numbers("号44180219900101123X。"), "号[number]X。");
        assert_eq!(without_numbers(""), "");
    }
}
