//! A document on its way in, from anybody: what all of them hold in memory together is bounded, and who sends slowly
//! holds no more than was sent.

use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout, timeout_at},
};
use zhongtai_kernel::ErrorKind;

use crate::{edge::body::discard, problem::Problem};

/// What all documents that arrive or are looked at may hold, KiB.
const ROOM_KIB: usize = 256 << 10;
static ROOM: Semaphore = Semaphore::const_new(ROOM_KIB);

/// How long all of a document may take to arrive.
const WHOLE: Duration = Duration::from_secs(120);
/// How long somebody waits for a turn.
const WAITS: Duration = Duration::from_secs(5);

/// The room that a document takes until this is dropped.
pub(super) struct Room(Vec<SemaphorePermit<'static>>);

/// Reads all of a body of at most `most` bytes; each piece has to come within `patience`.
pub(super) async fn document(mut body: Incoming, most: u64, patience: Duration) -> Result<(Vec<u8>, Room), Problem> {
    let too_large = || {
        let detail = format!("the document is larger than the {} MiB that are taken here", most >> 20);
        Problem::new(ErrorKind::TooLarge, "document-too-large", detail)
    };
    if body.size_hint().lower() > most {
        discard(body).await;
        return Err(too_large());
    }
    let until = Instant::now() + WHOLE;
    let (mut document, mut room) = (Vec::new(), Room(Vec::new()));
    loop {
        let next = timeout_at(until.min(Instant::now() + patience), body.frame()).await;
        let Ok(next) = next else { return Err(incomplete("the document did not arrive in time")) };
        let piece = match next {
            None => return Ok((document, room)),
            Some(Err(_)) => return Err(incomplete("the document ended before it was complete")),
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        if (document.len() + piece.len()) as u64 > most {
            discard(body).await;
            return Err(too_large());
        }
        let kib = u32::try_from(piece.len().div_ceil(1024)).unwrap_or(u32::MAX);
        room.0.push(ROOM.try_acquire_many(kib).map_err(|_| busy())?);
        document.extend_from_slice(&piece);
    }
}

/// A turn to be looked at.
pub(super) async fn turn(turns: &'static Semaphore) -> Result<SemaphorePermit<'static>, Problem> {
    match timeout(WAITS, turns.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(busy()),
    }
}

fn incomplete(detail: &str) -> Problem {
    Problem::new(ErrorKind::Invalid, "body-incomplete", detail)
}

fn busy() -> Problem {
    Problem::new(ErrorKind::Overloaded, "overloaded", "too many documents are being verified; try again later")
        .retry_after(5)
}
