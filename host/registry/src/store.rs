use std::sync::Arc;

use zhongtai_kernel::{Clock, Digest, Release, ScenarioId, Timestamp};
use zhongtai_store::{Store, StoreError, WriteTransaction};

use crate::{Deployed, Grant, NewRelease, RegistryError, Snapshot};

/// The registry's door to its tables.
#[derive(Clone)]
pub struct Registry {
    store: Store,
    clock: Arc<dyn Clock>,
}

// === impl Registry ===

impl Registry {
    /// A registry over an open store that has [`crate::MIGRATIONS`].
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Releases a component and lets it answer `weight` percent of the scenario's requests; the release that had
    /// most keeps the rest, others stop. With weight 100, or as the first, it answers all.
    pub async fn deploy(&self, new: NewRelease<'_>, weight: i64) -> Result<(), RegistryError> {
        if !(1..=100).contains(&weight) {
            return Err(RegistryError::Weight(weight));
        }
        let (scenario, id) = (new.release.scenario(), new.release.id().to_string());
        let mut write = self.store.begin_write().await?;
        self.insert_release(&mut write, &new).await?;
        let stable = heaviest_other(&mut write, scenario, &id).await?;
        let shares = match stable {
            Some(stable) if weight < 100 => vec![(id.clone(), weight), (stable, 100 - weight)],
            _ => vec![(id.clone(), 100)],
        };
        self.replace_deployment(&mut write, scenario, &shares).await?;
        self.append_history(&mut write, scenario, &id, new.actor).await?;
        self.commit(write).await
    }

    /// Gives all requests back to the release that was deployed before the newest one. A second rollback goes back
    /// further, never forward.
    pub async fn rollback(&self, scenario: &ScenarioId, actor: &str) -> Result<Digest, RegistryError> {
        let mut write = self.store.begin_write().await?;
        let answering = sqlx::query("SELECT release FROM deployments WHERE scenario = $1")
            .bind(scenario.as_str())
            .fetch_optional(&mut *write)
            .await?;
        if answering.is_none() {
            return Err(RegistryError::NotDeployed(scenario.clone()));
        }
        let steps: Vec<String> =
            sqlx::query_scalar("SELECT release FROM deployment_history WHERE scenario = $1 ORDER BY step")
                .bind(scenario.as_str())
                .fetch_all(&mut *write)
                .await?;
        let earlier = before_newest(&steps).ok_or_else(|| RegistryError::NothingEarlier(scenario.clone()))?;
        let id = earlier.parse().map_err(|error| StoreError::corrupt("deployment_history.release", error))?;
        self.replace_deployment(&mut write, scenario, &[(earlier.to_owned(), 100)]).await?;
        self.append_history(&mut write, scenario, earlier, actor).await?;
        self.commit(write).await?;
        Ok(id)
    }

    /// Stops a scenario. Its releases and data stay.
    pub async fn remove(&self, scenario: &ScenarioId) -> Result<(), RegistryError> {
        let mut write = self.store.begin_write().await?;
        let removed = sqlx::query("DELETE FROM deployments WHERE scenario = $1")
            .bind(scenario.as_str())
            .execute(&mut *write)
            .await?;
        if removed.rows_affected() == 0 {
            return Err(RegistryError::NotDeployed(scenario.clone()));
        }
        self.commit(write).await
    }

    /// The number that every change raises.
    pub async fn generation(&self) -> Result<i64, RegistryError> {
        Ok(sqlx::query_scalar("SELECT generation FROM registry_generation WHERE id = 1")
            .fetch_one(self.store.pool())
            .await?)
    }

    /// Every deployment, as one consistent whole.
    pub async fn snapshot(&self) -> Result<Snapshot, RegistryError> {
        let generation = self.generation().await?;
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
            "SELECT r.component_digest, r.manifest, d.weight, d.since FROM deployments d \
             JOIN releases r ON r.scenario = d.scenario AND r.id = d.release \
             ORDER BY d.scenario, d.weight DESC",
        )
        .fetch_all(self.store.pool())
        .await?;
        let mut snapshot = Snapshot { generation, ..Snapshot::default() };
        for (digest, manifest, weight, since) in rows {
            let deployed = deployed(&digest, &manifest, weight, since)?;
            let scenario = deployed.release.scenario().clone();
            snapshot.deployments.entry(scenario).or_default().push(deployed);
        }
        Ok(snapshot)
    }

    /// The bytes of a released component.
    pub async fn component(&self, release: &Release) -> Result<Vec<u8>, RegistryError> {
        let scenario = release.scenario();
        sqlx::query_scalar("SELECT component FROM releases WHERE scenario = $1 AND id = $2")
            .bind(scenario.as_str())
            .bind(release.id().to_string())
            .fetch_optional(self.store.pool())
            .await?
            .ok_or_else(|| RegistryError::NotDeployed(scenario.clone()))
    }

    /// Grants a capability and raises the generation: a release that waits for it can run. Granting it twice keeps the
    /// first approval.
    pub async fn grant(&self, scenario: &ScenarioId, capability: &str, actor: &str) -> Result<(), RegistryError> {
        let mut write = self.store.begin_write().await?;
        sqlx::query(
            "INSERT INTO grants (scenario, capability, granted_by, granted_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (scenario, capability) DO NOTHING",
        )
        .bind(scenario.as_str())
        .bind(capability)
        .bind(actor)
        .bind(self.clock.now().as_millisecond())
        .execute(&mut *write)
        .await?;
        self.commit(write).await
    }

    /// Takes a grant back and raises the generation: hosts stop linking the capability. False when there was none.
    pub async fn revoke(&self, scenario: &ScenarioId, capability: &str) -> Result<bool, RegistryError> {
        let mut write = self.store.begin_write().await?;
        let removed = sqlx::query("DELETE FROM grants WHERE scenario = $1 AND capability = $2")
            .bind(scenario.as_str())
            .bind(capability)
            .execute(&mut *write)
            .await?;
        self.commit(write).await?;
        Ok(removed.rows_affected() > 0)
    }

    /// What a scenario was granted.
    pub async fn grants(&self, scenario: &ScenarioId) -> Result<Vec<Grant>, RegistryError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT capability, granted_by, granted_at FROM grants WHERE scenario = $1 ORDER BY capability",
        )
        .bind(scenario.as_str())
        .fetch_all(self.store.pool())
        .await?;
        rows.into_iter()
            .map(|(capability, granted_by, at)| {
                let granted_at = timestamp("grants.granted_at", at)?;
                Ok(Grant { scenario: scenario.clone(), capability, granted_by, granted_at })
            })
            .collect()
    }

    async fn insert_release(&self, write: &mut WriteTransaction, new: &NewRelease<'_>) -> Result<(), RegistryError> {
        sqlx::query(
            "INSERT INTO releases (scenario, id, component_digest, manifest, component, created_at, created_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (scenario, id) DO NOTHING",
        )
        .bind(new.release.scenario().as_str())
        .bind(new.release.id().to_string())
        .bind(new.release.digest().to_string())
        .bind(new.manifest)
        .bind(new.component)
        .bind(self.clock.now().as_millisecond())
        .bind(new.actor)
        .execute(&mut **write)
        .await?;
        Ok(())
    }

    async fn replace_deployment(
        &self,
        write: &mut WriteTransaction,
        scenario: &ScenarioId,
        shares: &[(String, i64)],
    ) -> Result<(), RegistryError> {
        let before: Vec<(String, i64)> = sqlx::query_as("SELECT release, since FROM deployments WHERE scenario = $1")
            .bind(scenario.as_str())
            .fetch_all(&mut **write)
            .await?;
        sqlx::query("DELETE FROM deployments WHERE scenario = $1")
            .bind(scenario.as_str())
            .execute(&mut **write)
            .await?;
        for (release, weight) in shares {
            // A release that only changes its share has answered since it came.
            let since = before.iter().find(|(known, _)| known == release).map(|(_, since)| *since);
            sqlx::query("INSERT INTO deployments (scenario, release, weight, since) VALUES ($1, $2, $3, $4)")
                .bind(scenario.as_str())
                .bind(release)
                .bind(weight)
                .bind(since.unwrap_or_else(|| self.clock.now().as_millisecond()))
                .execute(&mut **write)
                .await?;
        }
        Ok(())
    }

    async fn append_history(
        &self,
        write: &mut WriteTransaction,
        scenario: &ScenarioId,
        release: &str,
        actor: &str,
    ) -> Result<(), RegistryError> {
        sqlx::query(
            "INSERT INTO deployment_history (scenario, step, release, at, actor) \
             SELECT $1, COALESCE(MAX(step), 0) + 1, $2, $3, $4 FROM deployment_history WHERE scenario = $1",
        )
        .bind(scenario.as_str())
        .bind(release)
        .bind(self.clock.now().as_millisecond())
        .bind(actor)
        .execute(&mut **write)
        .await?;
        Ok(())
    }

    async fn commit(&self, mut write: WriteTransaction) -> Result<(), RegistryError> {
        sqlx::query("UPDATE registry_generation SET generation = generation + 1 WHERE id = 1")
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        Ok(())
    }
}

/// The release that was deployed before the newest one came for the first time; `steps` is the history, oldest first.
fn before_newest(steps: &[String]) -> Option<&str> {
    let newest = steps.last()?;
    let first = steps.iter().position(|release| release == newest)?;
    steps.get(..first)?.last().map(String::as_str)
}

async fn heaviest_other(
    write: &mut WriteTransaction,
    scenario: &ScenarioId,
    id: &str,
) -> Result<Option<String>, RegistryError> {
    Ok(sqlx::query_scalar(
        "SELECT release FROM deployments WHERE scenario = $1 AND release <> $2 ORDER BY weight DESC, since DESC LIMIT 1",
    )
    .bind(scenario.as_str())
    .bind(id)
    .fetch_optional(&mut **write)
    .await?)
}

fn deployed(digest: &str, manifest: &str, weight: i64, since: i64) -> Result<Deployed, RegistryError> {
    let digest = digest.parse().map_err(|error| StoreError::corrupt("releases.component_digest", error))?;
    let weight = u8::try_from(weight).map_err(|_| StoreError::corrupt("deployments.weight", "not a percentage"))?;
    let release = Arc::new(Release::parse(digest, manifest)?);
    Ok(Deployed { release, weight, since: timestamp("deployments.since", since)? })
}

fn timestamp(column: &'static str, millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|error| StoreError::corrupt(column, error))
}
