use std::time::Duration;

use axum::body::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use zhongtai_kernel::ErrorKind;

use crate::problem::Problem;

/// How much of a body that is too large is still read, and how long: a client that is still sending when the
/// connection is closed learns of that, and not of the answer.
const DISCARDED: (usize, Duration) = (16 << 20, Duration::from_secs(5));

/// The whole body, if it is not larger than `most` bytes and does not take longer than `patience` to arrive.
pub(super) async fn read(
    mut body: Incoming,
    headers: &HeaderMap,
    most: usize,
    patience: Duration,
) -> Result<Bytes, Problem> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if body.size_hint().lower() > most as u64 {
        // Who asked before sending is told at once.
        if !headers.contains_key(header::EXPECT) {
            discard(body).await;
        }
        return Err(too_large(most));
    }
    let Ok(read) = tokio::time::timeout(patience, Limited::new(&mut body, most).collect()).await else {
        let detail = format!("the body did not arrive within {} s", patience.as_secs());
        return Err(Problem::new(ErrorKind::Invalid, "body-incomplete", detail));
    };
    match read {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            discard(body).await;
            Err(too_large(most))
        }
        Err(_) => Err(Problem::new(ErrorKind::Invalid, "body-incomplete", "the body ended before it was complete")),
    }
}

fn too_large(most: usize) -> Problem {
    let detail = format!("the body is larger than the {} KiB that are taken here", most >> 10);
    Problem::new(ErrorKind::TooLarge, "body-too-large", detail)
}

/// Reads away what a client still sends, within reason.
pub(super) async fn discard(mut body: Incoming) {
    let (mut left, patience) = DISCARDED;
    let rest = async {
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            if bytes > left {
                break;
            }
            left -= bytes;
        }
    };
    // Either way the answer is that it was too large.
    let _ = tokio::time::timeout(patience, rest).await;
}
