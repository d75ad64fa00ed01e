//! Credit: files on their way in, and the decision table.

use std::{str::FromStr, sync::Arc};

use axum::{
    Json,
    body::Body as RawBody,
    extract::State,
    http::{HeaderMap, header},
};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_credit::{Encoding, Format, ImportOptions, ImportReport, Put, RuleVersion, Spool};
use zhongtai_kernel::{DepartmentId, ErrorKind};

use crate::{
    admin::{
        auth::{Operator, Role as _, System},
        openapi::{Conflicting, Missing, Refused, Unusable},
        schema,
    },
    app::App,
    edge::on_shared,
    json::{Body, unreadable},
    params::{Path, Query},
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(import_credit))
        .routes(routes!(credit_rules, put_credit_rules))
        .routes(routes!(credit_rules_version))
}

/// How a file is to be imported.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct How {
    /// Store the good rows of a file with bad ones; otherwise one bad row refuses the whole file.
    #[serde(default = "yes")]
    skip_bad: bool,
    /// Import a file that was imported before once more.
    #[serde(default)]
    again: bool,
    /// `utf-8` or `gbk`; found out when it is left out.
    encoding: Option<String>,
    /// The department that answers for rows that name none.
    department: Option<String>,
}

fn yes() -> bool {
    true
}

/// A decision table, and why it is put.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRules {
    /// TOML.
    pub(crate) text: String,
    pub(crate) reason: String,
}

/// The decision table in force, and all versions.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RulesReport {
    /// The version in force; 0 is the built-in table.
    pub(crate) version: i64,
    /// Its text, TOML.
    pub(crate) text: String,
    /// The newest first.
    pub(crate) versions: Vec<schema::RuleVersion>,
}

/// One version's text.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RulesText {
    pub(crate) version: i64,
    /// TOML.
    pub(crate) text: String,
}

/// Takes records of public credit in.
///
/// A row that can't be a record is told by its number and column; the others are stored, or none of them is, as the
/// request says. The same file twice is nothing the second time.
#[utoipa::path(
    post,
    path = "/data/credit",
    operation_id = "import_credit",
    tag = "credit",
    security(("bearer" = [System::NAME])),
    params(How),
    request_body(
        description = "one record a row",
        content((String = "text/csv"), (Vec<Object> = "application/json"), (String = "application/x-ndjson"))
    ),
    responses((status = 200, description = "what became of the rows", body = schema::ImportReport), Refused, Unusable),
)]
async fn import_credit(
    State(app): State<Arc<App>>,
    operator: Operator,
    Query(how): Query<How>,
    headers: HeaderMap,
    body: RawBody,
) -> Result<Json<ImportReport>, Problem> {
    // Before anything is refused: who is cut off while still sending may not see why.
    let spool = received(&app, body).await?;
    let options = how.options(format(&headers)?)?;
    app.record_first(operator.actor(), "data:import", "credit").await?;
    let by = operator.actor();
    let host = app.clone();
    let import = async move { Ok(host.credit.own().import(spool, options, &by).await?) };
    Ok(Json(on_shared(&app, import).await?))
}

// === impl How ===

impl How {
    fn options(self, format: Format) -> Result<ImportOptions, Problem> {
        let invalid = |detail: &str| Problem::new(ErrorKind::Invalid, "invalid-query", detail);
        let encoding = self.encoding.as_deref().map(Encoding::from_str).transpose();
        let encoding = encoding.map_err(|_| invalid("encoding: expected utf-8 or gbk"))?;
        let department = self.department.as_deref().map(DepartmentId::from_str).transpose()?;
        Ok(ImportOptions { format, encoding, skip_bad: self.skip_bad, again: self.again, department })
    }
}

fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match content_type.split(';').next() {
        Some("text/csv") => Ok(Format::Csv),
        Some("application/json") => Ok(Format::Json),
        Some("application/x-ndjson" | "application/jsonl") => Ok(Format::JsonLines),
        _ => {
            let detail = "expected content-type: text/csv, application/json or application/x-ndjson";
            Err(Problem::new(ErrorKind::Invalid, "content-type", detail))
        }
    }
}

/// The body on disk, part by part: it may be far larger than memory.
async fn received(app: &App, mut body: RawBody) -> Result<Spool, Problem> {
    let mut spool = Spool::new(&app.spool, app.credit_import_mib)?;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| unreadable())?.into_data() {
            spool.write(&data)?;
        }
    }
    Ok(spool)
}

/// The decision table of joint reward and punishment.
#[utoipa::path(
    get,
    path = "/credit/rules",
    operation_id = "show_credit_rules",
    tag = "credit",
    security(("bearer" = [System::NAME])),
    responses((status = 200, description = "the table in force, and all versions", body = RulesReport), Refused),
)]
async fn credit_rules(State(app): State<Arc<App>>, _: Operator) -> Result<Json<serde_json::Value>, Problem> {
    let host = app.clone();
    let read = async move {
        let rules = host.credit.rules();
        Ok((rules.text(None).await?, rules.versions().await?))
    };
    let ((version, text), versions): (_, Vec<RuleVersion>) = on_shared(&app, read).await?;
    Ok(Json(serde_json::json!({ "version": version, "text": text, "versions": versions })))
}

/// A version of the decision table.
#[utoipa::path(
    get,
    path = "/credit/rules/{version}",
    operation_id = "show_credit_rules_version",
    tag = "credit",
    security(("bearer" = [System::NAME])),
    params(("version" = i64, Path, description = "0 is the built-in table")),
    responses((status = 200, description = "its text", body = RulesText), Refused, Missing),
)]
async fn credit_rules_version(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(version): Path<i64>,
) -> Result<Json<RulesText>, Problem> {
    let host = app.clone();
    let read = async move { Ok(host.credit.rules().text(Some(version)).await?) };
    let (version, text) = on_shared(&app, read).await?;
    Ok(Json(RulesText { version, text }))
}

/// Puts a decision table in force, once it is checked and its tests hold.
#[utoipa::path(
    post,
    path = "/credit/rules",
    operation_id = "put_credit_rules",
    tag = "credit",
    security(("bearer" = [System::NAME])),
    request_body = NewRules,
    responses(
        (status = 200, description = "the version in force, and what was found", body = schema::PutRules),
        Refused, Unusable, Conflicting
    ),
)]
async fn put_credit_rules(
    State(app): State<Arc<App>>,
    operator: Operator,
    Body(new): Body<NewRules>,
) -> Result<Json<Put>, Problem> {
    let fits = (1..=500).contains(&new.reason.chars().count()) && !new.reason.chars().any(char::is_control);
    if !fits {
        let detail = "reason: expected 1 to 500 characters in one line";
        return Err(Problem::new(ErrorKind::Invalid, "invalid-value", detail));
    }
    app.record_first(operator.actor(), "credit:put-rules", "rules").await?;
    let (host, by) = (app.clone(), operator.actor());
    let put = async move { Ok(host.credit.rules().put(&new.text, &by, &new.reason).await?) };
    Ok(Json(on_shared(&app, put).await?))
}
