//! What the plugin answered.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Response;

/// An answer to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply(Response);

impl Reply {
    pub(super) fn new(response: Response) -> Self {
        Self(response)
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.0.headers.iter();
        headers.find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body's bytes.
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// The body as text; what is not UTF-8 becomes U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.body).into_owned()
    }

    /// The body as JSON: `reply.json()["number"]`.
    ///
    /// # Panics
    /// When it is not JSON.
    pub fn json(&self) -> Value {
        self.json_as()
    }

    /// The body as a type.
    ///
    /// # Panics
    /// When it is not JSON of that type.
    #[expect(clippy::panic, reason = "a test that gets another answer should stop and show it")]
    pub fn json_as<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.0.body) {
            Ok(value) => value,
            Err(error) => panic!("{error} in the answer ({}): {}", self.status(), self.text()),
        }
    }
}
