//! A request for a guest, and a guest's answer after it was checked.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::{InvokeError, bindings::http as wit};

/// A buffered request, below the scenario's route.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path below the route, beginning with `/`, percent-encoded.
    pub path: String,
    /// The query without `?`.
    pub query: Option<String>,
    /// Credentials among them are not passed on.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// A buffered response that is safe to send.
#[derive(Debug, Clone)]
pub struct Response {
    /// 200 to 599.
    pub status: StatusCode,
    /// Without connection headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// What a guest never sees: credentials are the host's.
const WITHHELD: [HeaderName; 3] = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];

/// What a guest never sets: framing belongs to the edge, cookies and security headers to the platform.
const RESERVED: [HeaderName; 15] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::SET_COOKIE,
    header::PROXY_AUTHENTICATE,
    header::STRICT_TRANSPORT_SECURITY,
    header::SERVER,
    header::DATE,
    // Every scenario shares the portal's origin: one must not clear or take over what is the others'.
    HeaderName::from_static("clear-site-data"),
    HeaderName::from_static("service-worker-allowed"),
];

/// The most headers that a guest may answer with.
const MAX_HEADERS: usize = 64;

/// The most bytes of their names and values together: proxies and browsers refuse a response with more than this.
const MAX_HEADER_BYTES: usize = 16 << 10;

// === impl Request ===

impl Request {
    pub(crate) fn into_wit(self) -> wit::Request {
        let headers = self
            .headers
            .iter()
            .filter(|(name, _)| !WITHHELD.contains(name))
            // A header that is not UTF-8 can't be passed as a WIT string; nothing a scenario needs is.
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        wit::Request {
            method: self.method.as_str().to_owned(),
            path: self.path,
            query: self.query,
            headers,
            body: self.body.into(),
        }
    }
}

// === impl Response ===

impl Response {
    pub(crate) fn from_wit(response: wit::Response) -> Result<Self, InvokeError> {
        let status = StatusCode::from_u16(response.status)
            .ok()
            .filter(|status| (200..600).contains(&status.as_u16()))
            .ok_or_else(|| invalid(format!("status {} is not 200 to 599", response.status)))?;
        if response.headers.len() > MAX_HEADERS {
            return Err(invalid(format!("{} headers, at most {MAX_HEADERS} are allowed", response.headers.len())));
        }
        let bytes: usize = response.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MAX_HEADER_BYTES {
            return Err(invalid(format!("{bytes} bytes of headers, at most {MAX_HEADER_BYTES} are allowed")));
        }
        let mut headers = HeaderMap::with_capacity(response.headers.len());
        for (index, (name, value)) in response.headers.into_iter().enumerate() {
            let (name, value) = header_of(index, &name, value)?;
            headers.append(name, value);
        }
        Ok(Self { status, headers, body: response.body.into() })
    }
}

/// Parses one header. The error shows its place, not its value, which may be personal.
fn header_of(index: usize, name: &str, value: String) -> Result<(HeaderName, HeaderValue), InvokeError> {
    let parsed =
        HeaderName::try_from(name).map_err(|_| invalid(format!("header {} has an invalid name", index + 1)))?;
    if RESERVED.contains(&parsed) {
        return Err(invalid(format!("header `{parsed}` is the host's to set")));
    }
    let value = HeaderValue::try_from(value).map_err(|_| invalid(format!("header `{parsed}` has an invalid value")))?;
    Ok((parsed, value))
}

fn invalid(problem: String) -> InvokeError {
    InvokeError::Response(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Result<Response, String> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let response = wit::Response { status, headers, body: Vec::new() };
        Response::from_wit(response).map_err(|error| error.to_string())
    }

    #[test]
    fn statuses_and_headers_are_checked() {
        assert!(answer(204, &[("x-a", "1"), ("x-a", "2")]).is_ok());
        for status in [0, 101, 199, 600, 1000] {
            assert!(answer(status, &[]).is_err(), "{status}");
        }
        for header in [
            ("bad name", ""),
            ("x", "a\r\nset-cookie: b"),
            ("Content-Length", "1"),
            ("set-cookie", "a=b"),
            ("clear-site-data", "*"),
            ("", ""),
        ] {
            assert!(answer(200, &[header]).is_err(), "{header:?}");
        }
    }

    #[test]
    fn credentials_do_not_reach_the_guest() {
        let headers = HeaderMap::from_iter([
            (header::AUTHORIZATION, HeaderValue::from_static("Bearer secret")),
            (header::COOKIE, HeaderValue::from_static("secret")),
            (header::ACCEPT, HeaderValue::from_static("*/*")),
        ]);
        let request = Request { method: Method::GET, path: "/".into(), query: None, headers, body: Bytes::new() };
        assert_eq!(request.into_wit().headers, [("accept".to_owned(), "*/*".to_owned())]);
    }
}
