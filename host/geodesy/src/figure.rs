use geo::{BoundingRect, CoordsIter, MapCoords, Orient, orient::Direction};

use crate::{Bounds, Cgcs2000, Crs, Point, Problem, geojson, validity, wkt};

/// The longest text of a figure, bytes: 10,000 vertices with every digit that there is.
pub const MOST_BYTES: u32 = 1024 * 1024;

/// The most vertices of a figure: what can be checked and overlaid in milliseconds.
pub const MOST_VERTICES: u32 = 10_000;

/// In which text a figure came, and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Well-known text, OGC 06-103r4.
    Wkt,
    /// A GeoJSON geometry, RFC 7946.
    GeoJson,
}

/// A point, a line, a polygon or several polygons in the system `C`, valid by OGC 06-103r4.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure<C> {
    crs: C,
    geometry: geo::Geometry,
}

/// A figure with an area: polygons whose outer rings run counter-clockwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface<C> {
    crs: C,
    polygons: geo::MultiPolygon,
}

/// What a text says, before it is known to be a figure.
pub(crate) type Ring = Vec<geo::Coord>;

/// The four kinds, as texts have them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Raw {
    Point(geo::Coord),
    Line(Ring),
    Polygon(Vec<Ring>),
    Polygons(Vec<Vec<Ring>>),
}

// === impl Figure ===

impl<C: Crs> Figure<C> {
    /// The figure itself.
    pub fn geometry(&self) -> &geo::Geometry {
        &self.geometry
    }

    /// Its system.
    pub fn crs(&self) -> C {
        self.crs
    }

    /// How many vertices it has.
    pub fn vertices(&self) -> usize {
        self.geometry.coords_count()
    }

    /// The same, if it is a polygon or several.
    ///
    /// # Errors
    /// [`Problem::NotAPolygon`] for points and lines.
    pub fn surface(&self) -> Result<Surface<C>, Problem> {
        let polygons = match &self.geometry {
            geo::Geometry::Polygon(polygon) => geo::MultiPolygon(vec![polygon.clone()]),
            geo::Geometry::MultiPolygon(polygons) => polygons.clone(),
            _ => return Err(Problem::NotAPolygon),
        };
        Ok(Surface { crs: self.crs, polygons })
    }

    fn build(crs: C, raw: Raw) -> Result<Self, Problem> {
        let geometry = match raw {
            Raw::Point(at) => {
                crs.check(at.x, at.y)?;
                geo::Geometry::Point(at.into())
            }
            Raw::Line(line) => geo::Geometry::LineString(checked_line(crs, line)?),
            Raw::Polygon(rings) => geo::Geometry::Polygon(checked_polygon(crs, rings)?),
            Raw::Polygons(polygons) => {
                let polygons: Result<Vec<_>, _> =
                    polygons.into_iter().map(|rings| checked_polygon(crs, rings)).collect();
                geo::Geometry::MultiPolygon(geo::MultiPolygon(polygons?))
            }
        };
        match &geometry {
            geo::Geometry::Polygon(polygon) => validity::check(std::slice::from_ref(polygon))?,
            geo::Geometry::MultiPolygon(polygons) => validity::check(&polygons.0)?,
            _ => {}
        }
        Ok(Self { crs, geometry })
    }
}

impl Figure<Cgcs2000> {
    /// Parses well-known text: `POINT`, `LINESTRING`, `POLYGON`, `MULTIPOLYGON`, two numbers a vertex. `SRID=4490;` and
    /// `SRID=4326;` may stand before it.
    ///
    /// # Errors
    /// When it is no such text, or the figure is not valid.
    pub fn from_wkt(text: &str) -> Result<Self, Problem> {
        bounded(text)?;
        Self::build(Cgcs2000, wkt::parse(text)?)
    }

    /// Parses a GeoJSON geometry of the same four kinds. A member `crs` has to name EPSG:4490, EPSG:4326 or CRS84.
    ///
    /// # Errors
    /// When it is no such text, or the figure is not valid.
    pub fn from_geojson(text: &str) -> Result<Self, Problem> {
        bounded(text)?;
        Self::build(Cgcs2000, geojson::parse(text)?)
    }

    /// Parses a text of either sort.
    ///
    /// # Errors
    /// As [`from_wkt`](Self::from_wkt) and [`from_geojson`](Self::from_geojson).
    pub fn parse(format: Format, text: &str) -> Result<Self, Problem> {
        match format {
            Format::Wkt => Self::from_wkt(text),
            Format::GeoJson => Self::from_geojson(text),
        }
    }

    /// Well-known text.
    pub fn to_wkt(&self) -> String {
        wkt::write(&self.geometry)
    }

    /// A GeoJSON geometry.
    pub fn to_geojson(&self) -> String {
        geojson::write(&self.geometry)
    }
}

impl<C: Crs> From<Point<C>> for Figure<C> {
    fn from(point: Point<C>) -> Self {
        Self { crs: point.crs(), geometry: geo::Point::new(point.x(), point.y()).into() }
    }
}

impl<C: Crs> From<Surface<C>> for Figure<C> {
    fn from(surface: Surface<C>) -> Self {
        Self { crs: surface.crs, geometry: surface.polygons.into() }
    }
}

// === impl Surface ===

impl<C: Crs> Surface<C> {
    /// Polygons of the `geo` crate, once they are known to be valid.
    ///
    /// # Errors
    /// When a coordinate can't be of the system, or a ring is not valid.
    pub fn try_from_geometry(crs: C, polygons: geo::MultiPolygon) -> Result<Self, Problem> {
        for at in polygons.coords_iter() {
            crs.check(at.x, at.y)?;
        }
        if polygons.0.is_empty() {
            return Err(Problem::Empty);
        }
        validity::check(&polygons.0)?;
        Ok(Self { crs, polygons: polygons.orient(Direction::Default) })
    }

    /// What an overlay made: valid but for slivers, which are kept.
    pub(crate) fn made(crs: C, polygons: geo::MultiPolygon) -> Self {
        Self { crs, polygons: polygons.orient(Direction::Default) }
    }

    /// The polygons themselves.
    pub fn geometry(&self) -> &geo::MultiPolygon {
        &self.polygons
    }

    /// Its system.
    pub fn crs(&self) -> C {
        self.crs
    }

    /// How many vertices it has.
    pub fn vertices(&self) -> usize {
        self.polygons.coords_count()
    }

    /// The same surface in another system, vertex by vertex.
    ///
    /// # Errors
    /// When the other system has no coordinates for a vertex.
    pub fn to<D: Crs>(&self, crs: D) -> Result<Surface<D>, Problem> {
        let polygons = self.polygons.try_map_coords(|at| {
            let point = Point::new(self.crs, at.x, at.y)?.to(crs)?;
            Ok::<_, Problem>(geo::Coord { x: point.x(), y: point.y() })
        })?;
        Ok(Surface { crs, polygons })
    }
}

impl Surface<Cgcs2000> {
    /// The box around it.
    pub fn bounds(&self) -> Bounds {
        let (min, max) = self.polygons.bounding_rect().map_or_else(Default::default, |rect| (rect.min(), rect.max()));
        Bounds { min_lon: min.x, min_lat: min.y, max_lon: max.x, max_lat: max.y }
    }

    /// Well-known text.
    pub fn to_wkt(&self) -> String {
        wkt::write_polygons(&self.polygons)
    }

    /// A GeoJSON geometry.
    pub fn to_geojson(&self) -> String {
        geojson::write_polygons(&self.polygons)
    }

    /// Text of either sort.
    pub fn to_text(&self, format: Format) -> String {
        match format {
            Format::Wkt => self.to_wkt(),
            Format::GeoJson => self.to_geojson(),
        }
    }
}

// === checks ===

fn bounded(text: &str) -> Result<(), Problem> {
    if text.trim().is_empty() {
        return Err(Problem::Empty);
    }
    if text.len() > MOST_BYTES as usize { Err(Problem::TooLong(MOST_BYTES)) } else { Ok(()) }
}

fn checked_line<C: Crs>(crs: C, line: Ring) -> Result<geo::LineString, Problem> {
    for at in &line {
        crs.check(at.x, at.y)?;
    }
    let first = line.first().copied();
    if line.iter().all(|at| Some(*at) == first) {
        return Err(Problem::TooFewPoints);
    }
    Ok(geo::LineString(line))
}

/// A polygon of rings that end where they begin. `geo` would close them silently, so it is looked at here.
fn checked_polygon<C: Crs>(crs: C, rings: Vec<Ring>) -> Result<geo::Polygon, Problem> {
    let ring = |ring: Ring| {
        for at in &ring {
            crs.check(at.x, at.y)?;
        }
        if ring.len() > 1 && ring.first() != ring.last() {
            return Err(Problem::Unclosed);
        }
        if ring.len() < 4 { Err(Problem::TooFewPoints) } else { Ok(geo::LineString(ring)) }
    };
    let mut rings = rings.into_iter().map(ring);
    let outer = rings.next().ok_or(Problem::TooFewPoints)??;
    let holes: Result<Vec<_>, _> = rings.collect();
    Ok(geo::Polygon::new(outer, holes?).orient(Direction::Default))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Problem {
        Figure::from_wkt(text).unwrap_err()
    }

    #[test]
    fn what_is_wrong_with_a_figure_is_said() {
        assert_eq!(refused(" "), Problem::Empty);
        assert_eq!(refused("POLYGON((0 0,1 0,1 1,0 1))"), Problem::Unclosed);
        assert_eq!(refused("POLYGON((0 0,1 1,1 0,0 1,0 0))"), Problem::SelfCrossing);
        assert_eq!(refused("POLYGON((0 0,1 1,0 0))"), Problem::TooFewPoints);
        assert_eq!(refused("POLYGON((0 0,1 nan,1 1,0 0))"), Problem::NotANumber);
        assert!(matches!(refused("POLYGON((0 0,181 0,1 1,0 0))"), Problem::OutOfRange(_)));
        assert!(matches!(refused("SRID=4547;POINT(403199 2619945)"), Problem::WrongCrs(_)));
        assert!(matches!(refused("POINT(403199 2619945)"), Problem::WrongCrs(_)));
        assert!(matches!(refused("POLYGON((0 0,1 0"), Problem::Unreadable(_)));
        assert!(matches!(refused("CIRCLE(0 0)"), Problem::Unreadable(_)));
        assert_eq!(refused(&"x".repeat(MOST_BYTES as usize + 1)), Problem::TooLong(MOST_BYTES));
        let many = vec!["0 0"; MOST_VERTICES as usize + 1].join(",");
        assert_eq!(refused(&format!("POLYGON(({many}))")), Problem::TooManyVertices(MOST_VERTICES));
        let point = Figure::from_wkt("POINT(113.05 23.68)").unwrap();
        assert_eq!(point.surface().unwrap_err(), Problem::NotAPolygon);
    }

    #[test]
    fn a_figure_is_the_same_in_both_texts() {
        for text in [
            "POINT(113.05 23.68)",
            "LINESTRING(113 23,113.5 23.5)",
            "POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,1 2,2 2,2 1,1 1))",
            "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((2 2,3 2,3 3,2 2)))",
        ] {
            let figure = Figure::from_wkt(text).unwrap();
            assert_eq!(figure.to_wkt(), text);
            assert_eq!(Figure::from_geojson(&figure.to_geojson()).unwrap(), figure);
        }
    }

    #[test]
    fn what_is_no_figure_in_geojson_is_refused() {
        let refused = |text: &str| Figure::from_geojson(text).unwrap_err();
        assert!(matches!(refused("{}"), Problem::Unreadable(_)));
        assert!(matches!(refused(r#"{"type":"Point","coordinates":["a",1]}"#), Problem::Unreadable(_)));
        assert!(matches!(refused(r#"{"type":"Point","coordinates":[1]}"#), Problem::Unreadable(_)));
        assert_eq!(refused(r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}"#), Problem::Unclosed);
        let elsewhere =
            r#"{"type":"Point","coordinates":[113,23],"crs":{"type":"name","properties":{"name":"EPSG:3857"}}}"#;
        assert!(matches!(refused(elsewhere), Problem::WrongCrs(_)));
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(matches!(refused(&format!(r#"{{"type":"Polygon","coordinates":{deep}}}"#)), Problem::Unreadable(_)));
    }
}
