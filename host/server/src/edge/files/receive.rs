//! A file on its way in: the edge thread reads the body, the shared runtime stores it. A client that goes away ends the
//! upload; one that is slow holds neither a thread nor memory but for a few pieces.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use zhongtai_cap_files::{Announced, FileKind, FileName, FileRecord, FilesError, FilesProvider as _, Upload};
use zhongtai_kernel::{AccountId, Digest, ErrorKind, RequestId};

use super::{Bearer, record, refuse};
use crate::{app::App, edge::body::discard, problem::Problem};

/// What the sender calls the file, percent-encoded UTF-8 (as `encodeURIComponent` makes it). Not in the address, which
/// is logged on the way.
const NAME: &str = "x-file-name";
/// Pieces that wait for the disk.
const WAITING: usize = 4;

/// What arrived.
#[derive(Serialize)]
struct Arrived {
    file: String,
    kind: FileKind,
    bytes: u64,
    sha256: Digest,
    sm3: String,
}

/// A part of the body.
enum Piece {
    Bytes(Bytes),
    End,
}

pub(super) async fn serve(app: &Arc<App>, parts: &Parts, body: Incoming, id: RequestId) -> Result<Response, Problem> {
    let begun = async {
        let announced = announced(&parts.headers, &body)?;
        let bearer = Bearer::of(app, parts).await?;
        bearer.granted(app, "files:upload", id).await?;
        Ok::<_, Problem>((bearer, announced))
    };
    let (bearer, announced) = match begun.await {
        Ok(begun) => begun,
        Err(problem) => return Err(refuse(parts, body, problem).await),
    };
    let (pieces, from_edge) = mpsc::channel(WAITING);
    let (ready, is_ready) = oneshot::channel();
    let taken = app.shared.spawn(take(app.clone(), bearer, announced, (ready, from_edge), id));
    // Nothing is asked of the client before there is a place for it.
    let sent = match is_ready.await {
        Ok(()) => forward(body, pieces, app.body_patience).await,
        Err(_) => {
            refuse(parts, body, lost()).await;
            Ok(())
        }
    };
    let taken = taken.await.map_err(|_| lost())?;
    sent?;
    Ok((StatusCode::CREATED, Json(Arrived::from(taken?))).into_response())
}

fn announced(headers: &HeaderMap, body: &Incoming) -> Result<Announced, Problem> {
    let invalid = |detail: String| Problem::new(ErrorKind::Invalid, "invalid-header", detail);
    for name in [header::CONTENT_ENCODING, header::CONTENT_RANGE] {
        if headers.contains_key(&name) {
            return Err(invalid(format!("`{name}` is not taken here: send the file as it is")));
        }
    }
    let name = headers.get(NAME).map(|value| {
        let text = value.to_str().map_err(|_| invalid(format!("`{NAME}` is not percent-encoded")))?;
        let text = percent_decode_str(text).decode_utf8();
        let text = text.map_err(|_| invalid(format!("`{NAME}` is not percent-encoded UTF-8")))?;
        text.parse::<FileName>().map_err(|error| invalid(format!("`{NAME}`: {error}")))
    });
    Ok(Announced { bytes: body.size_hint().exact(), name: name.transpose()? })
}

/// Passes the body on, until it ends or nobody takes it any more.
async fn forward(mut body: Incoming, to: mpsc::Sender<Piece>, patience: Duration) -> Result<(), Problem> {
    loop {
        let piece = match tokio::time::timeout(patience, body.frame()).await {
            Ok(Some(Ok(frame))) => frame.into_data().map(Piece::Bytes).unwrap_or(Piece::End),
            Ok(None) => Piece::End,
            Ok(Some(Err(_))) => {
                return Err(Problem::new(
                    ErrorKind::Invalid,
                    "body-incomplete",
                    "the file ended before it was complete",
                ));
            }
            Err(_) => {
                let detail = format!("nothing of the file arrived for {} s", patience.as_secs());
                return Err(Problem::new(ErrorKind::Invalid, "body-incomplete", detail));
            }
        };
        let is_end = matches!(piece, Piece::End);
        if to.send(piece).await.is_err() {
            // It was refused; the client must see why, and not a closed connection.
            discard(body).await;
            return Ok(());
        }
        if is_end {
            return Ok(());
        }
    }
}

/// Takes a file, and lets it be seen when it is whole and recorded. Runs on the shared runtime.
async fn take(
    app: Arc<App>,
    bearer: Bearer,
    announced: Announced,
    (ready, mut pieces): (oneshot::Sender<()>, mpsc::Receiver<Piece>),
    id: RequestId,
) -> Result<FileRecord, Problem> {
    let mut upload = app.files.begin(&bearer.secret, announced).await?;
    let _ = ready.send(());
    match whole(&app, upload.as_mut(), &mut pieces, (bearer.subject.account, id)).await {
        Ok(record) => {
            upload.publish().await?;
            Ok(record)
        }
        Err(problem) => {
            // Nobody waits any more for what the edge still has.
            drop(pieces);
            if let Err(error) = upload.discard().await {
                tracing::warn!(request = %id, %error, "an upload that was given up can't be removed yet");
            }
            Err(problem)
        }
    }
}

async fn whole(
    app: &App,
    upload: &mut dyn Upload,
    pieces: &mut mpsc::Receiver<Piece>,
    (account, id): (AccountId, RequestId),
) -> Result<FileRecord, Problem> {
    loop {
        match pieces.recv().await {
            Some(Piece::Bytes(bytes)) => upload.write(bytes).await?,
            Some(Piece::End) => break,
            None => return Err(FilesError::UploadLost.into()),
        }
    }
    let file = upload.complete().await?;
    record(app, (account, id), "file:store", &file).await?;
    Ok(file)
}

fn lost() -> Problem {
    Problem::new(ErrorKind::Internal, "lost", "the request was lost")
}

impl From<FileRecord> for Arrived {
    fn from(file: FileRecord) -> Self {
        let FileRecord { id, kind, bytes, sha256, sm3, .. } = file;
        Self { file: id.to_string(), kind, bytes, sha256, sm3: format!("sm3:{sm3}") }
    }
}
