//! What a guest sees and keeps, and how long it may take.
use std::sync::atomic::{AtomicU32, Ordering};

use zhongtai::{clock, prelude::*};

#[get("/")]
pub fn good() -> &'static str {
    "still here"
}

/// All that a guest sees of a request.
#[derive(Serialize)]
pub struct Seen {
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
    body: usize,
}

#[get("/echo")]
pub fn echo(request: Request) -> Json<Seen> {
    see(request)
}

#[post("/echo")]
pub fn echo_post(request: Request) -> Json<Seen> {
    see(request)
}

fn see(Request { method, path, query, headers, body }: Request) -> Json<Seen> {
    Json(Seen { method, path, query, headers, body: body.len() })
}

/// What was left from an earlier request: nothing, ever.
#[derive(Serialize)]
pub struct Found {
    counter: u32,
    note: String,
}

static COUNTER: AtomicU32 = AtomicU32::new(0);
static mut NOTE: [u8; 8] = *b"nothing.";

#[get("/remember")]
pub fn remember() -> Json<Found> {
    let counter = COUNTER.fetch_add(1, Ordering::Relaxed);
    let note = &raw mut NOTE;
    // SAFETY: a component has one thread, and nobody else holds a reference.
    let found = unsafe { note.replace(*b"a secret") };
    Json(Found { counter, note: String::from_utf8_lossy(&found).into_owned() })
}

#[derive(Deserialize)]
pub struct Slow {
    ms: u64,
}

/// Works for so long, without a pause.
#[get("/slow")]
pub fn slow(Query(Slow { ms }): Query<Slow>) -> &'static str {
    let from = clock::monotonic();
    while clock::monotonic() - from < std::time::Duration::from_millis(ms) {}
    "done"
}
