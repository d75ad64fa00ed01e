use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::Value;

/// A response, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

// === impl Reply ===

impl Reply {
    /// Sends a request. A request that gets no response fails the test.
    pub async fn of(request: RequestBuilder) -> Self {
        Self::try_of(request).await.unwrap_or_else(|error| panic!("no response: {error:?}"))
    }

    /// Sends a request.
    pub async fn try_of(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, body: response.text().await? })
    }

    /// A header's text, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Must be a problem document with this status and code; returns it.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!((&problem["status"], &problem["code"]), (&status.into(), &code.into()), "{self:?}");
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "`{member}` of {self:?}");
        }
        problem
    }

    /// The same, of a scenario's request: the body tells the request id of the header.
    pub fn scenario_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.problem(status, code);
        let id = self.header("x-request-id");
        assert_eq!(id.len(), 26, "a ULID: {self:?}");
        assert_eq!(problem["request_id"], id, "{self:?}");
        problem
    }
}
