use std::{collections::BTreeMap, sync::Arc};

use zhongtai_kernel::ScenarioId;

/// What an operator set for a scenario, by key.
pub type Settings = BTreeMap<String, String>;

/// Where an operator's settings come from. Answers from memory.
pub trait ConfigProvider: Send + Sync + 'static {
    /// The settings of a scenario.
    fn settings(&self, scenario: &ScenarioId) -> Arc<Settings>;
}

/// A setting that can't be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    /// The key is empty, too long or has other characters.
    #[error("key: expected 1 to 64 of a-z, 0-9, `_`, `-` and `.`")]
    Key,
    /// The value is too long.
    #[error("value: has {0} bytes, at most 4096 are allowed")]
    Value(usize),
}

/// Checks a setting.
pub(crate) fn check(key: &str, value: &str) -> Result<(), InvalidSetting> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.".contains(&b);
    if !(1..=64).contains(&key.len()) || !key.bytes().all(allowed) {
        return Err(InvalidSetting::Key);
    }
    if value.len() > 4_096 {
        return Err(InvalidSetting::Value(value.len()));
    }
    Ok(())
}
