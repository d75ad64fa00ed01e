//! The admin API, as the command line uses it.

use std::{
    path::Path,
    pin::Pin,
    task::{Context, Poll, ready},
};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use hyper::body::Frame;
use reqwest::{Method, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::io::{AsyncRead as _, ReadBuf};
use zhongtai_cap_certificate::FieldProblem;
use zhongtai_kernel::Lang;

use super::HostArgs;

/// A host to speak to.
pub(crate) struct Client {
    http: reqwest::Client,
    host: HostArgs,
}

// === impl Client ===

impl Client {
    pub(super) fn new(host: HostArgs) -> anyhow::Result<Self> {
        // No proxy: an admin listener is on this machine or behind a tunnel.
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { http, host })
    }

    pub(super) fn json(&self) -> bool {
        self.host.json
    }

    /// The language of what is for people.
    pub(super) fn lang(&self) -> Lang {
        self.host.lang.or_else(terminal).unwrap_or(Lang::En)
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(super) fn public(&self) -> &str {
        self.host.public.trim_end_matches('/')
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        Ok(self.send(self.request(Method::GET, path)?).await?.json().await?)
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        Ok(self.send(self.request(Method::POST, path)?.json(body)).await?.json().await?)
    }

    pub(super) async fn put(&self, path: &str, body: &impl Serialize) -> anyhow::Result<()> {
        self.send(self.request(Method::PUT, path)?.json(body)).await.map(drop)
    }

    /// Asks the public listener, as whoever the token is of.
    pub(super) async fn ask_public<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<T> {
        let url = format!("{}/api/v1/{path}", self.public());
        let request = self.http.request(method, url).bearer_auth(self.token()?);
        let request = body.into_iter().fold(request, RequestBuilder::json);
        Ok(self.send(request).await?.json().await?)
    }

    /// The same of the public listener.
    pub(super) async fn download_public(&self, path: &str) -> anyhow::Result<Response> {
        let url = format!("{}/api/v1/{path}", self.public());
        self.send(self.http.get(url).bearer_auth(self.token()?)).await
    }

    /// Posts JSON and takes bytes.
    pub(super) async fn fetch(&self, path: &str, body: &impl Serialize) -> anyhow::Result<Vec<u8>> {
        Ok(self.send(self.request(Method::POST, path)?.json(body)).await?.bytes().await?.into())
    }

    /// A body that comes in parts.
    pub(super) async fn download(&self, path: &str) -> anyhow::Result<Response> {
        self.send(self.request(Method::GET, path)?).await
    }

    /// Posts a body and wants no answer but that it is done.
    pub(super) async fn tell(&self, path: &str, body: &impl Serialize) -> anyhow::Result<()> {
        self.send(self.request(Method::POST, path)?.json(body)).await.map(drop)
    }

    pub(super) async fn act(&self, method: Method, path: &str) -> anyhow::Result<()> {
        self.send(self.request(method, path)?).await.map(drop)
    }

    pub(super) async fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> anyhow::Result<T> {
        let request = self.request(Method::POST, path)?.header("content-type", content_type).body(body);
        Ok(self.send(request).await?.json().await?)
    }

    /// Posts a file as it lies on disk: it may be larger than memory.
    pub(super) async fn upload_file<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        file: tokio::fs::File,
    ) -> anyhow::Result<T> {
        let request = self.request(Method::POST, path)?.header("content-type", content_type);
        let request = request.body(reqwest::Body::wrap(FileBody(file)));
        Ok(self.send(request).await?.json().await?)
    }

    /// Posts a file to the admin listener; the answer is another one.
    pub(super) async fn exchange(&self, path: &str, file: Vec<u8>) -> anyhow::Result<Response> {
        self.send(self.request(Method::POST, path)?.body(file)).await
    }

    /// Brings a file to the public listener, as nobody.
    pub(super) async fn bring<T: DeserializeOwned>(&self, path: &str, file: Vec<u8>) -> anyhow::Result<T> {
        let url = format!("{}/api/v1/{path}", self.public());
        Ok(self.send(self.http.post(url).body(file)).await?.json().await?)
    }

    /// What the public listener gives to everybody.
    pub(super) async fn fetch_public(&self, path: &str) -> anyhow::Result<Response> {
        self.send(self.http.get(format!("{}/api/v1/{path}", self.public()))).await
    }

    /// The only request without a token: it is how one is had.
    pub(super) async fn sign_in<T: DeserializeOwned>(&self, body: &impl Serialize) -> anyhow::Result<T> {
        Ok(self.send(self.http.post(self.url("sign-in")).json(body)).await?.json().await?)
    }

    pub(super) fn token_file(&self) -> &Path {
        &self.host.token_file
    }

    fn url(&self, path: &str) -> String {
        format!("{}/admin/v1/{path}", self.host.admin.trim_end_matches('/'))
    }

    fn request(&self, method: Method, path: &str) -> anyhow::Result<RequestBuilder> {
        Ok(self.http.request(method, self.url(path)).bearer_auth(self.token()?))
    }

    fn token(&self) -> anyhow::Result<String> {
        if let Ok(token) = std::env::var("ZT_TOKEN") {
            return Ok(token);
        }
        let file = &self.host.token_file;
        let token = std::fs::read_to_string(file).with_context(|| {
            format!(
                "no operator's token: set ZT_TOKEN, or --token-file to the one that `zt serve` made ({} can't be read)",
                file.display()
            )
        })?;
        Ok(token.trim().to_owned())
    }

    /// Sends a request; what is not a success becomes the problem's detail.
    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.send().await.with_context(|| {
            format!("no host answers at {}: start one with `zt serve`, or set ZT_ADMIN", self.host.admin)
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let problem: Value = response.json().await.unwrap_or_default();
        let fields = problem.get("fields").cloned().and_then(|fields| serde_json::from_value(fields).ok());
        match (fields, problem.get("detail").and_then(Value::as_str)) {
            (Some(fields), _) => bail!("{}", misfits(fields, self.lang())),
            (None, Some(detail)) => {
                let code = problem.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
                Err(Refused { code, detail: detail.to_owned() }.into())
            }
            (None, None) => bail!("the host answered {status}"),
        }
    }
}

/// A file, read as it is sent.
struct FileBody(tokio::fs::File);

/// Bytes of a file that are sent at once.
const PART: usize = 64 << 10;

impl hyper::body::Body for FileBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let mut part = vec![0; PART];
        let mut buffer = ReadBuf::new(&mut part);
        ready!(Pin::new(&mut self.0).poll_read(context, &mut buffer))?;
        let read = Bytes::copy_from_slice(buffer.filled());
        Poll::Ready((!read.is_empty()).then(|| Ok(Frame::data(read))))
    }
}

/// What the host did not do, by the problem's code.
#[derive(Debug, thiserror::Error)]
#[error("refused: {detail}")]
pub(super) struct Refused {
    pub(super) code: String,
    detail: String,
}

/// Each field that does not fit, a line each, for whoever fills it in.
fn misfits(fields: Vec<FieldProblem>, lang: Lang) -> String {
    let line = |FieldProblem { field, title, problem }: FieldProblem| {
        let name = if title.is_empty() { format!("`{field}`") } else { format!("{title} (`{field}`)") };
        format!("\n  {name}: {}", problem.get(lang))
    };
    let head = lang.pick("未办理：有字段不符合要求", "refused: fields do not fit the type");
    fields.into_iter().map(line).fold(head.to_owned(), |text, line| text + &line)
}

/// The language of `LC_ALL`, `LC_MESSAGES` or `LANG`.
fn terminal() -> Option<Lang> {
    ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok()?.parse().ok())
}
