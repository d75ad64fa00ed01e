//! The contract of every provider.

use zhongtai_cap_geo::contract;

use crate::support::fresh;

#[tokio::test]
async fn the_contract_holds() {
    contract::holds(&fresh().await.postgis).await;
}
