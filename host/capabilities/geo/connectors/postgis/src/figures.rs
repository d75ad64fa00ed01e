//! What PostGIS computes with figures. On the ground where metres are asked for (`geography`), in degrees where only
//! places are: as everywhere in this capability, edges are straight in longitude and latitude.

use zhongtai_cap_geo::GeoError;
use zhongtai_geodesy::{Cgcs2000, Figure, Problem, Surface};

use crate::{
    Postgis,
    open::{corrupt, failed},
    wkb,
};

/// Round corners of 64 vertices to a circle, as the embedded provider's.
const BUFFER: &str = "\
    SELECT ST_AsBinary(ST_Buffer(ST_GeomFromWKB($1, 4490)::geography, $2, 'quad_segs=16')::geometry, 'NDR')";

const INTERSECTS: &str = "SELECT ST_Intersects(ST_GeomFromWKB($1, 4490), ST_GeomFromWKB($2, 4490))";

/// Of what two surfaces have in common only the polygons: not the lines and points where they touch.
const INTERSECTION: &str = "\
    SELECT ST_AsBinary(ST_CollectionExtract(ST_Intersection(ST_GeomFromWKB($1, 4490), ST_GeomFromWKB($2, 4490)), 3), 'NDR')";

const AREA: &str = "SELECT ST_Area(ST_GeomFromWKB($1, 4490)::geography)";

// === impl Postgis ===

impl Postgis {
    pub(crate) async fn buffered(&self, shape: &Figure<Cgcs2000>, metres: f64) -> Result<Surface<Cgcs2000>, GeoError> {
        let made: Vec<u8> =
            sqlx::query_scalar(BUFFER).bind(bytes(shape)?).bind(metres).fetch_one(&self.pool).await.map_err(failed)?;
        surface(&made)?.ok_or_else(|| corrupt("a buffer", "it is empty"))
    }

    pub(crate) async fn meet(&self, a: &Figure<Cgcs2000>, b: &Figure<Cgcs2000>) -> Result<bool, GeoError> {
        let (a, b) = (bytes(a)?, bytes(b)?);
        sqlx::query_scalar(INTERSECTS).bind(a).bind(b).fetch_one(&self.pool).await.map_err(failed)
    }

    pub(crate) async fn in_common(
        &self,
        a: &Surface<Cgcs2000>,
        b: &Surface<Cgcs2000>,
    ) -> Result<Option<Surface<Cgcs2000>>, GeoError> {
        let (a, b) = (wkb::write_polygons(a.geometry()), wkb::write_polygons(b.geometry()));
        let made: Vec<u8> =
            sqlx::query_scalar(INTERSECTION).bind(a).bind(b).fetch_one(&self.pool).await.map_err(failed)?;
        surface(&made)
    }

    pub(crate) async fn area_of(&self, shape: &Surface<Cgcs2000>) -> Result<f64, GeoError> {
        let shape = wkb::write_polygons(shape.geometry());
        sqlx::query_scalar(AREA).bind(shape).fetch_one(&self.pool).await.map_err(failed)
    }
}

fn bytes(figure: &Figure<Cgcs2000>) -> Result<Vec<u8>, GeoError> {
    wkb::write(figure.geometry()).ok_or(GeoError::Figure(Problem::NotAPolygon))
}

/// What PostGIS made; nothing when it is empty.
fn surface(made: &[u8]) -> Result<Option<Surface<Cgcs2000>>, GeoError> {
    let polygons = wkb::read_polygons(made).ok_or_else(|| corrupt("a figure", "not polygons"))?;
    let polygons = geo::MultiPolygon(polygons.0.into_iter().filter(|part| !part.exterior().0.is_empty()).collect());
    if polygons.0.is_empty() {
        return Ok(None);
    }
    Surface::try_from_geometry(Cgcs2000, polygons).map(Some).map_err(|why| corrupt("a figure", why))
}
