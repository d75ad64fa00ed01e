//! The tables. A write begins with its layer's revision: writers of one layer wait for each other there.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Row, any::AnyRow};
use zhongtai_geodesy::{Cgcs2000, Figure};
use zhongtai_store::{Backend, Store, StoreError, WriteTransaction};

use crate::{Address, GeoError, Grid, GridIndex, Hall, Level, Place};

/// Rows of one statement: 14 parameters each, and SQLite takes 32,766.
const ROWS: usize = 500;

/// A transaction that only reads.
pub(super) type Snapshot = sqlx::Transaction<'static, sqlx::Any>;

/// Of each layer.
pub(super) struct Revisions {
    pub(super) addresses: i64,
    pub(super) grids: i64,
    pub(super) halls: i64,
}

/// Everything as it is at one moment: what an import does meanwhile is not seen by half.
pub(super) async fn snapshot(store: &Store) -> Result<Snapshot, GeoError> {
    let mut snapshot = store.pool().begin().await?;
    if store.backend() == Backend::Postgres {
        let repeatable = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        sqlx::raw_sql(repeatable).execute(&mut *snapshot).await?;
    }
    Ok(snapshot)
}

pub(super) async fn revisions(snapshot: &mut Snapshot) -> Result<Revisions, GeoError> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT name, revision FROM geo_layers").fetch_all(&mut **snapshot).await?;
    let of = |name: &str| rows.iter().find(|(layer, _)| layer == name).map_or(0, |(_, revision)| *revision);
    Ok(Revisions { addresses: of("addresses"), grids: of("grids"), halls: of("halls") })
}

async fn begin(store: &Store, layer: &str) -> Result<WriteTransaction, GeoError> {
    let mut write = store.begin_write().await?;
    sqlx::query("UPDATE geo_layers SET revision = revision + 1 WHERE name = $1")
        .bind(layer)
        .execute(&mut *write)
        .await?;
    Ok(write)
}

async fn commit(write: WriteTransaction) -> Result<(), GeoError> {
    Ok(write.commit().await.map_err(StoreError::from)?)
}

// === addresses ===

const COLUMNS: &str =
    "id, city, district, street, community, road, lane, number, estate, building, unit, room, lon, lat";

/// Rows that are read at once: the database's own form of a row takes several times as much as an address.
const PAGE: i64 = 20_000;

pub(super) async fn addresses(snapshot: &mut Snapshot) -> Result<Vec<Address>, GeoError> {
    let sql = format!("SELECT {COLUMNS} FROM geo_addresses WHERE id > $1 ORDER BY id LIMIT $2");
    let mut all: Vec<Address> = Vec::new();
    loop {
        let last = all.last().map_or("", |address| address.id.as_str()).to_owned();
        let page = sqlx::query(AssertSqlSafe(sql.clone())).bind(last).bind(PAGE);
        let page = page.fetch_all(&mut **snapshot).await?;
        if page.is_empty() {
            return Ok(all);
        }
        for row in &page {
            all.push(address(row)?);
        }
    }
}

fn address(row: &AnyRow) -> Result<Address, GeoError> {
    let mut parts: [String; Level::COUNT] = Default::default();
    for (index, part) in parts.iter_mut().enumerate() {
        *part = row.try_get(index + 1)?;
    }
    let at = place(row.try_get(12)?, row.try_get(13)?, "geo_addresses")?;
    Ok(Address { id: row.try_get(0)?, parts, at })
}

fn place(lon: f64, lat: f64, table: &'static str) -> Result<Place, GeoError> {
    Ok(Place::new(Cgcs2000, lon, lat).map_err(|problem| StoreError::corrupt(table, problem))?)
}

pub(super) async fn put_addresses(store: &Store, addresses: &[Address]) -> Result<(), GeoError> {
    // One statement can't change a row twice: of the same id, the last one counts.
    let last: HashMap<&str, usize> = addresses.iter().enumerate().map(|(at, one)| (one.id.as_str(), at)).collect();
    let wanted: Vec<&Address> = addresses
        .iter()
        .enumerate()
        .filter(|(at, one)| last.get(one.id.as_str()) == Some(at))
        .map(|(_, one)| one)
        .collect();
    let mut write = begin(store, "addresses").await?;
    for some in wanted.chunks(ROWS) {
        let mut query = sqlx::query(AssertSqlSafe(upsert_addresses(some.len())));
        for address in some {
            query = query.bind(&address.id);
            for part in &address.parts {
                query = query.bind(part);
            }
            query = query.bind(address.at.lon()).bind(address.at.lat());
        }
        query.execute(&mut *write).await?;
    }
    commit(write).await
}

fn upsert_addresses(rows: usize) -> String {
    let row = |row: usize| {
        let parameters = (1..=14).map(|column| format!("${}", row * 14 + column)).collect::<Vec<_>>();
        format!("({})", parameters.join(", "))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    let changes: Vec<_> = COLUMNS.split(", ").skip(1).map(|column| format!("{column} = excluded.{column}")).collect();
    format!(
        "INSERT INTO geo_addresses ({COLUMNS}) VALUES {} ON CONFLICT (id) DO UPDATE SET {}",
        rows.join(", "),
        changes.join(", ")
    )
}

// === grids ===

type GridRow = (String, String, String, String, String);

const GRIDS: &str = "SELECT id, name, role, desk, shape FROM geo_grids";

pub(super) async fn grids(snapshot: &mut Snapshot) -> Result<Vec<Grid>, GeoError> {
    let rows: Vec<GridRow> = sqlx::query_as(GRIDS).fetch_all(&mut **snapshot).await?;
    rows.into_iter().map(grid).collect()
}

fn grid((id, name, role, desk, shape): GridRow) -> Result<Grid, GeoError> {
    let shape = Figure::from_wkt(&shape).and_then(|figure| figure.surface());
    let shape = shape.map_err(|problem| StoreError::corrupt("geo_grids.shape", problem))?;
    Ok(Grid { id, name, role, desk, shape })
}

pub(super) async fn put_grids(store: &Store, grids: &[Grid]) -> Result<(), GeoError> {
    let mut write = begin(store, "grids").await?;
    for grid in grids {
        sqlx::query(
            "INSERT INTO geo_grids (id, name, role, desk, shape) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET \
             name = excluded.name, role = excluded.role, desk = excluded.desk, shape = excluded.shape",
        )
        .bind(&grid.id)
        .bind(&grid.name)
        .bind(&grid.role)
        .bind(&grid.desk)
        .bind(grid.shape.to_wkt())
        .execute(&mut *write)
        .await?;
    }
    // With all that were there before: none may overlap, or nothing is stored.
    let rows: Vec<GridRow> = sqlx::query_as(GRIDS).fetch_all(&mut *write).await?;
    let all: Vec<Grid> = rows.into_iter().map(grid).collect::<Result<_, _>>()?;
    super::blocking(move || GridIndex::build(all).map(drop)).await?;
    commit(write).await
}

// === halls ===

type HallRow = (String, String, String, f64, f64, String, String);

pub(super) async fn halls(snapshot: &mut Snapshot) -> Result<Vec<Hall>, GeoError> {
    let sql = "SELECT id, name, address, lon, lat, services, hours FROM geo_halls";
    let rows: Vec<HallRow> = sqlx::query_as(sql).fetch_all(&mut **snapshot).await?;
    let mut halls: Vec<Hall> = rows.into_iter().map(hall).collect::<Result<_, _>>()?;
    // Databases sort texts as their locale does; we, by their bytes.
    halls.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(halls)
}

fn hall((id, name, address, lon, lat, services, hours): HallRow) -> Result<Hall, GeoError> {
    let corrupt = |error| StoreError::corrupt("geo_halls", error);
    let services = serde_json::from_str(&services).map_err(corrupt)?;
    let hours = serde_json::from_str(&hours).map_err(corrupt)?;
    Ok(Hall { id, name, address, at: place(lon, lat, "geo_halls")?, services, hours })
}

pub(super) async fn put_halls(store: &Store, halls: &[Hall]) -> Result<(), GeoError> {
    let mut write = begin(store, "halls").await?;
    for hall in halls {
        let json = |error: serde_json::Error| GeoError::System(error.to_string());
        sqlx::query(
            "INSERT INTO geo_halls (id, name, address, lon, lat, services, hours) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, address = excluded.address, lon = excluded.lon, \
             lat = excluded.lat, services = excluded.services, hours = excluded.hours",
        )
        .bind(&hall.id)
        .bind(&hall.name)
        .bind(&hall.address)
        .bind(hall.at.lon())
        .bind(hall.at.lat())
        .bind(serde_json::to_string(&hall.services).map_err(json)?)
        .bind(serde_json::to_string(&hall.hours).map_err(json)?)
        .execute(&mut *write)
        .await?;
    }
    commit(write).await
}
