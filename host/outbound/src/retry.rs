//! When a call that may be repeated is tried again, and after how long.

use std::time::Duration;

use http::{StatusCode, header::RETRY_AFTER};
use zhongtai_kernel::Timestamp;

use crate::{Answer, OutboundError, Unreachable};

/// The longest pause of our own.
const LONGEST: Duration = Duration::from_secs(60);

/// A system that asks for more patience than this is not asked again by this call.
const MOST_PATIENCE: Duration = Duration::from_secs(30);

/// The pause before the next attempt; `None` when another one would not help. `attempt` counts from 1, `chance` is from
/// 0 to 255.
pub(crate) fn pause(
    result: &Result<Answer, OutboundError>,
    attempt: u32,
    first: Duration,
    chance: u8,
    now: Timestamp,
) -> Option<Duration> {
    let own = jittered(first, attempt, chance);
    match result {
        Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS || is_passing(answer.status) => {
            match retry_after(answer, now) {
                Some(asked) if asked > MOST_PATIENCE => None,
                Some(asked) => Some(own.max(asked)),
                None => Some(own),
            }
        }
        Err(OutboundError::TimedOut { .. } | OutboundError::BrokenOff { .. }) => Some(own),
        Err(OutboundError::Unreachable { reason: Unreachable::Refused | Unreachable::Timeout, .. }) => Some(own),
        Ok(_) | Err(_) => None,
    }
}

/// A fault that passes: of the system or of a proxy before it.
fn is_passing(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

/// Twice as long each time, shortened by chance by up to a half: those that failed together don't come back together.
fn jittered(first: Duration, attempt: u32, chance: u8) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let whole = first.saturating_mul(1 << doublings).min(LONGEST);
    let half = whole / 2;
    half + half * u32::from(chance) / 255
}

/// What the system asks for: seconds, or a date (RFC 9110, 10.2.3).
fn retry_after(answer: &Answer, now: Timestamp) -> Option<Duration> {
    let text = answer.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;

    const FIRST: Duration = Duration::from_millis(200);

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn answer(status: u16, retry_after: Option<&str>) -> Result<Answer, OutboundError> {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(RETRY_AFTER, text.parse().unwrap());
        }
        Ok(Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Bytes::new() })
    }

    fn after(result: &Result<Answer, OutboundError>) -> Option<u128> {
        pause(result, 1, FIRST, 255, now()).map(|pause| pause.as_millis())
    }

    #[test]
    fn only_what_passes_is_tried_again() {
        for status in [429, 502, 503, 504] {
            assert_eq!(after(&answer(status, None)), Some(200), "{status}");
        }
        for status in [200, 204, 304, 400, 401, 403, 404, 409, 422, 500, 501] {
            assert_eq!(after(&answer(status, None)), None, "{status}");
        }
        let system = || "upper".to_owned();
        let unreachable = |reason| after(&Err(OutboundError::Unreachable { system: system(), reason }));
        assert_eq!(after(&Err(OutboundError::TimedOut { system: system() })), Some(200));
        assert_eq!(after(&Err(OutboundError::BrokenOff { system: system() })), Some(200));
        assert_eq!(unreachable(Unreachable::Refused), Some(200));
        assert_eq!(unreachable(Unreachable::Timeout), Some(200));
        for reason in [Unreachable::Untrusted, Unreachable::OtherName, Unreachable::Expired, Unreachable::Tls] {
            assert_eq!(unreachable(reason), None, "a certificate does not change within a second");
        }
        assert_eq!(after(&Err(OutboundError::Redirected { system: system(), status: 302 })), None);
        assert_eq!(after(&Err(OutboundError::TooLarge { system: system(), most: 1 })), None);
        assert_eq!(after(&Err(OutboundError::Busy { system: system() })), None);
        assert_eq!(after(&Err(OutboundError::Resting { system: system(), retry_after: FIRST })), None);
    }

    #[test]
    fn a_system_that_asks_for_patience_gets_it_within_bounds() {
        assert_eq!(after(&answer(503, Some("7"))), Some(7_000));
        assert_eq!(after(&answer(429, Some("0"))), Some(200), "never sooner than we would");
        assert_eq!(after(&answer(429, Some("Thu, 01 Jan 2026 00:00:09 GMT"))), Some(9_000));
        assert_eq!(after(&answer(429, Some("Wed, 31 Dec 2025 00:00:00 GMT"))), Some(200));
        assert_eq!(after(&answer(503, Some("31"))), None, "longer than this call may wait");
        assert_eq!(after(&answer(503, Some("18446744073709551615"))), None);
        assert_eq!(after(&answer(503, Some("soon"))), Some(200));
        assert_eq!(after(&answer(400, Some("1"))), None, "what is wrong stays wrong");
    }

    #[test]
    fn pauses_double_up_to_a_bound_and_differ_by_chance() {
        let millis = |attempt, chance| jittered(FIRST, attempt, chance).as_millis();
        assert_eq!((millis(1, 255), millis(2, 255), millis(3, 255)), (200, 400, 800));
        assert_eq!((millis(1, 0), millis(2, 0), millis(3, 0)), (100, 200, 400));
        assert_eq!(millis(10, 255), 60_000);
        assert_eq!(millis(u32::MAX, 255), 60_000);
        assert!((0..=255).all(|chance| (100..=200).contains(&millis(1, chance))));
    }
}
