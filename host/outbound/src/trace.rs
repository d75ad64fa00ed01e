//! W3C Trace Context (Level 1): a system's logs can be found from ours, and ours from theirs.

use http::HeaderValue;
use zhongtai_kernel::{RequestId, current_request};

/// The header.
pub(crate) const TRACEPARENT: &str = "traceparent";

/// A `traceparent` for one attempt. The trace is the request of ours that it is for, whose audit records carry the same
/// id; without one, the call is a trace of its own. The parent is new with each attempt.
pub(crate) fn traceparent(request: Option<RequestId>) -> Option<HeaderValue> {
    let trace = request.or_else(current_request).unwrap_or_else(RequestId::generate);
    // All zeroes are not valid (3.2.2.3, 3.2.2.4); a ULID of today never is.
    let span = getrandom::u64().unwrap_or_default().max(1);
    let trace = u128::from_be_bytes(trace.to_bytes());
    // Flag 01: we recorded something about it, in the audit log.
    HeaderValue::try_from(format!("00-{trace:032x}-{span:016x}-01")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_is_the_request_and_the_parent_is_new_each_time() {
        let request: RequestId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let header = || traceparent(Some(request)).unwrap().to_str().unwrap().to_owned();
        let (first, second) = (header(), header());
        let parts: Vec<_> = first.split('-').collect();
        assert_eq!(parts[..2], ["00", "01563e3ab5d3d6764c61efb99302bd5b"], "the ULID in hex");
        assert_eq!((parts[2].len(), parts[3]), (16, "01"));
        assert_ne!(first, second);
        assert_ne!(traceparent(None), traceparent(None), "a trace of its own");
    }
}
