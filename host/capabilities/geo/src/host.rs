//! The capability as guests see it: parse, hand over to [`Geography`], convert.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};
use zhongtai_geodesy::{AnyCrs, Cgcs2000, Figure, Format, Problem, Surface, Zone};
use zhongtai_kernel::Timestamp;
use zhongtai_runtime::Invocation;

use crate::{Address, GeoError, Geography, Grid, HallNearby, HallsWanted, Level, Match, Nearby, Place};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-geo;
        world host { import zhongtai:geo/geography@0.1.0; }
    ",
    path: "../../../wit/geo",
    world: "zhongtai:host-geo/host",
    imports: { default: async | trappable },
});

use zhongtai::geo::geography as wit;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

/// A guest's answer; the outer result traps.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::Host for Invocation {
    async fn geocode(
        &mut self,
        text: String,
        limit: u32,
        rooms: bool,
        purpose: Option<String>,
    ) -> Answer<Vec<wit::Match>> {
        let geography = self.provider::<Arc<Geography>>()?;
        let found = geography.geocode(self.asker(), (&text, limit), rooms, purpose.as_deref()).await;
        Ok(found.map(|found| found.into_iter().map(matched).collect()).map_err(|error| answer(self, error)))
    }

    async fn reverse(
        &mut self,
        at: wit::Point,
        limit: u32,
        rooms: bool,
        purpose: Option<String>,
    ) -> Answer<Vec<wit::Nearby>> {
        let geography = self.provider::<Arc<Geography>>()?;
        let found = async {
            let at = place("at", at)?;
            geography.reverse(self.asker(), (at, limit), rooms, purpose.as_deref()).await
        };
        let found = found.await.map(|found| found.into_iter().map(nearby).collect());
        Ok(found.map_err(|error| answer(self, error)))
    }

    async fn grid_of(&mut self, at: wit::Point, purpose: Option<String>) -> Answer<Option<wit::Grid>> {
        let geography = self.provider::<Arc<Geography>>()?;
        let found = async {
            let at = place("at", at)?;
            geography.grid_of(self.asker(), at, purpose.as_deref()).await
        };
        let found = found.await.map(|found| found.map(|found| grid(&found)));
        Ok(found.map_err(|error| answer(self, error)))
    }

    async fn nearest_halls(
        &mut self,
        at: wit::Point,
        when: Option<u64>,
        service: Option<String>,
        limit: u32,
        purpose: Option<String>,
    ) -> Answer<Vec<wit::Hall>> {
        let geography = self.provider::<Arc<Geography>>()?;
        let found = async {
            let wanted = HallsWanted {
                at: place("at", at)?,
                when: when.map(|nanos| time("when", nanos)).transpose()?,
                service: service.as_deref(),
                limit,
            };
            geography.halls(self.asker(), wanted, purpose.as_deref()).await
        };
        let found = found.await.map(|found| found.into_iter().map(hall).collect());
        Ok(found.map_err(|error| answer(self, error)))
    }

    async fn convert(&mut self, position: wit::Position, source: wit::Crs, target: wit::Crs) -> Answer<wit::Position> {
        let geography = self.provider::<Arc<Geography>>()?;
        let converted = crs("source", source).and_then(|source| {
            let target = crs("target", target)?;
            geography.convert((position.x, position.y), source, target)
        });
        let converted = converted.map(|(x, y)| wit::Position { x, y });
        Ok(converted.map_err(|error| answer(self, error)))
    }

    async fn distance(&mut self, a: wit::Point, b: wit::Point) -> Answer<f64> {
        let distance = place("a", a).and_then(|a| Ok(a.distance(&place("b", b)?)));
        Ok(distance.map_err(|error| answer(self, error)))
    }

    async fn buffer(&mut self, shape: wit::Figure, metres: f64) -> Answer<wit::Figure> {
        let geography = self.provider::<Arc<Geography>>()?;
        let made = async {
            let (format, shape) = figure("shape", shape)?;
            Ok(written(format, &geography.buffer(shape, metres).await?))
        };
        Ok(made.await.map_err(|error| answer(self, error)))
    }

    async fn intersects(&mut self, a: wit::Figure, b: wit::Figure) -> Answer<bool> {
        let geography = self.provider::<Arc<Geography>>()?;
        let meet = async {
            let ((_, a), (_, b)) = (figure("a", a)?, figure("b", b)?);
            geography.intersects(a, b).await
        };
        Ok(meet.await.map_err(|error| answer(self, error)))
    }

    async fn intersection(&mut self, a: wit::Figure, b: wit::Figure) -> Answer<Option<wit::Figure>> {
        let geography = self.provider::<Arc<Geography>>()?;
        let common = async {
            let ((format, a), (_, b)) = (surface("a", a)?, surface("b", b)?);
            Ok(geography.intersection(a, b).await?.map(|common| written(format, &common)))
        };
        Ok(common.await.map_err(|error| answer(self, error)))
    }

    async fn area(&mut self, shape: wit::Figure) -> Answer<f64> {
        let geography = self.provider::<Arc<Geography>>()?;
        let area = async {
            let (_, shape) = surface("shape", shape)?;
            geography.area(shape).await
        };
        Ok(area.await.map_err(|error| answer(self, error)))
    }
}

// === what comes in ===

fn place(field: &'static str, at: wit::Point) -> Result<Place, GeoError> {
    Place::new(Cgcs2000, at.lon, at.lat).map_err(|problem| GeoError::invalid(field, problem))
}

fn time(field: &'static str, nanos: u64) -> Result<Timestamp, GeoError> {
    let never = || GeoError::invalid(field, Problem::OutOfRange("nanoseconds since 1970, before 2200".to_owned()));
    // The hours of a hall are looked for some days ahead: there must be such days.
    const LAST: u64 = 7_258_118_400_000_000_000;
    let nanos = Some(nanos).filter(|nanos| *nanos < LAST).ok_or_else(never)?;
    Timestamp::from_nanosecond(i128::from(nanos)).map_err(|_| never())
}

fn crs(field: &'static str, crs: wit::Crs) -> Result<AnyCrs, GeoError> {
    Ok(match crs {
        wit::Crs::Cgcs2000 => AnyCrs::Cgcs2000,
        wit::Crs::Gcj02 => AnyCrs::Gcj02,
        wit::Crs::Bd09 => AnyCrs::Bd09,
        wit::Crs::GaussKruger(code) => {
            AnyCrs::GaussKruger(Zone::from_epsg(code).map_err(|problem| GeoError::invalid(field, problem))?)
        }
    })
}

fn figure(field: &'static str, figure: wit::Figure) -> Result<(Format, Figure<Cgcs2000>), GeoError> {
    let (format, text) = match figure {
        wit::Figure::Wkt(text) => (Format::Wkt, text),
        wit::Figure::Geojson(text) => (Format::GeoJson, text),
    };
    let figure = Figure::parse(format, &text).map_err(|problem| GeoError::invalid(field, problem))?;
    Ok((format, figure))
}

fn surface(field: &'static str, shape: wit::Figure) -> Result<(Format, Surface<Cgcs2000>), GeoError> {
    let (format, figure) = figure(field, shape)?;
    Ok((format, figure.surface().map_err(|problem| GeoError::invalid(field, problem))?))
}

// === what goes out ===

fn written(format: Format, surface: &Surface<Cgcs2000>) -> wit::Figure {
    match format {
        Format::Wkt => wit::Figure::Wkt(surface.to_wkt()),
        Format::GeoJson => wit::Figure::Geojson(surface.to_geojson()),
    }
}

fn point(at: &Place) -> wit::Point {
    wit::Point { lon: at.lon(), lat: at.lat() }
}

fn matched(found: Match) -> wit::Match {
    let Match { address, score, level: named } = found;
    wit::Match { text: address.text(), at: point(&address.at), score, level: level(named), id: address.id }
}

fn nearby(found: Nearby) -> wit::Nearby {
    let Nearby { address, distance } = found;
    let fine = level(Address::level(&address));
    wit::Nearby { text: address.text(), at: point(&address.at), level: fine, distance, id: address.id }
}

fn grid(grid: &Grid) -> wit::Grid {
    wit::Grid { id: grid.id.clone(), name: grid.name.clone(), role: grid.role.clone(), desk: grid.desk.clone() }
}

fn hall(near: HallNearby) -> wit::Hall {
    let opening = |opening: &crate::Opening| wit::Opening {
        opens: opening.opens.strftime("%H:%M").to_string(),
        closes: opening.closes.strftime("%H:%M").to_string(),
    };
    let hall = &near.hall;
    wit::Hall {
        id: hall.id.clone(),
        name: hall.name.clone(),
        address: hall.address.clone(),
        at: point(&hall.at),
        distance: near.distance,
        services: hall.services.clone(),
        hours: near.hours.iter().map(opening).collect(),
        open: near.open,
        opens_next: near.opens_next.and_then(|next| u64::try_from(next.as_nanosecond()).ok()),
    }
}

fn level(level: Level) -> wit::Level {
    match level {
        Level::City => wit::Level::City,
        Level::District => wit::Level::District,
        Level::Street => wit::Level::Street,
        Level::Community => wit::Level::Community,
        Level::Road => wit::Level::Road,
        Level::Lane => wit::Level::Lane,
        Level::Number => wit::Level::Number,
        Level::Estate => wit::Level::Estate,
        Level::Building => wit::Level::Building,
        Level::Unit => wit::Level::Unit,
        Level::Room => wit::Level::Room,
    }
}

/// What the guest may know of a failure; faults of ours are logged.
fn answer(invocation: &Invocation, error: GeoError) -> wit::Error {
    match error {
        GeoError::Denied(reference) => wit::Error::Denied(reference),
        GeoError::UndeclaredPurpose(purpose) => wit::Error::UndeclaredPurpose(purpose),
        GeoError::Invalid { field, problem: what } => {
            wit::Error::Invalid(wit::Fault { field: field.to_owned(), problem: problem(what) })
        }
        GeoError::Unrecorded => wit::Error::Other(error.to_string()),
        GeoError::Figure(_)
        | GeoError::Overlap(..)
        | GeoError::Import(_)
        | GeoError::Store(_)
        | GeoError::System(_) => {
            tracing::error!(request = %invocation.request_id(), %error, "geography can't be asked");
            wit::Error::Other("geography can't be asked; try again later".to_owned())
        }
    }
}

fn problem(problem: Problem) -> wit::Problem {
    match problem {
        Problem::Empty => wit::Problem::Empty,
        Problem::TooLong(most) => wit::Problem::TooLong(most),
        Problem::NotANumber => wit::Problem::NotANumber,
        Problem::OutOfRange(what) => wit::Problem::OutOfRange(what),
        Problem::WrongCrs(what) => wit::Problem::WrongCrs(what),
        Problem::UnknownCrs(code) => wit::Problem::UnknownCrs(code),
        Problem::Unclosed => wit::Problem::Unclosed,
        Problem::SelfCrossing => wit::Problem::SelfCrossing,
        Problem::TooFewPoints => wit::Problem::TooFewPoints,
        Problem::TooManyVertices(most) => wit::Problem::TooManyVertices(most),
        Problem::NotAPolygon => wit::Problem::NotAPolygon,
        Problem::Unreadable(at) => wit::Problem::Unreadable(at),
    }
}
