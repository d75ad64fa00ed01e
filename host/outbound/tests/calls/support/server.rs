use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

/// What the server does with a request.
#[derive(Debug, Clone)]
pub enum Act {
    /// An answer with extra header lines, each ended by `\r\n`.
    Answer(u16, &'static str, &'static str),
    /// Reads the request, and never answers.
    Silence,
    /// Reads the request, and closes the connection.
    HangUp,
    /// Promises more than it sends.
    HalfABody,
    /// Says how long it is, too long, and sends all the same.
    HugeAndSaysSo(usize),
    /// Chunks without an end.
    Endless,
    /// A byte now and then: never idle, never done.
    Drip,
    /// Waits until the gate is opened, then answers.
    Gate,
}

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A server of threads, as plain as can be: what it does is what is written here.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    acts: Mutex<VecDeque<Act>>,
    asked: Mutex<Vec<Asked>>,
    connections: Mutex<usize>,
    running: Mutex<Running>,
    changed: Condvar,
    open: Mutex<Vec<TcpStream>>,
}

#[derive(Default)]
struct Running {
    now: usize,
    most: usize,
    is_open: bool,
}

// === impl Server ===

impl Server {
    pub fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            acts: Mutex::new(acts.into_iter().collect()),
            asked: Mutex::default(),
            connections: Mutex::default(),
            running: Mutex::default(),
            changed: Condvar::new(),
            open: Mutex::default(),
        });
        let server = Self { address, shared: shared.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                *shared.connections.lock().unwrap() += 1;
                shared.open.lock().unwrap().push(stream.try_clone().unwrap());
                let shared = shared.clone();
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        server
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What arrived, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        *self.shared.connections.lock().unwrap()
    }

    /// The most requests that were at the gate at once.
    pub fn most_at_once(&self) -> usize {
        self.shared.running.lock().unwrap().most
    }

    /// Blocks until so many are at the gate.
    pub fn wait_for(&self, waiting: usize) {
        let running = self.shared.running.lock().unwrap();
        let (_running, late) =
            self.shared.changed.wait_timeout_while(running, super::PATIENCE, |running| running.now < waiting).unwrap();
        assert!(!late.timed_out(), "fewer than {waiting} requests came");
    }

    pub fn open_gate(&self) {
        self.shared.running.lock().unwrap().is_open = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.open_gate();
        for stream in self.shared.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

// === impl Shared ===

impl Shared {
    /// Requests of one connection, until it is closed.
    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some(asked) = read(&mut reader) {
            self.asked.lock().unwrap().push(asked);
            let act = self.acts.lock().unwrap().pop_front().unwrap_or(Act::Answer(200, "", "fine"));
            if self.act(&act, &stream).is_err() {
                return;
            }
        }
    }

    /// An error ends the connection.
    fn act(&self, act: &Act, mut stream: &TcpStream) -> std::io::Result<()> {
        let end = || Err(std::io::Error::other("closed"));
        match act {
            Act::Answer(status, headers, body) => answer(stream, *status, headers, body),
            Act::Silence => {
                let _ = stream.read(&mut [0]);
                end()
            }
            Act::HangUp => {
                stream.shutdown(Shutdown::Both)?;
                end()
            }
            Act::HalfABody => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")?;
                stream.shutdown(Shutdown::Both)?;
                end()
            }
            Act::HugeAndSaysSo(size) => {
                write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n")?;
                stream.write_all(&vec![b'x'; *size])
            }
            Act::Endless => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
                let chunk = [b"1000\r\n".as_slice(), &[b'x'; 0x1000], b"\r\n"].concat();
                loop {
                    stream.write_all(&chunk)?;
                }
            }
            Act::Drip => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")?;
                loop {
                    stream.write_all(b"x")?;
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
            Act::Gate => {
                self.wait_at_gate();
                answer(stream, 200, "", "fine")
            }
        }
    }

    fn wait_at_gate(&self) {
        let mut running = self.running.lock().unwrap();
        running.now += 1;
        running.most = running.most.max(running.now);
        self.changed.notify_all();
        let mut running = self.changed.wait_while(running, |running| !running.is_open).unwrap();
        running.now -= 1;
        self.changed.notify_all();
    }
}

fn answer(mut stream: &TcpStream, status: u16, headers: &str, body: &str) -> std::io::Result<()> {
    let length =
        if matches!(status, 204 | 304) { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    stream.write_all(format!("HTTP/1.1 {status} Said\r\n{headers}{length}\r\n{body}").as_bytes())
}

fn read(reader: &mut impl BufRead) -> Option<Asked> {
    let mut next = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        Some(line.trim_end().to_owned())
    };
    let line = next()?;
    let mut headers = Vec::new();
    loop {
        let header = next()?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { line, headers, body })
}
