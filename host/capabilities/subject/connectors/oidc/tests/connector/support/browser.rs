use std::collections::BTreeMap;

use reqwest::{
    Client, Method, Response,
    header::{COOKIE, LOCATION, SET_COOKIE},
    redirect::Policy,
};

use super::PORTAL;

/// As much of a browser as signing in needs: cookies, redirects, forms.
pub(crate) struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

/// What came of a request.
pub(crate) struct Page {
    pub(crate) url: String,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

// === impl Browser ===

impl Browser {
    pub(crate) fn new() -> Self {
        let http = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { http, cookies: BTreeMap::new() }
    }

    /// Opens `url`, signs in when the provider asks, and returns where on the portal the browser ends.
    pub(crate) async fn sign_in(&mut self, url: &str, account: &str, acr: Option<&str>) -> String {
        let mut page = self.open(url).await;
        for _ in 0..10 {
            match &page.location {
                Some(location) if location.starts_with(PORTAL) => return location.clone(),
                Some(location) => page = self.open(&location.clone()).await,
                None if page.url.contains("/interaction/") => {
                    let mut form = vec![("account", account)];
                    form.extend(acr.map(|acr| ("acr", acr)));
                    page = self.send(Method::POST, &format!("{}/login", page.url), &form).await;
                }
                None => panic!("the provider stopped at {}: {}", page.url, page.body),
            }
        }
        panic!("too many redirects");
    }

    /// Opens `url` and confirms, as somebody does who wants to sign out everywhere.
    pub(crate) async fn sign_out(&mut self, url: &str) -> String {
        let page = self.open(url).await;
        let part = |start: &str| {
            let text = page.body.split_once(start).unwrap_or_else(|| panic!("no form: {}", page.body)).1;
            text.split_once('"').unwrap().0.to_owned()
        };
        let (action, xsrf) = (part("action=\""), part("value=\""));
        let page = self.send(Method::POST, &action, &[("xsrf", &xsrf), ("logout", "yes")]).await;
        page.location.unwrap_or_else(|| panic!("{}", page.body))
    }

    async fn open(&mut self, url: &str) -> Page {
        self.send(Method::GET, url, &[]).await
    }

    async fn send(&mut self, method: Method, url: &str, form: &[(&str, &str)]) -> Page {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.http.request(method, url).header(COOKIE, cookies.join("; "));
        if !form.is_empty() {
            let url = reqwest::Url::parse_with_params("http://form/", form).unwrap();
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(url.query().unwrap_or_default().to_owned());
        }
        let response = request.send().await.unwrap();
        self.keep_cookies(&response);
        let at = response.url().clone();
        let location =
            response.headers().get(LOCATION).map(|value| at.join(value.to_str().unwrap()).unwrap().to_string());
        Page { url: at.to_string(), location, body: response.text().await.unwrap() }
    }

    fn keep_cookies(&mut self, response: &Response) {
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            match value.is_empty() || cookie.contains("01 Jan 1970") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
    }
}
