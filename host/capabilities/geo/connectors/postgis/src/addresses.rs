//! The table of addresses: what is near, what is in a box, and what text means.

use std::{collections::BTreeMap, sync::Arc};

use sqlx::{Row, postgres::PgRow};
use zhongtai_cap_geo::{Address, AddressIndex, GeoError, Level, Nearby, Place};
use zhongtai_geodesy::{Bounds, Cgcs2000};

use crate::{
    Postgis,
    open::{Texts, corrupt, failed},
};

const COLUMNS: &str = "id, city, district, street, community, road, lane, number, estate, building, unit, room, \
    ST_X(at) AS lon, ST_Y(at) AS lat";

const PUT: &str = "\
    INSERT INTO zhongtai_geo.addresses \
        (id, level, city, district, street, community, road, lane, number, estate, building, unit, room, at) \
    SELECT id, level, city, district, street, community, road, lane, number, estate, building, unit, room, \
        ST_SetSRID(ST_MakePoint(lon, lat), 4490) \
    FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], \
        $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::float8[], $15::float8[]) \
        AS given (id, level, city, district, street, community, road, lane, number, estate, building, unit, room, lon, lat) \
    ON CONFLICT (id) DO UPDATE SET level = excluded.level, city = excluded.city, district = excluded.district, \
        street = excluded.street, community = excluded.community, road = excluded.road, lane = excluded.lane, \
        number = excluded.number, estate = excluded.estate, building = excluded.building, unit = excluded.unit, \
        room = excluded.room, at = excluded.at";

/// As many rows go in one statement: what arrays of them take stays small.
const AT_ONCE: usize = 20_000;

/// The index by distance knows a sphere only. So the nearest by it tell how far to look, one percent farther, and the
/// ellipsoid decides among what is there.
const NEAR: &str = "\
    WITH place AS (SELECT ST_SetSRID(ST_MakePoint($1, $2), 4490)::geography AS at), \
    reach AS (SELECT least($3, 1 + 1.01 * coalesce(max(away), 0)) AS metres, count(*) AS found FROM (\
        SELECT addresses.at::geography <-> place.at AS away FROM zhongtai_geo.addresses, place \
        WHERE level <= $4 ORDER BY addresses.at::geography <-> place.at LIMIT $5) AS nearest) \
    SELECT *, ST_X(at) AS lon, ST_Y(at) AS lat, ST_Distance(at::geography, (SELECT at FROM place)) AS away \
    FROM zhongtai_geo.addresses \
    WHERE level <= $4 AND ST_DWithin(at::geography, (SELECT at FROM place), (SELECT metres FROM reach)) \
    ORDER BY away, id LIMIT $5";

// === impl Postgis ===

impl Postgis {
    pub(crate) async fn near(
        &self,
        at: &Place,
        within: f64,
        limit: usize,
        deepest: Level,
    ) -> Result<Vec<Nearby>, GeoError> {
        let rows = sqlx::query(NEAR)
            .bind(at.lon())
            .bind(at.lat())
            .bind(within)
            .bind(number(deepest))
            .bind(bounded(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        rows.iter()
            .map(|row| Ok(Nearby { address: address(row)?, distance: row.try_get("away").map_err(failed)? }))
            .collect()
    }

    pub(crate) async fn addresses_within(
        &self,
        bounds: &Bounds,
        deepest: Level,
        limit: usize,
    ) -> Result<Vec<Address>, GeoError> {
        let select = format!(
            "SELECT {COLUMNS} FROM zhongtai_geo.addresses WHERE at && ST_MakeEnvelope($1, $2, $3, $4, 4490) \
             AND level <= $5 ORDER BY id LIMIT $6"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(select))
            .bind(bounds.min_lon)
            .bind(bounds.min_lat)
            .bind(bounds.max_lon)
            .bind(bounds.max_lat)
            .bind(number(deepest))
            .bind(bounded(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        rows.iter().map(address).collect()
    }

    pub(crate) async fn store_addresses(&self, addresses: &[Address]) -> Result<(), GeoError> {
        // One statement can't change a row twice: of those with the same id the last one counts.
        let by_id: BTreeMap<&str, &Address> = addresses.iter().map(|address| (address.id.as_str(), address)).collect();
        let addresses: Vec<&Address> = by_id.into_values().collect();
        let mut write = self.begin().await?;
        for some in addresses.chunks(AT_ONCE) {
            let ids: Vec<&str> = some.iter().map(|address| address.id.as_str()).collect();
            let levels: Vec<i16> = some.iter().map(|address| number(address.level())).collect();
            let mut query = sqlx::query(PUT).bind(ids).bind(levels);
            for level in Level::ALL {
                query = query.bind(some.iter().map(|address| address.part(level)).collect::<Vec<_>>());
            }
            let lons: Vec<f64> = some.iter().map(|address| address.at.lon()).collect();
            let lats: Vec<f64> = some.iter().map(|address| address.at.lat()).collect();
            query.bind(lons).bind(lats).execute(&mut *write).await.map_err(failed)?;
        }
        self.finish(write).await
    }

    /// The index of texts as the table is now.
    pub(crate) async fn texts(&self) -> Result<Arc<AddressIndex>, GeoError> {
        let revision = self.current_revision().await?;
        if let Some(index) = self.at_revision(revision) {
            return Ok(index);
        }
        let _reading = self.reading.lock().await;
        // Another one may have read it while this one waited.
        let revision = self.current_revision().await?;
        if let Some(index) = self.at_revision(revision) {
            return Ok(index);
        }
        let index = Arc::new(self.read_index().await?);
        self.texts.store(Some(Arc::new(Texts { revision, index: index.clone() })));
        Ok(index)
    }

    fn at_revision(&self, revision: i64) -> Option<Arc<AddressIndex>> {
        let texts = self.texts.load_full()?;
        (texts.revision == revision).then(|| texts.index.clone())
    }

    async fn read_index(&self) -> Result<AddressIndex, GeoError> {
        let select = format!("SELECT {COLUMNS} FROM zhongtai_geo.addresses ORDER BY id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(select)).fetch_all(&self.pool).await.map_err(failed)?;
        let addresses: Vec<Address> = rows.iter().map(address).collect::<Result<_, _>>()?;
        drop(rows);
        // A million take seconds: not on a thread that others wait for.
        let built = tokio::task::spawn_blocking(move || AddressIndex::build(addresses)).await;
        built.map_err(|_| GeoError::System("the addresses can't be read".to_owned()))
    }
}

fn address(row: &PgRow) -> Result<Address, GeoError> {
    let mut parts: [String; Level::COUNT] = Default::default();
    for (part, level) in parts.iter_mut().zip(Level::ALL) {
        *part = row.try_get(level.as_str()).map_err(failed)?;
    }
    Ok(Address { id: row.try_get("id").map_err(failed)?, parts, at: place(row)? })
}

/// The columns `lon` and `lat` of a row.
pub(crate) fn place(row: &PgRow) -> Result<Place, GeoError> {
    let (lon, lat) = (row.try_get("lon").map_err(failed)?, row.try_get("lat").map_err(failed)?);
    Place::new(Cgcs2000, lon, lat).map_err(|problem| corrupt("zhongtai_geo", problem))
}

fn number(level: Level) -> i16 {
    i16::try_from(level.index()).unwrap_or(i16::MAX)
}

/// A limit as SQL has it.
pub(crate) fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
