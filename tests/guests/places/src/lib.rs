//! Every call of the geo capability, a route each. What the host answered is told as it is: an error by its variant, so
//! that tests see each of them.
use std::fmt::Debug;

use zhongtai::{
    geo::{self, Crs, Figure, Grid, Hall, HallsNear, Nearby, Place, Point},
    prelude::*,
};

/// What the host answered.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Told<T> {
    Ok(T),
    Error(String),
}

fn told<T, E: Debug>(outcome: Result<T, E>) -> Json<Told<T>> {
    Json(outcome.map_or_else(|error| Told::Error(format!("{error:?}")), Told::Ok))
}

#[derive(Deserialize)]
struct Search {
    text: String,
    #[serde(default)]
    rooms: bool,
    #[serde(default)]
    purpose: Option<String>,
}

#[derive(Deserialize)]
struct At {
    lon: f64,
    lat: f64,
}

/// Numbers that JSON does not have stand for themselves: `"nan"`.
#[derive(Deserialize)]
struct Number(String);

#[derive(Deserialize)]
struct Shapes {
    a: String,
    b: String,
}

#[derive(Deserialize)]
struct Shape {
    shape: String,
}

#[derive(Deserialize)]
struct Buffer {
    shape: String,
    metres: Number,
}

#[derive(Deserialize)]
struct Zone {
    x: f64,
    y: f64,
    from: u32,
    to: u32,
}

#[post("/search")]
fn search(Json(search): Json<Search>) -> Json<Told<Vec<Place>>> {
    let mut asking = search.purpose.as_deref().map_or_else(Default::default, |purpose| geo::asking(Purpose(purpose)));
    if search.rooms {
        asking = asking.rooms();
    }
    told(asking.search(&search.text, 5))
}

/// As the guide has it.
#[post("/grid-of-address")]
fn grid_of_address(Json(search): Json<Search>) -> Result<Json<Grid>> {
    let place = geo::locate(&search.text)?;
    Ok(Json(place.grid()?))
}

#[post("/grid")]
fn grid(Json(At { lon, lat }): Json<At>) -> Json<Told<Grid>> {
    told(Point::new(lon, lat).grid())
}

#[post("/addresses")]
fn addresses(Json(At { lon, lat }): Json<At>) -> Json<Told<Vec<Nearby>>> {
    told(Point::new(lon, lat).addresses(3))
}

#[post("/halls")]
fn halls(Json(At { lon, lat }): Json<At>) -> Json<Told<Vec<Hall>>> {
    told(HallsNear::new(Point::new(lon, lat)).offering("社保").limit(3).find())
}

#[post("/convert")]
fn convert(Json(Zone { x, y, from, to }): Json<Zone>) -> Json<Told<(f64, f64)>> {
    let crs = |code| if code == 4490 { Crs::Cgcs2000 } else { Crs::GaussKruger(code) };
    told(geo::convert((x, y), crs(from), crs(to)))
}

#[post("/area")]
fn area(Json(Shape { shape }): Json<Shape>) -> Json<Told<f64>> {
    told(Figure::Wkt(shape).area())
}

#[post("/buffer")]
fn buffer(Json(buffer): Json<Buffer>) -> Json<Told<f64>> {
    let metres = buffer.metres.0.parse().unwrap_or(f64::NAN);
    told(Figure::Wkt(buffer.shape).buffer(metres).and_then(|made| made.area()))
}

#[post("/common")]
fn common(Json(Shapes { a, b }): Json<Shapes>) -> Json<Told<(bool, Option<f64>)>> {
    let (a, b) = (Figure::Wkt(a), Figure::GeoJson(b));
    let common =
        || Ok::<_, geo::Error>((a.intersects(&b)?, a.intersection(&b)?.map(|common| common.area()).transpose()?));
    told(common())
}

zhongtai::plugin!(search, grid_of_address, grid, addresses, halls, convert, area, buffer, common);
