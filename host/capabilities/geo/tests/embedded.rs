//! The embedded provider over both databases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use zhongtai_cap_geo::{
    EmbeddedGeo, GeoError, GeoProvider, Level, MIGRATIONS,
    contract::{self, address, grid, place},
};
use zhongtai_store::Store;

#[tokio::test]
async fn the_embedded_provider_keeps_the_contract_on_both_databases() {
    for database in zhongtai_store::testing::both(MIGRATIONS).await {
        let provider = EmbeddedGeo::open(database.store.clone()).await.unwrap();
        contract::holds(&provider).await;
    }
}

#[tokio::test]
async fn another_host_sees_an_import_when_it_looks() {
    for database in zhongtai_store::testing::both(MIGRATIONS).await {
        let other = Store::open(&database.url, MIGRATIONS).await.unwrap();
        let (here, there) =
            (EmbeddedGeo::open(database.store.clone()).await.unwrap(), EmbeddedGeo::open(other).await.unwrap());
        let one = address("a", &[(Level::Road, "北江一路"), (Level::Number, "12号")], (113.05, 23.68));
        here.put_addresses(&[one]).await.unwrap();
        assert!(there.geocode("北江一路12号", 1, Level::Building).await.unwrap().is_empty());
        there.refresh().await.unwrap();
        assert_eq!(there.geocode("北江一路12号", 1, Level::Building).await.unwrap().len(), 1);
        assert_eq!(here.revision().await.unwrap(), there.revision().await.unwrap());
    }
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    for database in zhongtai_store::testing::both(MIGRATIONS).await {
        let before = EmbeddedGeo::open(database.store.clone()).await.unwrap();
        // More than a statement takes, and one id twice: the last one counts.
        let many: Vec<_> = (0..1_201)
            .map(|number| {
                address(&format!("a{}", number % 1_200), &[(Level::Number, &format!("{number}号"))], (113.05, 23.68))
            })
            .collect();
        before.put_addresses(&many).await.unwrap();
        before.put_grids(&[grid("g", "POLYGON((113 23,113.1 23,113.1 23.1,113 23.1,113 23))")]).await.unwrap();
        let after = EmbeddedGeo::open(database.store.clone()).await.unwrap();
        assert_eq!(after.counts(), (1_200, 1, 0));
        let near = after.reverse(&place(113.05, 23.68), 1.0, 20, Level::Building).await.unwrap();
        assert_eq!(
            near.iter().find(|near| near.address.id == "a0").map(|near| near.address.text()),
            Some("清远市清城区1200号".into())
        );
    }
}

#[tokio::test]
async fn two_imports_at_once_can_not_make_grids_overlap() {
    for database in zhongtai_store::testing::both(MIGRATIONS).await {
        let other = Store::open(&database.url, MIGRATIONS).await.unwrap();
        let (here, there) =
            (EmbeddedGeo::open(database.store.clone()).await.unwrap(), EmbeddedGeo::open(other).await.unwrap());
        let a = [grid("a", "POLYGON((113 23,113.1 23,113.1 23.1,113 23.1,113 23))")];
        let b = [grid("b", "POLYGON((113.05 23,113.2 23,113.2 23.1,113.05 23.1,113.05 23))")];
        let (first, second) = tokio::join!(here.put_grids(&a), there.put_grids(&b));
        let refused = [first, second].into_iter().filter_map(Result::err).collect::<Vec<_>>();
        assert!(matches!(refused.as_slice(), [GeoError::Overlap(..)]), "{refused:?}");
        here.refresh().await.unwrap();
        assert_eq!(here.counts().1, 1);
    }
}

#[tokio::test]
async fn more_addresses_than_a_page_are_all_read() {
    for database in zhongtai_store::testing::both(MIGRATIONS).await {
        let geo = EmbeddedGeo::open(database.store.clone()).await.unwrap();
        let ids = ["A", "a", "é", "中", "-", "0"];
        let many: Vec<_> = (0..20_010)
            .map(|number| {
                address(&format!("{}{number}", ids[number % ids.len()]), &[(Level::Number, "1号")], (113.0, 23.0))
            })
            .collect();
        geo.put_addresses(&many).await.unwrap();
        assert_eq!(geo.counts().0, many.len(), "{:?}", database.store.backend());
    }
}
