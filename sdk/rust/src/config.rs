//! The scenario's settings: `[config]` of the manifest, overlaid by what an operator set. Always granted.

use std::{fmt::Display, str::FromStr};

use crate::{Result, host, problem};

/// A setting, or nothing.
pub fn get(key: &str) -> Option<String> {
    host::setting(key)
}

/// A setting that must be there.
///
/// # Errors
/// 500 `missing-setting` for the client, the key in the log.
pub fn require(key: &str) -> Result<String> {
    get(key).ok_or_else(|| problem::internal(NOT_SET_UP).with_code("missing-setting").caused_by(key))
}

/// A setting of another type, such as a number; nothing when it is not set.
///
/// # Errors
/// 500 `invalid-setting` when it is not of that type.
pub fn parse<T: FromStr<Err: Display>>(key: &str) -> Result<Option<T>> {
    let Some(text) = get(key) else { return Ok(None) };
    let invalid = |error| {
        let cause = format!("{key}: {error}");
        problem::internal(NOT_SET_UP).with_code("invalid-setting").caused_by(cause)
    };
    text.parse().map(Some).map_err(invalid)
}

/// Every setting, sorted by key.
pub fn all() -> Vec<(String, String)> {
    host::settings()
}

const NOT_SET_UP: &str = "the service is not set up completely";
