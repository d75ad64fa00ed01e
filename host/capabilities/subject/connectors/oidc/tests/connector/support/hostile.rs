use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use super::{Listener, Signer, listener::Request};

/// A provider that answers whatever a test wants. At first it is an honest one, whose key is [`Hostile::key`].
pub(crate) struct Hostile {
    pub(crate) issuer: String,
    pub(crate) key: Signer,
    answers: Arc<Mutex<HashMap<String, Answer>>>,
    requests: Arc<Mutex<Vec<Request>>>,
    _listener: Listener,
}

/// An HTTP answer.
#[derive(Clone)]
pub(crate) struct Answer(Vec<u8>);

// === impl Answer ===

impl Answer {
    pub(crate) fn json(body: &Value) -> Self {
        Self::new("200 OK", "content-type: application/json", body.to_string().as_bytes())
    }

    pub(crate) fn error(status: &str, body: &Value) -> Self {
        Self::new(status, "content-type: application/json", body.to_string().as_bytes())
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::new("307 Temporary Redirect", &format!("location: {to}"), b"")
    }

    pub(crate) fn new(status: &str, header: &str, body: &[u8]) -> Self {
        let head =
            format!("HTTP/1.1 {status}\r\n{header}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        Self([head.as_bytes(), body].concat())
    }
}

// === impl Hostile ===

impl Hostile {
    pub(crate) async fn start() -> Self {
        let answers = Arc::new(Mutex::new(HashMap::<String, Answer>::new()));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (known, seen) = (answers.clone(), requests.clone());
        let listener = Listener::start(move |request: Request| {
            let answer = known.lock().unwrap().get(&request.path).cloned();
            seen.lock().unwrap().push(request);
            answer.unwrap_or_else(|| Answer::new("404 Not Found", "x-test: 1", b"")).0
        })
        .await;
        let (issuer, key) = (listener.origin.clone(), Signer::new("key-1"));
        let hostile = Self { issuer, key, answers, requests, _listener: listener };
        hostile.document(|_| ());
        hostile.keys(&[&hostile.key]);
        hostile
    }

    /// What `path` answers from now on.
    pub(crate) fn answer(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// The discovery document, with a change.
    pub(crate) fn document(&self, change: impl FnOnce(&mut Value)) {
        let issuer = &self.issuer;
        let mut document = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/auth"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "end_session_endpoint": format!("{issuer}/end"),
        });
        change(&mut document);
        self.answer("/.well-known/openid-configuration", Answer::json(&document));
    }

    /// The keys that it publishes.
    pub(crate) fn keys(&self, keys: &[&Signer]) {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
        self.answer("/jwks", Answer::json(&json!({ "keys": keys })));
    }

    /// What the token endpoint gives.
    pub(crate) fn gives(&self, id_token: &str) {
        self.answer(
            "/token",
            Answer::json(&json!({
                "access_token": "access-token-of-the-test", "token_type": "Bearer", "id_token": id_token,
            })),
        );
    }

    /// How often `path` was asked.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.requests.lock().unwrap().iter().filter(|request| request.path == path).count()
    }

    /// The last request to `path`.
    pub(crate) fn last(&self, path: &str) -> Option<Request> {
        self.requests.lock().unwrap().iter().rev().find(|request| request.path == path).cloned()
    }
}
