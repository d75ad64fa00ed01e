//! Connections that stay open between two requests.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
};

use support::{Place, SOON};

/// A host that keeps an idle connection for a second only.
fn hasty() -> Place {
    Place::start_with(|setup, _| setup.idle_s = 1)
}

fn connect(place: &Place) -> TcpStream {
    let stream = TcpStream::connect(place.host.public.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

/// Asks on a connection that is kept; the status line.
fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 1_024];
    while !String::from_utf8_lossy(&answer).contains("\r\n\r\n") {
        let read = stream.read(&mut buffer).unwrap();
        assert_ne!(read, 0, "closed before it answered");
        answer.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8_lossy(&answer).lines().next().unwrap().to_owned()
}

/// Stands still until the host closes the connection.
fn wait_for_the_end(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("not closed within {SOON:?}: {error}"),
    }
}

#[test]
fn a_kept_connection_answers_again_and_is_closed_when_nobody_asks() {
    let place = hasty();
    let mut stream = connect(&place);
    assert_eq!(ask(&mut stream), "HTTP/1.1 200 OK");
    assert_eq!(ask(&mut stream), "HTTP/1.1 200 OK");
    wait_for_the_end(&mut stream);
}

#[test]
fn headers_that_never_end_do_not_keep_a_connection() {
    let place = hasty();
    let mut stream = connect(&place);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-more: ").unwrap();
    wait_for_the_end(&mut stream);
}

/// What tests do: one request, a command that takes longer than the host keeps the connection, another request.
#[tokio::test]
async fn a_client_that_stood_still_while_the_host_closed_its_connection_asks_again() {
    let place = hasty();
    assert_eq!(place.get("/healthz").await.status, 200);
    let mut later = connect(&place);
    ask(&mut later);
    wait_for_the_end(&mut later);
    assert_eq!(place.get("/healthz").await.status, 200);
}
