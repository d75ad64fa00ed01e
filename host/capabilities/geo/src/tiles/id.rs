use std::f64::consts::PI;

use zhongtai_geodesy::Bounds;
use zhongtai_kernel::ErrorKind;

/// The deepest zoom that a tile can have: a tile is then 10 m wide, and a unit of it 2 mm.
pub const DEEPEST: u8 = 22;

/// Units along a side of a tile, MVT 2.1 §4.1.
pub const EXTENT: u32 = 4_096;

/// A tile of the Web Mercator pyramid: zoom, column from the west, row from the north.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileId {
    z: u8,
    x: u32,
    y: u32,
}

/// There is no such tile, or it can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// The field is no number.
    #[error("{0} is not a whole number")]
    NotANumber(&'static str),
    /// A number is beyond the last; says which, and the last that there is.
    #[error("{field} is beyond {last}, the last at this zoom")]
    OutOfRange {
        /// z, x or y.
        field: &'static str,
        /// The last that there is.
        last: u32,
    },
    /// It is larger than the operator lets a tile be, whatever is left out.
    #[error("the tile is larger than {0} bytes, however simple it is made")]
    TooLarge(usize),
}

// === impl TileId ===

impl TileId {
    /// # Errors
    /// [`TileError::OutOfRange`], which names the number, when there is no such tile.
    pub fn new(z: u8, x: u32, y: u32) -> Result<Self, TileError> {
        if z > DEEPEST {
            return Err(TileError::OutOfRange { field: "z", last: u32::from(DEEPEST) });
        }
        let last = (1_u32 << z) - 1;
        for (field, number) in [("x", x), ("y", y)] {
            if number > last {
                return Err(TileError::OutOfRange { field, last });
            }
        }
        Ok(Self { z, x, y })
    }

    /// From the parts of a path.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when a part is no number.
    pub fn parse(z: &str, x: &str, y: &str) -> Result<Self, TileError> {
        let [zoom, column, row] = [("z", z), ("x", x), ("y", y)].map(|(field, text)| number(field, text));
        let zoom = u8::try_from(zoom?).map_err(|_| TileError::OutOfRange { field: "z", last: u32::from(DEEPEST) })?;
        let (column, row) = (column?, row?);
        let narrow = |field, number: u64| {
            let last = (1_u64 << zoom.min(DEEPEST)) - 1;
            u32::try_from(number)
                .map_err(|_| TileError::OutOfRange { field, last: u32::try_from(last).unwrap_or(u32::MAX) })
        };
        Self::new(zoom, narrow("x", column)?, narrow("y", row)?)
    }

    /// 0 to 22.
    pub fn zoom(self) -> u8 {
        self.z
    }

    /// Columns and rows at its zoom.
    pub fn column_and_row(self) -> (u32, u32) {
        (self.x, self.y)
    }

    /// What it shows, and `margin` units of the tiles beside it; degrees.
    pub fn bounds(self, margin: f64) -> Bounds {
        let side = f64::from(1_u32 << self.z);
        let margin = margin / f64::from(EXTENT);
        let lon = |column: f64| (column / side * 360.0 - 180.0).clamp(-180.0, 180.0);
        let lat = |row: f64| (PI * (1.0 - 2.0 * row / side)).sinh().atan().to_degrees();
        let (x, y) = (f64::from(self.x), f64::from(self.y));
        Bounds {
            min_lon: lon(x - margin),
            min_lat: lat(y + 1.0 + margin),
            max_lon: lon(x + 1.0 + margin),
            max_lat: lat(y - margin),
        }
    }

    /// A place in units from the tile's north-western corner, x to the east and y to the south. Web Mercator
    /// (EPSG:3857) takes the degrees of CGCS2000 as they are: the two ellipsoids differ by a tenth of a millimetre.
    pub fn units(self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        let side = f64::from(1_u32 << self.z);
        let x = (lon + 180.0) / 360.0;
        let lat = lat.clamp(-NORTHERNMOST, NORTHERNMOST).to_radians();
        let y = (1.0 - lat.tan().asinh() / PI) / 2.0;
        [(x * side - f64::from(self.x)) * f64::from(EXTENT), (y * side - f64::from(self.y)) * f64::from(EXTENT)]
    }
}

/// Where Web Mercator ends: the pyramid is a square.
const NORTHERNMOST: f64 = 85.051_128_779_806_6;

fn number(field: &'static str, text: &str) -> Result<u64, TileError> {
    // `parse` would take a sign.
    let digits = !text.is_empty() && text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().ok_or(TileError::NotANumber(field))
}

// === impl TileError ===

impl TileError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotANumber(_) | Self::OutOfRange { .. } => ErrorKind::Invalid,
            Self::TooLarge(_) => ErrorKind::TooLarge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_that_there_is_not_is_refused_by_the_number() {
        let refused = |z, x, y| TileId::parse(z, x, y).unwrap_err();
        assert_eq!(refused("23", "0", "0"), TileError::OutOfRange { field: "z", last: 22 });
        assert_eq!(refused("300", "0", "0"), TileError::OutOfRange { field: "z", last: 22 });
        assert_eq!(refused("3", "8", "0"), TileError::OutOfRange { field: "x", last: 7 });
        assert_eq!(refused("3", "7", "8"), TileError::OutOfRange { field: "y", last: 7 });
        assert_eq!(refused("0", "0", "4294967296"), TileError::OutOfRange { field: "y", last: 0 });
        for wrong in ["", "-1", "+1", "1.0", "a", "１", "99999999999999999999"] {
            assert_eq!(refused("3", wrong, "0"), TileError::NotANumber("x"), "{wrong}");
        }
        assert!(TileId::parse("22", "4194303", "4194303").is_ok());
    }

    #[test]
    fn a_tile_knows_where_it_is() {
        let world = TileId::new(0, 0, 0).unwrap().bounds(0.0);
        assert_eq!((world.min_lon, world.max_lon), (-180.0, 180.0));
        assert!((world.max_lat - NORTHERNMOST).abs() < 1e-9 && (world.min_lat + NORTHERNMOST).abs() < 1e-9);
        // The tile of the district at zoom 10, as every map service numbers it.
        let tile = TileId::new(10, 833, 442).unwrap();
        let bounds = tile.bounds(0.0);
        assert!(bounds.min_lon < 113.06 && 113.06 < bounds.max_lon, "{bounds:?}");
        assert!(bounds.min_lat < 23.68 && 23.68 < bounds.max_lat, "{bounds:?}");
        let [x, y] = tile.units([bounds.min_lon, bounds.max_lat]);
        assert!(x.abs() < 1e-6 && y.abs() < 1e-6, "{x} {y}");
        let [x, y] = tile.units([bounds.max_lon, bounds.min_lat]);
        assert!((x - 4_096.0).abs() < 1e-6 && (y - 4_096.0).abs() < 1e-6, "{x} {y}");
    }
}
