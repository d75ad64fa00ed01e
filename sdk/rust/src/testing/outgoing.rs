//! A request that a test writes.

use serde::Serialize;

use super::{Mock, Reply};
use crate::{Plugin, Request};

/// A request being written; [`send`](Self::send) asks the plugin.
#[derive(Debug)]
#[must_use = "nothing is asked before `send`"]
pub struct Outgoing<'a, P> {
    host: &'a Mock<P>,
    request: Request,
}

impl<'a, P: Plugin> Outgoing<'a, P> {
    pub(super) fn new(host: &'a Mock<P>, method: &str, path: &str) -> Self {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query.into())),
            None => (path, None),
        };
        let (method, path) = (method.into(), path.into());
        Self { host, request: Request { method, path, query, ..Request::default() } }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Sets the body and its content type.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.request.body = body.into();
        self.header("content-type", content_type)
    }

    /// Sets the body to JSON.
    ///
    /// # Panics
    /// When the value cannot be written as JSON.
    #[expect(clippy::panic, reason = "a test with such a value should stop")]
    pub fn json(self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.body("application/json", body),
            Err(error) => panic!("{error}"),
        }
    }

    /// Asks the plugin.
    pub fn send(self) -> Reply {
        Reply::new(self.host.answer(self.request))
    }
}
