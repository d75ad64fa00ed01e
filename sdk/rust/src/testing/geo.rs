//! The mock's geography: the addresses, grids and halls of a test. Texts are compared without spaces, each being part of
//! the other; all that is computed is computed as the real host does.

use zhongtai_geodesy as geodesy;

use geodesy::{AnyCrs, Cgcs2000};

use super::{
    answers::{allowed, declared},
    state::{State, with},
};
use crate::geo::{Crs, Error, Figure, Grid, Hall, HallsNear, Level, Nearby, Place, Point};

/// What a test put on the map.
#[derive(Debug, Default)]
pub struct Map {
    pub(crate) addresses: Vec<(String, Point)>,
    pub(crate) grids: Vec<(Grid, geodesy::Prepared)>,
    pub(crate) halls: Vec<Hall>,
}

/// How far an address may be from a place that it is at, metres.
const REACH: f64 = 1_000.0;

// === impl Map ===

impl Map {
    pub(crate) fn add_grid(&mut self, name: &str, shape: &str) -> Result<(), String> {
        let figure = geodesy::Figure::from_wkt(shape).and_then(|figure| figure.surface());
        let surface = figure.map_err(|problem| format!("the shape {problem}"))?;
        let id = format!("mock-grid-{}", self.grids.len() + 1);
        let grid = Grid { id, name: name.into(), role: "grid-officer".into(), desk: "duty".into() };
        self.grids.push((grid, geodesy::Prepared::new(&surface)));
        Ok(())
    }
}

pub fn geocode(text: &str, limit: u32, _rooms: bool, purpose: Option<&str>) -> Result<Vec<Place>, Error> {
    with(|host| {
        let wanted: String = text.split_whitespace().collect();
        if wanted.is_empty() {
            return Err(invalid("text", &geodesy::Problem::Empty));
        }
        checked(host, limit, purpose)?;
        let fits = host
            .map
            .addresses
            .iter()
            .enumerate()
            .filter(|(_, (known, _))| known.contains(&wanted) || wanted.contains(known));
        let place = |(number, (text, at)): (usize, &(String, Point))| {
            let (id, text) = (format!("mock-address-{}", number + 1), text.clone());
            // As far as the question names it: a number has 号, what has none is a road.
            let level = if wanted.contains('号') { Level::Number } else { Level::Road };
            Place { id, text, at: *at, score: 1.0, level }
        };
        Ok(fits.map(place).take(limit as usize).collect())
    })
}

pub fn reverse(at: Point, limit: u32, _rooms: bool, purpose: Option<&str>) -> Result<Vec<Nearby>, Error> {
    with(|host| {
        let place = point("at", at)?;
        checked(host, limit, purpose)?;
        let mut near = Vec::new();
        for (number, (text, at)) in host.map.addresses.iter().enumerate() {
            let distance = place.distance(&point("at", *at)?);
            let (id, text) = (format!("mock-address-{}", number + 1), text.clone());
            near.push(Nearby { id, text, at: *at, level: Level::Number, distance });
        }
        near.retain(|near| near.distance <= REACH);
        near.sort_by(|a, b| a.distance.total_cmp(&b.distance));
        near.truncate(limit as usize);
        Ok(near)
    })
}

pub fn grid_of(at: Point, purpose: Option<&str>) -> Result<Option<Grid>, Error> {
    with(|host| {
        let at = point("at", at)?;
        checked(host, 1, purpose)?;
        Ok(host.map.grids.iter().find(|(_, shape)| shape.contains(&at)).map(|(grid, _)| grid.clone()))
    })
}

pub fn nearest_halls(near: &HallsNear<'_>) -> Result<Vec<Hall>, Error> {
    with(|host| {
        let at = point("at", near.at)?;
        checked(host, near.limit, near.purpose)?;
        let offers = |hall: &&Hall| near.service.is_none_or(|service| hall.services.iter().any(|one| one == service));
        let mut halls: Vec<Hall> = host.map.halls.iter().filter(offers).cloned().collect();
        for hall in &mut halls {
            hall.distance = at.distance(&point("at", hall.at)?);
        }
        halls.sort_by(|a, b| a.distance.total_cmp(&b.distance));
        halls.truncate(near.limit as usize);
        Ok(halls)
    })
}

pub fn convert((x, y): (f64, f64), source: Crs, target: Crs) -> Result<(f64, f64), Error> {
    let (source, target) = (crs("source", source)?, crs("target", target)?);
    let position = geodesy::Point::new(source, x, y).map_err(|problem| invalid("position", &problem))?;
    let there = position.to(target).map_err(|problem| invalid("target", &problem))?;
    Ok((there.x(), there.y()))
}

pub fn distance(a: Point, b: Point) -> Result<f64, Error> {
    Ok(point("a", a)?.distance(&point("b", b)?))
}

pub fn area(figure: &Figure) -> Result<f64, Error> {
    Ok(surface("shape", figure)?.area())
}

pub fn buffer(figure: &Figure, metres: f64) -> Result<Figure, Error> {
    let shape = read("shape", figure)?;
    Ok(written(figure, &shape.buffer(metres).map_err(|problem| invalid("metres", &problem))?))
}

pub fn intersects(a: &Figure, b: &Figure) -> Result<bool, Error> {
    Ok(read("a", a)?.intersects(&read("b", b)?))
}

pub fn intersection(a: &Figure, b: &Figure) -> Result<Option<Figure>, Error> {
    let common = surface("a", a)?.intersection(&surface("b", b)?);
    Ok(common.map(|common| written(a, &common)))
}

/// Limit, purpose and policy.
fn checked(host: &State, limit: u32, purpose: Option<&str>) -> Result<(), Error> {
    if !(1..=20).contains(&limit) {
        return Err(invalid("limit", &geodesy::Problem::OutOfRange("1 to 20".into())));
    }
    match purpose {
        Some(purpose) => declared(host, purpose).map_err(Error::UndeclaredPurpose)?,
        None if host.purposes.as_ref().is_some_and(|purposes| purposes.len() != 1) => {
            return Err(Error::UndeclaredPurpose(String::new()));
        }
        None => {}
    }
    allowed(host, "geo:query").map_err(Error::Denied)
}

fn point(field: &str, Point { lon, lat }: Point) -> Result<geodesy::Point<Cgcs2000>, Error> {
    geodesy::Point::new(Cgcs2000, lon, lat).map_err(|problem| invalid(field, &problem))
}

fn crs(field: &str, crs: Crs) -> Result<AnyCrs, Error> {
    Ok(match crs {
        Crs::Cgcs2000 => AnyCrs::Cgcs2000,
        Crs::Gcj02 => AnyCrs::Gcj02,
        Crs::Bd09 => AnyCrs::Bd09,
        Crs::GaussKruger(code) => {
            AnyCrs::GaussKruger(geodesy::Zone::from_epsg(code).map_err(|problem| invalid(field, &problem))?)
        }
    })
}

fn read(field: &str, figure: &Figure) -> Result<geodesy::Figure<Cgcs2000>, Error> {
    let read = match figure {
        Figure::Wkt(text) => geodesy::Figure::from_wkt(text),
        Figure::GeoJson(text) => geodesy::Figure::from_geojson(text),
    };
    read.map_err(|problem| invalid(field, &problem))
}

fn surface(field: &str, figure: &Figure) -> Result<geodesy::Surface<Cgcs2000>, Error> {
    read(field, figure)?.surface().map_err(|problem| invalid(field, &problem))
}

fn written(like: &Figure, surface: &geodesy::Surface<Cgcs2000>) -> Figure {
    match like {
        Figure::Wkt(_) => Figure::Wkt(surface.to_wkt()),
        Figure::GeoJson(_) => Figure::GeoJson(surface.to_geojson()),
    }
}

fn invalid(field: &str, problem: &geodesy::Problem) -> Error {
    use geodesy::Problem;
    let code = match problem {
        Problem::Empty => "empty",
        Problem::TooLong(_) => "too-long",
        Problem::NotANumber => "not-a-number",
        Problem::OutOfRange(_) => "out-of-range",
        Problem::WrongCrs(_) => "wrong-crs",
        Problem::UnknownCrs(_) => "unknown-crs",
        Problem::Unclosed => "unclosed",
        Problem::SelfCrossing => "self-crossing",
        Problem::TooFewPoints => "too-few-points",
        Problem::TooManyVertices(_) => "too-many-vertices",
        Problem::NotAPolygon => "not-a-polygon",
        Problem::Unreadable(_) => "unreadable",
    };
    Error::Invalid { field: field.into(), code, detail: problem.to_string() }
}
