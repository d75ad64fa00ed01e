//! The only way from a caller to a provider: check, authorise, ask.

use std::sync::Arc;

use zhongtai_geodesy::{AnyCrs, Cgcs2000, Figure, Point, Problem, Surface};
use zhongtai_kernel::{Access, Timestamp};
use zhongtai_runtime::{Asker, slow_lane};

use crate::{GeoError, GeoProvider, Grid, Hall, Holidays, Level, Match, Nearby, Opening, Place};

/// The layers that policy knows (`policies/geo/entities.json`).
pub(crate) const ADDRESSES: &str = "standard-addresses";
const ROOMS: &str = "housing";
pub(crate) const GRIDS: &str = "grids";
pub(crate) const HALLS: &str = "service-halls";

/// The longest text that is looked up, characters: no address is longer.
const LONGEST_TEXT: u32 = 200;
/// The most that one question gives back: more is no answer for a person, and a list is not to be copied out.
const MOST_FOUND: u32 = 20;
/// How far from a place an address may be that is said to be there, metres.
const REACH: f64 = 1_000.0;
/// Figures with more vertices are computed on a thread of their own.
const MANY_VERTICES: usize = 500;

/// Geography as callers get it: policy is asked, and the answer recorded, before anything is told.
pub struct Geography {
    provider: Arc<dyn GeoProvider>,
    holidays: Holidays,
}

/// A hall as it stands at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct HallNearby {
    /// The hall.
    pub hall: Arc<Hall>,
    /// Metres along the ellipsoid.
    pub distance: f64,
    /// The hours of the day.
    pub hours: Vec<Opening>,
    /// Whether it is open.
    pub open: bool,
    /// When it opens next; nothing while it is open, or within the next 30 days.
    pub opens_next: Option<Timestamp>,
}

/// Which halls.
#[derive(Debug, Clone, Copy)]
pub struct HallsWanted<'a> {
    /// Near where.
    pub at: Place,
    /// Open when; now, where nothing is said.
    pub when: Option<Timestamp>,
    /// With which service.
    pub service: Option<&'a str>,
    /// How many at most.
    pub limit: u32,
}

// === impl Geography ===

impl Geography {
    /// Over a provider. `holidays` close the halls that keep them.
    pub fn new(provider: Arc<dyn GeoProvider>, holidays: Holidays) -> Self {
        Self { provider, holidays }
    }

    /// What keeps the layers: for the host's own use, such as imports. It asks nobody.
    pub fn provider(&self) -> &Arc<dyn GeoProvider> {
        &self.provider
    }

    /// The addresses that a text may mean (`geo:query` on the layer of addresses, or of rooms).
    pub async fn geocode(
        &self,
        asker: &mut Asker,
        (text, limit): (&str, u32),
        rooms: bool,
        purpose: Option<&str>,
    ) -> Result<Vec<Match>, GeoError> {
        let text = checked_text("text", text, LONGEST_TEXT)?;
        let limit = checked_limit(limit)?;
        let (layer, deepest) = depth(rooms);
        authorise(asker, layer, purpose).await?;
        self.lane().await;
        self.provider.geocode(text, limit, deepest).await
    }

    /// The addresses nearest to a place (`geo:query` on the layer of addresses, or of rooms).
    pub async fn reverse(
        &self,
        asker: &mut Asker,
        (at, limit): (Place, u32),
        rooms: bool,
        purpose: Option<&str>,
    ) -> Result<Vec<Nearby>, GeoError> {
        let limit = checked_limit(limit)?;
        let (layer, deepest) = depth(rooms);
        authorise(asker, layer, purpose).await?;
        self.lane().await;
        self.provider.reverse(&at, REACH, limit, deepest).await
    }

    /// The grid that a place is in (`geo:query` on the layer of grids).
    pub async fn grid_of(
        &self,
        asker: &mut Asker,
        at: Place,
        purpose: Option<&str>,
    ) -> Result<Option<Arc<Grid>>, GeoError> {
        authorise(asker, GRIDS, purpose).await?;
        self.lane().await;
        self.provider.grid_of(&at).await
    }

    /// The halls nearest to a place (`geo:query` on the layer of halls).
    pub async fn halls(
        &self,
        asker: &mut Asker,
        wanted: HallsWanted<'_>,
        purpose: Option<&str>,
    ) -> Result<Vec<HallNearby>, GeoError> {
        let limit = checked_limit(wanted.limit)?;
        let service = wanted.service.map(|service| checked_text("service", service, 64)).transpose()?;
        let when = wanted.when.unwrap_or_else(|| asker.now());
        authorise(asker, HALLS, purpose).await?;
        self.lane().await;
        let near = self.provider.halls_near(&wanted.at, service, limit).await?;
        Ok(near.into_iter().map(|(hall, distance)| self.at(hall, distance, when)).collect())
    }

    fn at(&self, hall: Arc<Hall>, distance: f64, when: Timestamp) -> HallNearby {
        let hours = hall.hours.on(crate::hall::local(when).date(), &self.holidays).to_vec();
        let open = hall.hours.is_open(when, &self.holidays);
        let opens_next = if open { None } else { hall.hours.opens_next(when, &self.holidays) };
        HallNearby { hall, distance, hours, open, opens_next }
    }

    /// What may wait leaves the fast lane first.
    async fn lane(&self) {
        if !self.provider.is_at_hand() {
            slow_lane().await;
        }
    }

    // === figures: nothing is looked up, so nobody is asked ===

    /// The same place in another system.
    pub fn convert(&self, (x, y): (f64, f64), source: AnyCrs, target: AnyCrs) -> Result<(f64, f64), GeoError> {
        let position = Point::new(source, x, y).map_err(|problem| GeoError::invalid("position", problem))?;
        let there = position.to(target).map_err(|problem| GeoError::invalid("target", problem))?;
        Ok((there.x(), there.y()))
    }

    /// Everything within `metres` of a figure.
    pub async fn buffer(&self, shape: Figure<Cgcs2000>, metres: f64) -> Result<Surface<Cgcs2000>, GeoError> {
        // Refused here, by its name, whatever the provider says to it.
        if !metres.is_finite() {
            return Err(GeoError::invalid("metres", Problem::NotANumber));
        }
        if !(0.1..=100_000.0).contains(&metres) {
            return Err(GeoError::invalid("metres", Problem::OutOfRange("0.1 to 100,000 m".to_owned())));
        }
        let provider = self.provider.clone();
        let vertices = shape.vertices();
        let made = self.compute(vertices, async move { provider.buffer(&shape, metres).await }).await;
        made.map_err(|error| of("shape", error))
    }

    /// Whether two figures have a place in common.
    pub async fn intersects(&self, a: Figure<Cgcs2000>, b: Figure<Cgcs2000>) -> Result<bool, GeoError> {
        let (provider, vertices) = (self.provider.clone(), a.vertices() + b.vertices());
        self.compute(vertices, async move { provider.intersects(&a, &b).await }).await
    }

    /// What two surfaces have in common.
    pub async fn intersection(
        &self,
        a: Surface<Cgcs2000>,
        b: Surface<Cgcs2000>,
    ) -> Result<Option<Surface<Cgcs2000>>, GeoError> {
        let (provider, vertices) = (self.provider.clone(), a.vertices() + b.vertices());
        self.compute(vertices, async move { provider.intersection(&a, &b).await }).await
    }

    /// Square metres of a surface.
    pub async fn area(&self, shape: Surface<Cgcs2000>) -> Result<f64, GeoError> {
        let (provider, vertices) = (self.provider.clone(), shape.vertices());
        self.compute(vertices, async move { provider.area(&shape).await }).await
    }

    /// Small figures are computed where the guest runs; large ones, and those of a provider that waits, elsewhere.
    async fn compute<T: Send + 'static>(
        &self,
        vertices: usize,
        work: impl Future<Output = Result<T, GeoError>> + Send + 'static,
    ) -> Result<T, GeoError> {
        if self.provider.is_at_hand() && vertices <= MANY_VERTICES {
            return work.await;
        }
        slow_lane().await;
        if !self.provider.is_at_hand() {
            return work.await;
        }
        let handle = tokio::runtime::Handle::current();
        let lost = |_| GeoError::System("the work was lost".to_owned());
        tokio::task::spawn_blocking(move || handle.block_on(work)).await.map_err(lost)?
    }
}

/// The layer to ask for, and how fine its addresses are.
fn depth(rooms: bool) -> (&'static str, Level) {
    if rooms { (ROOMS, Level::Room) } else { (ADDRESSES, Level::Building) }
}

/// A figure's fault with the name of the argument that it came in.
fn of(field: &'static str, error: GeoError) -> GeoError {
    match error {
        GeoError::Figure(problem) => GeoError::invalid(field, problem),
        other => other,
    }
}

fn checked_text<'a>(field: &'static str, text: &'a str, longest: u32) -> Result<&'a str, GeoError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(GeoError::invalid(field, Problem::Empty));
    }
    let is_too_long = text.chars().nth(longest as usize).is_some();
    if is_too_long { Err(GeoError::invalid(field, Problem::TooLong(longest))) } else { Ok(text) }
}

fn checked_limit(limit: u32) -> Result<usize, GeoError> {
    let expected = || GeoError::invalid("limit", Problem::OutOfRange(format!("1 to {MOST_FOUND}")));
    if (1..=MOST_FOUND).contains(&limit) { Ok(limit as usize) } else { Err(expected()) }
}

/// Asks policy for a layer. Without a purpose it is the only one that the manifest declares.
pub(crate) async fn authorise(asker: &mut Asker, layer: &'static str, purpose: Option<&str>) -> Result<(), GeoError> {
    let purpose = match purpose {
        Some(purpose) => purpose.to_owned(),
        None => only_purpose(asker)?,
    };
    if !asker.declares(&purpose) {
        return Err(GeoError::UndeclaredPurpose(purpose.chars().take(64).collect()));
    }
    Ok(asker.authorise(&Access::declared("geo:query", "Layer", layer).for_purpose(&purpose)).await?)
}

fn only_purpose(asker: &Asker) -> Result<String, GeoError> {
    match asker.release().manifest().plugin.purposes.as_slice() {
        [only] => Ok(only.clone()),
        _ => Err(GeoError::UndeclaredPurpose(String::new())),
    }
}
