use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use zhongtai_kernel::{ErrorKind, ScenarioId};
use zhongtai_store::{Store, StoreError};

use crate::{ConfigProvider, InvalidSetting, Settings, provider::check};

/// Settings in the platform's database, all of them held in memory.
pub struct EmbeddedConfig {
    store: Store,
    held: ArcSwap<HashMap<ScenarioId, Arc<Settings>>>,
}

/// A setting can't be changed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not valid.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

// === impl ConfigError ===

impl ConfigError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }
}

// === impl EmbeddedConfig ===

impl EmbeddedConfig {
    /// Reads all settings from a store that has [`crate::MIGRATIONS`].
    pub async fn load(store: Store) -> Result<Self, StoreError> {
        let config = Self { store, held: ArcSwap::default() };
        config.reload().await?;
        Ok(config)
    }

    /// Reads all settings again.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT scenario, key, value FROM scenario_settings").fetch_all(self.store.pool()).await?;
        let mut all: HashMap<ScenarioId, Settings> = HashMap::new();
        for (scenario, key, value) in rows {
            let scenario =
                scenario.parse().map_err(|error| StoreError::corrupt("scenario_settings.scenario", error))?;
            all.entry(scenario).or_default().insert(key, value);
        }
        let held = all.into_iter().map(|(scenario, settings)| (scenario, Arc::new(settings))).collect();
        self.held.store(Arc::new(held));
        Ok(())
    }

    /// Sets a value, or takes it back so that the manifest's default counts again.
    pub async fn set(&self, scenario: &ScenarioId, key: &str, value: Option<&str>) -> Result<(), ConfigError> {
        check(key, value.unwrap_or_default())?;
        let change = match value {
            Some(value) => sqlx::query(
                "INSERT INTO scenario_settings (scenario, key, value) VALUES ($1, $2, $3) \
                 ON CONFLICT (scenario, key) DO UPDATE SET value = excluded.value",
            )
            .bind(scenario.as_str())
            .bind(key)
            .bind(value),
            None => sqlx::query("DELETE FROM scenario_settings WHERE scenario = $1 AND key = $2")
                .bind(scenario.as_str())
                .bind(key),
        };
        change.execute(self.store.pool()).await.map_err(StoreError::from)?;
        Ok(self.reload().await?)
    }
}

impl ConfigProvider for EmbeddedConfig {
    fn settings(&self, scenario: &ScenarioId) -> Arc<Settings> {
        self.held.load().get(scenario).cloned().unwrap_or_default()
    }
}
