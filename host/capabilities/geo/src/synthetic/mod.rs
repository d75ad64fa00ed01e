//! A city that does not exist, for tests and benchmarks: addresses, grids that tile it, service halls, and the
//! spellings that people send. The same seed gives the same city. Every name is made of syllables; none is a record of
//! anybody.
//!
//! ```
//! use zhongtai_cap_geo::synthetic::{City, Plan};
//!
//! let city = City::new(&Plan { seed: 1, addresses: 2_000, grids: 400 });
//! assert_eq!(city.addresses(), 2_000);
//! println!("{}", city.address(0).map(|first| first.parts.text()).unwrap_or_default());
//! ```

mod characters;
mod dice;
mod files;
mod lattice;
mod messy;
mod names;
mod places;
mod registry;
mod writing;

pub use dice::Dice;
pub use lattice::Ring;
pub use messy::{Mess, Spelling};
pub use places::{CityAddress, Parts};

use lattice::Lattice;
use places::Places;

/// How large a city, and which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Another seed, another city.
    pub seed: u64,
    /// How many addresses; at least some thousand make sense.
    pub addresses: usize,
    /// How many grids; at least 200, so that towns find room.
    pub grids: usize,
}

/// The city.
pub struct City {
    seed: u64,
    lattice: Lattice,
    places: Places,
    bounds: [f64; 4],
}

/// A grid of the city.
#[derive(Debug, Clone, PartialEq)]
pub struct CityGrid {
    /// Its number in the city, from 0.
    pub number: usize,
    /// Such as 凤城街道第12网格.
    pub name: String,
    /// A closed ring, anticlockwise.
    pub ring: Ring,
}

/// A service hall of the city.
#[derive(Debug, Clone, PartialEq)]
pub struct CityHall {
    /// Its number in the city, from 0.
    pub number: usize,
    /// Such as 凤城街道政务服务中心.
    pub name: String,
    /// Where it says that it is.
    pub address: String,
    /// Longitude and latitude.
    pub at: [f64; 2],
    /// What one can do there.
    pub services: Vec<&'static str>,
}

/// What halls offer; the district's offers all, a town's the first ones.
pub const SERVICES: [&str; 5] = ["社保", "户籍", "税务", "不动产登记", "企业开办"];

// === impl Plan ===

impl Plan {
    /// What load tests run on: a million addresses and 5,000 grids.
    pub const LARGE: Self = Self { seed: 20_210_414, addresses: 1_000_000, grids: 5_000 };
}

// === impl City ===

impl City {
    /// Lays it out.
    pub fn new(plan: &Plan) -> Self {
        let lattice = Lattice::new(plan.seed, plan.grids);
        let places = Places::new(plan.seed, &lattice, plan.addresses);
        let bounds = around(lattice.outline());
        Self { seed: plan.seed, lattice, places, bounds }
    }

    /// How many addresses it has.
    pub fn addresses(&self) -> usize {
        self.places.count()
    }

    /// The address of a number.
    pub fn address(&self, number: usize) -> Option<CityAddress> {
        self.places.address(number)
    }

    /// All of them, in order.
    pub fn every_address(&self) -> impl Iterator<Item = CityAddress> + '_ {
        (0..self.addresses()).filter_map(|number| self.address(number))
    }

    /// The id of an address in a registry.
    pub fn address_id(number: usize) -> String {
        format!("A{number:07}")
    }

    /// How many grids it has.
    pub fn grids(&self) -> usize {
        self.lattice.cells().len()
    }

    /// The grids, which cover the city without gaps or overlaps.
    pub fn every_grid(&self) -> impl Iterator<Item = CityGrid> + '_ {
        self.lattice.cells().iter().enumerate().map(|(number, cell)| CityGrid {
            number,
            name: format!("第{}网格", number + 1),
            ring: self.lattice.ring(*cell),
        })
    }

    /// The outline of the whole: one ring, or several that touch at most in a point.
    pub fn outline(&self) -> Vec<Ring> {
        self.lattice.outline()
    }

    /// The box around it: west, south, east, north.
    pub fn bounds(&self) -> [f64; 4] {
        self.bounds
    }

    /// A place anywhere in the box around it, the same for the same number.
    pub fn somewhere(&self, number: u64) -> [f64; 2] {
        let [west, south, east, north] = self.bounds();
        let mut dice = Dice::of(self.seed, (9 << 48) | number);
        [west + (east - west) * dice.share(), south + (north - south) * dice.share()]
    }

    /// One hall for the district, one for each town, one for every other community.
    pub fn halls(&self) -> Vec<CityHall> {
        let towns = self.places.towns.iter().filter_map(|town| Some((town.name.clone(), *town.cells.first()?)));
        let towns = towns.map(|(name, seat)| (format!("{name}政务服务中心"), name, self.lattice.middle(seat), 3));
        let district = [(format!("{}政务服务中心", places::DISTRICT), String::new(), lattice::CENTRE, SERVICES.len())];
        let communities = self.places.communities.iter().step_by(2).map(|community| {
            let town = self.places.towns.get(community.town).map(|town| town.name.clone()).unwrap_or_default();
            (format!("{}便民服务站", community.name), format!("{town}{}", community.name), community.at, 1)
        });
        let all = district.into_iter().chain(towns).chain(communities).enumerate();
        all.map(|(number, (name, place, at, services))| CityHall {
            number,
            name,
            address: format!("{}{place}", places::DISTRICT),
            at,
            services: SERVICES.into_iter().take(services).collect(),
        })
        .collect()
    }

    /// `each` spellings of every kind of [`Mess`].
    pub fn spellings(&self, each: usize) -> Vec<Spelling> {
        messy::spellings(self, each)
    }

    /// Every name of a road, an estate or a community.
    fn names(&self) -> impl Iterator<Item = String> + '_ {
        let roads = self.places.roads.iter().map(|road| &road.name);
        let estates = self.places.estates.iter().map(|estate| &estate.name);
        let communities = self.places.communities.iter().map(|community| &community.name);
        roads.chain(estates).chain(communities).cloned()
    }
}

fn around(rings: Vec<Ring>) -> [f64; 4] {
    let mut bounds = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
    for [lon, lat] in rings.into_iter().flatten() {
        let [west, south, east, north] = bounds;
        bounds = [west.min(lon), south.min(lat), east.max(lon), north.max(lat)];
    }
    bounds
}

#[cfg(test)]
mod tests;
