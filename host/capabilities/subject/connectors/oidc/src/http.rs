//! The way to the provider: the host's own way out, with our bounds of time and size, and only to URLs that the
//! configuration or the provider's own discovery document names.

use std::{future::Future, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use zhongtai_outbound::{Origins, OriginsConfig, Outbound, OutboundError, Repeat, Request, Url};

use crate::{ConfigError, HttpFault};

/// From connecting to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer, KiB. Discovery documents and key sets have a few; userinfo may hold a picture's data.
const MAX_ANSWER_KIB: u32 = 256;

/// The HTTP client. The discovery document may name endpoints of several hosts: each has its own breaker.
#[derive(Debug)]
pub(crate) struct Http(Arc<Origins>);

// === impl Http ===

impl Http {
    /// The way out for the provider of that name.
    pub(crate) fn new(name: &str, ca_file: Option<PathBuf>, outbound: &Outbound) -> Result<Self, ConfigError> {
        Self::within(name, ca_file, outbound, TIMEOUT)
    }

    fn within(
        name: &str,
        ca_file: Option<PathBuf>,
        outbound: &Outbound,
        timeout: Duration,
    ) -> Result<Self, ConfigError> {
        let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let config = OriginsConfig {
            timeout_ms: millis,
            deadline_ms: millis,
            max_answer_kib: MAX_ANSWER_KIB,
            ca_file,
            ..OriginsConfig::default()
        };
        let origins = outbound.origins(&format!("sign_in.oidc.{name}"), &config)?;
        Ok(Self(Arc::new(origins)))
    }

    /// The way to `endpoints` and nowhere else.
    pub(crate) fn only_to(&self, endpoints: Arc<[Url]>) -> Only {
        Only { origins: self.0.clone(), endpoints }
    }
}

/// What openidconnect sends requests with.
pub(crate) struct Only {
    origins: Arc<Origins>,
    endpoints: Arc<[Url]>,
}

// === impl Only ===

impl Only {
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFault> {
        let (head, body) = request.into_parts();
        let url: Url = head.uri.to_string().parse().map_err(|_| HttpFault::NotAllowed)?;
        if !self.endpoints.contains(&url) {
            return Err(HttpFault::NotAllowed);
        }
        let mut request = Request::new(head.method, "");
        request.headers = head.headers;
        request.body = body.into();
        // Never again by itself: somebody waits at a browser, and the next try is a click away.
        let answer = self.origins.send(&url, request, Repeat::Never).await.map_err(|error| fault(&error))?;
        if answer.status.is_server_error() {
            return Err(HttpFault::Fault);
        }
        let mut response = HttpResponse::new(answer.body.to_vec());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Only {
    type Error = HttpFault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// The error's words name no URL: they tell the operator what the public is not told, such as a certificate that expired.
fn fault(error: &OutboundError) -> HttpFault {
    tracing::warn!(%error, "the sign-in service can't be asked");
    match error {
        OutboundError::TimedOut { .. } => HttpFault::TimedOut,
        OutboundError::Redirected { .. } => HttpFault::Redirected,
        OutboundError::TooLarge { .. } => HttpFault::TooLarge,
        OutboundError::NotAllowed { .. } | OutboundError::Config { .. } => HttpFault::NotAllowed,
        OutboundError::Unreachable { .. }
        | OutboundError::BrokenOff { .. }
        | OutboundError::Resting { .. }
        | OutboundError::Busy { .. } => HttpFault::Unreachable,
    }
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
    use zhongtai_kernel::SystemClock;
    use zhongtai_outbound::OutboundConfig;

    use super::*;

    fn outbound() -> Outbound {
        Outbound::new(&OutboundConfig::default(), Arc::new(SystemClock)).unwrap()
    }

    fn get(url: &str) -> HttpRequest {
        let mut request = HttpRequest::new(Vec::new());
        *request.uri_mut() = url.parse().unwrap();
        request
    }

    #[tokio::test]
    async fn a_url_that_nobody_named_is_not_asked() {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", socket.local_addr().unwrap());
        let endpoint: Url = format!("{origin}/token").parse().unwrap();
        let only = Http::new("province", None, &outbound()).unwrap().only_to([endpoint].into());
        for path in ["/", "/token/", "/token?x=1", "/other"] {
            let fault = only.send(get(&format!("{origin}{path}"))).await.unwrap_err();
            assert_eq!(fault, HttpFault::NotAllowed, "{path}");
        }
        let nobody_came = tokio::time::timeout(Duration::ZERO, socket.accept()).await;
        assert!(nobody_came.is_err());
    }

    #[tokio::test]
    async fn a_provider_that_says_nothing_is_not_waited_for() {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/token", socket.local_addr().unwrap());
        let http = Http::within("province", None, &outbound(), Duration::from_millis(100)).unwrap();
        let only = http.only_to([url.parse().unwrap()].into());
        let fault = tokio::time::timeout(Duration::from_secs(60), only.send(get(&url))).await.unwrap().unwrap_err();
        assert_eq!(fault, HttpFault::TimedOut);
    }

    #[test]
    fn an_authority_that_can_not_be_read_is_refused_by_name() {
        let error = Http::new("province", Some("/nowhere/ca.pem".into()), &outbound()).unwrap_err();
        let expected = "sign_in.oidc.province: ca_file: /nowhere/ca.pem: the file can't be read";
        assert_eq!(error.to_string(), expected);
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
