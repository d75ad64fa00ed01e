//! Times as OFD and GB/T 38540 write them.

use std::time::SystemTime;

use der::asn1::GeneralizedTime;
use jiff::{Timestamp, tz};

use crate::OfdError;

/// The day in China: what a reader shows as the document's date.
pub(crate) fn date(at: SystemTime) -> Result<String, OfdError> {
    Ok(timestamp(at)?.to_zoned(tz::offset(8).to_time_zone()).strftime("%Y-%m-%d").to_string())
}

/// `SignatureDateTime` (GB/T 33190, 18.2.1), in the form of a `GeneralizedTime`, as readers in use write it.
pub(crate) fn signature_time(at: SystemTime) -> Result<String, OfdError> {
    Ok(timestamp(at)?.strftime("%Y%m%d%H%M%SZ").to_string())
}

/// In whole seconds, as DER has it.
pub(crate) fn generalized(at: SystemTime) -> Result<GeneralizedTime, OfdError> {
    GeneralizedTime::from_system_time(at).map_err(|_| OfdError::Time)
}

fn timestamp(at: SystemTime) -> Result<Timestamp, OfdError> {
    Timestamp::try_from(at).map_err(|_| OfdError::Time)
}
