//! The guard before every request: where it goes is below the base URL, or it does not go.

use std::net::IpAddr;

use reqwest::Url;

use crate::{OutboundError, encode};

/// A system's base URL.
#[derive(Debug)]
pub(crate) struct Base(Url);

// === impl Base ===

impl Base {
    /// `https`, or `http` to this machine or where the configuration allows it; a host; no credentials, no query, no
    /// fragment.
    pub(crate) fn parse(system: &str, text: &str, allow_http: bool) -> Result<Self, OutboundError> {
        let wrong = |problem: &str| OutboundError::config(system, "base_url", problem);
        let url: Url = text.parse().map_err(|_| wrong("expected https://host[:port][/path]"))?;
        match url.scheme() {
            _ if !url.has_host() => return Err(wrong("expected https://host[:port][/path]")),
            "https" => {}
            "http" if allow_http || is_loopback(&url) => {}
            "http" => return Err(wrong("`http` goes to this machine only, unless `allow_http = true`")),
            _ => return Err(wrong("expected `https`")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("credentials don't belong into a URL"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("expected no query and no fragment"));
        }
        Ok(Self(url))
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The URL of `path` below the base. An empty path is the base itself.
    pub(crate) fn join(&self, path: &str, query: &[(String, String)]) -> Result<Url, &'static str> {
        let path = path.strip_prefix('/').unwrap_or(path);
        if let Some(problem) = problem(path) {
            return Err(problem);
        }
        let mut url = self.0.clone();
        if !path.is_empty() {
            let whole = format!("{}/{path}", self.0.path().trim_end_matches('/'));
            url.set_path(&whole);
            // The parser must have changed nothing: what was checked is what is sent.
            if url.path() != whole || url.origin() != self.0.origin() {
                return Err("the path is not in its plain form");
            }
        }
        url.set_query(encode::query(query).as_deref());
        Ok(url)
    }

    /// A whole URL that was configured elsewhere, if it has this base's scheme, host and port.
    pub(crate) fn exactly(&self, url: &Url) -> Result<Url, &'static str> {
        if url.origin() != self.0.origin() {
            return Err("another host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL has credentials");
        }
        let mut url = url.clone();
        url.set_fragment(None);
        Ok(url)
    }
}

/// What is wrong with a path below a base, without its leading `/`.
fn problem(path: &str) -> Option<&'static str> {
    if !path.bytes().all(is_path_byte) {
        return Some("the path has a character that must be encoded");
    }
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        let Some(decoded) = decode(segment) else { return Some("the path has a `%` without two hex digits") };
        if segment.is_empty() && !is_last {
            return Some("the path has an empty segment");
        }
        // Servers that know path parameters take `..;x` for `..`.
        let name = decoded.split(|byte| *byte == b';').next().unwrap_or_default();
        if matches!(name, b"." | b"..") {
            return Some("the path has a segment of dots");
        }
        if decoded.iter().any(|byte| matches!(byte, b'/' | b'\\') || byte.is_ascii_control()) {
            return Some("the path has an encoded slash or control character");
        }
    }
    None
}

/// RFC 3986, section 3.3: `pchar`, `/`, and `%` of an encoded character.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&byte)
}

fn decode(segment: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
        decoded.push(u8::try_from(high * 16 + low).ok()?);
    }
    Some(decoded)
}

/// True for a URL on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base(text: &str) -> Result<Base, String> {
        Base::parse("pay", text, false).map_err(|error| error.to_string())
    }

    fn join(path: &str) -> Result<String, &'static str> {
        base("https://api.example.cn/v1").unwrap().join(path, &[]).map(String::from)
    }

    #[test]
    fn a_base_is_https_or_this_machine() {
        for fine in
            ["https://api.example.cn", "https://api.example.cn:8443/v1/", "http://127.0.0.1:1", "http://[::1]:1"]
        {
            assert!(base(fine).is_ok(), "{fine}");
        }
        assert!(base("http://localhost:80/x").is_ok());
        assert!(Base::parse("pay", "http://api.example.cn", true).is_ok(), "an operator said so");
        for (wrong, problem) in [
            ("http://api.example.cn", "`http` goes to this machine only, unless `allow_http = true`"),
            ("http://localhost.example.cn", "`http` goes to this machine only, unless `allow_http = true`"),
            ("ftp://api.example.cn", "expected `https`"),
            ("api.example.cn", "expected https://host[:port][/path]"),
            ("https://", "expected https://host[:port][/path]"),
            ("https://user:hunter2@api.example.cn", "credentials don't belong into a URL"),
            ("https://api.example.cn?key=hunter2", "expected no query and no fragment"),
            ("https://api.example.cn#x", "expected no query and no fragment"),
        ] {
            assert_eq!(base(wrong).unwrap_err(), format!("pay: base_url: {problem}"));
        }
    }

    #[test]
    fn a_path_goes_below_the_base() {
        for (path, wanted) in [
            ("", "https://api.example.cn/v1"),
            ("/", "https://api.example.cn/v1"),
            ("records", "https://api.example.cn/v1/records"),
            ("/records/", "https://api.example.cn/v1/records/"),
            ("records/a%20b:close", "https://api.example.cn/v1/records/a%20b:close"),
            ("records/.../a..b", "https://api.example.cn/v1/records/.../a..b"),
            ("%E6%B8%85", "https://api.example.cn/v1/%E6%B8%85"),
        ] {
            assert_eq!(join(path).as_deref(), Ok(wanted), "{path}");
        }
        let gateway = base("https://api.example.cn/gateway.do").unwrap();
        let pairs = [("a b".to_owned(), "c&d".to_owned())];
        assert_eq!(gateway.join("", &pairs).unwrap().as_str(), "https://api.example.cn/gateway.do?a%20b=c%26d");
    }

    #[test]
    fn a_path_that_would_leave_the_base_is_refused() {
        for path in [
            "//evil.example",
            "///evil.example",
            "https://evil.example/",
            "a//b",
            "..",
            "../admin",
            "/../admin",
            "a/../../admin",
            "a/..",
            ".",
            "./a",
            "%2e%2e/admin",
            ".%2E/admin",
            "%2E/a",
            "..;/admin",
            "..%3Bx/admin",
            "..%2fadmin",
            "a%2Fb",
            "a%5cb",
            "a%00b",
            "a%0d%0aX-Evil: 1",
            "\\evil",
            "/\\evil.example",
            "a\\..\\b",
            "a?b",
            "a#b",
            "a b",
            "a\tb",
            "\n../a",
            "a\r\nHost: evil",
            "清城",
            "a%",
            "a%2",
            "a%zz",
            "a%+1",
            "a[b",
            "a\"b",
            "a<b",
        ] {
            assert!(join(path).is_err(), "{path:?} became {:?}", join(path));
        }
    }

    #[test]
    fn a_whole_url_is_of_the_same_host_or_refused() {
        let base = base("https://api.example.cn").unwrap();
        let exactly = |url: &str| base.exactly(&url.parse().unwrap()).map(String::from);
        assert_eq!(exactly("https://api.example.cn/h?x=1").as_deref(), Ok("https://api.example.cn/h?x=1"));
        assert_eq!(exactly("https://api.example.cn:443/h#f").as_deref(), Ok("https://api.example.cn/h"));
        for url in [
            "http://api.example.cn/h",
            "https://api.example.cn:8443/h",
            "https://evil.example/h",
            "https://api.example.cn.evil.example/h",
            "https://user@api.example.cn/h",
        ] {
            assert!(exactly(url).is_err(), "{url}");
        }
    }

    proptest! {
        /// Whatever a caller makes of its input, the request stays below the base, on the wire as it was checked.
        #[test]
        fn no_path_leaves_the_base(path in "(\\.|/|%2[eEfF]|%5c|;|\\\\|[a-z@:?#]|\\PC){0,12}", pair in "\\PC{0,8}") {
            let base = base("https://api.example.cn/v1").unwrap();
            if let Ok(url) = base.join(&path, &[(pair.clone(), pair.clone())]) {
                prop_assert_eq!(url.origin(), base.0.origin());
                prop_assert!(url.path() == "/v1" || url.path().starts_with("/v1/"), "{}", url);
                prop_assert_eq!(url.fragment(), None);
                // An independent reading: joining what a server would decode once more does not climb.
                let mut depth = 0;
                for segment in url.path().split('/').skip(2) {
                    let decoded = String::from_utf8_lossy(&decode(segment).unwrap()).into_owned();
                    depth += match decoded.as_str() { ".." => -1, "." | "" => 0, _ => 1 };
                    prop_assert!(depth >= 0, "{}", url);
                }
                let pairs: Vec<_> = url.query_pairs().collect();
                prop_assert_eq!(pairs, vec![(pair.clone().into(), pair.into())]);
            }
        }

        /// An encoded segment is one segment, and reads back as it was; or it is refused.
        #[test]
        fn a_segment_stays_one(text in "\\PC{1,12}|\\.{1,3}|[./\\\\%]{1,4}") {
            let request = crate::Request::get("records").segment(&text);
            if let Ok(url) = base("https://api.example.cn/v1").unwrap().join(&request.path, &[]) {
                let segments: Vec<_> = url.path().split('/').skip(1).collect();
                prop_assert_eq!(segments.len(), 3);
                prop_assert_eq!(decode(segments[2]).unwrap(), text.into_bytes());
            }
        }
    }
}
