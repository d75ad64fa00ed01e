//! Several changes that happen together.

use serde::Serialize;

use super::Error;
use crate::host;

/// What must hold for a change to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Any,
    /// The key must not exist.
    Absent,
    /// The key must exist at this version.
    Version(u64),
}

/// One change: a value to store, or nothing to delete the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: String,
    /// What must hold.
    pub expected: Expected,
    /// The bytes to store; nothing deletes the key.
    pub value: Option<Vec<u8>>,
}

/// Changes that happen all or not at all. At most 64.
///
/// ```
/// use zhongtai::keyvalue::{Changes, Error};
/// # fn close() -> Result<(), Error> {
/// Changes::new().delete("open/7").create("closed/7", &"filled").apply()?;
/// # Ok(()) }
/// # zhongtai::testing::run(|| close().unwrap());
/// ```
#[derive(Debug)]
#[must_use = "nothing happens before `apply`"]
pub struct Changes(Result<Vec<Change>, Error>);

impl Changes {
    /// No changes yet.
    #[expect(clippy::new_without_default, reason = "an empty set of changes is no useful default")]
    pub fn new() -> Self {
        Self(Ok(Vec::new()))
    }

    /// Stores a value, whatever is there.
    pub fn set<T: Serialize>(self, key: &str, value: &T) -> Self {
        self.store(key, Expected::Any, value)
    }

    /// Stores a value under a key that does not exist yet.
    pub fn create<T: Serialize>(self, key: &str, value: &T) -> Self {
        self.store(key, Expected::Absent, value)
    }

    /// Replaces a value that is still at `version`.
    pub fn update<T: Serialize>(self, key: &str, version: u64, value: &T) -> Self {
        self.store(key, Expected::Version(version), value)
    }

    /// Removes a key, if it is there.
    pub fn delete(self, key: &str) -> Self {
        self.change(Change { key: key.into(), expected: Expected::Any, value: None })
    }

    /// Adds any change, such as one of bytes that are not JSON.
    pub fn change(mut self, change: Change) -> Self {
        if let Ok(changes) = &mut self.0 {
            changes.push(change);
        }
        self
    }

    /// Makes all changes or none. Returns the new version of each key, 0 for a deleted one.
    ///
    /// # Errors
    /// [`Error::Conflict`] with the key whose expectation did not hold.
    pub fn apply(self) -> Result<Vec<u64>, Error> {
        host::apply(self.0?)
    }

    fn store<T: Serialize>(self, key: &str, expected: Expected, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(value) => self.change(Change { key: key.into(), expected, value: Some(value) }),
            Err(error) => Self(self.0.and(Err(Error::Unwritable(key.into(), error.to_string())))),
        }
    }
}
