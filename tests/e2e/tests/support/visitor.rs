use std::collections::BTreeMap;

use reqwest::{Client, RequestBuilder, Response, header, redirect::Policy};

use super::printed;

/// A browser without a screen: keeps cookies by name, sends forms as its pages have them, and follows no redirect by
/// itself. Sends what a browser says about where a request comes from.
pub struct Visitor {
    http: Client,
    base: String,
    /// What it keeps.
    pub cookies: BTreeMap<String, String>,
}

/// A page, or where one is.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub location: String,
    pub headers: header::HeaderMap,
    pub text: String,
}

impl Visitor {
    pub fn new(base: &str) -> Self {
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        Self { http, base: base.to_owned(), cookies: BTreeMap::new() }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.http.get(format!("{}{path}", self.base));
        self.send(request).await
    }

    /// Fills the form of a page in: its hidden fields, and these.
    pub async fn submit(&mut self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let hidden = page.hidden(action);
        let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend(fields);
        self.post(action, &all, &self.base.clone()).await
    }

    /// Sends a form from a page of `origin`.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)], origin: &str) -> Page {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, origin)
            .body(body.join("&"));
        self.send(request).await
    }

    /// Sends a request as this browser, and keeps the cookies of the answer.
    pub async fn send(&mut self, request: RequestBuilder) -> Page {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if pairs.is_empty() { request } else { request.header(header::COOKIE, pairs.join("; ")) };
        let response = request.send().await.expect("an answer");
        self.keep(&response);
        let headers = response.headers().clone();
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        Page {
            status: response.status().as_u16(),
            location: text(header::LOCATION),
            headers: headers.clone(),
            // As a browser reads attributes.
            text: response.text().await.expect("a page").replace("&#x2f;", "/"),
        }
    }

    /// A request of this browser's to be changed before it is [sent](Self::send).
    pub fn http(&self) -> &Client {
        &self.http
    }

    fn keep(&mut self, response: &Response) {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie");
            let (pair, attributes) = cookie.split_once("; ").expect("attributes");
            let (name, value) = pair.split_once('=').expect("a name");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Page {
    /// The hidden fields of the first form with that action.
    pub fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let form = self.form(action);
        let inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
        let field = |input: &str| {
            let (name, rest) = input.split_once("\" value=\"")?;
            Some((name.to_owned(), plain(rest.split('"').next()?)))
        };
        inputs.filter_map(field).collect()
    }

    /// The text of the first form with that action.
    pub fn form(&self, action: &str) -> &str {
        let mark = format!("action=\"{action}\"");
        let rest = self.text.split(&mark).nth(1).unwrap_or_else(|| panic!("no form for {action}: {self:?}"));
        rest.split("</form>").next().unwrap_or_default()
    }
}

fn plain(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn encoded(text: &str) -> String {
    let stays = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if stays(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// What an authenticator app that was given `secret` shows now, some steps later: Python's, not ours.
pub fn code(secret: &str, later: i32) -> String {
    let program = "import base64, hmac, struct, sys, time\n\
        key = base64.b32decode(sys.argv[1].replace(' ', ''))\n\
        tag = hmac.new(key, struct.pack('>q', int(time.time()) // 30 + int(sys.argv[2])), 'sha1').digest()\n\
        at = tag[-1] & 15\n\
        print('%06d' % ((struct.unpack('>I', tag[at:at + 4])[0] & 0x7fffffff) % 1000000))";
    let mut python = zhongtai_test_tools::python();
    let output = python.args(["-c", program, secret, &later.to_string()]).output().expect("python");
    assert!(output.status.success(), "{}", printed(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
