use std::{collections::HashSet, fmt, str::FromStr};

use async_trait::async_trait;
use zhongtai_kernel::ScenarioId;

use crate::{InvalidChange, InvalidKey, KeyValueError};

/// Bytes of a key.
pub const MAX_KEY_BYTES: usize = 512;
/// Bytes of a value: 1 MiB.
pub const MAX_VALUE_BYTES: usize = 1 << 20;
/// Changes that are applied together.
pub const MAX_CHANGES: usize = 64;
/// Keys that are listed together.
pub const MAX_KEYS: u32 = 1_000;

/// Where a scenario's data is.
#[async_trait]
pub trait KeyValueProvider: Send + Sync + 'static {
    /// The entry under `key`, if there is one.
    async fn get(&self, scenario: &ScenarioId, key: &Key) -> Result<Option<Entry>, KeyValueError>;

    /// Keys in the order of their bytes.
    async fn keys(&self, scenario: &ScenarioId, query: &KeyQuery) -> Result<Vec<Key>, KeyValueError>;

    /// Makes all changes or none. Returns each key's new version, 0 for a deleted one. The versions of a key never
    /// repeat, not even after it was deleted, for as long as the provider says.
    async fn apply(&self, scenario: &ScenarioId, changes: Changes) -> Result<Vec<u64>, KeyValueError>;
}

/// A key: 1 to 512 bytes of UTF-8 without control characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

// === impl Key ===

impl Key {
    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Key {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<Self, InvalidKey> {
        match text.len() {
            0 => Err(InvalidKey::Empty),
            length if length > MAX_KEY_BYTES => Err(InvalidKey::Long(length)),
            _ if text.chars().any(char::is_control) => Err(InvalidKey::Control),
            _ => Ok(Self(text)),
        }
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0
    }
}

/// Keys may name people: they are not for logs.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} bytes)", self.0.len())
    }
}

/// A value and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What was stored.
    pub value: Vec<u8>,
    /// 1 for a new key; each change, a deletion too, adds 1.
    pub version: u64,
}

/// Which keys to list.
#[derive(Debug, Clone)]
pub struct KeyQuery {
    prefix: Option<Key>,
    after: Option<Key>,
    limit: u32,
}

// === impl KeyQuery ===

impl KeyQuery {
    /// Keys that begin with `prefix` and come after `after`. An empty prefix is every key's, an empty `after` comes
    /// before all. `limit` is cut at [`MAX_KEYS`]: the guest chooses it, and the host holds the answer in memory.
    pub fn new(prefix: String, after: Option<String>, limit: u32) -> Result<Self, InvalidKey> {
        let key = |text: String| if text.is_empty() { Ok(None) } else { Key::try_from(text).map(Some) };
        let after = after.map(key).transpose()?.flatten();
        Ok(Self { prefix: key(prefix)?, after, limit: limit.min(MAX_KEYS) })
    }

    /// What the keys begin with; empty for all.
    pub fn prefix(&self) -> &str {
        self.prefix.as_ref().map_or("", Key::as_str)
    }

    /// What the keys come after; empty for all.
    pub fn after(&self) -> &str {
        self.after.as_ref().map_or("", Key::as_str)
    }

    /// How many, 1,000 at most.
    pub fn limit(&self) -> u32 {
        self.limit
    }
}

/// What must hold for a change to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// Nothing.
    Any,
    /// The key must not exist.
    Absent,
    /// The key must exist at this version.
    Version(u64),
}

// === impl Expectation ===

impl Expectation {
    /// True when a key that exists at `version`, or does not exist, is as expected.
    pub fn holds(self, version: Option<u64>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => version.is_none(),
            Self::Version(expected) => version == Some(expected),
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Of which key.
    pub key: Key,
    /// When.
    pub expected: Expectation,
    /// The new value; none deletes the key.
    pub value: Option<Vec<u8>>,
}

/// Changes that can be applied together: at most 64, each of another key, with values of at most 1 MiB.
#[derive(Debug, Clone)]
pub struct Changes(Vec<Change>);

// === impl Changes ===

impl Changes {
    /// Checks the changes.
    pub fn new(changes: Vec<Change>) -> Result<Self, InvalidChange> {
        if changes.len() > MAX_CHANGES {
            return Err(InvalidChange::TooMany(changes.len()));
        }
        let mut seen = HashSet::with_capacity(changes.len());
        for change in &changes {
            let length = change.value.as_ref().map_or(0, Vec::len);
            if length > MAX_VALUE_BYTES {
                return Err(InvalidChange::TooLarge(length));
            }
            if !seen.insert(&change.key) {
                return Err(InvalidChange::Repeated(change.key.clone()));
            }
        }
        Ok(Self(changes))
    }

    /// The changes, in the order they were given.
    pub fn into_inner(self) -> Vec<Change> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, value: Vec<u8>) -> Change {
        Change { key: key.parse().unwrap(), expected: Expectation::Any, value: Some(value) }
    }

    #[test]
    fn a_key_is_1_to_512_bytes_without_control_characters() {
        assert!("件/2026_%".parse::<Key>().is_ok());
        assert!("k".repeat(512).parse::<Key>().is_ok());
        assert_eq!("".parse::<Key>(), Err(InvalidKey::Empty));
        assert_eq!("k".repeat(513).parse::<Key>(), Err(InvalidKey::Long(513)));
        assert_eq!("中".repeat(171).parse::<Key>(), Err(InvalidKey::Long(513)), "bytes, not characters");
        for text in ["a\0", "a\nb", "\u{7f}", "a\u{85}"] {
            assert_eq!(text.parse::<Key>(), Err(InvalidKey::Control), "{text:?}");
        }
    }

    #[test]
    fn a_listing_is_cut_at_1000_keys() {
        let query = KeyQuery::new(String::new(), Some(String::new()), u32::MAX).unwrap();
        assert_eq!((query.prefix(), query.after(), query.limit()), ("", "", 1_000));
        assert!(KeyQuery::new("a\0".into(), None, 1).is_err());
        assert!(KeyQuery::new(String::new(), Some("a\0".into()), 1).is_err());
    }

    #[test]
    fn changes_are_64_at_most_each_of_another_key() {
        let many = |n: usize| (0..n).map(|i| put(&i.to_string(), vec![])).collect();
        assert!(Changes::new(many(64)).is_ok());
        assert_eq!(Changes::new(many(65)).unwrap_err(), InvalidChange::TooMany(65));
        let twice = Changes::new(vec![put("a", vec![]), put("b", vec![]), put("a", vec![])]);
        assert_eq!(twice.unwrap_err(), InvalidChange::Repeated("a".parse().unwrap()));
    }

    #[test]
    fn a_value_is_1_mib_at_most() {
        assert!(Changes::new(vec![put("a", vec![0; 1 << 20])]).is_ok());
        let large = Changes::new(vec![put("a", vec![0; (1 << 20) + 1])]);
        assert_eq!(large.unwrap_err(), InvalidChange::TooLarge((1 << 20) + 1));
    }
}
