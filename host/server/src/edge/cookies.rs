//! The cookies of the two listeners. Ports do not keep cookies apart, so the listeners' names differ.
//!
//! `__Host-` makes a browser take the cookie only with `Secure`, for `/` and this host alone: no subdomain and no page
//! over plain HTTP can set another. Browsers count `http://127.0.0.1` and `http://localhost` as secure, so a host on
//! one's own machine works as it is; what keeps no secure cookies there needs `[sign_in] cookie_secure = false`.

use http::{HeaderMap, HeaderValue, header};
use zhongtai_cap_subject::{CookieSecret, Listener};

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Who is signed in.
    Session,
    /// A sign-in that has begun: the browser's own form token, and what it waits for.
    SignIn,
}

/// The language that pages are shown in.
pub(crate) const LANGUAGE: &str = "zt-lang";

/// How the cookies of a listener are called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    pub(crate) listener: Listener,
    pub(crate) secure: bool,
}

// === impl Names ===

impl Names {
    pub(crate) fn name(self, cookie: Cookie) -> &'static str {
        match (self.secure, self.listener, cookie) {
            (true, Listener::Public, Cookie::Session) => "__Host-zt-session",
            (true, Listener::Public, Cookie::SignIn) => "__Host-zt-sign-in",
            (true, Listener::Admin, Cookie::Session) => "__Host-zt-admin-session",
            (true, Listener::Admin, Cookie::SignIn) => "__Host-zt-admin-sign-in",
            (false, Listener::Public, Cookie::Session) => "zt-session",
            (false, Listener::Public, Cookie::SignIn) => "zt-sign-in",
            (false, Listener::Admin, Cookie::Session) => "zt-admin-session",
            (false, Listener::Admin, Cookie::SignIn) => "zt-admin-sign-in",
        }
    }

    /// The secret of a cookie, when the browser sent just one of that name.
    pub(crate) fn secret(self, headers: &HeaderMap, cookie: Cookie) -> Option<CookieSecret> {
        CookieSecret::parse(value(headers, self.name(cookie))?)
    }

    /// `Set-Cookie`, until the browser is closed: how long the session lasts is the host's to say.
    pub(crate) fn set(self, cookie: Cookie, secret: &CookieSecret) -> HeaderValue {
        self.header(cookie, secret.expose(), "")
    }

    /// `Set-Cookie` that takes it away.
    pub(crate) fn clear(self, cookie: Cookie) -> HeaderValue {
        self.header(cookie, "", "; Max-Age=0")
    }

    /// `Lax`: a link from elsewhere opens a page as who is signed in; a form from elsewhere does not act as them.
    fn header(self, cookie: Cookie, value: &str, age: &str) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", self.name(cookie));
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// A cookie's value; none when there are several of that name, of which nobody knows which is ours.
pub(crate) fn value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(own, _)| *own == name).map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|text| (header::COOKIE, HeaderValue::from_str(text).unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_found_among_others_and_not_guessed_among_two() {
        assert_eq!(value(&sent(&["a=1; zt=2;b=3"]), "zt"), Some("2"));
        assert_eq!(value(&sent(&["a=1", "zt=x=y"]), "zt"), Some("x=y"));
        for cookies in [&["a=zt"][..], &["zt"], &["xzt=1"], &["zt=1; zt=2"], &["zt=1", "zt=1"], &[]] {
            assert_eq!(value(&sent(cookies), "zt"), None, "{cookies:?}");
        }
    }

    #[test]
    fn what_is_set_is_for_this_host_alone_and_out_of_reach_of_scripts() {
        let secret = CookieSecret::generate().unwrap();
        let names = Names { listener: Listener::Public, secure: true };
        let set = names.set(Cookie::Session, &secret);
        let expected = format!("__Host-zt-session={}; Path=/; HttpOnly; SameSite=Lax; Secure", secret.expose());
        assert_eq!(set.to_str().unwrap(), expected);
        let cleared = names.clear(Cookie::Session);
        assert_eq!(cleared, "__Host-zt-session=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
        let pair = format!("__Host-zt-session={}", secret.expose());
        assert_eq!(names.secret(&sent(&[&pair]), Cookie::Session).unwrap().expose(), secret.expose());
        let admin = Names { listener: Listener::Admin, secure: true };
        assert!(admin.secret(&sent(&[&pair]), Cookie::Session).is_none(), "the other listener's");
        assert!(names.secret(&sent(&["__Host-zt-session=x"]), Cookie::Session).is_none());
    }
}
