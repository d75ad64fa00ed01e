//! The table of grids.

use std::{collections::BTreeMap, sync::Arc};

use sqlx::{Row, postgres::PgRow};
use zhongtai_cap_geo::{GeoError, Grid, Place};
use zhongtai_geodesy::{Bounds, Cgcs2000, Prepared, Surface};

use crate::{
    Postgis,
    addresses::bounded,
    open::{corrupt, failed},
    wkb,
};

/// Those that the place is in, or not a tenth of a millimetre from: more than one only at a border.
const COVERING: &str = "\
    SELECT id, name, role, desk, ST_AsBinary(shape, 'NDR') AS shape FROM zhongtai_geo.grids \
    WHERE ST_DWithin(shape, ST_SetSRID(ST_MakePoint($1, $2), 4490), 1e-9) ORDER BY id";

const TOUCHING: &str = "\
    SELECT id, name, role, desk, ST_AsBinary(shape, 'NDR') AS shape FROM zhongtai_geo.grids \
    WHERE shape && ST_MakeEnvelope($1, $2, $3, $4, 4490) ORDER BY id LIMIT $5";

const PUT: &str = "\
    INSERT INTO zhongtai_geo.grids (id, name, role, desk, shape) \
    SELECT id, name, role, desk, ST_GeomFromWKB(shape, 4490) \
    FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[]) AS given (id, name, role, desk, shape) \
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, desk = excluded.desk, \
        shape = excluded.shape";

/// Two grids whose insides meet in an area (DE-9IM), one of them just stored. Borders that were drawn twice never fit:
/// 5 square metres are let pass, as in the embedded provider.
const OVERLAP: &str = "\
    SELECT least(a.id, b.id), greatest(a.id, b.id) FROM zhongtai_geo.grids AS a \
    JOIN zhongtai_geo.grids AS b ON a.id <> b.id AND a.shape && b.shape \
    WHERE a.id = ANY ($1) AND ST_Relate(a.shape, b.shape, '2********') \
        AND ST_Area(ST_Intersection(a.shape, b.shape)::geography) > 5 ORDER BY 1, 2 LIMIT 1";

// === impl Postgis ===

impl Postgis {
    pub(crate) async fn grid_at(&self, at: &Place) -> Result<Option<Arc<Grid>>, GeoError> {
        let rows = sqlx::query(COVERING).bind(at.lon()).bind(at.lat()).fetch_all(&self.pool).await.map_err(failed)?;
        for row in &rows {
            let grid = grid(row)?;
            // At a border the same side decides as everywhere else.
            if Prepared::new(&grid.shape).contains(at) {
                return Ok(Some(Arc::new(grid)));
            }
        }
        Ok(None)
    }

    pub(crate) async fn grids_touching(&self, bounds: &Bounds, limit: usize) -> Result<Vec<Arc<Grid>>, GeoError> {
        let rows = sqlx::query(TOUCHING)
            .bind(bounds.min_lon)
            .bind(bounds.min_lat)
            .bind(bounds.max_lon)
            .bind(bounds.max_lat)
            .bind(bounded(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        rows.iter().map(|row| grid(row).map(Arc::new)).collect()
    }

    pub(crate) async fn store_grids(&self, grids: &[Grid]) -> Result<(), GeoError> {
        let by_id: BTreeMap<&str, &Grid> = grids.iter().map(|grid| (grid.id.as_str(), grid)).collect();
        let column = |of: fn(&Grid) -> &str| by_id.values().map(|grid| of(grid)).collect::<Vec<_>>();
        let ids = column(|grid| &grid.id);
        let shapes: Vec<Vec<u8>> = by_id.values().map(|grid| wkb::write_polygons(grid.shape.geometry())).collect();
        let mut write = self.begin().await?;
        // Two imports at once could each pass and overlap together.
        sqlx::raw_sql("LOCK TABLE zhongtai_geo.grids IN SHARE ROW EXCLUSIVE MODE")
            .execute(&mut *write)
            .await
            .map_err(failed)?;
        sqlx::query(PUT)
            .bind(&ids)
            .bind(column(|grid| &grid.name))
            .bind(column(|grid| &grid.role))
            .bind(column(|grid| &grid.desk))
            .bind(shapes)
            .execute(&mut *write)
            .await
            .map_err(failed)?;
        let overlap: Option<(String, String)> =
            sqlx::query_as(OVERLAP).bind(&ids).fetch_optional(&mut *write).await.map_err(failed)?;
        if let Some((one, other)) = overlap {
            return Err(GeoError::Overlap(one, other));
        }
        self.finish(write).await
    }
}

fn grid(row: &PgRow) -> Result<Grid, GeoError> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(failed);
    let shape: Vec<u8> = row.try_get("shape").map_err(failed)?;
    let polygons = wkb::read_polygons(&shape).ok_or_else(|| corrupt("zhongtai_geo.grids", "not polygons"))?;
    let shape = Surface::try_from_geometry(Cgcs2000, polygons).map_err(|why| corrupt("zhongtai_geo.grids", why))?;
    Ok(Grid { id: text("id")?, name: text("name")?, role: text("role")?, desk: text("desk")?, shape })
}
