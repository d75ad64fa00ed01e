//! The embedded provider over both databases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use zhongtai_cap_credit::{CreditProvider, EmbeddedCredit, MIGRATIONS, contract};

#[tokio::test]
async fn the_embedded_provider_keeps_the_contract_on_both_databases() {
    for database in zhongtai_store::testing::both(MIGRATIONS).await {
        let provider = EmbeddedCredit::new(database.store.clone());
        provider.upsert(&contract::fixture()).await.unwrap();
        contract::holds(&provider).await;
    }
}

#[tokio::test]
async fn an_import_is_seen_at_once_by_the_host_that_made_it() {
    let database = zhongtai_store::testing::sqlite(MIGRATIONS).await;
    let provider = EmbeddedCredit::new(database.store.clone());
    let code = "91350100M000100Y43".parse().unwrap();
    assert!(provider.records(&code).await.unwrap().is_empty());
    provider.upsert(&contract::fixture()).await.unwrap();
    assert!(provider.at_hand(&code).is_none(), "what was kept is stale");
    assert_eq!(provider.records(&code).await.unwrap().len(), 2);
    assert_eq!(provider.at_hand(&code).unwrap().len(), 2);
}
