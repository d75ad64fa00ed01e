//! The way to the provider: our HTTP client and TLS, no redirects, an upper bound on time and size, and only to URLs
//! that the configuration or the provider's own discovery document names.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Client, Request, Response, Url, redirect::Policy};

use crate::{ConfigError, HttpFault};

/// From connecting to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A provider that can't be reached should not use the whole time up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest answer. Discovery documents and key sets have a few KiB; userinfo may hold a picture's data.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// The HTTP client.
#[derive(Debug)]
pub(crate) struct Http(Client);

// === impl Http ===

impl Http {
    /// A process-wide rustls provider must be installed before.
    pub(crate) fn new() -> Result<Self, ConfigError> {
        Self::within(TIMEOUT)
    }

    fn within(timeout: Duration) -> Result<Self, ConfigError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(ConfigError::NoCrypto);
        }
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(timeout)
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|_| ConfigError::NoClient)?;
        Ok(Self(client))
    }

    /// The way to `endpoints` and nowhere else.
    pub(crate) fn only_to(&self, endpoints: Arc<[Url]>) -> Only {
        Only { client: self.0.clone(), endpoints }
    }
}

/// What openidconnect sends requests with.
pub(crate) struct Only {
    client: Client,
    endpoints: Arc<[Url]>,
}

// === impl Only ===

impl Only {
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFault> {
        let request = Request::try_from(request).map_err(|_| HttpFault::NotAllowed)?;
        if !self.endpoints.contains(request.url()) {
            return Err(HttpFault::NotAllowed);
        }
        let response = self.client.execute(request).await.map_err(|error| fault(&error))?;
        if response.status().is_redirection() {
            return Err(HttpFault::Redirected);
        }
        if response.status().is_server_error() {
            return Err(HttpFault::Fault);
        }
        read(response).await
    }
}

impl<'c> AsyncHttpClient<'c> for Only {
    type Error = HttpFault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

async fn read(mut response: Response) -> Result<HttpResponse, HttpFault> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(HttpFault::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let mut answer = HttpResponse::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

/// Our own words: the error's would quote the URL.
fn fault(error: &reqwest::Error) -> HttpFault {
    if error.is_timeout() { HttpFault::TimedOut } else { HttpFault::Unreachable }
}

/// A URL that secrets and browsers may be sent to: `https`, or `http` on this machine where `loopback` allows it;
/// without credentials and without a fragment.
pub(crate) fn is_usable(url: &Url, loopback: bool) -> bool {
    let scheme = match url.scheme() {
        "https" => url.has_host(),
        "http" => loopback && is_loopback(url),
        _ => false,
    };
    scheme && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

/// True for a URL on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    use openidconnect::url::Host;
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn get(url: &str) -> HttpRequest {
        let mut request = HttpRequest::new(Vec::new());
        *request.uri_mut() = url.parse().unwrap();
        request
    }

    #[tokio::test]
    async fn a_url_that_nobody_named_is_not_asked() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", socket.local_addr().unwrap());
        let endpoint: Url = format!("{origin}/token").parse().unwrap();
        let only = Http::new().unwrap().only_to([endpoint].into());
        for path in ["/", "/token/", "/token?x=1", "/other"] {
            let fault = only.send(get(&format!("{origin}{path}"))).await.unwrap_err();
            assert_eq!(fault, HttpFault::NotAllowed, "{path}");
        }
        let nobody_came = tokio::time::timeout(Duration::ZERO, socket.accept()).await;
        assert!(nobody_came.is_err());
    }

    #[tokio::test]
    async fn a_provider_that_says_nothing_is_not_waited_for() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/token", socket.local_addr().unwrap());
        let http = Http::within(Duration::from_millis(100)).unwrap();
        let only = http.only_to([url.parse().unwrap()].into());
        let fault = tokio::time::timeout(Duration::from_secs(60), only.send(get(&url))).await.unwrap().unwrap_err();
        assert_eq!(fault, HttpFault::TimedOut);
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        let usable = |url: &str, loopback| is_usable(&url.parse().unwrap(), loopback);
        assert!(usable("https://id.example.gov.cn/token", false));
        assert!(usable("http://127.0.0.1:3000/token", true));
        assert!(usable("http://[::1]:3000/token", true));
        assert!(usable("http://localhost/token", true));
        for url in ["http://127.0.0.1/token", "http://localhost/token"] {
            assert!(!usable(url, false), "a remote issuer must not send us to this machine: {url}");
        }
        for url in [
            "http://id.example.gov.cn/token",
            "http://localhost.example.cn/token",
            "ftp://127.0.0.1/token",
            "javascript:alert(1)",
            "https://user@id.example.gov.cn/token",
            "https://:secret@id.example.gov.cn/token",
            "https://id.example.gov.cn/token#top",
        ] {
            assert!(!usable(url, true), "{url}");
        }
    }
}
