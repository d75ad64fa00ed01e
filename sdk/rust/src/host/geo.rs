//! Calls to the geo capability, through the generated bindings.

use crate::{
    bindings::zhongtai::geo::geography as wit,
    clock::Timestamp,
    geo::{Crs, Error, Figure, Grid, Hall, HallsNear, Level, Nearby, Opening, Place, Point},
};

pub fn geocode(text: &str, limit: u32, rooms: bool, purpose: Option<&str>) -> Result<Vec<Place>, Error> {
    Ok(wit::geocode(text, limit, rooms, purpose)?.into_iter().map(Into::into).collect())
}

pub fn reverse(at: Point, limit: u32, rooms: bool, purpose: Option<&str>) -> Result<Vec<Nearby>, Error> {
    Ok(wit::reverse(at.into(), limit, rooms, purpose)?.into_iter().map(Into::into).collect())
}

pub fn grid_of(at: Point, purpose: Option<&str>) -> Result<Option<Grid>, Error> {
    let grid = |wit::Grid { id, name, role, desk }: wit::Grid| Grid { id, name, role, desk };
    Ok(wit::grid_of(at.into(), purpose)?.map(grid))
}

pub fn nearest_halls(near: &HallsNear<'_>) -> Result<Vec<Hall>, Error> {
    let when = near.when.map(Timestamp::as_nanos);
    let halls = wit::nearest_halls(near.at.into(), when, near.service, near.limit, near.purpose)?;
    Ok(halls.into_iter().map(Into::into).collect())
}

pub fn convert((x, y): (f64, f64), source: Crs, target: Crs) -> Result<(f64, f64), Error> {
    let there = wit::convert(wit::Position { x, y }, source.into(), target.into())?;
    Ok((there.x, there.y))
}

pub fn distance(a: Point, b: Point) -> Result<f64, Error> {
    Ok(wit::distance(a.into(), b.into())?)
}

pub fn area(figure: &Figure) -> Result<f64, Error> {
    Ok(wit::area(&figure.into())?)
}

pub fn buffer(figure: &Figure, metres: f64) -> Result<Figure, Error> {
    Ok(wit::buffer(&figure.into(), metres)?.into())
}

pub fn intersects(a: &Figure, b: &Figure) -> Result<bool, Error> {
    Ok(wit::intersects(&a.into(), &b.into())?)
}

pub fn intersection(a: &Figure, b: &Figure) -> Result<Option<Figure>, Error> {
    Ok(wit::intersection(&a.into(), &b.into())?.map(Into::into))
}

impl From<Point> for wit::Point {
    fn from(Point { lon, lat }: Point) -> Self {
        Self { lon, lat }
    }
}

impl From<wit::Point> for Point {
    fn from(wit::Point { lon, lat }: wit::Point) -> Self {
        Self { lon, lat }
    }
}

impl From<wit::Match> for Place {
    fn from(found: wit::Match) -> Self {
        let wit::Match { id, text, at, score, level } = found;
        Self { id, text, at: at.into(), score, level: level.into() }
    }
}

impl From<wit::Nearby> for Nearby {
    fn from(found: wit::Nearby) -> Self {
        let wit::Nearby { id, text, at, level, distance } = found;
        Self { id, text, at: at.into(), level: level.into(), distance }
    }
}

impl From<wit::Hall> for Hall {
    fn from(hall: wit::Hall) -> Self {
        let opening = |wit::Opening { opens, closes }: wit::Opening| Opening { opens, closes };
        Self {
            id: hall.id,
            name: hall.name,
            address: hall.address,
            at: hall.at.into(),
            distance: hall.distance,
            services: hall.services,
            hours: hall.hours.into_iter().map(opening).collect(),
            open: hall.open,
            opens_next: hall.opens_next.map(Timestamp::from_nanos),
        }
    }
}

impl From<wit::Level> for Level {
    fn from(level: wit::Level) -> Self {
        match level {
            wit::Level::City => Self::City,
            wit::Level::District => Self::District,
            wit::Level::Street => Self::Street,
            wit::Level::Community => Self::Community,
            wit::Level::Road => Self::Road,
            wit::Level::Lane => Self::Lane,
            wit::Level::Number => Self::Number,
            wit::Level::Estate => Self::Estate,
            wit::Level::Building => Self::Building,
            wit::Level::Unit => Self::Unit,
            wit::Level::Room => Self::Room,
        }
    }
}

impl From<Crs> for wit::Crs {
    fn from(crs: Crs) -> Self {
        match crs {
            Crs::Cgcs2000 => Self::Cgcs2000,
            Crs::Gcj02 => Self::Gcj02,
            Crs::Bd09 => Self::Bd09,
            Crs::GaussKruger(code) => Self::GaussKruger(code),
        }
    }
}

impl From<&Figure> for wit::Figure {
    fn from(figure: &Figure) -> Self {
        match figure {
            Figure::Wkt(text) => Self::Wkt(text.clone()),
            Figure::GeoJson(text) => Self::Geojson(text.clone()),
        }
    }
}

impl From<wit::Figure> for Figure {
    fn from(figure: wit::Figure) -> Self {
        match figure {
            wit::Figure::Wkt(text) => Self::Wkt(text),
            wit::Figure::Geojson(text) => Self::GeoJson(text),
        }
    }
}

impl From<wit::Error> for Error {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Denied(decision) => Self::Denied(decision),
            wit::Error::UndeclaredPurpose(purpose) => Self::UndeclaredPurpose(purpose),
            wit::Error::Invalid(wit::Fault { field, problem }) => {
                let (code, detail) = said(problem);
                Self::Invalid { field, code, detail }
            }
            wit::Error::Other(what) => Self::Other(what),
        }
    }
}

fn said(problem: wit::Problem) -> (&'static str, String) {
    match problem {
        wit::Problem::Empty => ("empty", "is empty".into()),
        wit::Problem::TooLong(most) => ("too-long", format!("is longer than {most}")),
        wit::Problem::NotANumber => ("not-a-number", "has a coordinate that is not a number".into()),
        wit::Problem::OutOfRange(what) => ("out-of-range", format!("is out of range: {what}")),
        wit::Problem::WrongCrs(what) => ("wrong-crs", format!("is in another reference system: {what}")),
        wit::Problem::UnknownCrs(code) => ("unknown-crs", format!("names an unknown reference system: EPSG:{code}")),
        wit::Problem::Unclosed => ("unclosed", "has a ring that is not closed".into()),
        wit::Problem::SelfCrossing => ("self-crossing", "has a ring that crosses itself or another".into()),
        wit::Problem::TooFewPoints => ("too-few-points", "has too few points".into()),
        wit::Problem::TooManyVertices(most) => ("too-many-vertices", format!("has more than {most} vertices")),
        wit::Problem::NotAPolygon => ("not-a-polygon", "is not a polygon".into()),
        wit::Problem::Unreadable(at) => ("unreadable", format!("can't be read: {at}")),
    }
}
