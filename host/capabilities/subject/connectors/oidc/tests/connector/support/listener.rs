use std::{collections::HashMap, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A request, as far as tests look at it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

/// A tiny HTTP server on a free port of this machine: one request for each connection.
pub(crate) struct Listener {
    pub(crate) origin: String,
    task: tokio::task::JoinHandle<()>,
}

// === impl Listener ===

impl Listener {
    /// Answers with what `answer` writes: status line, headers, blank line, body.
    pub(crate) async fn start(answer: impl Fn(Request) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", socket.local_addr().unwrap());
        let answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let answer = answer.clone();
                tokio::spawn(async move { serve(stream, answer.as_ref()).await });
            }
        });
        Self { origin, task }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// `None` when the peer goes away.
async fn serve(mut stream: TcpStream, answer: &(impl Fn(Request) -> Vec<u8> + Sync)) -> Option<()> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        stream.read_buf(&mut read).await.ok().filter(|count| *count > 0)?;
    };
    let mut request = parse(std::str::from_utf8(read.get(..head)?).ok()?)?;
    let length: usize = request.headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while read.len() < head + 4 + length {
        stream.read_buf(&mut read).await.ok().filter(|count| *count > 0)?;
    }
    request.body = String::from_utf8(read.split_off(head + 4)).ok()?;
    stream.write_all(&answer(request)).await.ok()?;
    stream.shutdown().await.ok()
}

fn parse(head: &str) -> Option<Request> {
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Some(Request { method, path, headers, body: String::new() })
}
