//! Durable data of a scenario (键值存储): no other scenario can read it, and every release of the scenario shares it.
//!
//! A plugin gets a value with its version, and applies up to [`MAX_CHANGES`] changes that happen all or not at all,
//! each under an expectation about what is there. Policy decides (`keyvalue:read`, `keyvalue:write`), and a quota
//! bounds what one scenario may hold.

#[cfg(feature = "testing")]
pub mod contract;
mod embedded;
mod error;
mod host;
mod migration;
mod provider;
mod rows;

pub use embedded::{EmbeddedKeyValue, VERSION_MEMORY};
pub use error::{InvalidChange, InvalidKey, KeyValueError};
pub use migration::MIGRATIONS;
pub use provider::{
    Change, Changes, Entry, Expectation, Key, KeyQuery, KeyValueProvider, MAX_CHANGES, MAX_KEY_BYTES, MAX_KEYS,
    MAX_VALUE_BYTES,
};

use std::{num::NonZeroU32, sync::Arc};

use serde::Deserialize;
use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The `[keyvalue]` table of `zt.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyValueConfig {
    /// What one scenario may hold, keys and values together, MiB.
    pub quota_mib: NonZeroU32,
}

impl Default for KeyValueConfig {
    fn default() -> Self {
        Self { quota_mib: NonZeroU32::MIN.saturating_add(63) }
    }
}

impl KeyValueConfig {
    /// The quota in bytes.
    pub fn quota_bytes(self) -> u64 {
        u64::from(self.quota_mib.get()) << 20
    }
}

/// The capability, over some provider.
pub struct KeyValue(pub Arc<dyn KeyValueProvider>);

impl Capability for KeyValue {
    fn name(&self) -> &'static str {
        "keyvalue"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.0.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_may_hold_64_mib_by_default() {
        assert_eq!(KeyValueConfig::default().quota_bytes(), 64 << 20);
    }

    #[test]
    fn an_unknown_config_key_is_refused_by_name() {
        let error = serde_json::from_str::<KeyValueConfig>(r#"{"quota": 1}"#).unwrap_err().to_string();
        assert!(error.contains("unknown field `quota`"), "{error}");
    }
}
