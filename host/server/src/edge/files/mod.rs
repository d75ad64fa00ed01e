//! `/api/v1/files/{ticket}`: files in and out, streamed past the guest. Who asks must have signed in, hold the ticket,
//! be the one that it is for, and be allowed by the policies in force now.

mod fetch;
mod receive;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, Request, header, request::Parts};
use hyper::body::{Body as _, Incoming};
use zhongtai_cap_files::{FileRecord, FilesProvider as _, Grant, LEVEL, PATH, TicketSecret};
use zhongtai_kernel::{
    Access, AccountId, Attribute, Caller, Channel, ErrorKind, Event, Record, Recorder as _, RequestId, Subject,
};
use zhongtai_runtime::Refusal;

use crate::{
    app::App,
    edge::{api::on_shared, body::discard, scenario::with_id, subject},
    problem::Problem,
};

/// Where files live.
pub(super) const PREFIX: &str = PATH;

/// Answers one request, whatever happens in it.
pub(super) async fn answer(app: &Arc<App>, request: Request<Incoming>) -> Response {
    let id = RequestId::generate();
    let (parts, body) = request.into_parts();
    let served = match parts.method {
        Method::PUT | Method::POST => receive::serve(app, &parts, body, id).await,
        Method::GET => fetch::serve(app, &parts, id).await,
        _ => Ok(method_not_allowed()),
    };
    with_id(served.unwrap_or_else(|problem| problem.in_request(id).into_response()), id)
}

fn method_not_allowed() -> Response {
    let mut response = Problem::method_not_allowed().into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST, PUT"));
    response
}

/// Who came with a ticket.
struct Bearer {
    secret: TicketSecret,
    subject: Arc<Subject>,
    channel: Channel,
}

// === impl Bearer ===

impl Bearer {
    async fn of(app: &App, parts: &Parts) -> Result<Self, Problem> {
        let (subject, channel) = subject::of(app, &parts.headers).await?;
        let unauthenticated =
            || Problem::new(ErrorKind::Unauthenticated, "unauthenticated", "sign in first: the ticket is for somebody");
        let subject = subject.ok_or_else(unauthenticated)?;
        let text = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default();
        let secret = text.parse().map_err(|_| no_ticket())?;
        Ok(Self { secret, subject, channel })
    }

    /// What the ticket is for, if it is valid, for `action`, for this subject, and policy agrees.
    async fn granted(&self, app: &Arc<App>, action: &'static str, id: RequestId) -> Result<Grant, Problem> {
        let (files, secret) = (app.files.clone(), self.secret.clone());
        let grant = on_shared(app, async move { Ok(files.ticket(&secret).await?) }).await?.ok_or_else(no_ticket)?;
        if grant.download.is_some() != (action == "files:download") {
            return Err(no_ticket());
        }
        self.authorise(app, action, &grant, id).await?;
        Ok(grant)
    }

    /// Asks policy, and records the question and its answer, as for a guest's call: with the release that the scenario
    /// runs now, whose grant is still there.
    async fn authorise(&self, app: &App, action: &'static str, grant: &Grant, id: RequestId) -> Result<(), Problem> {
        let slot = app.deployments.pick(grant.scenario.as_str(), id).filter(|slot| slot.loaded.is_ok());
        let release = slot.ok_or_else(no_ticket)?.deployed.release.clone();
        let caller = Caller::new(release, Some(self.subject.clone()), self.channel);
        let attributes = [
            ("scenario", Attribute::Entity("Scenario".into(), grant.scenario.as_str().into())),
            ("owner", Attribute::Entity("Department".into(), grant.scenario.department().as_str().into())),
            ("level", Attribute::Number(LEVEL)),
            ("account", Attribute::Text(grant.account.to_string().into())),
        ];
        let resource = grant.download.map_or_else(|| "new".to_owned(), |file| file.to_string());
        let access = Access::described(action, "CaseFile", resource, &attributes).for_purpose(&grant.purpose);
        app.runtime.asker(id, caller).authorise(&access).await?;
        // Policy says so too, by `account`; a ticket is for one person whatever policies say.
        if grant.account == self.subject.account { Ok(()) } else { Err(Refusal::Denied(format!("{id}/0")).into()) }
    }
}

/// Records what is about to be done with a file, by its digests, and waits until that is on disk.
async fn record(app: &App, who: (AccountId, RequestId), act: &'static str, file: &FileRecord) -> Result<(), Problem> {
    let (account, request) = who;
    let target = format!("file {} {} sm3:{}", file.id, file.sha256, file.sm3);
    let event = Event::Act { actor: account.to_string(), action: act, target, outcome: "ok".to_owned() };
    app.audit.record(Record { at: app.clock.now(), request, sequence: 1, event })?;
    Ok(app.audit.committed().await?)
}

fn no_ticket() -> Problem {
    let detail = "there is no such ticket, or it was used or is over; ask the scenario for another";
    Problem::new(ErrorKind::NotFound, "no-ticket", detail)
}

/// Reads away what a client sends although it was refused, so that it sees why; unless it asked before sending.
async fn refuse(parts: &Parts, body: Incoming, problem: Problem) -> Problem {
    if !body.is_end_stream() && !parts.headers.contains_key(header::EXPECT) {
        discard(body).await;
    }
    problem
}
