//! Addresses in memory: found by what people write, and by where they are.
//!
//! A text is not compared with a million texts. Names of the registry are spotted in it, its numbers are told by what
//! follows them, and then only the addresses that bear one of the names are scored. So order, missing parts and slips
//! cost nothing, and a million addresses take some 250 MB: parts are kept once each.

pub(crate) mod canon;
mod names;
mod question;
mod score;

use std::collections::HashMap;

use rstar::{AABB, RTree, primitives::GeomWithData};
use zhongtai_geodesy::{Bounds, Cgcs2000};

use crate::{Address, Level, Match, Nearby, Place};
use names::{NameId, Names};
use question::Question;
use score::{Asked, Fit};

/// Standard addresses, in the order of their ids.
#[derive(Default)]
pub struct AddressIndex {
    ids: Texts,
    /// Parts as they are written, each once.
    parts: Vec<Box<str>>,
    records: Vec<Record>,
    names: Names,
    /// Values of numbered parts, by their text.
    values: HashMap<Box<str>, u32>,
    /// Which stretch of `bearers` bears a name at a level.
    bearing: HashMap<(Level, NameId), Bearing>,
    bearers: Vec<u32>,
    /// To the building, and finer.
    coarse: RTree<Spot>,
    fine: RTree<Spot>,
}

type Spot = GeomWithData<[f64; 2], u32>;

/// An address: its parts by number, as they are written and as they are compared. 0 is none.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    parts: [u32; Level::COUNT],
    keys: [u32; Level::COUNT],
    lon: f64,
    lat: f64,
}

/// Where the bearers of a name are: those to the building, then those that are finer; each sorted by their number.
#[derive(Debug, Clone, Copy)]
struct Bearing {
    begin: u32,
    fine: u32,
    end: u32,
}

/// Many short texts in one.
#[derive(Default)]
struct Texts {
    all: String,
    ends: Vec<u32>,
}

/// Levels whose names lead to every address that bears them; the others only to the address that is the name itself.
const ANCHORS: [Level; 4] = [Level::Road, Level::Lane, Level::Estate, Level::Community];

/// Levels that are numbered. All others have names.
const NUMBERED: [Level; 4] = [Level::Number, Level::Building, Level::Unit, Level::Room];

/// Addresses of one name that are all scored. Of more, those with the number asked for and so many others are.
const FEW: usize = 256;

/// Addresses of one name that are scored when none has the number asked for.
const ALL_OF: usize = 2_048;

/// Addresses that are scored for a question: what can be done within a millisecond or two.
const MOST_SCORED: usize = 20_000;

// === building ===

/// Parts and values while an index is built.
#[derive(Default)]
struct Builder {
    index: AddressIndex,
    part_ids: HashMap<Box<str>, u32>,
    name_ids: HashMap<Box<str>, NameId>,
    /// What a part is compared by, by level and part: most are met thousands of times.
    keys: HashMap<(Level, u32), u32>,
}

impl AddressIndex {
    /// Builds it. Of addresses with the same id the last one counts.
    pub fn build(addresses: impl IntoIterator<Item = Address>) -> Self {
        let mut sorted: Vec<Address> = addresses.into_iter().collect();
        sorted.sort_by(|a, b| a.id.cmp(&b.id));
        let mut builder = Builder::default();
        let mut sorted = sorted.into_iter().peekable();
        while let Some(address) = sorted.next() {
            if sorted.peek().is_some_and(|next| next.id == address.id) {
                continue;
            }
            builder.add(&address);
        }
        builder.finish()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes that it takes, about.
    pub fn bytes(&self) -> usize {
        let spots = (self.coarse.size() + self.fine.size()) * 72;
        let parts: usize = self.parts.iter().map(|part| part.len() + 16).sum();
        let texts = self.ids.all.capacity() + self.ids.ends.capacity() * 4;
        let tables = self.values.len() * 48 + self.bearing.len() * 32 + self.bearers.capacity() * 4;
        self.records.capacity() * size_of::<Record>() + spots + parts + texts + tables + self.names.bytes()
    }
}

impl Builder {
    fn add(&mut self, address: &Address) {
        let mut record =
            Record { parts: [0; Level::COUNT], keys: [0; Level::COUNT], lon: address.at.lon(), lat: address.at.lat() };
        for level in Level::ALL {
            let text = address.part(level);
            if text.is_empty() {
                continue;
            }
            let part = self.part(text);
            let key = self.key(level, part, text);
            for (slot, value) in [(&mut record.parts, part), (&mut record.keys, key)] {
                slot.iter_mut().skip(level.index()).take(1).for_each(|slot| *slot = value);
            }
        }
        self.index.ids.push(&address.id);
        self.index.records.push(record);
    }

    fn part(&mut self, text: &str) -> u32 {
        if let Some(id) = self.part_ids.get(text) {
            return *id;
        }
        self.index.parts.push(text.into());
        let id = small(self.index.parts.len());
        self.part_ids.insert(text.into(), id);
        id
    }

    fn key(&mut self, level: Level, part: u32, text: &str) -> u32 {
        if let Some(key) = self.keys.get(&(level, part)) {
            return *key;
        }
        let canonical = canon::part(level, text);
        let key = if canonical.is_empty() {
            0
        } else if NUMBERED.contains(&level) {
            let next = small(self.index.values.len() + 1);
            *self.index.values.entry(canonical.into()).or_insert(next)
        } else {
            self.index.names.add(&canonical, level, &mut self.name_ids).0 + 1
        };
        self.keys.insert((level, part), key);
        key
    }

    fn finish(mut self) -> AddressIndex {
        let mut bearers: Vec<(Level, NameId, bool, u32, u32)> = Vec::new();
        for (number, record) in self.index.records.iter().enumerate() {
            let number = small(number);
            let own = record.level();
            for level in Level::ALL.into_iter().filter(|level| ANCHORS.contains(level) || *level == own) {
                if let Some(name) = record.key(level).checked_sub(1).filter(|_| !NUMBERED.contains(&level)) {
                    bearers.push((level, NameId(name), own > Level::Building, record.sorting(level), number));
                }
            }
        }
        bearers.sort_unstable();
        for stretch in bearers.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let begin = small(self.index.bearers.len());
            self.index.bearers.extend(stretch.iter().map(|(.., number)| *number));
            if let Some((level, name, ..)) = stretch.first() {
                let fine = begin + small(stretch.iter().take_while(|(_, _, is_fine, ..)| !is_fine).count());
                let bearing = Bearing { begin, fine, end: small(self.index.bearers.len()) };
                self.index.bearing.insert((*level, *name), bearing);
            }
        }
        let spots = |is_fine: bool| {
            let wanted = self
                .index
                .records
                .iter()
                .enumerate()
                .filter(|(_, record)| (record.level() > Level::Building) == is_fine);
            RTree::bulk_load(
                wanted.map(|(number, record)| Spot::new([record.lon, record.lat], small(number))).collect(),
            )
        };
        let (coarse, fine) = (spots(false), spots(true));
        self.index.coarse = coarse;
        self.index.fine = fine;
        self.index.bearers.shrink_to_fit();
        self.index.records.shrink_to_fit();
        self.index
    }
}

// === questions ===

impl AddressIndex {
    /// The addresses that a text may mean, the best first, none finer than `deepest`. Those that fit as well as each
    /// other come the coarser first, then by id.
    pub fn find(&self, text: &str, limit: usize, deepest: Level) -> Vec<Match> {
        let question = Question::read(text, &self.names);
        let asked = Asked::new(&question, &self.values, deepest);
        let mut best: Vec<(Fit, u32)> = Vec::with_capacity(limit + 1);
        for number in self.candidates(&question, &asked, deepest) {
            let Some(record) = self.records.get(number as usize).filter(|record| record.level() <= deepest) else {
                continue;
            };
            if let Some(fit) = asked.score(record) {
                keep(&mut best, (fit, number), limit);
            }
        }
        let found = |(fit, number): (Fit, u32)| {
            Some(Match { address: self.address(number)?, score: fit.score(), level: fit.level })
        };
        best.into_iter().filter_map(found).collect()
    }

    /// The records that bear a name of the question: those with its number first, then those of the rarest names.
    fn candidates(&self, question: &Question, asked: &Asked, deepest: Level) -> Vec<u32> {
        let means = question.names.iter().flat_map(|mention| &mention.means);
        let bearings = means.filter_map(|found| Some((found.level, *self.bearing.get(&(found.level, found.name))?)));
        let mut stretches: Vec<(Level, &[u32])> = bearings
            .flat_map(|(level, bearing)| bearing.stretches(deepest).map(move |range| (level, range)))
            .filter_map(|(level, (begin, end))| Some((level, self.bearers.get(begin as usize..end as usize)?)))
            .filter(|(_, bearers)| !bearers.is_empty())
            .collect();
        // Whoever names a road or an estate means what bears it: a community has thousands of others.
        if stretches.iter().any(|(level, _)| *level > Level::Community) {
            stretches.retain(|(level, _)| *level != Level::Community);
        }
        stretches.sort_by_key(|(_, bearers)| bearers.len());
        let mut numbers: Vec<u32> = Vec::new();
        for (level, bearers) in stretches {
            let before = numbers.len();
            if bearers.len() > FEW {
                for some in self.with_numbers(level, bearers, asked) {
                    numbers.extend(some.iter().take(MOST_SCORED.saturating_sub(numbers.len())));
                }
            }
            // Those without a number come first: the road itself.
            let others = if numbers.len() > before { FEW } else { ALL_OF };
            numbers.extend(bearers.iter().take(others.min(MOST_SCORED.saturating_sub(numbers.len()))));
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Of many bearers of a name, sorted by their number, those with one that was asked for. A number may mean several
    /// things, so every one of them is looked for.
    fn with_numbers<'a>(
        &self,
        level: Level,
        bearers: &'a [u32],
        asked: &'a Asked,
    ) -> impl Iterator<Item = &'a [u32]> + use<'a, '_> {
        let sorting = move |number: &u32| self.records.get(*number as usize).map_or(0, |record| record.sorting(level));
        asked.keys_at(sorted_by(level)).map(move |key| {
            let begin = bearers.partition_point(|number| sorting(number) < key);
            let end = bearers.partition_point(|number| sorting(number) <= key);
            bearers.get(begin..end).unwrap_or_default()
        })
    }

    /// The addresses nearest to a place within `within` metres, the nearest first, none finer than `deepest`.
    pub fn nearest(&self, at: &Place, within: f64, limit: usize, deepest: Level) -> Vec<Nearby> {
        let plane = Plane::at(at);
        let mut radius = 25.0_f64.min(within);
        loop {
            let around = at.around(radius);
            let spots = self.spots_in(&around, deepest);
            let mut near: Vec<(f64, u32)> = spots.map(|spot| (plane.metres(spot.geom()), spot.data)).collect();
            near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            // What may be among the nearest once it is measured. Of the same place, the first by id.
            let last = near.get(limit.saturating_sub(1)).map_or(radius, |(rough, _)| *rough);
            let near = near.into_iter().take_while(|(rough, _)| *rough <= last.mul_add(1.001, 0.01));
            let mut measured: Vec<(f64, u32)> =
                near.filter_map(|(_, number)| Some((self.distance(at, number)?, number))).collect();
            measured.retain(|(distance, _)| *distance <= radius);
            if measured.len() >= limit || radius >= within {
                measured.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                let nearby = |(distance, number): (f64, u32)| Some(Nearby { address: self.address(number)?, distance });
                return measured.into_iter().take(limit).filter_map(nearby).collect();
            }
            radius = (radius * 2.5).min(within);
        }
    }

    /// Addresses within a box, none finer than `deepest`, at most `limit`, in the order of their ids.
    pub fn within(&self, bounds: &Bounds, deepest: Level, limit: usize) -> Vec<Address> {
        let mut numbers: Vec<u32> = self.spots_in(bounds, deepest).map(|spot| spot.data).collect();
        numbers.sort_unstable();
        numbers.into_iter().take(limit).filter_map(|number| self.address(number)).collect()
    }

    fn spots_in(&self, bounds: &Bounds, deepest: Level) -> impl Iterator<Item = &Spot> {
        let area = AABB::from_corners([bounds.min_lon, bounds.min_lat], [bounds.max_lon, bounds.max_lat]);
        let fine = (deepest > Level::Building).then(|| self.fine.locate_in_envelope(&area)).into_iter().flatten();
        let is_wanted =
            move |spot: &&Spot| self.records.get(spot.data as usize).is_some_and(|record| record.level() <= deepest);
        self.coarse.locate_in_envelope(&area).chain(fine).filter(is_wanted)
    }

    fn distance(&self, at: &Place, number: u32) -> Option<f64> {
        let record = self.records.get(number as usize)?;
        Some(at.distance(&Place::new(Cgcs2000, record.lon, record.lat).ok()?))
    }

    fn address(&self, number: u32) -> Option<Address> {
        let record = self.records.get(number as usize)?;
        let part = |id: u32| id.checked_sub(1).and_then(|id| self.parts.get(id as usize)).map(|part| part.to_string());
        let parts = record.parts.map(|id| part(id).unwrap_or_default());
        let at = Place::new(Cgcs2000, record.lon, record.lat).ok()?;
        Some(Address { id: self.ids.get(number)?.to_owned(), parts, at })
    }
}

/// Keeps the best, in order.
fn keep(best: &mut Vec<(Fit, u32)>, new: (Fit, u32), limit: usize) {
    let is_better = |other: &(Fit, u32)| new.0.cmp(&other.0).then(other.1.cmp(&new.1)).is_gt();
    let at = best.iter().position(is_better).unwrap_or(best.len());
    if at < limit {
        best.insert(at, new);
        best.truncate(limit);
    }
}

/// A plane around a place: metres of a degree by the ellipsoid's radii there, right to a millimetre within a kilometre.
struct Plane {
    lon: f64,
    lat: f64,
    east: f64,
    north: f64,
}

// === impl Plane ===

impl Plane {
    fn at(at: &Place) -> Self {
        const A: f64 = 6_378_137.0;
        const E2: f64 = 0.006_694_380_022_900_788;
        let (sin, cos) = at.lat().to_radians().sin_cos();
        let w = (1.0 - E2 * sin * sin).sqrt();
        let (east, north) = (A / w * cos, A * (1.0 - E2) / (w * w * w));
        Self { lon: at.lon(), lat: at.lat(), east: east.to_radians(), north: north.to_radians() }
    }

    fn metres(&self, spot: &[f64; 2]) -> f64 {
        let [lon, lat] = spot;
        ((lon - self.lon) * self.east).hypot((lat - self.lat) * self.north)
    }
}

/// By what the bearers of a name are sorted.
fn sorted_by(level: Level) -> Level {
    if level == Level::Estate { Level::Building } else { Level::Number }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

// === impl Bearing ===

impl Bearing {
    /// What may be told.
    fn stretches(self, deepest: Level) -> impl Iterator<Item = (u32, u32)> {
        let fine = (deepest > Level::Building).then_some((self.fine, self.end));
        std::iter::once((self.begin, self.fine)).chain(fine)
    }
}

// === impl Record ===

impl Record {
    pub(crate) fn key(&self, level: Level) -> u32 {
        self.keys.get(level.index()).copied().unwrap_or_default()
    }

    /// The finest level that it has.
    pub(crate) fn level(&self) -> Level {
        Level::ALL
            .into_iter()
            .rev()
            .find(|level| self.parts.get(level.index()).is_some_and(|part| *part > 0))
            .unwrap_or(Level::City)
    }

    fn sorting(&self, level: Level) -> u32 {
        self.key(sorted_by(level))
    }
}

// === impl Texts ===

impl Texts {
    fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(small(self.all.len()));
    }

    fn get(&self, number: u32) -> Option<&str> {
        let end = *self.ends.get(number as usize)?;
        let begin =
            number.checked_sub(1).and_then(|before| self.ends.get(before as usize)).copied().unwrap_or_default();
        self.all.get(begin as usize..end as usize)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contract::{address, place};

    proptest! {
        #[test]
        fn the_nearest_are_those_that_measuring_all_finds(
            spots in prop::collection::vec((0.0..0.02_f64, 0.0..0.02_f64, 1..40_usize), 1..40),
            (lon, lat) in (0.0..0.02_f64, 0.0..0.02_f64),
            limit in 1..20_usize,
        ) {
            let mut all = Vec::new();
            for (lon, lat, rooms) in spots {
                for _ in 0..rooms {
                    let id = format!("a{:04}", all.len());
                    all.push(address(&id, &[(Level::Number, "1号")], (113.0 + lon, 23.0 + lat)));
                }
            }
            let at = place(113.0 + lon, 23.0 + lat);
            let found = AddressIndex::build(all.clone()).nearest(&at, 1000.0, limit, Level::Room);
            let mut measured: Vec<(f64, String)> = all.into_iter().map(|one| (at.distance(&one.at), one.id)).collect();
            measured.retain(|(distance, _)| *distance <= 1000.0);
            measured.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            measured.truncate(limit);
            let found: Vec<(f64, String)> = found.into_iter().map(|near| (near.distance, near.address.id)).collect();
            prop_assert_eq!(found, measured);
        }
    }
}
