use http::HeaderMap;
use zhongtai_kernel::ErrorKind;

/// What a carrier sent to `/api/v1/notify/callbacks/{channel}`. No `Debug`: it names people.
pub struct Callback {
    /// `GET` or `POST`.
    pub method: http::Method,
    /// The path and query of the request, as they were signed.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, 64 KiB at most.
    pub body: Vec<u8>,
}

/// What the carrier wants to hear: without it, it would send the callback again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackAnswer {
    /// `application/json` or `text/plain`, for example.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// A callback that changes nothing. No text holds anything that was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The channel is not set up, or takes no callbacks.
    #[error("no callbacks are expected on this channel")]
    NotExpected,
    /// The signature is missing, wrong, or too old.
    #[error("the callback is not signed as agreed: {0}")]
    Forged(&'static str),
    /// It can't be read; names the field.
    #[error("the callback can't be read: {0}")]
    Malformed(&'static str),
}

// === impl CallbackError ===

impl CallbackError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotExpected => ErrorKind::NotFound,
            Self::Forged(_) => ErrorKind::Unauthenticated,
            Self::Malformed(_) => ErrorKind::Invalid,
        }
    }
}
