//! The city as a registry keeps it.

use std::array;

use jiff::civil::time;
use zhongtai_geodesy::{Cgcs2000, Point, Surface};

use super::{City, CityAddress, characters::counted};
use crate::{Address, Grid, Hall, Hours, Level, Opening};

// === impl City ===

impl City {
    /// Its addresses, in order.
    pub fn registry_addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.every_address().filter_map(|address| address.registered())
    }

    /// Its grids, in order. The role of one is `grid-` and its number.
    pub fn registry_grids(&self) -> impl Iterator<Item = Grid> + '_ {
        self.every_grid().filter_map(|grid| {
            let ring: geo::LineString = grid.ring.iter().map(|[lon, lat]| (*lon, *lat)).collect();
            let polygon = geo::MultiPolygon(vec![geo::Polygon::new(ring, vec![])]);
            Some(Grid {
                id: format!("G{:05}", grid.number),
                name: grid.name,
                role: format!("grid-{:05}", grid.number),
                desk: String::new(),
                shape: Surface::try_from_geometry(Cgcs2000, polygon).ok()?,
            })
        })
    }

    /// Its halls: open on working days from nine to twelve and from two to half past five.
    pub fn registry_halls(&self) -> Vec<Hall> {
        let day = [(time(9, 0, 0, 0), time(12, 0, 0, 0)), (time(14, 0, 0, 0), time(17, 30, 0, 0))];
        let day = day.map(|(opens, closes)| Opening { opens, closes }).to_vec();
        let week = array::from_fn(|weekday| if weekday < 5 { day.clone() } else { Vec::new() });
        let hours = Hours { week, days: vec![], keeps_holidays: true };
        let hall = |hall: super::CityHall| {
            let [lon, lat] = hall.at;
            Some(Hall {
                id: format!("H{:04}", hall.number),
                name: hall.name,
                address: hall.address,
                at: Point::new(Cgcs2000, lon, lat).ok()?,
                services: hall.services.into_iter().map(str::to_owned).collect(),
                hours: hours.clone(),
            })
        };
        self.halls().into_iter().filter_map(hall).collect()
    }
}

// === impl CityAddress ===

impl CityAddress {
    /// With its id, and a text for each part.
    pub fn registered(self) -> Option<Address> {
        let [lon, lat] = self.at;
        let at = Point::new(Cgcs2000, lon, lat).ok()?;
        Some(Address { id: City::address_id(self.number), parts: self.by_level(), at })
    }

    /// A text for each level, empty where there is none.
    pub fn by_level(self) -> [String; Level::COUNT] {
        let parts = self.parts;
        let numbered = |part: Option<(u32, &str)>| part.map(|(number, word)| format!("{number}{word}"));
        let texts = [
            Some(parts.city),
            Some(parts.district),
            Some(parts.town),
            Some(parts.community),
            parts.road,
            parts.lane.map(|lane| format!("{}巷", counted(lane))),
            parts.number.map(|number| format!("{number}号")),
            parts.estate,
            numbered(parts.building),
            parts.unit.map(|unit| format!("{unit}单元")),
            numbered(parts.room),
        ];
        texts.map(Option::unwrap_or_default)
    }
}
