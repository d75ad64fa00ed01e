//! The table of halls.

use std::{collections::BTreeMap, sync::Arc};

use sqlx::{Row, postgres::PgRow};
use zhongtai_cap_geo::{GeoError, Hall, Hours, Place};
use zhongtai_geodesy::Bounds;

use crate::{
    Postgis,
    addresses::{bounded, place},
    open::{corrupt, failed},
};

/// There are some hundred: each is measured.
const NEAR: &str = "\
    SELECT id, name, address, services, hours, ST_X(at) AS lon, ST_Y(at) AS lat, \
        ST_Distance(at::geography, ST_SetSRID(ST_MakePoint($1, $2), 4490)::geography) AS away \
    FROM zhongtai_geo.halls WHERE $3::text IS NULL OR $3 = ANY (services) ORDER BY away, id LIMIT $4";

const WITHIN: &str = "\
    SELECT id, name, address, services, hours, ST_X(at) AS lon, ST_Y(at) AS lat FROM zhongtai_geo.halls \
    WHERE at && ST_MakeEnvelope($1, $2, $3, $4, 4490) ORDER BY id LIMIT $5";

const PUT: &str = "\
    INSERT INTO zhongtai_geo.halls (id, name, address, services, hours, at) \
    VALUES ($1, $2, $3, $4, $5, ST_SetSRID(ST_MakePoint($6, $7), 4490)) \
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, address = excluded.address, services = excluded.services, \
        hours = excluded.hours, at = excluded.at";

// === impl Postgis ===

impl Postgis {
    pub(crate) async fn nearest_halls(
        &self,
        at: &Place,
        service: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Arc<Hall>, f64)>, GeoError> {
        let rows = sqlx::query(NEAR)
            .bind(at.lon())
            .bind(at.lat())
            .bind(service)
            .bind(bounded(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        rows.iter().map(|row| Ok((Arc::new(hall(row)?), row.try_get("away").map_err(failed)?))).collect()
    }

    pub(crate) async fn halls_within(&self, bounds: &Bounds, limit: usize) -> Result<Vec<Arc<Hall>>, GeoError> {
        let rows = sqlx::query(WITHIN)
            .bind(bounds.min_lon)
            .bind(bounds.min_lat)
            .bind(bounds.max_lon)
            .bind(bounds.max_lat)
            .bind(bounded(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        rows.iter().map(|row| hall(row).map(Arc::new)).collect()
    }

    pub(crate) async fn store_halls(&self, halls: &[Hall]) -> Result<(), GeoError> {
        let by_id: BTreeMap<&str, &Hall> = halls.iter().map(|hall| (hall.id.as_str(), hall)).collect();
        let mut write = self.begin().await?;
        for hall in by_id.into_values() {
            let hours = serde_json::to_string(&hall.hours).map_err(|error| corrupt("zhongtai_geo.halls", error))?;
            sqlx::query(PUT)
                .bind(&hall.id)
                .bind(&hall.name)
                .bind(&hall.address)
                .bind(&hall.services)
                .bind(hours)
                .bind(hall.at.lon())
                .bind(hall.at.lat())
                .execute(&mut *write)
                .await
                .map_err(failed)?;
        }
        self.finish(write).await
    }
}

fn hall(row: &PgRow) -> Result<Hall, GeoError> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(failed);
    let hours: Hours = serde_json::from_str(&text("hours")?).map_err(|error| corrupt("zhongtai_geo.halls", error))?;
    Ok(Hall {
        id: text("id")?,
        name: text("name")?,
        address: text("address")?,
        at: place(row)?,
        services: row.try_get("services").map_err(failed)?,
        hours,
    })
}
