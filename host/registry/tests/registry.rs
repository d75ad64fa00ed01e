//! The registry over both databases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use std::sync::Arc;

use zhongtai_kernel::{Digest, Release, ScenarioId, SystemClock};
use zhongtai_registry::{MIGRATIONS, NewRelease, Registry, RegistryError};

fn manifest(version: &str) -> String {
    format!(
        "[plugin]\nname = \"pothole\"\nversion = \"{version}\"\ndepartment = \"441802-chengguan\"\ntitle = \"坑洞\"\naccess = \"public\""
    )
}

async fn deploy(registry: &Registry, version: &str, weight: i64) -> Result<Digest, RegistryError> {
    let (manifest, component) = (manifest(version), b"component".to_vec());
    let release = Release::parse(Digest::of(&component), &manifest).unwrap();
    let new = NewRelease { release: &release, manifest: &manifest, component: &component, actor: "ops" };
    registry.deploy(new, weight).await.map(|()| release.id())
}

async fn shares(registry: &Registry) -> Vec<(String, u8)> {
    let snapshot = registry.snapshot().await.unwrap();
    let deployed = snapshot.deployments.into_values().flatten();
    deployed.map(|one| (one.release.manifest().plugin.version.clone(), one.weight)).collect()
}

fn share(version: &str, weight: u8) -> (String, u8) {
    (version.to_owned(), weight)
}

#[tokio::test]
async fn a_canary_takes_its_share_and_a_rollback_gives_it_back() {
    let scenario: ScenarioId = "441802-chengguan/pothole".parse().unwrap();
    for database in zhongtai_store::testing::both(MIGRATIONS).await {
        let registry = Registry::new(database.store.clone(), Arc::new(SystemClock));
        let first = deploy(&registry, "1", 10).await.unwrap();
        assert_eq!(shares(&registry).await, [share("1", 100)], "the first release answers all");
        deploy(&registry, "2", 10).await.unwrap();
        assert_eq!(shares(&registry).await, [share("1", 90), share("2", 10)]);
        assert_eq!(registry.rollback(&scenario, "ops").await.unwrap(), first);
        assert_eq!(shares(&registry).await, [share("1", 100)]);
        let further = registry.rollback(&scenario, "ops").await;
        assert!(matches!(further, Err(RegistryError::NothingEarlier(_))), "a second rollback does not go forward");
        deploy(&registry, "3", 100).await.unwrap();
        assert_eq!(shares(&registry).await, [share("3", 100)]);
        registry.remove(&scenario).await.unwrap();
        assert!(shares(&registry).await.is_empty());
        assert!(matches!(registry.remove(&scenario).await, Err(RegistryError::NotDeployed(_))));
        assert!(matches!(registry.rollback(&scenario, "ops").await, Err(RegistryError::NotDeployed(_))));
    }
}

#[tokio::test]
async fn every_change_raises_the_generation_and_nothing_else_does() {
    for database in zhongtai_store::testing::both(MIGRATIONS).await {
        let registry = Registry::new(database.store.clone(), Arc::new(SystemClock));
        assert_eq!(registry.generation().await.unwrap(), 0);
        deploy(&registry, "1", 100).await.unwrap();
        assert!(matches!(deploy(&registry, "1", 101).await, Err(RegistryError::Weight(101))));
        registry.snapshot().await.unwrap();
        assert_eq!(registry.generation().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_rollback_needs_something_earlier() {
    let scenario: ScenarioId = "441802-chengguan/pothole".parse().unwrap();
    let database = zhongtai_store::testing::sqlite(MIGRATIONS).await;
    let registry = Registry::new(database.store.clone(), Arc::new(SystemClock));
    assert!(matches!(registry.rollback(&scenario, "ops").await, Err(RegistryError::NotDeployed(_))));
    deploy(&registry, "1", 100).await.unwrap();
    assert!(matches!(registry.rollback(&scenario, "ops").await, Err(RegistryError::NothingEarlier(_))));
}

#[tokio::test]
async fn grants_are_given_once_and_taken_back() {
    let scenario: ScenarioId = "441802-chengguan/pothole".parse().unwrap();
    for database in zhongtai_store::testing::both(MIGRATIONS).await {
        let registry = Registry::new(database.store.clone(), Arc::new(SystemClock));
        registry.grant(&scenario, "credit", "li").await.unwrap();
        registry.grant(&scenario, "credit", "wang").await.unwrap();
        let grants = registry.grants(&scenario).await.unwrap();
        assert_eq!((grants.len(), grants[0].granted_by.as_str()), (1, "li"), "the first approval counts");
        assert!(registry.revoke(&scenario, "credit").await.unwrap());
        assert!(!registry.revoke(&scenario, "credit").await.unwrap());
    }
}
