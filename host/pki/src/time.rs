//! Times as certificates write them.

use std::time::{Duration, SystemTime};

use der::asn1::{GeneralizedTime, UtcTime};
use x509_cert::time::Time;

/// Whole seconds since 1970; what lies before is refused.
pub(crate) fn seconds(at: SystemTime) -> der::Result<Duration> {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| der::ErrorKind::DateTime)?;
    Ok(Duration::from_secs(since.as_secs()))
}

/// `UTCTime` through 2049, then `GeneralizedTime` (RFC 5280, 4.1.2.5).
pub(crate) fn encode(at: SystemTime) -> der::Result<Time> {
    let since = seconds(at)?;
    match UtcTime::from_unix_duration(since) {
        Ok(time) => Ok(Time::UtcTime(time)),
        Err(_) => Ok(Time::GeneralTime(GeneralizedTime::from_unix_duration(since)?)),
    }
}
