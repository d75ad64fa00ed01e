//! A webhook receiver for the demo: takes messages on a free loopback port and shows that they came.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use serde_json::Value;

/// Messages that came, the oldest first: title and body.
#[derive(Clone)]
pub(crate) struct Inbox {
    pub(crate) url: String,
    messages: Arc<Mutex<Vec<String>>>,
}

// === impl Inbox ===

impl Inbox {
    /// Listens until the process ends.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/inbox", listener.local_addr()?);
        let inbox = Self { url, messages: Arc::default() };
        let for_thread = inbox.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Ok(Some(message)) = receive(stream) {
                    for_thread.keep(message);
                }
            }
        });
        Ok(inbox)
    }

    /// What came since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        self.messages.lock().map(|mut messages| std::mem::take(&mut *messages)).unwrap_or_default()
    }

    fn keep(&self, message: String) {
        if let Ok(mut messages) = self.messages.lock() {
            messages.push(message);
        }
    }
}

fn receive(stream: TcpStream) -> anyhow::Result<Option<String>> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<u64>()?.min(1 << 20);
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    let mut stream = stream;
    stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")?;
    let message: Value = serde_json::from_slice(&body)?;
    let text = |key: &str| message.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Some(format!("{}: {}", text("title"), text("body"))))
}
