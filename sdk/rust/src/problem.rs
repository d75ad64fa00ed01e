//! Errors as the client sees them: `application/problem+json` (RFC 9457).
//!
//! A handler returns [`Result<T>`](crate::Result) and leaves early with `?`, [`ensure!`](crate::ensure) or
//! [`bail!`](crate::bail). What a client may read (`detail`) and what only the log may hold (`cause`) are kept apart.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::{IntoResponse, Response, host, log::Level};

/// What went wrong, for the client. Made by [`conflict`], [`not_found`] and their like, or by `?` on the error of a
/// capability.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: u16,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
    members: Map<String, Value>,
    allow: Option<String>,
    cause: Option<String>,
}

impl Problem {
    /// A problem with any status (400 to 599) and a `code` that programs can rely on, such as `not-yet-open`.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        let (code, detail) = (code.into(), detail.into());
        Self(Box::new(Parts { status, code, detail, members: Map::new(), allow: None, cause: None }))
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The code that programs can rely on.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The explanation for people.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Replaces the code: `conflict("...").with_code("contractor-barred")`.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = code.into();
        self
    }

    /// Adds an extension member to the body.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.into(), value.into());
        self
    }

    /// Adds what only the log shall hold. It is written when the problem is sent.
    #[must_use]
    pub fn caused_by(mut self, cause: impl std::fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// The code, and what only the log shall hold.
    pub(crate) fn into_cause(self) -> (String, Option<String>) {
        let parts = *self.0;
        (parts.code.into_owned(), parts.cause)
    }

    pub(crate) fn allowing(mut self, methods: String) -> Self {
        self.0.allow = Some(methods);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Parts { status, code, detail, mut members, allow, cause } = *self.0;
        if let Some(cause) = cause {
            let level = if status < 500 { Level::Warn } else { Level::Error };
            host::log(level, module_path!(), cause, vec![("code".into(), code.to_string())]);
        }
        members.insert("type".into(), format!("urn:zhongtai:problem:{code}").into());
        members.insert("title".into(), title(status).into());
        members.insert("status".into(), status.into());
        members.insert("detail".into(), detail.into());
        members.insert("code".into(), code.into());
        let body = serde_json::to_vec(&members).unwrap_or_default();
        let response = Response::new(status).with_header("content-type", "application/problem+json").with_body(body);
        match allow {
            Some(methods) => response.with_header("allow", methods),
            None => response,
        }
    }
}

/// An answer could not be written as JSON: the plugin's mistake.
impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        internal("the answer could not be written").caused_by(error)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $status:literal, $code:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name(detail: impl Into<Cow<'static, str>>) -> Problem {
            Problem::new($status, $code, detail)
        }
    )*};
}

kinds! {
    /// 400: the request makes no sense.
    bad_request = 400, "bad-request";
    /// 401: the subject must sign in first.
    unauthenticated = 401, "sign-in-required";
    /// 403: the subject may not do this, by the scenario's own rules.
    forbidden = 403, "forbidden";
    /// 404: there is no such thing.
    not_found = 404, "not-found";
    /// 409: the state of things does not allow it.
    conflict = 409, "conflict";
    /// 410: it was here once.
    gone = 410, "gone";
    /// 422: understood, but not acceptable.
    unprocessable = 422, "unprocessable";
    /// 429: too often.
    too_many_requests = 429, "too-many-requests";
    /// 500: the plugin's own mistake.
    internal = 500, "internal";
    /// 503: a capability does not answer now; trying later may help.
    unavailable = 503, "unavailable";
}

/// Policy refused, with the reference under which the decision stands in the audit log.
pub(crate) fn denied(decision: String) -> Problem {
    let problem = Problem::new(403, "access-denied", "policy does not allow this access");
    problem.with("decision", decision)
}

/// The plugin asks for what its manifest does not say.
pub(crate) fn undeclared(purpose: &str) -> Problem {
    let cause = format!("the purpose `{purpose}` is not one of `purposes` in plugin.toml");
    Problem::new(500, "undeclared-purpose", "the service is not set up for this").caused_by(cause)
}

/// A capability failed; its words are for the log.
pub(crate) fn failed(capability: &str, cause: impl std::fmt::Display) -> Problem {
    let problem = unavailable("a service this depends on does not answer now");
    problem.with_code("capability-failed").caused_by(format_args!("{capability}: {cause}"))
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        507 => "Insufficient Storage",
        _ if status < 500 => "Request Refused",
        _ => "Service Failed",
    }
}

/// Leaves the handler with a problem unless a condition holds.
///
/// ```
/// use zhongtai::prelude::*;
/// # fn check(area: u32) -> Result<()> {
/// ensure!(area <= 50, unprocessable("{area} m² is more than the 50 m² that need no plan"));
/// # Ok(()) }
/// # assert_eq!(check(60).unwrap_err().detail(), "60 m² is more than the 50 m² that need no plan");
/// ```
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($problem:tt)+) => {
        if !$condition {
            $crate::bail!($($problem)+);
        }
    };
}

/// Leaves the handler with a problem: `bail!(not_found("no report {id}"))`.
#[macro_export]
macro_rules! bail {
    ($kind:ident ($format:literal $(, $argument:expr)* $(,)?) $(,)?) => {
        return ::core::result::Result::Err($kind(::std::format!($format $(, $argument)*)).into())
    };
    ($problem:expr $(,)?) => {
        return ::core::result::Result::Err(::core::convert::Into::into($problem))
    };
}
