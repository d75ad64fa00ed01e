//! Answers that are none.
use zhongtai::{Response, prelude::*};

#[derive(Deserialize)]
pub struct Status {
    status: u16,
}

/// Any status: `?status=99`, `?status=1000`.
#[get("/bad-status")]
pub fn bad_status(Query(Status { status }): Query<Status>) -> Response {
    Response::new(status)
}

#[derive(Deserialize)]
pub struct Which {
    which: String,
}

/// `?which=space|crlf|empty` is no header; any other is one of that name.
#[get("/bad-header")]
pub fn bad_header(Query(Which { which }): Query<Which>) -> Response {
    let response = Response::new(200);
    match which.as_str() {
        "space" => response.with_header("bad name", "a"),
        "crlf" => response.with_header("x-a", "a\r\nset-cookie: b=c"),
        "empty" => response.with_header("", ""),
        name => response.with_header(name, "1"),
    }
}

#[get("/many-headers")]
pub fn many_headers() -> Response {
    (0..10_000).fold(Response::new(200), |response, n| response.with_header("x-a", n.to_string()))
}

/// One header of 1 MiB.
#[get("/big-header")]
pub fn big_header() -> Response {
    Response::new(200).with_header("x-a", "a".repeat(1 << 20))
}

/// 64 MiB.
#[get("/huge-response")]
pub fn huge_response() -> Response {
    Response::new(200).with_body(vec![b'a'; 64 << 20])
}
