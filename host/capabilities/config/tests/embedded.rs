//! The embedded provider over both databases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use zhongtai_cap_config::{ConfigProvider, EmbeddedConfig, MIGRATIONS};
use zhongtai_kernel::ScenarioId;

#[tokio::test]
async fn a_setting_is_set_replaced_and_taken_back_on_both_databases() {
    let scenario: ScenarioId = "441802-chengguan/pothole".parse().unwrap();
    for database in zhongtai_store::testing::both(MIGRATIONS).await {
        let config = EmbeddedConfig::load(database.store.clone()).await.unwrap();
        config.set(&scenario, "greeting", Some("a")).await.unwrap();
        config.set(&scenario, "greeting", Some("b")).await.unwrap();
        let again = EmbeddedConfig::load(database.store.clone()).await.unwrap();
        assert_eq!(again.settings(&scenario)["greeting"], "b");
        config.set(&scenario, "greeting", None).await.unwrap();
        assert!(config.settings(&scenario).is_empty());
        assert!(config.set(&scenario, "Bad Key", Some("")).await.is_err());
    }
}
