//! What goes wrong: another database, no PostGIS, rows that somebody else wrote, and a server that is gone.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use sqlx::PgPool;
use zhongtai_cap_geo::{GeoError, GeoProvider, Level};
use zhongtai_conn_geo_postgis::{Postgis, PostgisError};
use zhongtai_kernel::ErrorKind;
use zhongtai_outbound::Secret;

use crate::support::{city, fresh, place};

#[tokio::test]
async fn a_url_of_something_else_is_refused_without_being_shown() {
    for url in ["sqlite://x.db", "hunter2", "postgres://:hunter2@[", ""] {
        let Err(error) = Postgis::open(&Secret::new(url), 1).await else { panic!("{url} was opened") };
        assert!(matches!(error, PostgisError::Url), "{url}: {error:?}");
        assert!(!error.to_string().contains("hunter2"));
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_unavailable() {
    let Err(error) = Postgis::open(&Secret::new("postgres://gis:hunter2@127.0.0.1:1/gis"), 1).await else { panic!() };
    assert!(matches!(error, PostgisError::Unavailable(_)), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!format!("{error}").contains("hunter2"));
}

#[tokio::test]
async fn an_account_that_can_not_add_postgis_is_told_what_to_do() {
    let database = zhongtai_store::testing::postgres(&[]).await;
    let pool = PgPool::connect(&database.url).await.unwrap();
    let role = format!("r{}", database.url.rsplit('/').next().unwrap());
    let make = format!("CREATE ROLE {role} LOGIN");
    sqlx::raw_sql(sqlx::AssertSqlSafe(make)).execute(&pool).await.unwrap();
    let url = database.url.replacen("postgres@", &format!("{role}@"), 1);
    let Err(error) = Postgis::open(&Secret::new(url), 1).await else { panic!() };
    assert_eq!(error.to_string(), "the database has no PostGIS: as its owner, run `CREATE EXTENSION postgis`");
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP ROLE {role}"))).execute(&pool).await.unwrap();
}

#[tokio::test]
async fn it_opens_again_with_what_was_stored() {
    let (fresh, city) = (fresh().await, city(1_000));
    let addresses: Vec<_> = city.registry_addresses().collect();
    fresh.postgis.put_addresses(&addresses).await.unwrap();
    let again = Postgis::open(&Secret::new(fresh.database.url.clone()), 2).await.unwrap();
    assert_eq!(again.revision().await.unwrap(), fresh.postgis.revision().await.unwrap());
    let found = again.geocode(&addresses[0].text(), 1, Level::Room).await.unwrap();
    assert_eq!(found[0].address, addresses[0]);
}

#[tokio::test]
async fn another_host_s_import_is_found_by_text_at_once() {
    let (fresh, city) = (fresh().await, city(1_000));
    let addresses: Vec<_> = city.registry_addresses().take(200).collect();
    let (first, rest) = addresses.split_at(100);
    fresh.postgis.put_addresses(first).await.unwrap();
    let other = Postgis::open(&Secret::new(fresh.database.url.clone()), 2).await.unwrap();
    let wanted = &rest[99];
    let text = wanted.text();
    let before = other.geocode(&text, 1, Level::Room).await.unwrap();
    assert!(before.iter().all(|found| found.address.id != wanted.id));
    fresh.postgis.put_addresses(rest).await.unwrap();
    assert_eq!(other.geocode(&text, 1, Level::Room).await.unwrap()[0].address, *wanted);
}

#[tokio::test]
async fn two_imports_that_overlap_together_are_not_both_stored() {
    let (fresh, city) = (fresh().await, city(1_000));
    let one = city.registry_grids().next().unwrap();
    let mut other = one.clone();
    other.id = "other".to_owned();
    // Somebody who has stored a grid and not committed yet: ours must not check before that is known.
    let pool = PgPool::connect(&fresh.database.url).await.unwrap();
    let mut import = pool.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO zhongtai_geo.grids VALUES ($1, '网格', 'officer', '', ST_Multi(ST_GeomFromText($2, 4490)))",
    )
    .bind(&one.id)
    .bind(one.shape.to_wkt())
    .execute(&mut *import)
    .await
    .unwrap();
    let ours = tokio::spawn(async move { fresh.postgis.put_grids(&[other]).await });
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'zhongtai_geo.grids'::regclass";
    let begun = Instant::now();
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&pool).await.unwrap() == 0 {
        assert!(!ours.is_finished(), "ours did not wait for the other one");
        assert!(begun.elapsed() < Duration::from_secs(60), "ours never came so far");
    }
    import.commit().await.unwrap();
    let refused = ours.await.unwrap().unwrap_err();
    assert!(matches!(&refused, GeoError::Overlap(..)), "{refused}");
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM zhongtai_geo.grids").fetch_one(&pool).await.unwrap();
    assert_eq!(stored, 1);
}

#[tokio::test]
async fn a_row_that_somebody_else_wrote_wrong_is_an_error_and_no_answer() {
    let fresh = fresh().await;
    let pool = PgPool::connect(&fresh.database.url).await.unwrap();
    // A ring that crosses itself, which PostGIS stores without a word.
    let bow = "INSERT INTO zhongtai_geo.grids (id, name, role, desk, shape) VALUES ('G', '网格', 'officer', '', \
        ST_GeomFromText('MULTIPOLYGON(((113 23,113.1 23.1,113.1 23,113 23.1,113 23)))', 4490))";
    sqlx::raw_sql(bow).execute(&pool).await.unwrap();
    let error = fresh.postgis.grid_of(&place(113.02, 23.05)).await;
    assert!(matches!(&error, Err(GeoError::Store(_))), "{error:?}");
    let outside = "INSERT INTO zhongtai_geo.halls (id, name, address, services, hours, at) VALUES ('H', '厅', '', '{}', \
        'not hours', ST_GeomFromText('POINT(113 23)', 4490))";
    sqlx::raw_sql(outside).execute(&pool).await.unwrap();
    assert!(fresh.postgis.halls_near(&place(113.0, 23.0), None, 1).await.is_err());
}

#[tokio::test]
async fn a_server_that_is_gone_is_said_to_be_and_no_address_is_logged() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_max_level(tracing::Level::TRACE).finish();
    let (fresh, city) = (fresh().await, city(1_000));
    let wanted = city.registry_addresses().next().unwrap();
    fresh.postgis.put_addresses(std::slice::from_ref(&wanted)).await.unwrap();
    fresh.postgis.close().await;
    let _guard = tracing::subscriber::set_default(subscriber);
    let error = fresh.postgis.geocode(&wanted.text(), 1, Level::Room).await.unwrap_err();
    assert_eq!(error.to_string(), "the geography's system can't be asked: PostGIS does not answer");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let log = log.text();
    assert!(log.contains("PostGIS failed"), "{log}");
    assert!(!log.contains(&wanted.text()) && !log.contains(&fresh.database.url), "{log}");
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
