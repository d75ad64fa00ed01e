//! A plane around a figure, in metres, for what is computed in a plane.

use geo::{BoundingRect, Coord, Geometry, MapCoords};
use proj4rs::Proj;

use crate::{
    Problem,
    zone::{project, transverse_mercator, unproject},
};

/// A plane around a place: transverse Mercator. Lengths are right to 0.1 % within 280 km of its meridian.
pub(crate) struct Plane(Proj);

/// The largest figure, degrees of latitude: about 1,000 km.
const WIDEST: f64 = 9.0;

// === impl Plane ===

impl Plane {
    pub(crate) fn around(figure: &Geometry) -> Result<Self, Problem> {
        let bounds = figure.bounding_rect().ok_or(Problem::Empty)?;
        let middle = bounds.center();
        let width = bounds.width() * middle.y.to_radians().cos();
        if bounds.height() > WIDEST || width > WIDEST || middle.y.abs() > 80.0 {
            return Err(Problem::OutOfRange("the figure is more than 1,000 km across, or at a pole".to_owned()));
        }
        Ok(Self(transverse_mercator(middle.x, middle.y, 0.0)?))
    }

    pub(crate) fn onto(&self, figure: &Geometry) -> Result<Geometry, Problem> {
        figure.try_map_coords(|at| project(&self.0, at.x, at.y).map(|(x, y)| Coord { x, y }))
    }

    pub(crate) fn back(&self, polygons: &geo::MultiPolygon) -> Result<geo::MultiPolygon, Problem> {
        polygons.try_map_coords(|at| unproject(&self.0, at.x, at.y).map(|(x, y)| Coord { x, y }))
    }
}
