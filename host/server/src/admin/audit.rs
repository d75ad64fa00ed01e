//! The audit log, for audit administrators: records, proofs, and the whole of it to check elsewhere.

use std::{io, path::Path as FilePath, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::header;
use http_body_util::channel::{Channel, Sender};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_audit::{InclusionProof, Reader, RecordLine};
use zhongtai_kernel::ErrorKind;

use crate::{
    admin::{
        auth::{AnyAdministrator, Audit, Auditor, Role as _, Security, System},
        openapi::{Conflicting, Missing, Refused, Unusable},
        schema,
    },
    app::App,
    params::{Path, Query},
    problem::Problem,
};

/// The most records in one answer.
const MOST: u64 = 1_000;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(records)).routes(routes!(proof)).routes(routes!(export)).routes(routes!(keys))
}

/// Which records.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    /// The first one's number; by default the oldest that is kept.
    from: Option<u64>,
    /// How many, 1,000 at most.
    #[serde(default = "hundred")]
    limit: u64,
}

fn hundred() -> u64 {
    100
}

/// Records as they are in the log.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Records {
    #[schema(value_type = Vec<Object>)]
    pub(crate) records: Vec<Box<RawValue>>,
}

/// The keys that this host's checkpoints are signed with.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Keys {
    /// C2SP verifier keys, one a line: Ed25519 and SM2.
    pub(crate) public: String,
}

/// Records as they are in the log, oldest first.
#[utoipa::path(
    get,
    path = "/audit/records",
    operation_id = "list_audit_records",
    tag = "audit",
    security(("bearer" = [Audit::NAME])),
    params(Range),
    responses((status = 200, description = "records", body = Records), Refused, Unusable),
)]
async fn records(
    State(app): State<Arc<App>>,
    _: Auditor,
    Query(range): Query<Range>,
) -> Result<Json<Records>, Problem> {
    let log = app.audit.clone();
    let read = move || {
        let reader = Reader::new(log.dir());
        let from = range.from.or(reader.first()?).unwrap_or(0);
        reader.lines(from, from.saturating_add(range.limit.min(MOST)))?.collect::<Result<Vec<RecordLine>, _>>()
    };
    let lines = tokio::task::spawn_blocking(read).await.map_err(|_| lost())??;
    let records = lines.into_iter().filter_map(|line| RawValue::from_string(line.text).ok()).collect();
    Ok(Json(Records { records }))
}

/// That a record is in the log: its path to a signed checkpoint.
#[utoipa::path(
    get,
    path = "/audit/records/{number}/proof",
    operation_id = "prove_audit_record",
    tag = "audit",
    security(("bearer" = [Audit::NAME])),
    params(("number" = u64, Path, description = "the record")),
    responses((status = 200, description = "the proof", body = schema::InclusionProof), Refused, Missing, Conflicting),
)]
async fn proof(
    State(app): State<Arc<App>>,
    _: Auditor,
    Path(number): Path<u64>,
) -> Result<Json<InclusionProof>, Problem> {
    app.audit.checkpoint().await?;
    let log = app.audit.clone();
    let prove = move || zhongtai_audit::prove(log.dir(), number);
    Ok(Json(tokio::task::spawn_blocking(prove).await.map_err(|_| lost())??))
}

/// The keys that this host's checkpoints are signed with.
#[utoipa::path(
    get,
    path = "/audit/keys",
    operation_id = "show_audit_keys",
    tag = "audit",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "verifier keys", body = Keys), Refused),
)]
async fn keys(State(app): State<Arc<App>>, _: AnyAdministrator) -> Json<Keys> {
    Json(Keys { public: app.audit_keys.to_string() })
}

/// A tar file of what the newest checkpoint covers.
#[utoipa::path(
    get,
    path = "/audit/export",
    operation_id = "export_audit_log",
    tag = "audit",
    security(("bearer" = [Audit::NAME])),
    responses((status = 200, description = "the log", content_type = "application/x-tar", body = Vec<u8>), Refused),
)]
async fn export(State(app): State<Arc<App>>, auditor: Auditor) -> Result<Response, Problem> {
    app.record_first(auditor.actor(), "audit:export", "the whole log").await?;
    app.audit.checkpoint().await?;
    let (sender, body) = Channel::<Bytes, io::Error>::new(16);
    let (log, runtime) = (app.audit.clone(), app.shared.clone());
    tokio::task::spawn_blocking(move || {
        let mut pipe = Pipe { sender, runtime };
        if let Err(error) = archive(log.dir(), &mut pipe) {
            tracing::error!(%error, "the audit log can't be exported");
            // The client sees a broken transfer, not a short file.
            pipe.sender.abort(error);
        }
    });
    let headers =
        [(header::CONTENT_TYPE, "application/x-tar"), (header::CONTENT_DISPOSITION, "attachment; filename=audit.tar")];
    Ok((headers, Body::new(body)).into_response())
}

/// The way of a blocking writer into a response.
struct Pipe {
    sender: Sender<Bytes, io::Error>,
    runtime: tokio::runtime::Handle,
}

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.runtime.block_on(self.sender.send_data(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Copies the log beside itself, where it stays still, and sends the copy.
fn archive(dir: &FilePath, pipe: &mut Pipe) -> io::Result<()> {
    let copy = tempfile::Builder::new().prefix("export-").tempdir_in(dir.parent().unwrap_or(dir))?;
    zhongtai_audit::export(dir, copy.path()).map_err(io::Error::other)?;
    let mut archive = tar::Builder::new(io::BufWriter::with_capacity(64 << 10, pipe));
    archive.append_dir_all("audit", copy.path())?;
    archive.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(())
}

fn lost() -> Problem {
    Problem::new(ErrorKind::Internal, "lost", "the request was lost")
}
