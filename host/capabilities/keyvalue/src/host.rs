//! The capability as guests see it: authorise, ask the provider, convert.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};
use zhongtai_runtime::{Invocation, Refusal, slow_lane};

use crate::{
    Change, Changes, Expectation, InvalidChange, InvalidKey, Key, KeyQuery, KeyValueError, KeyValueProvider,
    MAX_VALUE_BYTES,
};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-keyvalue;
        world host { import zhongtai:keyvalue/store@0.1.0; }
    ",
    path: "../../../wit/keyvalue",
    world: "zhongtai:host-keyvalue/host",
    imports: { default: async | trappable },
});

use zhongtai::keyvalue::store as wit;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

/// A guest's answer; the outer result traps.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::Host for Invocation {
    async fn get(&mut self, key: String) -> Answer<Option<wit::Entry>> {
        let key = match Key::try_from(key) {
            Ok(key) => key,
            Err(error) => return Ok(Err(error.into())),
        };
        let provider = match open(self, "keyvalue:read").await? {
            Ok(provider) => provider,
            Err(error) => return Ok(Err(error)),
        };
        let entry = provider.get(self.release().scenario(), &key).await.map_err(|error| answer(self, error));
        Ok(entry.map(|found| found.map(|entry| wit::Entry { value: entry.value, version: entry.version })))
    }

    async fn keys(&mut self, prefix: String, after: Option<String>, limit: u32) -> Answer<Vec<String>> {
        let query = match KeyQuery::new(prefix, after, limit) {
            Ok(query) => query,
            Err(error) => return Ok(Err(error.into())),
        };
        let provider = match open(self, "keyvalue:read").await? {
            Ok(provider) => provider,
            Err(error) => return Ok(Err(error)),
        };
        let keys = provider.keys(self.release().scenario(), &query).await.map_err(|error| answer(self, error));
        Ok(keys.map(|keys| keys.into_iter().map(String::from).collect()))
    }

    async fn apply(&mut self, changes: Vec<wit::Change>) -> Answer<Vec<u64>> {
        let changes = match parse(changes) {
            Ok(changes) => changes,
            Err(error) => return Ok(Err(error)),
        };
        let provider = match open(self, "keyvalue:write").await? {
            Ok(provider) => provider,
            Err(error) => return Ok(Err(error)),
        };
        Ok(provider.apply(self.release().scenario(), changes).await.map_err(|error| answer(self, error)))
    }
}

/// The provider, if policy lets the scenario at its own data.
async fn open(invocation: &mut Invocation, action: &'static str) -> Answer<Arc<dyn KeyValueProvider>> {
    if let Err(refusal) = invocation.authorise_own(action).await {
        return Ok(Err(match refusal {
            Refusal::Denied(reference) => wit::Error::Denied(reference),
            Refusal::Unrecorded => wit::Error::Other("the decision can't be recorded; try again later".to_owned()),
        }));
    }
    let provider = invocation.provider::<Arc<dyn KeyValueProvider>>()?;
    slow_lane().await;
    Ok(Ok(provider))
}

fn parse(changes: Vec<wit::Change>) -> Result<Changes, wit::Error> {
    let changes = changes.into_iter().map(change).collect::<Result<_, InvalidKey>>()?;
    Changes::new(changes).map_err(|error| match error {
        InvalidChange::TooLarge(_) => wit::Error::TooLarge(MAX_VALUE_BYTES as u64),
        InvalidChange::Repeated(ref key) => {
            wit::Error::InvalidKey(format!("{error}: `{}` is there twice", key.as_str()))
        }
        InvalidChange::TooMany(_) => wit::Error::Other(error.to_string()),
    })
}

fn change(change: wit::Change) -> Result<Change, InvalidKey> {
    let expected = match change.expected {
        wit::Expectation::Any => Expectation::Any,
        wit::Expectation::Absent => Expectation::Absent,
        wit::Expectation::Version(version) => Expectation::Version(version),
    };
    Ok(Change { key: change.key.try_into()?, expected, value: change.value })
}

impl From<InvalidKey> for wit::Error {
    fn from(error: InvalidKey) -> Self {
        Self::InvalidKey(error.to_string())
    }
}

/// What the guest may know of a failure; the rest is logged.
fn answer(invocation: &Invocation, error: KeyValueError) -> wit::Error {
    match error {
        KeyValueError::Conflict(key) => wit::Error::Conflict(key.into()),
        KeyValueError::QuotaExceeded(limit) => wit::Error::QuotaExceeded(limit),
        KeyValueError::Store(error) => {
            tracing::error!(request = %invocation.request_id(), %error, "a scenario's data can't be reached");
            wit::Error::Other("the data can't be reached; try again later".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, size: usize) -> wit::Change {
        wit::Change { key: key.into(), expected: wit::Expectation::Any, value: Some(vec![0; size]) }
    }

    #[test]
    fn a_guests_mistake_is_answered_with_the_variant_for_it() {
        let error = |changes| parse(changes).unwrap_err();
        assert!(matches!(error(vec![put("", 1)]), wit::Error::InvalidKey(_)));
        assert!(matches!(error(vec![put("a", (1 << 20) + 1)]), wit::Error::TooLarge(1_048_576)));
        let many = (0..65).map(|n| put(&n.to_string(), 1)).collect();
        assert!(matches!(error(many), wit::Error::Other(text) if text.contains("at most 64")));
        let twice = error(vec![put("a", 1), put("a", 1)]);
        assert!(matches!(twice, wit::Error::InvalidKey(text) if text.ends_with("`a` is there twice")));
    }
}
