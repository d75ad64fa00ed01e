//! Durable data in memory, with the same rules as the host's.

use std::collections::BTreeMap;

use crate::keyvalue::{Change, Entry, Error, Expected};

/// The largest value, 1 MiB.
const LARGEST: usize = 1 << 20;
/// The most keys at a time.
const MOST_KEYS: u32 = 1000;
/// The most changes at a time.
const MOST_CHANGES: usize = 64;

/// Keys and their entries.
#[derive(Debug, Default)]
pub struct Store(BTreeMap<String, Entry>);

impl Store {
    pub fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
        valid(key)?;
        Ok(self.0.get(key).cloned())
    }

    pub fn keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Vec<String> {
        let keys = self.0.keys().filter(|key| key.starts_with(prefix));
        let later = keys.filter(|key| after.is_none_or(|after| key.as_str() > after));
        later.take(limit.min(MOST_KEYS) as usize).cloned().collect()
    }

    /// All changes or none: every expectation is looked at before anything is written.
    pub fn apply(&mut self, changes: Vec<Change>) -> Result<Vec<u64>, Error> {
        if changes.len() > MOST_CHANGES {
            return Err(Error::Other(format!("at most {MOST_CHANGES} changes at a time")));
        }
        changes.iter().try_for_each(|change| self.check(change))?;
        Ok(changes.into_iter().map(|change| self.make(change)).collect())
    }

    fn check(&self, change: &Change) -> Result<(), Error> {
        valid(&change.key)?;
        if change.value.as_ref().is_some_and(|value| value.len() > LARGEST) {
            return Err(Error::TooLarge(LARGEST as u64));
        }
        let version = self.0.get(&change.key).map(|entry| entry.version);
        let holds = match change.expected {
            Expected::Any => true,
            Expected::Absent => version.is_none(),
            Expected::Version(wanted) => version == Some(wanted),
        };
        if holds { Ok(()) } else { Err(Error::Conflict(change.key.clone())) }
    }

    fn make(&mut self, change: Change) -> u64 {
        let Some(value) = change.value else {
            self.0.remove(&change.key);
            return 0;
        };
        let version = self.0.get(&change.key).map_or(1, |entry| entry.version + 1);
        self.0.insert(change.key, Entry { value, version });
        version
    }
}

fn valid(key: &str) -> Result<(), Error> {
    match key {
        "" => Err(Error::InvalidKey("a key is not empty".into())),
        key if key.len() > 512 => Err(Error::InvalidKey("a key has at most 512 bytes".into())),
        key if key.contains(char::is_control) => Err(Error::InvalidKey("a key has no control characters".into())),
        _ => Ok(()),
    }
}
