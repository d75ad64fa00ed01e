//! Grids that tile the city without gaps or overlaps: cells of a lattice whose corners are moved and whose sides are
//! bent. Two neighbours have the very same vertices on their common side.

use std::collections::{BTreeMap, BTreeSet};

use super::dice::Dice;

/// Where the city lies, CGCS2000, degrees.
pub(super) const CENTRE: [f64; 2] = [113.06, 23.68];

/// The size of a cell, degrees: about half a kilometre.
pub(super) const STEP: [f64; 2] = [0.005, 0.004_6];

/// A cell, by column and row from the centre.
pub(super) type Cell = (i32, i32);

/// A closed ring, longitude and latitude, anticlockwise.
pub type Ring = Vec<[f64; 2]>;

/// The cells of the city.
#[derive(Debug, Clone)]
pub(super) struct Lattice {
    seed: u64,
    cells: Vec<Cell>,
    known: BTreeSet<Cell>,
}

// === impl Lattice ===

impl Lattice {
    /// `count` cells in a shape like a district's: round with bays and tips.
    pub(super) fn new(seed: u64, count: usize) -> Self {
        let mut dice = Dice::of(seed, 1);
        let phases = [dice.share(), dice.share(), dice.share()].map(|share| share * std::f64::consts::TAU);
        let half = ((count as f64).sqrt() * 1.2).ceil() as i32 + 2;
        let mut candidates: Vec<(f64, Cell)> = (-half..half)
            .flat_map(|column| (-half..half).map(move |row| (column, row)))
            .map(|cell| (distance(cell, phases), cell))
            .collect();
        candidates.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let cells: Vec<Cell> = candidates.into_iter().take(count).map(|(_, cell)| cell).collect();
        let known = cells.iter().copied().collect();
        Self { seed, cells, known }
    }

    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// True when everything within two cells' width of it is in the city, so that what is put there stays inside.
    pub(super) fn is_inner(&self, (column, row): Cell) -> bool {
        (-2..=2).all(|x| (-2..=2).all(|y| self.known.contains(&(column + x, row + y))))
    }

    /// The middle of a cell.
    pub(super) fn middle(&self, (column, row): Cell) -> [f64; 2] {
        on_ground(f64::from(column) + 0.5, f64::from(row) + 0.5)
    }

    /// The outline of a cell.
    pub(super) fn ring(&self, (column, row): Cell) -> Ring {
        let corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)];
        let mut ring = Vec::with_capacity(17);
        for (from, to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            ring.extend(self.side(*from, *to));
        }
        ring.extend(ring.first().copied());
        ring
    }

    /// The outline of the whole: the sides that only one cell has.
    pub(super) fn outline(&self) -> Vec<Ring> {
        let mut open: BTreeMap<Cell, Vec<Cell>> = BTreeMap::new();
        for &(column, row) in &self.cells {
            let sides = [
                ((column, row), (column + 1, row), (column, row - 1)),
                ((column + 1, row), (column + 1, row + 1), (column + 1, row)),
                ((column + 1, row + 1), (column, row + 1), (column, row + 1)),
                ((column, row + 1), (column, row), (column - 1, row)),
            ];
            for (from, to, _) in sides.into_iter().filter(|(_, _, beyond)| !self.known.contains(beyond)) {
                open.entry(from).or_default().push(to);
            }
        }
        let mut rings = Vec::new();
        while let Some((&start, _)) = open.first_key_value() {
            rings.push(self.walk(start, &mut open));
        }
        rings
    }

    fn walk(&self, start: Cell, open: &mut BTreeMap<Cell, Vec<Cell>>) -> Ring {
        let (mut ring, mut at) = (Vec::new(), start);
        while let Some(ends) = open.get_mut(&at) {
            let Some(to) = ends.pop() else { break };
            if ends.is_empty() {
                open.remove(&at);
            }
            ring.extend(self.side(at, to));
            at = to;
            if at == start {
                break;
            }
        }
        ring.extend(ring.first().copied());
        ring
    }

    /// The points of a side, without the last one. The same from both ends.
    fn side(&self, from: Cell, to: Cell) -> Vec<[f64; 2]> {
        let forwards = from < to;
        let (low, high) = if forwards { (from, to) } else { (to, from) };
        let mut points = vec![self.corner(low)];
        points.extend(self.bends(low, high));
        points.push(self.corner(high));
        if !forwards {
            points.reverse();
        }
        points.pop();
        points
    }

    fn corner(&self, (column, row): Cell) -> [f64; 2] {
        let mut dice = Dice::of(self.seed, key(2, column, row));
        let mut moved = |number: i32| f64::from(number) + 0.2 * dice.either_way();
        let (column, row) = (moved(column), moved(row));
        on_ground(column, row)
    }

    /// Three points between two corners. The sides at a corner keep apart: they bend by less than half of the angle
    /// that moved corners leave between them.
    fn bends(&self, low: Cell, high: Cell) -> [[f64; 2]; 3] {
        let kind = if low.0 == high.0 { 3 } else { 4 };
        let mut dice = Dice::of(self.seed, key(kind, low.0, low.1));
        let (a, b) = (self.corner(low), self.corner(high));
        let along = [b[0] - a[0], b[1] - a[1]];
        [0.25, 0.5, 0.75].map(|share: f64| {
            let bend = 0.12 * share * (1.0 - share) * dice.either_way();
            [a[0] + along[0] * share - along[1] * bend, a[1] + along[1] * share + along[0] * bend]
        })
    }
}

/// Degrees, by columns and rows from the centre.
fn on_ground(column: f64, row: f64) -> [f64; 2] {
    let ([lon, lat], [wide, high]) = (CENTRE, STEP);
    [lon + column * wide, lat + row * high]
}

fn key(kind: u64, column: i32, row: i32) -> u64 {
    // Columns and rows are small; the bias makes them positive.
    let part = |number: i32| u64::from(number.wrapping_add(1 << 20).unsigned_abs());
    (kind << 48) | (part(column) << 24) | part(row)
}

/// How far from the centre, where a bay counts as farther.
fn distance((column, row): Cell, phases: [f64; 3]) -> f64 {
    let (x, y) = (f64::from(column) + 0.5, f64::from(row) + 0.5);
    let angle = y.atan2(x);
    let waves = [(2.0, 0.18), (3.0, 0.1), (5.0, 0.06)];
    let reach: f64 =
        waves.iter().zip(phases).map(|((times, height), phase)| height * (times * angle + phase).sin()).sum();
    x.hypot(y) / (1.0 + reach)
}
