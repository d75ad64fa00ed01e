//! One attempt: a request, and its whole answer within bounds.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use reqwest::{Client, Response};

use crate::{Answer, OutboundError, Unreachable, tls};

/// What an answer is held to.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    pub(crate) system: String,
    /// From connecting to the last byte.
    pub(crate) time: Duration,
    pub(crate) bytes: usize,
}

/// Sends the request.
pub(crate) async fn exchange(
    client: Client,
    mut request: reqwest::Request,
    bounds: Bounds,
) -> Result<Answer, OutboundError> {
    *request.timeout_mut() = Some(bounds.time);
    let response = client.execute(request).await.map_err(|error| fault(&error, &bounds))?;
    if response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED {
        return Err(OutboundError::Redirected { system: bounds.system, status: response.status().as_u16() });
    }
    read(response, &bounds).await
}

async fn read(mut response: Response, bounds: &Bounds) -> Result<Answer, OutboundError> {
    let too_large = || OutboundError::TooLarge { system: bounds.system.clone(), most: bounds.bytes };
    if response.content_length().is_some_and(|length| length > bounds.bytes as u64) {
        return Err(too_large());
    }
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error, bounds))? {
        if body.len() + chunk.len() > bounds.bytes {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body: Bytes::from(body) })
}

/// Our own words: the error's would quote the URL.
fn fault(error: &reqwest::Error, bounds: &Bounds) -> OutboundError {
    let system = bounds.system.clone();
    if error.is_connect() {
        let reason = match tls::complaint(error) {
            Some(reason) => reason,
            None if error.is_timeout() => Unreachable::Timeout,
            None if error.is_dns() => Unreachable::Name,
            None => Unreachable::Refused,
        };
        return OutboundError::Unreachable { system, reason };
    }
    if error.is_timeout() { OutboundError::TimedOut { system } } else { OutboundError::BrokenOff { system } }
}
