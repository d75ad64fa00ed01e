//! A file on its way out: opened piece by piece on the shared runtime. A piece that was changed at rest is not given
//! out: the first one is opened before the answer begins, and a later one ends the connection short of its length.

use std::{io, sync::Arc};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderName, HeaderValue, header, request::Parts};
use http_body_util::channel::{Channel, Sender};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zhongtai_cap_files::{Content, FileRecord, FilesProvider as _};
use zhongtai_kernel::{ErrorKind, RequestId};

use super::{Bearer, record};
use crate::{app::App, edge::api::on_shared, problem::Problem};

/// Bytes that are opened at a time.
const PIECE: usize = 256 << 10;
/// Pieces that wait for a slow client.
const WAITING: usize = 2;
/// RFC 9530.
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
/// What stands for itself in RFC 5987's `ext-value`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) async fn serve(app: &Arc<App>, parts: &Parts, id: RequestId) -> Result<Response, Problem> {
    let bearer = Bearer::of(app, parts).await?;
    bearer.granted(app, "files:download", id).await?;
    let opened = on_shared(app, {
        let app = app.clone();
        async move {
            let (file, mut content) = app.files.redeem(&bearer.secret).await?;
            let first = content.read(0, PIECE).await?;
            record(&app, (bearer.subject.account, id), "file:fetch", &file).await?;
            Ok((file, content, first))
        }
    });
    let (file, content, first) = opened.await?;
    let headers = headers(&file)?;
    let (sender, body) = Channel::new(WAITING);
    app.shared.spawn(send(file, content, first, sender));
    let mut response = Response::new(Body::new(body));
    response.headers_mut().extend(headers);
    Ok(response)
}

async fn send(file: FileRecord, mut content: Box<dyn Content>, first: Bytes, mut to: Sender<Bytes, io::Error>) {
    let (mut at, mut piece) = (0, first);
    loop {
        at += piece.len() as u64;
        // A client that goes away is no event.
        if (!piece.is_empty() && to.send_data(piece).await.is_err()) || at >= file.bytes {
            return;
        }
        piece = match content.read(at, PIECE).await {
            Ok(piece) if !piece.is_empty() => piece,
            outcome => {
                let error = outcome.err().map_or_else(|| "it ended too early".to_owned(), |error| error.to_string());
                tracing::error!(file = %file.id, error, "a file can't be given out to its end");
                return to.abort(io::Error::other("the file can't be read to its end"));
            }
        };
    }
}

/// A browser keeps it as a file and never shows it as a page: what a citizen handed in must not run as ours.
fn headers(file: &FileRecord) -> Result<[(HeaderName, HeaderValue); 7], Problem> {
    let own = || format!("{}.{}", file.id, file.kind);
    let name = file.name.as_ref().map_or_else(own, |name| name.as_str().to_owned());
    let disposition = format!("attachment; filename*=UTF-8''{}", utf8_percent_encode(&name, PLAIN));
    let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(file.sha256.to_bytes()));
    let text = |text: String| {
        HeaderValue::try_from(text).map_err(|_| Problem::new(ErrorKind::Internal, "files", "a header can't be made"))
    };
    Ok([
        (header::CONTENT_TYPE, HeaderValue::from_static(file.kind.media_type())),
        (header::CONTENT_LENGTH, file.bytes.into()),
        (header::CONTENT_DISPOSITION, text(disposition)?),
        (REPR_DIGEST, text(digest)?),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ])
}
