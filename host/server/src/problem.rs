//! RFC 9457 problem documents: the only place that turns kinds of errors into HTTP statuses.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use zhongtai_audit::{ProofError, ReadError as AuditReadError};
use zhongtai_cap_certificate::{CertificateError, FieldProblem};
use zhongtai_cap_config::ConfigError;
use zhongtai_cap_credit::CreditError;
use zhongtai_cap_document::{DocumentError, InputProblem};
use zhongtai_cap_evidence::EvidenceError;
use zhongtai_cap_files::FilesError;
use zhongtai_cap_geo::{GeoError, tiles::MapError};
use zhongtai_cap_logistics::LogisticsError;
use zhongtai_cap_notify::NotifyError;
use zhongtai_cap_seal::SealError;
use zhongtai_cap_subject::{InvalidValue, SubjectError};
use zhongtai_events::EventError;
use zhongtai_governance::GovernanceError;
use zhongtai_kernel::{AuditUnavailable, ErrorKind, InvalidId, ManifestError, RequestId, chain};
use zhongtai_registry::RegistryError;
use zhongtai_runtime::{InvokeError, LoadError, Refusal};
use zhongtai_store::StoreError;
use zhongtai_typeset::{Fault, TypesetError};

/// A failed request, as its client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    request_id: Option<RequestId>,
    retry_after_s: Option<u64>,
    // Not a `Vec`: with a word more, every `Result` of a handler would be too large.
    fields: Box<[FieldProblem]>,
}

/// A problem document (RFC 9457).
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document<'a> {
    /// `urn:zhongtai:problem:` and the code.
    r#type: String,
    /// The status in words.
    title: &'a str,
    status: u16,
    /// What is wrong, and what to do.
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// For programs: stays the same where words change.
    code: &'a str,
    /// A ULID, to be named to who looks after the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    request_id: Option<RequestId>,
    /// Fields that do not fit: `field`, `title`, and what is wrong in `zh` and `en`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<Object>)]
    fields: &'a [FieldProblem],
}

// === impl Problem ===

impl Problem {
    /// A problem of a kind. `detail` is read by the public: no internals, no personal values.
    pub(crate) fn new(kind: ErrorKind, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status: status(kind),
            code,
            detail: detail.into(),
            request_id: None,
            retry_after_s: matches!(kind, ErrorKind::Overloaded | ErrorKind::Unavailable).then_some(1),
            fields: Box::default(),
        }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(ErrorKind::NotFound, "not-found", format!("there is no {what} here"))
    }

    /// axum adds the header `allow`, which says what is allowed instead.
    pub(crate) fn method_not_allowed() -> Self {
        let mut problem = Self::new(ErrorKind::Invalid, "method-not-allowed", "the method is not allowed here");
        problem.status = StatusCode::METHOD_NOT_ALLOWED;
        problem
    }

    /// For programs.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// The answer's status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// When to try again, for an answer that is not a problem document.
    pub(crate) fn add_headers(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
    }

    /// True when it says: not you.
    pub(crate) fn is_denied(&self) -> bool {
        self.status == StatusCode::FORBIDDEN
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds.max(1));
        self
    }

    pub(crate) fn in_request(mut self, id: RequestId) -> Self {
        self.request_id = Some(id);
        self
    }

    /// A fault behind the edge: the public learns that there was one, the log learns which.
    pub(crate) fn inside(kind: ErrorKind, code: &'static str, error: &dyn std::error::Error) -> Self {
        match kind {
            ErrorKind::Internal | ErrorKind::Unavailable => {
                tracing::error!(code, error = chain(error), "a part of the host failed");
                Self::new(kind, code, "a part of the platform does not answer; try again later")
            }
            kind => Self::new(kind, code, error.to_string()),
        }
    }
}

fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Denied => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Overloaded | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Guest => StatusCode::BAD_GATEWAY,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            r#type: format!("urn:zhongtai:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            instance: self.request_id.map(|id| format!("urn:ulid:{id}")),
            code: self.code,
            request_id: self.request_id,
            fields: &self.fields,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What the public learns of a guest's failure: that, not why. The log has the rest.
impl From<&InvokeError> for Problem {
    fn from(error: &InvokeError) -> Self {
        let detail = match error {
            InvokeError::Trap { .. } => "the scenario failed; the department can find out why by the request id".into(),
            InvokeError::Response(_) => "the scenario's response is not valid".into(),
            InvokeError::Denied { reference } => format!("access denied; reference {reference}"),
            InvokeError::Audit(_) | InvokeError::Sandbox(_) => {
                "a part of the platform does not answer; try again later".into()
            }
            other => other.to_string(),
        };
        Self::new(error.kind(), error.code(), detail)
    }
}

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        Self::inside(error.kind(), error.code(), &error)
    }
}

impl From<AuditUnavailable> for Problem {
    fn from(error: AuditUnavailable) -> Self {
        let problem = Self::inside(ErrorKind::Unavailable, "audit-unavailable", &error);
        Self { detail: "the audit log can't be written, and what has to be recorded is not done".into(), ..problem }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(reference) => {
                Self::new(ErrorKind::Denied, "access-denied", format!("access denied; reference {reference}"))
            }
            Refusal::Unrecorded => AuditUnavailable("see the log".to_owned()).into(),
        }
    }
}

/// Errors whose kind says it all, with the code of their part.
macro_rules! from_kind {
    ($($error:ty => $code:literal),+ $(,)?) => {
        $(impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                Self::inside(error.kind(), $code, &error)
            }
        })+
    };
}

from_kind!(
    AuditReadError => "audit-log",
    ProofError => "audit-proof",
    ConfigError => "setting",
    EvidenceError => "evidence",
    GovernanceError => "policy-version",
    ManifestError => "manifest",
    NotifyError => "notify",
    EventError => "events",
    RegistryError => "registry",
    StoreError => "store",
);

impl From<MapError> for Problem {
    fn from(error: MapError) -> Self {
        match error {
            MapError::Geo(error) => error.into(),
            MapError::Tile(error) => Self::inside(error.kind(), "tile", &error),
        }
    }
}

/// What an argument is called and what is wrong with it stands in the detail.
impl From<GeoError> for Problem {
    fn from(error: GeoError) -> Self {
        match error {
            GeoError::Denied(reference) => Refusal::Denied(reference).into(),
            GeoError::Unrecorded => Refusal::Unrecorded.into(),
            other => Self::inside(other.kind(), "geo", &other),
        }
    }
}

impl From<CertificateError> for Problem {
    fn from(error: CertificateError) -> Self {
        let problem = Self::inside(error.kind(), error.code(), &error);
        match error {
            CertificateError::Fields(fields) => Self { fields: fields.into(), ..problem },
            _ => problem,
        }
    }
}

/// Inputs and templates that are not right are listed one by one.
impl From<DocumentError> for Problem {
    fn from(error: DocumentError) -> Self {
        let problem = Self::inside(error.kind(), error.code(), &error);
        let input = |InputProblem { field, problem }| FieldProblem { field, title: String::new(), problem };
        let fault = |fault: Fault| FieldProblem { field: fault.at(), title: String::new(), problem: fault.words() };
        let fields = match error {
            DocumentError::Inputs(problems) => problems.into_iter().map(input).collect(),
            DocumentError::Typeset(TypesetError::Template(faults)) => faults.into_iter().map(fault).collect(),
            _ => return problem,
        };
        Self { fields, ..problem }
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Denied(reference) => Refusal::Denied(reference).into(),
            SealError::Unrecorded => Refusal::Unrecorded.into(),
            error => Self::inside(error.kind(), error.code(), &error),
        }
    }
}

impl From<CreditError> for Problem {
    fn from(error: CreditError) -> Self {
        match error {
            CreditError::Denied(reference) => Refusal::Denied(reference).into(),
            CreditError::Unrecorded => Refusal::Unrecorded.into(),
            error => Self::inside(error.kind(), error.code(), &error),
        }
    }
}

impl From<LogisticsError> for Problem {
    fn from(error: LogisticsError) -> Self {
        Self::inside(error.kind(), error.code(), &error)
    }
}

impl From<FilesError> for Problem {
    fn from(error: FilesError) -> Self {
        Self::inside(error.kind(), error.code(), &error)
    }
}

impl From<InvalidId> for Problem {
    fn from(error: InvalidId) -> Self {
        Self::new(ErrorKind::Invalid, "invalid-id", error.to_string())
    }
}

impl From<InvalidValue> for Problem {
    fn from(error: InvalidValue) -> Self {
        Self::new(error.kind(), "invalid-value", error.to_string())
    }
}

impl From<SubjectError> for Problem {
    fn from(error: SubjectError) -> Self {
        let code = match error {
            SubjectError::CodeNeeded => "second-factor-needed",
            SubjectError::WrongCode => "wrong-code",
            _ => "account",
        };
        let problem = Self::inside(error.kind(), code, &error);
        match error {
            SubjectError::Throttled { retry_after } => problem.retry_after(retry_after.as_secs()),
            _ => problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_problem_is_a_problem_document() {
        let problem = Problem::new(ErrorKind::Overloaded, "overloaded", "too many requests at once")
            .in_request(RequestId::from_bytes([0; 16]));
        let response = problem.into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        insta::assert_json_snapshot!(serde_json::from_slice::<serde_json::Value>(&body).unwrap());
    }

    #[test]
    fn a_guests_panic_message_is_not_shown_to_the_public() {
        let error = InvokeError::Trap { reason: "phone 13800000000".into(), location: None };
        assert!(!format!("{:?}", Problem::from(&error)).contains("13800000000"));
    }
}
