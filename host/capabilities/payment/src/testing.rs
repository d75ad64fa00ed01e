//! What tests of channels share: a gateway's process that can be killed, and a place that callbacks come to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "for tests: what does not hold must stop the test"
)]

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::{CallbackAnswer, Headers};

/// How long a test waits for another process. Machines are slow, and nothing is proved by haste.
pub const PATIENCE: Duration = Duration::from_secs(60);

type Start = Box<dyn Fn(u16) -> Command + Send + Sync>;

/// A process that prints `http://<address>` as its first line. It ends with this value.
pub struct Process {
    start: Start,
    running: Mutex<Option<Child>>,
    /// Where it listens; the same after a restart.
    pub url: String,
}

// === impl Process ===

impl Process {
    /// Starts what `start` makes of a port; 0 is a free one.
    pub fn start(start: impl Fn(u16) -> Command + Send + Sync + 'static) -> Self {
        let (child, url) = spawn(start(0)).expect("the process listens");
        Self { start: Box::new(start), running: Mutex::new(Some(child)), url }
    }

    /// SIGKILL: it does nothing more.
    pub fn kill(&self) {
        if let Some(mut child) = self.running.lock().take() {
            child.kill().expect("a process of ours");
            child.wait().expect("its end");
        }
    }

    /// Starts it again, at the same address. Somebody's connection may have taken the port for a moment: then it is tried
    /// until it is free.
    pub fn start_again(&self) {
        let port = self.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let begun = Instant::now();
        let (child, url) = loop {
            match spawn((self.start)(port)) {
                Some(running) => break running,
                None => assert!(begun.elapsed() < PATIENCE, "the process does not listen at {}", self.url),
            }
        };
        assert_eq!(url, self.url, "the same address");
        *self.running.lock() = Some(child);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// `None` when it ended before it listened.
fn spawn(mut command: Command) -> Option<(Child, String)> {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the process starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let url = lines.find_map(|line| line.ok().filter(|line| line.starts_with("http://")));
    let Some(url) = url else {
        let _ = child.kill();
        let _ = child.wait();
        return None;
    };
    // It may print more, and must not stop because nobody reads.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    Some((child, url))
}

/// A place on this machine that a gateway sends its callbacks to. It answers each as it was told to.
pub struct Receiver {
    /// Where it is.
    pub url: String,
    came: tokio::sync::Mutex<mpsc::UnboundedReceiver<(Headers, Vec<u8>)>>,
    answer: Arc<Mutex<CallbackAnswer>>,
}

// === impl Receiver ===

impl Receiver {
    /// Listens, and answers 200 with `success`, which every gateway takes for yes.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/api/v1/payments/callbacks/test", listener.local_addr().expect("an address"));
        let (sender, came) = mpsc::unbounded_channel();
        let yes = CallbackAnswer { status: 200, content_type: "text/plain", body: b"success".to_vec() };
        let answer = Arc::new(Mutex::new(yes));
        let answers = answer.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, sender.clone(), answers.clone()));
            }
        });
        Self { url, came: came.into(), answer }
    }

    /// The next callback.
    pub async fn next(&self) -> (Headers, Vec<u8>) {
        let next = async { self.came.lock().await.recv().await };
        tokio::time::timeout(PATIENCE, next).await.expect("a callback within a minute").expect("a receiver")
    }

    /// Whether one came that nobody took yet.
    pub async fn is_empty(&self) -> bool {
        self.came.lock().await.is_empty()
    }

    /// What is answered from now on.
    pub fn answer(&self, answer: CallbackAnswer) {
        *self.answer.lock() = answer;
    }
}

/// One request of one connection, HTTP/1.1.
async fn take(
    mut stream: TcpStream,
    sender: mpsc::UnboundedSender<(Headers, Vec<u8>)>,
    answer: Arc<Mutex<CallbackAnswer>>,
) -> Option<()> {
    let mut bytes = Vec::new();
    let head = loop {
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
        if let Some(end) = end {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let pairs = text.lines().skip(1).filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim()));
    let headers = Headers::new(pairs);
    let length: usize = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    let CallbackAnswer { status, content_type, body: said } = answer.lock().clone();
    sender.send((headers, body)).ok()?;
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        said.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(&said).await.ok()?;
    stream.shutdown().await.ok()
}
