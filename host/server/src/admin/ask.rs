//! What security staff ask of recorded decisions: why one was made, and what a draft would have made of all.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_audit::{Entry, ReadError, Reader};
use zhongtai_authz::{ActiveSet, Compiled, PolicyTexts};
use zhongtai_kernel::{ErrorKind, Lang, RequestId, Timestamp, Words};
use zhongtai_workbench::{Recorded, explain_question, replay};

use crate::{
    admin::{
        auth::{Role as _, Security, SecurityOfficer},
        openapi::{Missing, Refused, Unusable},
        schema,
    },
    app::App,
    json::Body,
    problem::Problem,
};

/// A request's records are written within this time of its beginning, seconds.
const REQUEST_S: i64 = 300;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(explain)).routes(routes!(ask_again))
}

/// Which decision to explain.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainRequest {
    /// A record's reference: what a denial shows.
    pub(crate) reference: String,
}

/// What to ask again, and whom.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    /// The draft: text by file path.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) texts: PolicyTexts,
    /// The decisions of how many days.
    pub(crate) days: u16,
}

/// A report, and the same for people in both languages.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Told {
    #[schema(value_type = schema::Words)]
    pub(crate) text: Words,
    pub(crate) report: serde_json::Value,
}

// === impl Told ===

impl Told {
    fn new(report: &impl Serialize, text: impl Fn(Lang) -> String) -> Self {
        let words = Words::new(text(Lang::Zh), text(Lang::En));
        Self { text: words, report: serde_json::to_value(report).unwrap_or_default() }
    }
}

/// A recorded decision, explained by the policies in force now.
#[utoipa::path(
    post,
    path = "/policies/explain",
    operation_id = "explain_decision",
    tag = "policies",
    security(("bearer" = [Security::NAME])),
    request_body = ExplainRequest,
    responses((status = 200, description = "the explanation", body = Told), Refused, Unusable, Missing),
)]
async fn explain(
    State(app): State<Arc<App>>,
    _: SecurityOfficer,
    Body(request): Body<ExplainRequest>,
) -> Result<Json<Told>, Problem> {
    let (log, active) = (app.audit.clone(), app.policies.authz().active());
    in_background(move || {
        let recorded = find(&Reader::new(log.dir()), &request.reference)?;
        let explanation = explain_question(&active, &recorded.caller, &recorded.question, recorded.at);
        Ok(Told::new(&explanation, |lang| explanation.render(lang)))
    })
    .await
}

/// Recorded decisions that a draft would have made otherwise.
#[utoipa::path(
    post,
    path = "/policies/replay",
    operation_id = "replay_decisions",
    tag = "policies",
    security(("bearer" = [Security::NAME])),
    request_body = ReplayRequest,
    responses((status = 200, description = "what would flip", body = Told), Refused, Unusable),
)]
async fn ask_again(
    State(app): State<Arc<App>>,
    _: SecurityOfficer,
    Body(request): Body<ReplayRequest>,
) -> Result<Json<Told>, Problem> {
    let since = app.clock.now().as_second() - i64::from(request.days) * 86_400;
    let log = app.audit.clone();
    in_background(move || {
        let invalid =
            |error: zhongtai_authz::PolicyError| Problem::new(ErrorKind::Invalid, "policy-draft", error.to_string());
        let draft = ActiveSet::new(Arc::new(Compiled::new(&request.texts).map_err(invalid)?));
        let reader = Reader::new(log.dir());
        let mut failed = None;
        let recent =
            decisions(&reader, since)?.map_while(|decision| decision.map_err(|error| failed = Some(error)).ok());
        let report = replay(&draft, recent.filter(|decision| decision.at.as_second() >= since));
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Told::new(&report, |lang| report.render(lang))),
        }
    })
    .await
}

/// The decision of that reference. A request's id says when it began.
fn find(reader: &Reader, reference: &str) -> Result<Recorded, Problem> {
    let unknown = || Problem::new(ErrorKind::NotFound, "no-such-record", "no decision of that reference is in the log");
    let (request, _) = reference.split_once('/').ok_or_else(unknown)?;
    let request: RequestId = request.parse().map_err(|_| unknown())?;
    let began = request.began().as_second();
    for decision in decisions(reader, began)? {
        let decision = decision?;
        if decision.reference == reference {
            return Ok(decision);
        }
        if decision.at.as_second() > began + REQUEST_S {
            break;
        }
    }
    Err(unknown())
}

/// The decisions since about a time, oldest first: none is left out, some may be older.
fn decisions(reader: &Reader, since: i64) -> Result<impl Iterator<Item = Result<Recorded, ReadError>>, ReadError> {
    let from = reader.since(Timestamp::from_second(since.saturating_sub(REQUEST_S)).unwrap_or(Timestamp::MIN))?;
    Ok(reader.entries(from, u64::MAX)?.filter_map(|entry| match entry {
        Ok(Entry::Decision(decision)) => Some(Ok(Recorded {
            reference: decision.reference,
            at: decision.at,
            caller: (*decision.caller).clone(),
            question: decision.question,
            effect: decision.effect,
            mask: decision.mask,
        })),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    }))
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<Json<T>, Problem> {
    let lost = |_| Problem::new(ErrorKind::Internal, "lost", "the request was lost");
    Ok(Json(tokio::task::spawn_blocking(work).await.map_err(lost)??))
}
