//! Grids in memory: an R-tree of their boxes, and the exact answer within a box.

use std::{collections::BTreeMap, sync::Arc};

use rstar::{
    AABB, RTree,
    primitives::{GeomWithData, Rectangle},
};
use zhongtai_geodesy::{Bounds, Prepared};

use crate::{GeoError, Grid, Place};

/// Grids, in the order of their ids. None overlaps with another.
#[derive(Default)]
pub struct GridIndex {
    grids: Vec<(Arc<Grid>, Prepared)>,
    boxes: RTree<Box>,
}

type Box = GeomWithData<Rectangle<[f64; 2]>, u32>;

/// Square metres that two grids may share: borders that were drawn twice never fit to the millimetre.
const SLIVER: f64 = 5.0;

// === impl GridIndex ===

impl GridIndex {
    /// Builds it. Of grids with the same id the last one counts.
    ///
    /// # Errors
    /// [`GeoError::Overlap`] when two have more than 5 square metres in common.
    pub fn build(grids: impl IntoIterator<Item = Grid>) -> Result<Self, GeoError> {
        let by_id: BTreeMap<String, Grid> = grids.into_iter().map(|grid| (grid.id.clone(), grid)).collect();
        let grids: Vec<_> = by_id.into_values().map(|grid| (Prepared::new(&grid.shape), grid)).collect();
        let grids: Vec<_> = grids.into_iter().map(|(prepared, grid)| (Arc::new(grid), prepared)).collect();
        let boxed = |(number, (grid, _)): (usize, &(Arc<Grid>, Prepared))| {
            let (min, max) = corners(&grid.shape.bounds());
            Box::new(Rectangle::from_corners(min, max), u32::try_from(number).unwrap_or(u32::MAX))
        };
        let boxes = RTree::bulk_load(grids.iter().enumerate().map(boxed).collect());
        let index = Self { grids, boxes };
        index.check()?;
        Ok(index)
    }

    fn check(&self) -> Result<(), GeoError> {
        for (number, (grid, _)) in self.grids.iter().enumerate() {
            for other in self.meeting(&grid.shape.bounds()).filter(|other| *other > number) {
                let Some((other, _)) = self.grids.get(other) else { continue };
                if grid.shape.intersection(&other.shape).is_some_and(|common| common.area() > SLIVER) {
                    return Err(GeoError::Overlap(grid.id.clone(), other.id.clone()));
                }
            }
        }
        Ok(())
    }

    fn meeting(&self, bounds: &Bounds) -> impl Iterator<Item = usize> + '_ {
        let (min, max) = corners(bounds);
        self.boxes.locate_in_envelope_intersecting(&AABB::from_corners(min, max)).map(|found| found.data as usize)
    }

    /// The grid that a place is in.
    pub fn at(&self, place: &Place) -> Option<&Arc<Grid>> {
        let here = self.boxes.locate_all_at_point(&[place.lon(), place.lat()]);
        let grids = here.filter_map(|found| self.grids.get(found.data as usize));
        grids.filter(|(_, prepared)| prepared.contains(place)).map(|(grid, _)| grid).min_by(|a, b| a.id.cmp(&b.id))
    }

    /// Grids whose boxes meet a box, at most `limit`, in the order of their ids.
    pub fn within(&self, bounds: &Bounds, limit: usize) -> Vec<Arc<Grid>> {
        let mut numbers: Vec<usize> = self.meeting(bounds).collect();
        numbers.sort_unstable();
        numbers
            .into_iter()
            .take(limit)
            .filter_map(|number| self.grids.get(number))
            .map(|(grid, _)| grid.clone())
            .collect()
    }

    /// All of them, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Grid>> {
        self.grids.iter().map(|(grid, _)| grid)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.grids.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.grids.is_empty()
    }
}

fn corners(bounds: &Bounds) -> ([f64; 2], [f64; 2]) {
    ([bounds.min_lon, bounds.min_lat], [bounds.max_lon, bounds.max_lat])
}

#[cfg(test)]
mod tests {
    use zhongtai_geodesy::{Cgcs2000, Figure};

    use super::*;

    fn grid(id: &str, wkt: &str) -> Grid {
        let shape = Figure::from_wkt(wkt).unwrap().surface().unwrap();
        Grid { id: id.into(), name: id.into(), role: "grid-officer".into(), desk: String::new(), shape }
    }

    const WEST: &str = "POLYGON((113 23,113.01 23,113.01 23.01,113 23.01,113 23))";
    const EAST: &str = "POLYGON((113.01 23,113.02 23,113.02 23.01,113.01 23.01,113.01 23))";

    #[test]
    fn a_place_is_in_its_grid_and_on_a_border_in_one_of_two() {
        let index = GridIndex::build([grid("west", WEST), grid("east", EAST)]).unwrap();
        let at = |lon, lat| index.at(&Place::new(Cgcs2000, lon, lat).unwrap()).map(|grid| grid.id.as_str());
        assert_eq!(at(113.005, 23.005), Some("west"));
        assert_eq!(at(113.015, 23.005), Some("east"));
        assert_eq!(at(113.01, 23.005), Some("east"));
        assert_eq!(at(113.03, 23.005), None);
    }

    #[test]
    fn grids_that_overlap_are_refused_by_their_ids() {
        let wide = grid("wide", "POLYGON((113.005 23,113.02 23,113.02 23.01,113.005 23.01,113.005 23))");
        let Err(refused) = GridIndex::build([grid("west", WEST), wide]) else { panic!("they overlap") };
        assert_eq!(refused.to_string(), "the grids west and wide overlap");
    }
}
