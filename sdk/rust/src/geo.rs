//! Geography (基础地理信息): where an address is, in which grid a place lies, which hall is near and open, and figures on
//! the ground. Needs a grant for `geo`.
//!
//! ```
//! use zhongtai::{geo, prelude::*};
//!
//! # #[derive(Deserialize)]
//! # struct Pothole { address: String }
//! #[post("/potholes")]
//! fn report(Json(pothole): Json<Pothole>) -> Result<String> {
//!     let place = geo::locate(&pothole.address)?;
//!     let grid = place.grid()?;
//!     Ok(format!("{} goes to {}", place.text, grid.name))
//! }
//!
//! zhongtai::plugin!(report);
//!
//! # fn main() {
//! use zhongtai::testing::*;
//!
//! let host = MockHost::new()
//!     .address("清远市清城区北江一路12号", 113.05, 23.68)
//!     .grid("凤城一号网格", "POLYGON((113 23.6,113.1 23.6,113.1 23.7,113 23.7,113 23.6))");
//! let reply = host.post("/potholes", json!({ "address": "北江一路12号" }));
//! assert_eq!(reply.text(), "清远市清城区北江一路12号 goes to 凤城一号网格");
//! # }
//! ```
//!
//! A place is a [`Point`] in CGCS2000, degrees, longitude first. What comes from a map service is another system's: see
//! [`convert`]. Questions are asked for the only purpose that `plugin.toml` declares; with several, [`asking`] names it.

use serde::{Deserialize, Serialize};

use crate::{Problem, Purpose, clock::Timestamp, host, problem};

/// Where an address is: the standard address that fits best.
///
/// # Errors
/// `?` turns an address that nobody knows into 422 `unknown-address`, a wrong argument into 422, a refusal into 403 and a
/// failure into 503.
pub fn locate(text: &str) -> Result<Place, Error> {
    Asking::default().locate(text)
}

/// The standard addresses that a text may mean, the best first; at most `limit`, 1 to 20.
///
/// # Errors
/// As for [`locate`], but that nobody knows it is no error.
pub fn search(text: &str, limit: u32) -> Result<Vec<Place>, Error> {
    Asking::default().search(text, limit)
}

/// Asks for a purpose, where the manifest declares several.
pub fn asking(purpose: Purpose<'_>) -> Asking<'_> {
    Asking { purpose: Some(purpose.0), rooms: false }
}

/// A place in CGCS2000 (EPSG:4490), degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// East of Greenwich.
    pub lon: f64,
    /// North of the equator.
    pub lat: f64,
}

/// How far an address was understood, from the city to the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// 市
    City,
    /// 区, 县
    District,
    /// 街道, 镇
    Street,
    /// 社区, 村
    Community,
    /// 路, 街, 大道
    Road,
    /// 巷, 里
    Lane,
    /// 门牌号
    Number,
    /// 小区, 大厦
    Estate,
    /// 栋, 幢, 座
    Building,
    /// 单元
    Unit,
    /// 室
    Room,
}

/// A standard address (标准地址).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// Its id in the registry.
    pub id: String,
    /// Its full text, the largest part first.
    pub text: String,
    /// Where it is.
    pub at: Point,
    /// How well it fits what was written, 0 to 1.
    pub score: f64,
    /// The finest part of it that was written.
    pub level: Level,
}

/// A standard address near a place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nearby {
    /// Its id in the registry.
    pub id: String,
    /// Its full text, the largest part first.
    pub text: String,
    /// Where it is.
    pub at: Point,
    /// How fine it is.
    pub level: Level,
    /// Metres along the ellipsoid.
    pub distance: f64,
}

/// A grid (网格).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grid {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The role of the officers who look after it.
    pub role: String,
    /// The desk that messages for it go to: `notify::desk(&grid.desk)`.
    pub desk: String,
}

/// From when until when a hall is open on a day, `HH:MM`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opening {
    /// The first minute.
    pub opens: String,
    /// The minute after the last.
    pub closes: String,
}

/// A service hall (政务大厅).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hall {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is, in words.
    pub address: String,
    /// Where it is.
    pub at: Point,
    /// Metres along the ellipsoid.
    pub distance: f64,
    /// What one can do there.
    pub services: Vec<String>,
    /// The hours of the day that was asked about.
    pub hours: Vec<Opening>,
    /// Whether it is open at the time that was asked about.
    pub open: bool,
    /// When it opens next; nothing while it is open, or within the next 30 days.
    pub opens_next: Option<Timestamp>,
}

/// Which halls: `HallsNear::new(at).offering("社保").limit(3).find()?`.
#[derive(Clone, Copy, Debug)]
pub struct HallsNear<'a> {
    pub(crate) at: Point,
    pub(crate) when: Option<Timestamp>,
    pub(crate) service: Option<&'a str>,
    pub(crate) limit: u32,
    pub(crate) purpose: Option<&'a str>,
}

/// Questions for a purpose: `geo::asking(Purpose("dispatch")).locate(text)?`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asking<'a> {
    purpose: Option<&'a str>,
    rooms: bool,
}

/// A reference system of coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crs {
    /// EPSG:4490: longitude and latitude, degrees.
    Cgcs2000,
    /// Coordinates of Chinese map services; the way there and back is unofficial, good to a metre.
    Gcj02,
    /// Coordinates of one map service, made of GCJ-02. The same is true.
    Bd09,
    /// A Gauss-Kruger zone of CGCS2000 by its EPSG code, 4491 to 4554: easting and northing, metres.
    GaussKruger(u32),
}

/// A figure on the ground as text, CGCS2000 in degrees: a point, a line, a polygon or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Well-known text: `POLYGON((113 23,...))`.
    Wkt(String),
    /// A GeoJSON geometry.
    GeoJson(String),
}

// === impl Asking ===

impl<'a> Asking<'a> {
    /// For units and rooms too, not only to the building: sensitive, and policy refuses most callers.
    #[must_use]
    pub fn rooms(mut self) -> Self {
        self.rooms = true;
        self
    }

    /// See [`locate`].
    ///
    /// # Errors
    /// As there.
    pub fn locate(self, text: &str) -> Result<Place, Error> {
        self.search(text, 1)?.into_iter().next().ok_or(Error::Unknown)
    }

    /// See [`search`].
    ///
    /// # Errors
    /// As there.
    pub fn search(self, text: &str, limit: u32) -> Result<Vec<Place>, Error> {
        host::geocode(text, limit, self.rooms, self.purpose)
    }

    /// See [`Point::addresses`].
    ///
    /// # Errors
    /// As there.
    pub fn addresses(self, at: Point, limit: u32) -> Result<Vec<Nearby>, Error> {
        host::reverse(at, limit, self.rooms, self.purpose)
    }

    /// See [`Point::grid`].
    ///
    /// # Errors
    /// As there.
    pub fn grid(self, at: Point) -> Result<Grid, Error> {
        host::grid_of(at, self.purpose)?.ok_or(Error::NoGrid)
    }

    /// See [`HallsNear`].
    pub fn halls(self, at: Point) -> HallsNear<'a> {
        HallsNear { purpose: self.purpose, ..HallsNear::new(at) }
    }
}

// === impl Place ===

impl Place {
    /// The grid that it is in.
    ///
    /// # Errors
    /// As for [`Point::grid`].
    pub fn grid(&self) -> Result<Grid, Error> {
        self.at.grid()
    }

    /// The halls near it.
    pub fn halls(&self) -> HallsNear<'static> {
        HallsNear::new(self.at)
    }
}

// === impl Point ===

impl Point {
    /// The place at these degrees, longitude first.
    pub fn new(lon: f64, lat: f64) -> Self {
        Self { lon, lat }
    }

    /// The grid that it is in. A place on a border is in exactly one of the two.
    ///
    /// # Errors
    /// `?` turns a place that is in no grid into 422 `no-grid`; otherwise as for [`locate`].
    pub fn grid(self) -> Result<Grid, Error> {
        Asking::default().grid(self)
    }

    /// The standard addresses nearest to it, within 1,000 metres, to the building; at most `limit`, 1 to 20.
    ///
    /// # Errors
    /// As for [`search`].
    pub fn addresses(self, limit: u32) -> Result<Vec<Nearby>, Error> {
        Asking::default().addresses(self, limit)
    }

    /// Metres to another place, along the ellipsoid.
    ///
    /// # Errors
    /// When one of them can't be.
    pub fn distance(self, other: Self) -> Result<f64, Error> {
        host::distance(self, other)
    }

    /// It as a figure.
    pub fn figure(self) -> Figure {
        Figure::Wkt(format!("POINT({} {})", self.lon, self.lat))
    }
}

// === impl HallsNear ===

impl<'a> HallsNear<'a> {
    /// The ten nearest to a place, now.
    pub fn new(at: Point) -> Self {
        Self { at, when: None, service: None, limit: 10, purpose: None }
    }

    /// Only those with a service.
    #[must_use]
    pub fn offering(mut self, service: &'a str) -> Self {
        self.service = Some(service);
        self
    }

    /// Open at another time than now.
    #[must_use]
    pub fn when(mut self, when: Timestamp) -> Self {
        self.when = Some(when);
        self
    }

    /// At most so many, 1 to 20.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// The halls, the nearest first.
    ///
    /// # Errors
    /// As for [`search`].
    pub fn find(self) -> Result<Vec<Hall>, Error> {
        host::nearest_halls(&self)
    }
}

/// The same place in another system: x is the longitude or the easting, y the latitude or the northing.
///
/// # Errors
/// When the place can't be in one of the systems.
pub fn convert((x, y): (f64, f64), source: Crs, target: Crs) -> Result<(f64, f64), Error> {
    host::convert((x, y), source, target)
}

// === impl Figure ===

impl Figure {
    /// Square metres of a polygon, on the ellipsoid.
    ///
    /// # Errors
    /// When it is not valid, or no polygon.
    pub fn area(&self) -> Result<f64, Error> {
        host::area(self)
    }

    /// Everything within `metres`, 0.1 to 100,000, as a multipolygon.
    ///
    /// # Errors
    /// When it is not valid, or the distance out of range.
    pub fn buffer(&self, metres: f64) -> Result<Self, Error> {
        host::buffer(self, metres)
    }

    /// Whether it has a place in common with another.
    ///
    /// # Errors
    /// When one of them is not valid.
    pub fn intersects(&self, other: &Self) -> Result<bool, Error> {
        host::intersects(self, other)
    }

    /// The area that two polygons have in common; nothing when they share none.
    ///
    /// # Errors
    /// When one of them is not valid, or no polygon.
    pub fn intersection(&self, other: &Self) -> Result<Option<Self>, Error> {
        host::intersection(self, other)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// No standard address fits the text.
    #[error("there is no such address")]
    Unknown,
    /// The place is in no grid.
    #[error("the place is in no grid")]
    NoGrid,
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// The purpose is not one of those in the manifest, or none was named and there are several.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// An argument is wrong: which one, a word for what is wrong with it, and a sentence.
    #[error("{field} {detail}")]
    Invalid {
        /// Which argument.
        field: String,
        /// Such as `self-crossing`, as the interface has it.
        code: &'static str,
        /// For people.
        detail: String,
    },
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Unknown => problem::unprocessable(detail).with_code("unknown-address"),
            Error::NoGrid => problem::unprocessable(detail).with_code("no-grid"),
            Error::Denied(decision) => problem::denied(decision),
            Error::UndeclaredPurpose(purpose) => problem::undeclared(&purpose),
            Error::Invalid { field, code, .. } => problem::unprocessable(detail).with_code(code).with("field", field),
            Error::Other(what) => problem::failed("geo", what),
        }
    }
}
