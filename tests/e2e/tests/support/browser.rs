//! Debian's Chromium, driven by its own chromedriver (W3C WebDriver): what a page does in a real browser.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client;

/// One window. Closed when dropped.
pub struct Browser {
    http: Client,
    session: String,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// A window of this size, in CSS pixels.
    pub async fn open(width: u32, height: u32) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let mut driver = zhongtai_test_tools::tool("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let port = line.split("successfully on port ").nth(1)?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let base = format!("http://127.0.0.1:{}", port.expect("chromedriver says its port"));
        let (http, folder) = (client(), format!("--user-data-dir={}", profile.path().display()));
        // As root, in a container, Chromium's own sandbox does not start.
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=zh-CN", folder],
            "mobileEmulation": { "deviceMetrics": { "width": width, "height": height, "pixelRatio": 2, "touch": false } },
        });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let request = http.post(format!("{base}/session")).json(&wanted);
        let answer: Value = request.send().await.expect("a session").json().await.expect("JSON");
        let id = answer["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {answer}"));
        Self { session: format!("{base}/session/{id}"), http, driver, _profile: profile }
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.http.request(method.clone(), format!("{}/{path}", self.session));
        let request = if method == Method::GET { request } else { request.json(&body) };
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].clone()
    }

    /// Opens an address and waits until the page is there.
    pub async fn open_page(&self, url: &str) {
        self.ask(Method::POST, "url", json!({ "url": url })).await;
    }

    /// Where the window is.
    pub async fn address(&self) -> String {
        self.ask(Method::GET, "url", Value::Null).await.as_str().unwrap_or_default().to_owned()
    }

    /// What a function body returns; the driver's own way in, which the page's policy does not concern.
    pub async fn run(&self, script: &str) -> Value {
        self.ask(Method::POST, "execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// The text that the reader sees.
    pub async fn text(&self) -> String {
        self.run("return document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    /// Types into whatever has the focus, as a keyboard does: `\u{e004}` is Tab, `\u{e007}` Enter.
    pub async fn keys(&self, text: &str) {
        let keys: Vec<Value> = text
            .chars()
            .flat_map(|key| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })])
            .collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": keys }] });
        self.ask(Method::POST, "actions", actions).await;
    }

    async fn element(&self, selector: &str) -> String {
        let found = json!({ "using": "css selector", "value": selector });
        let element = self.ask(Method::POST, "element", found).await;
        let id = element.as_object().and_then(|object| object.values().next()).and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("no element {selector}")).to_owned()
    }

    /// Fills a field in.
    pub async fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.ask(Method::POST, &format!("element/{element}/clear"), json!({})).await;
        self.ask(Method::POST, &format!("element/{element}/value"), json!({ "text": text })).await;
    }

    /// Presses a button or follows a link.
    pub async fn press(&self, selector: &str) {
        let element = self.element(selector).await;
        self.ask(Method::POST, &format!("element/{element}/click"), json!({})).await;
    }

    /// The cookies of the present page, by name.
    pub async fn cookies(&self) -> Vec<Value> {
        self.ask(Method::GET, "cookie", Value::Null).await.as_array().cloned().unwrap_or_default()
    }

    /// What is to be seen, as a PNG.
    pub async fn picture(&self, file: &Path) {
        let picture = self.ask(Method::GET, "screenshot", Value::Null).await;
        let bytes = BASE64_STANDARD.decode(picture.as_str().unwrap_or_default()).expect("base64");
        std::fs::write(file, bytes).expect("a picture");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver closes its window when its session ends; without an answer to wait for here, by its own end.
        let close = zhongtai_test_tools::tool("curl").args(["-s", "-m", "10", "-X", "DELETE", &self.session]).output();
        drop(close);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
