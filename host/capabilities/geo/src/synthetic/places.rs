//! Where the addresses are: towns with communities, roads with house numbers, villages with lanes, estates with
//! buildings, units and rooms. What belongs to a place follows from its number, so that a million addresses need not
//! be kept.

use super::{
    dice::Dice,
    lattice::{CENTRE, Cell, Lattice},
    names::Names,
};

/// The parts of a standard address, the largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Parts {
    /// 市
    pub city: String,
    /// 区
    pub district: String,
    /// 街道, 镇
    pub town: String,
    /// 社区, 村
    pub community: String,
    /// 路, 街, 大道
    pub road: Option<String>,
    /// 巷
    pub lane: Option<u32>,
    /// 门牌号
    pub number: Option<u32>,
    /// 小区, 大厦
    pub estate: Option<String>,
    /// Its number, with the word that its estate uses: 栋, 幢, 座, 号楼.
    pub building: Option<(u32, &'static str)>,
    /// 单元
    pub unit: Option<u32>,
    /// Its number, with the word that its estate uses: 房, 室.
    pub room: Option<(u32, &'static str)>,
}

/// One address of the city.
#[derive(Debug, Clone, PartialEq)]
pub struct CityAddress {
    /// Its number in the city, from 0.
    pub number: usize,
    /// What it is made of.
    pub parts: Parts,
    /// Longitude and latitude, CGCS2000.
    pub at: [f64; 2],
}

pub(super) struct Town {
    pub(super) name: String,
    pub(super) cells: Vec<Cell>,
}

pub(super) struct Community {
    pub(super) town: usize,
    pub(super) name: String,
    pub(super) is_village: bool,
    pub(super) at: [f64; 2],
}

pub(super) struct Road {
    pub(super) community: usize,
    pub(super) name: String,
    middle: [f64; 2],
    direction: f64,
    pub(super) numbers: u32,
}

/// A lane of a village.
pub(super) struct Lane {
    community: usize,
    lane: u32,
    at: [f64; 2],
}

pub(super) struct Estate {
    road: usize,
    number: u32,
    pub(super) name: String,
    building_word: &'static str,
    room_word: &'static str,
    buildings: u32,
    pub(super) units: u32,
    floors: u32,
    flats: u32,
}

enum Place {
    Road(usize),
    Lane(usize),
    Estate(usize),
}

/// Everything that has addresses.
pub(super) struct Places {
    pub(super) towns: Vec<Town>,
    pub(super) communities: Vec<Community>,
    pub(super) roads: Vec<Road>,
    lanes: Vec<Lane>,
    pub(super) estates: Vec<Estate>,
    /// The first address of each place, and how many there are at all.
    begins: Vec<(usize, Place)>,
    count: usize,
}

const CITY: &str = "清远市";

pub(super) const DISTRICT: &str = "清城区";

/// Metres in a degree of latitude; of longitude it is less by the cosine.
const METRES: f64 = 111_320.0;

// === impl Places ===

impl Places {
    /// Just `count` addresses.
    pub(super) fn new(seed: u64, lattice: &Lattice, count: usize) -> Self {
        let mut names = Names::new(seed);
        let mut dice = Dice::of(seed, 6);
        let towns = towns(&mut dice, lattice, &mut names);
        let communities = communities(&mut dice, lattice, &towns, &mut names);
        let mut places =
            Self { towns, communities, roads: vec![], lanes: vec![], estates: vec![], begins: vec![], count: 0 };
        places.add_roads(&mut dice, lattice, &mut names, count * 3 / 10);
        places.add_lanes(&mut dice, count * 36 / 100);
        places.add_estates(&mut dice, &mut names, count);
        places.count = count;
        places
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The address of this number, if there are so many.
    pub(super) fn address(&self, number: usize) -> Option<CityAddress> {
        if number >= self.count {
            return None;
        }
        let place = self.begins.partition_point(|(begin, _)| *begin <= number).checked_sub(1)?;
        let (begin, place) = self.begins.get(place)?;
        let nth = u32::try_from(number - begin).ok()?;
        let (parts, at) = match place {
            Place::Road(road) => self.house(*road, nth + 1)?,
            Place::Lane(lane) => self.in_lane(*lane, nth + 1)?,
            Place::Estate(estate) => self.in_estate(*estate, nth)?,
        };
        Some(CityAddress { number, parts, at })
    }

    /// The number of the building's own address that an address is in. A tower has none: its estate is the building.
    pub(super) fn building_of(&self, of: usize) -> Option<usize> {
        let (begin, estate) = self.estate_of(of)?;
        let nth = u32::try_from(of - begin).ok()?.checked_sub(1)?;
        let building = (estate.buildings > 1).then(|| nth / estate.per_building())?;
        Some(begin + 1 + (building * estate.per_building()) as usize)
    }

    /// The estate that an address is in, and the number of the estate's own address.
    pub(super) fn estate_of(&self, number: usize) -> Option<(usize, &Estate)> {
        let place = self.begins.partition_point(|(begin, _)| *begin <= number).checked_sub(1)?;
        match self.begins.get(place)? {
            (begin, Place::Estate(estate)) => Some((*begin, self.estates.get(*estate)?)),
            _ => None,
        }
    }

    /// How many roads of the city have this name.
    pub(super) fn roads_named(&self, name: &str) -> usize {
        self.roads.iter().filter(|road| road.name == name).count()
    }

    fn add(&mut self, place: Place, addresses: u32) {
        self.begins.push((self.count, place));
        self.count += addresses as usize;
    }

    fn add_roads(&mut self, dice: &mut Dice, lattice: &Lattice, names: &mut Names, until: usize) {
        let mut of_town = vec![0; self.towns.len()];
        while self.count < until || self.roads.is_empty() {
            let urban = self.communities.iter().enumerate().filter(|(_, community)| !community.is_village);
            let urban: Vec<usize> = urban.map(|(index, _)| index).collect();
            let Some(&community) = urban.get(dice.below(urban.len())) else { return };
            let Some(town) = self.communities.get(community).map(|community| community.town) else { return };
            let number = of_town.get_mut(town).map_or(0, |number: &mut usize| {
                *number += 1;
                *number - 1
            });
            let name = names.road(town, number);
            let cells = self.towns.get(town).map(|town| town.cells.as_slice()).unwrap_or_default();
            let middle = cells.get(dice.below(cells.len())).map_or(CENTRE, |cell| lattice.middle(*cell));
            let numbers = dice.between(40, 150);
            let direction = dice.share() * std::f64::consts::PI;
            self.roads.push(Road { community, name, middle, direction, numbers });
            self.add(Place::Road(self.roads.len() - 1), numbers);
        }
    }

    fn add_lanes(&mut self, dice: &mut Dice, until: usize) {
        let villages = self.communities.iter().enumerate().filter(|(_, community)| community.is_village);
        let villages: Vec<(usize, [f64; 2])> = villages.map(|(index, village)| (index, village.at)).collect();
        for lane in 1..=60 {
            for &(community, at) in &villages {
                if self.count >= until {
                    return;
                }
                let numbers = dice.between(10, 60);
                let at = moved(at, f64::from(lane % 8) * 45.0 - 160.0, f64::from(lane / 8) * 60.0 - 200.0);
                self.lanes.push(Lane { community, lane, at });
                self.add(Place::Lane(self.lanes.len() - 1), numbers);
            }
        }
    }

    fn add_estates(&mut self, dice: &mut Dice, names: &mut Names, until: usize) {
        while self.count < until {
            let road = dice.below(self.roads.len());
            let Some(numbers) = self.roads.get(road).map(|road| road.numbers) else { return };
            let estate = Estate::thrown(dice, names, road, numbers);
            let addresses = 1 + estate.buildings * estate.per_building();
            self.estates.push(estate);
            self.add(Place::Estate(self.estates.len() - 1), addresses);
        }
    }

    fn area(&self, community: usize) -> Option<Parts> {
        let community = self.communities.get(community)?;
        let town = self.towns.get(community.town)?.name.clone();
        let (city, district) = (CITY.to_owned(), DISTRICT.to_owned());
        Some(Parts { city, district, town, community: community.name.clone(), ..Parts::default() })
    }

    fn house(&self, road: usize, number: u32) -> Option<(Parts, [f64; 2])> {
        let road = self.roads.get(road)?;
        let parts = Parts { road: Some(road.name.clone()), number: Some(number), ..self.area(road.community)? };
        Some((parts, road.at(number, 8.0)))
    }

    fn in_lane(&self, lane: usize, number: u32) -> Option<(Parts, [f64; 2])> {
        let lane = self.lanes.get(lane)?;
        let parts = Parts { lane: Some(lane.lane), number: Some(number), ..self.area(lane.community)? };
        Some((parts, moved(lane.at, f64::from(number % 2) * 8.0, f64::from(number / 2) * 1.8)))
    }

    /// The estate itself, then each building followed by its rooms.
    fn in_estate(&self, estate: usize, nth: u32) -> Option<(Parts, [f64; 2])> {
        let estate = self.estates.get(estate)?;
        let road = self.roads.get(estate.road)?;
        let (mut parts, _) = self.house(estate.road, estate.number)?;
        let at = road.at(estate.number, 70.0);
        parts.estate = Some(estate.name.clone());
        let Some(nth) = nth.checked_sub(1) else { return Some((parts, at)) };
        let (building, mut nth) = (nth / estate.per_building(), nth % estate.per_building());
        let at = moved(at, f64::from(building % 4) * 32.0, f64::from(building / 4) * 32.0);
        if estate.buildings > 1 {
            parts.building = Some((building + 1, estate.building_word));
            let Some(of_building) = nth.checked_sub(1) else { return Some((parts, at)) };
            nth = of_building;
        }
        let per_unit = estate.floors * estate.flats;
        let (unit, nth) = (nth / per_unit, nth % per_unit);
        if estate.units > 1 {
            parts.unit = Some(unit + 1);
        }
        parts.room = Some(((nth / estate.flats + 1) * 100 + nth % estate.flats + 1, estate.room_word));
        Some((parts, at))
    }
}

// === impl Road ===

impl Road {
    /// Odd numbers on one side, even ones on the other; `aside` metres from the middle of the road.
    fn at(&self, number: u32, aside: f64) -> [f64; 2] {
        let along = (f64::from(number.div_ceil(2)) - f64::from(self.numbers) / 4.0) * 12.0;
        let aside = if number.is_multiple_of(2) { aside } else { -aside };
        let (sine, cosine) = self.direction.sin_cos();
        moved(self.middle, along * cosine - aside * sine, along * sine + aside * cosine)
    }
}

// === impl Estate ===

impl Estate {
    fn thrown(dice: &mut Dice, names: &mut Names, road: usize, numbers: u32) -> Self {
        let number = dice.between(1, numbers);
        let room_word = dice.pick(&["房", "房", "室"]).unwrap_or("房");
        if dice.percent(12) {
            let (floors, flats) = (dice.between(8, 30), dice.between(4, 12));
            let name = names.tower();
            return Self { road, number, name, building_word: "座", room_word, buildings: 1, units: 1, floors, flats };
        }
        Self {
            road,
            number,
            name: names.estate(),
            building_word: dice.pick(&["栋", "栋", "幢", "座", "号楼"]).unwrap_or("栋"),
            room_word,
            buildings: dice.between(2, 20),
            units: dice.between(1, 3),
            floors: dice.between(6, 18),
            flats: dice.between(2, 4),
        }
    }

    fn rooms(&self) -> u32 {
        self.units * self.floors * self.flats
    }

    /// Its rooms, and its own address unless it is a tower.
    fn per_building(&self) -> u32 {
        self.rooms() + u32::from(self.buildings > 1)
    }
}

fn towns(dice: &mut Dice, lattice: &Lattice, names: &mut Names) -> Vec<Town> {
    let inner: Vec<Cell> = lattice.cells().iter().copied().filter(|cell| lattice.is_inner(*cell)).collect();
    let seats: Vec<Cell> = (0..10).filter_map(|_| inner.get(dice.below(inner.len())).copied()).collect();
    let mut towns: Vec<Town> =
        seats.iter().enumerate().map(|(number, seat)| Town { name: names.town(number), cells: vec![*seat] }).collect();
    for cell in inner {
        let apart = |seat: &Cell| (seat.0 - cell.0).pow(2) + (seat.1 - cell.1).pow(2);
        let nearest = seats.iter().enumerate().min_by_key(|(number, seat)| (apart(seat), *number));
        if let Some(town) = nearest.and_then(|(number, _)| towns.get_mut(number)) {
            town.cells.push(cell);
        }
    }
    towns
}

/// Twelve communities and eight villages to a town.
fn communities(dice: &mut Dice, lattice: &Lattice, towns: &[Town], names: &mut Names) -> Vec<Community> {
    let mut communities = Vec::new();
    for (index, town) in towns.iter().enumerate() {
        for number in 0..20 {
            let is_village = number >= 12;
            let at = town.cells.get(dice.below(town.cells.len())).map_or(CENTRE, |cell| lattice.middle(*cell));
            communities.push(Community { town: index, name: names.community(is_village), is_village, at });
        }
    }
    communities
}

/// The place so many metres to the east and to the north.
pub(super) fn moved(from: [f64; 2], east: f64, north: f64) -> [f64; 2] {
    let [lon, lat] = from;
    [lon + east / (METRES * lat.to_radians().cos()), lat + north / METRES]
}
