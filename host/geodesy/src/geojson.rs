//! GeoJSON geometries (RFC 7946).

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    MOST_VERTICES, Problem,
    figure::{Raw, Ring},
};

#[derive(Deserialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: String,
    coordinates: Value,
    #[serde(default)]
    crs: Option<Value>,
}

pub(crate) fn parse(text: &str) -> Result<Raw, Problem> {
    let geometry: Geometry = serde_json::from_str(text).map_err(|error| unreadable(&error))?;
    check_crs(geometry.crs.as_ref())?;
    let mut vertices = 0;
    let at = &geometry.coordinates;
    match geometry.kind.as_str() {
        "Point" => Ok(Raw::Point(vertex(at, &mut vertices)?)),
        "LineString" => Ok(Raw::Line(ring(at, &mut vertices)?)),
        "Polygon" => Ok(Raw::Polygon(list(at, &mut vertices, ring)?)),
        "MultiPolygon" => Ok(Raw::Polygons(list(at, &mut vertices, |at, vertices| list(at, vertices, ring))?)),
        _ => Err(Problem::Unreadable("its type is not Point, LineString, Polygon or MultiPolygon".to_owned())),
    }
}

/// serde_json's own message may quote the text; this one must not.
fn unreadable(error: &serde_json::Error) -> Problem {
    Problem::Unreadable(format!("not a GeoJSON geometry, line {} column {}", error.line(), error.column()))
}

fn check_crs(crs: Option<&Value>) -> Result<(), Problem> {
    let Some(crs) = crs.filter(|crs| !crs.is_null()) else { return Ok(()) };
    let name = crs.pointer("/properties/name").and_then(Value::as_str).unwrap_or_default();
    let known = ["4490", "4326", "CRS84"].iter().any(|known| name.rsplit(':').next() == Some(known));
    if known { Ok(()) } else { Err(Problem::WrongCrs("the member `crs` has to name EPSG:4490".to_owned())) }
}

fn list<T>(
    value: &Value,
    vertices: &mut u32,
    one: impl Fn(&Value, &mut u32) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    let items =
        value.as_array().ok_or_else(|| Problem::Unreadable("`coordinates` is not nested as it must be".into()))?;
    items.iter().map(|item| one(item, vertices)).collect()
}

fn ring(value: &Value, vertices: &mut u32) -> Result<Ring, Problem> {
    list(value, vertices, vertex)
}

fn vertex(value: &Value, vertices: &mut u32) -> Result<geo::Coord, Problem> {
    *vertices += 1;
    if *vertices > MOST_VERTICES {
        return Err(Problem::TooManyVertices(MOST_VERTICES));
    }
    let number = |index| value.get(index).and_then(Value::as_f64);
    match (number(0), number(1)) {
        (Some(x), Some(y)) => Ok(geo::Coord { x, y }),
        _ => Err(Problem::Unreadable("a vertex is not two numbers".to_owned())),
    }
}

pub(crate) fn write(geometry: &geo::Geometry) -> String {
    match geometry {
        geo::Geometry::Point(point) => json!({ "type": "Point", "coordinates": [point.x(), point.y()] }).to_string(),
        geo::Geometry::LineString(line) => json!({ "type": "LineString", "coordinates": path(line) }).to_string(),
        geo::Geometry::Polygon(one) => json!({ "type": "Polygon", "coordinates": rings(one) }).to_string(),
        geo::Geometry::MultiPolygon(all) => write_polygons(all),
        // No figure is anything else.
        _ => String::new(),
    }
}

pub(crate) fn write_polygons(all: &geo::MultiPolygon) -> String {
    let polygons: Vec<_> = all.iter().map(rings).collect();
    json!({ "type": "MultiPolygon", "coordinates": polygons }).to_string()
}

fn rings(one: &geo::Polygon) -> Vec<Vec<[f64; 2]>> {
    std::iter::once(one.exterior()).chain(one.interiors()).map(path).collect()
}

fn path(line: &geo::LineString) -> Vec<[f64; 2]> {
    line.coords().map(|at| [at.x, at.y]).collect()
}
