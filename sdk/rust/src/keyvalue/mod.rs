//! Durable data of one scenario, as JSON. Needs a grant for `keyvalue`.
//!
//! Every release of the scenario shares the data, and many requests run at once: change what others change too with
//! [`modify`], or with the versions of [`entry`] and [`update`].
//!
//! ```
//! use zhongtai::{keyvalue, prelude::*};
//!
//! # fn count() -> Result<()> {
//! let visits = keyvalue::modify("visits", |visits| visits.unwrap_or(0_u64) + 1)?;
//! info!(visits, "somebody came by");
//! # Ok(()) }
//! # zhongtai::testing::run(|| count().unwrap());
//! ```

mod changes;
mod error;
mod keys;

use serde::{Serialize, de::DeserializeOwned};

pub use changes::{Change, Changes, Expected};
pub use error::Error;
pub use keys::{Keys, keys};

use crate::host;

/// How often [`modify`] tries before it gives up.
const ATTEMPTS: u32 = 16;

/// A value and its version: 1 when the key is new, and 1 more with each change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// Its version, for [`update`].
    pub version: u64,
}

/// A value as the host keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its bytes: JSON, when it was written with this module.
    pub value: Vec<u8>,
    /// Its version.
    pub version: u64,
}

/// The value under `key`, or nothing.
///
/// # Errors
/// [`Error::Unreadable`] when what is stored is not a `T`; `?` turns it into 500, a refusal into 403.
pub fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Error> {
    Ok(entry(key)?.map(|entry| entry.value))
}

/// The value under `key` with its version, or nothing.
///
/// # Errors
/// As for [`get`].
pub fn entry<T: DeserializeOwned>(key: &str) -> Result<Option<Versioned<T>>, Error> {
    let Some(Entry { value, version }) = bytes(key)? else { return Ok(None) };
    match serde_json::from_slice(&value) {
        Ok(value) => Ok(Some(Versioned { value, version })),
        Err(error) => Err(Error::Unreadable(key.into(), error.to_string())),
    }
}

/// The bytes under `key` with their version, whatever they are.
///
/// # Errors
/// Those of the store.
pub fn bytes(key: &str) -> Result<Option<Entry>, Error> {
    host::entry(key)
}

/// Stores a value, whatever is there. Returns its version.
///
/// # Errors
/// [`Error::TooLarge`] (413) over 1 MiB, [`Error::QuotaExceeded`] (507) when the scenario is full.
pub fn set<T: Serialize>(key: &str, value: &T) -> Result<u64, Error> {
    one(Changes::new().set(key, value))
}

/// Stores a value under a key that does not exist yet. Returns its version.
///
/// # Errors
/// [`Error::Conflict`] (409) when it exists.
pub fn create<T: Serialize>(key: &str, value: &T) -> Result<u64, Error> {
    one(Changes::new().create(key, value))
}

/// Replaces a value that is still at `version`. Returns its new version.
///
/// # Errors
/// [`Error::Conflict`] (409) when somebody else changed it.
pub fn update<T: Serialize>(key: &str, version: u64, value: &T) -> Result<u64, Error> {
    one(Changes::new().update(key, version, value))
}

/// Removes a key; not an error when there is none.
///
/// # Errors
/// Those of the store.
pub fn delete(key: &str) -> Result<(), Error> {
    Changes::new().delete(key).apply().map(drop)
}

/// Changes a value as if nobody else did: reads it, calls `change`, writes it back unless somebody was faster, and then
/// tries again. `change` may be called several times. Returns the new value.
///
/// # Errors
/// [`Error::Conflict`] (409) when somebody was faster 16 times in a row.
pub fn modify<T: Serialize + DeserializeOwned>(key: &str, mut change: impl FnMut(Option<T>) -> T) -> Result<T, Error> {
    try_modify(key, |value| Ok(change(value)))
}

/// [`modify`] with a `change` that can refuse; then nothing is written.
///
/// ```
/// use zhongtai::{keyvalue, prelude::*};
///
/// fn withdraw(amount: u64) -> Result<u64> {
///     keyvalue::try_modify("balance", |balance| {
///         let left = balance.unwrap_or(0_u64).checked_sub(amount);
///         left.ok_or(conflict("there is not that much left"))
///     })
/// }
/// # zhongtai::testing::run(|| assert_eq!(withdraw(1).unwrap_err().status(), 409));
/// ```
///
/// # Errors
/// What `change` returns, or what [`modify`] does.
pub fn try_modify<T: Serialize + DeserializeOwned, E: From<Error>>(
    key: &str,
    mut change: impl FnMut(Option<T>) -> Result<T, E>,
) -> Result<T, E> {
    for _ in 0..ATTEMPTS {
        let (old, version) = match entry(key)? {
            Some(Versioned { value, version }) => (Some(value), Some(version)),
            None => (None, None),
        };
        let new = change(old)?;
        let written = match version {
            Some(version) => update(key, version, &new),
            None => create(key, &new),
        };
        match written {
            Ok(_) => return Ok(new),
            Err(Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Conflict(key.into()).into())
}

/// Makes several changes or none: [`Changes::new`] with another name.
pub fn changes() -> Changes {
    Changes::new()
}

fn one(changes: Changes) -> Result<u64, Error> {
    Ok(changes.apply()?.first().copied().unwrap_or_default())
}
