//! The platform's door for callbacks, over a socket: as little HTTP as it takes. The real one is the server's.

use std::{net::SocketAddr, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use zhongtai_cap_logistics::{Carrier, Carriers, Recipients, Shipments};
use zhongtai_kernel::{AccountId, DepartmentId};

use super::Platform;

/// Hands what comes to [`Shipments::callback`].
pub struct Door {
    address: SocketAddr,
    task: JoinHandle<()>,
}

struct Nobody;

impl Recipients for Nobody {
    fn open(&self, _: &DepartmentId, _: &str) -> Option<AccountId> {
        None
    }
}

impl Door {
    pub async fn open(platform: &Platform) -> Self {
        let all = [("sf".to_owned(), platform.carrier.clone() as Arc<dyn Carrier>)].into();
        let carriers = Carriers::new("sf".to_owned(), all).unwrap();
        let shipments = Arc::new(Shipments::new(platform.book.clone(), carriers, [].into(), Arc::new(Nobody)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, shipments.clone()));
            }
        });
        Self { address, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}/api/v1/shipments/callbacks/sf", self.address)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, shipments: Arc<Shipments>) {
    let (headers, body) = read(&mut stream).await;
    let answer = shipments.callback("sf", &headers, &body).await.unwrap();
    let head = format!(
        "HTTP/1.1 {} X\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.status,
        answer.content_type,
        answer.body.len()
    );
    stream.write_all(format!("{head}{}", answer.body).as_bytes()).await.unwrap();
}

/// Reads one message: its headers, and its body.
async fn read(stream: &mut TcpStream) -> (HeaderMap, Vec<u8>) {
    let mut bytes = Vec::new();
    let end = loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.unwrap();
        assert!(length > 0, "a whole message");
        bytes.extend_from_slice(&part[..length]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap())
    };
    let headers: HeaderMap = head.trim_end().lines().skip(1).map(header).collect();
    let length = headers.get("content-length").map_or(0, |value| value.to_str().unwrap().parse().unwrap());
    let mut body = bytes[end..].to_vec();
    while body.len() < length {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "a whole body");
        body.extend_from_slice(&part[..read]);
    }
    (headers, body)
}

/// Posts JSON, and returns the status and the body.
pub async fn post(to: SocketAddr, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let length = body.len();
    let text =
        format!("POST {path} HTTP/1.1\r\nhost: {to}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {path}: {answer}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
