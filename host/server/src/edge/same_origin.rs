//! Who may change something as somebody who is signed in by a cookie: pages of this host only. A browser sends cookies
//! along with what another site made it send (CSRF); it also says where that came from, in `Origin` and
//! `Sec-Fetch-Site`, which no page can forge.

use http::{HeaderMap, HeaderName, Method, header};
use zhongtai_cap_subject::Listener;
use zhongtai_kernel::ErrorKind;

use super::cookies::Cookie;
use crate::{app::App, problem::Problem};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses what changes something, comes with a session's cookie, and does not come from a page of this host.
pub(crate) fn check(app: &App, listener: Listener, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let names = app.cookie_names(listener);
    if method.is_safe() || names.secret(headers, Cookie::Session).is_none() {
        return Ok(());
    }
    required(app, listener, headers)
}

/// The same whatever it comes with: for forms of somebody who is not signed in yet.
pub(crate) fn required(app: &App, listener: Listener, headers: &HeaderMap) -> Result<(), Problem> {
    if is_same(headers, app.identity.section.origin(listener)) {
        return Ok(());
    }
    let detail = "what changes something as somebody signed in by a cookie must come from a page of this host; \
                  programs use a bearer token";
    Err(Problem::new(ErrorKind::Denied, "another-origin", detail))
}

/// Every header that there is has to agree, and there must be one.
fn is_same(headers: &HeaderMap, configured: Option<&str>) -> bool {
    let mut told = false;
    for site in headers.get_all(SEC_FETCH_SITE) {
        told = true;
        if site != "same-origin" {
            return false;
        }
    }
    for origin in headers.get_all(header::ORIGIN) {
        told = true;
        if !origin.to_str().is_ok_and(|origin| is_ours(origin, headers, configured)) {
            return false;
        }
    }
    told
}

/// The configured origin, or any scheme at the authority that the request was sent to: a proxy that ends TLS passes
/// `Host` on, and not the scheme.
fn is_ours(origin: &str, headers: &HeaderMap, configured: Option<&str>) -> bool {
    if let Some(configured) = configured {
        return origin.eq_ignore_ascii_case(configured);
    }
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    matches!((authority, host), (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn sent(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn what_comes_from_elsewhere_or_does_not_say_from_where_is_not_ours() {
        let host = ("host", "zt.example.cn");
        for pairs in [
            &[host, ("origin", "https://zt.example.cn")][..],
            &[host, ("origin", "http://ZT.example.cn"), ("sec-fetch-site", "same-origin")],
            &[host, ("sec-fetch-site", "same-origin")],
        ] {
            assert!(is_same(&sent(pairs), None), "{pairs:?}");
        }
        for pairs in [
            &[host][..],
            &[host, ("origin", "null")],
            &[host, ("origin", "https://evil.example")],
            &[host, ("origin", "https://zt.example.cn.evil.example")],
            &[host, ("origin", "https://zt.example.cn:8443")],
            &[host, ("origin", "https://zt.example.cn"), ("origin", "https://evil.example")],
            &[host, ("origin", "https://zt.example.cn"), ("sec-fetch-site", "cross-site")],
            &[host, ("sec-fetch-site", "same-site")],
            &[host, ("sec-fetch-site", "none")],
            &[("origin", "https://zt.example.cn")],
        ] {
            assert!(!is_same(&sent(pairs), None), "{pairs:?}");
        }
    }

    #[test]
    fn a_configured_origin_counts_whatever_the_proxy_made_of_host() {
        let headers = sent(&[("host", "10.0.0.7:8080"), ("origin", "https://zt.example.cn")]);
        assert!(is_same(&headers, Some("https://zt.example.cn")));
        assert!(!is_same(&sent(&[("host", "a"), ("origin", "https://a")]), Some("https://zt.example.cn")));
        assert!(!is_same(&sent(&[("host", "a"), ("origin", "http://zt.example.cn")]), Some("https://zt.example.cn")));
    }
}
