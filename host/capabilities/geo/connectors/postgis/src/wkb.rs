//! Well-known binary (OGC 06-103r4, 8.2), little-endian, two coordinates: what goes to PostGIS and comes back. The system
//! is said beside it, in SQL.

use geo::{Geometry, LineString, MultiPolygon, Polygon};

const POINT: u32 = 1;
const LINE: u32 = 2;
const POLYGON: u32 = 3;
const POLYGONS: u32 = 6;

/// A figure of the four kinds that there are here; nothing for another.
pub(crate) fn write(geometry: &Geometry) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match geometry {
        Geometry::Point(at) => {
            head(&mut out, POINT);
            coordinates(&mut out, at.0);
        }
        Geometry::LineString(line) => {
            head(&mut out, LINE);
            points(&mut out, line);
        }
        Geometry::Polygon(polygon) => write_polygon(&mut out, polygon),
        Geometry::MultiPolygon(polygons) => return Some(write_polygons(polygons)),
        _ => return None,
    }
    Some(out)
}

pub(crate) fn write_polygons(polygons: &MultiPolygon) -> Vec<u8> {
    let mut out = Vec::new();
    head(&mut out, POLYGONS);
    count(&mut out, polygons.0.len());
    for polygon in polygons {
        write_polygon(&mut out, polygon);
    }
    out
}

fn write_polygon(out: &mut Vec<u8>, polygon: &Polygon) {
    head(out, POLYGON);
    count(out, polygon.interiors().len() + 1);
    points(out, polygon.exterior());
    for hole in polygon.interiors() {
        points(out, hole);
    }
}

fn head(out: &mut Vec<u8>, kind: u32) {
    out.push(1);
    out.extend(kind.to_le_bytes());
}

fn count(out: &mut Vec<u8>, number: usize) {
    out.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

fn points(out: &mut Vec<u8>, line: &LineString) {
    count(out, line.0.len());
    for at in line.coords() {
        coordinates(out, *at);
    }
}

fn coordinates(out: &mut Vec<u8>, at: geo::Coord) {
    out.extend(at.x.to_le_bytes());
    out.extend(at.y.to_le_bytes());
}

/// A polygon or several; nothing when it is something else or cut off.
pub(crate) fn read_polygons(bytes: &[u8]) -> Option<MultiPolygon> {
    let mut reader = Reader(bytes);
    let polygons = match reader.head()? {
        POLYGON => vec![reader.polygon()?],
        POLYGONS => {
            let parts = reader.count()?;
            let part = |_| (reader.head()? == POLYGON).then(|| reader.polygon()).flatten();
            (0..parts).map(part).collect::<Option<Vec<_>>>()?
        }
        _ => return None,
    };
    reader.0.is_empty().then_some(MultiPolygon(polygons))
}

struct Reader<'a>(&'a [u8]);

// === impl Reader ===

impl Reader<'_> {
    fn head(&mut self) -> Option<u32> {
        let [order] = self.take()?;
        let kind = u32::from_le_bytes(self.take()?);
        (order == 1).then_some(kind)
    }

    fn count(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take()?))
    }

    fn polygon(&mut self) -> Option<Polygon> {
        let rings = self.count()?;
        let mut rings = (0..rings).map(|_| self.ring()).collect::<Option<Vec<_>>>()?.into_iter();
        // `POLYGON EMPTY` has none.
        let outer = rings.next().unwrap_or_else(|| LineString(Vec::new()));
        Some(Polygon::new(outer, rings.collect()))
    }

    fn ring(&mut self) -> Option<LineString> {
        let points = self.count()?;
        let point = |_| Some((f64::from_le_bytes(self.take()?), f64::from_le_bytes(self.take()?)));
        (0..points).map(point).collect()
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }
}

#[cfg(test)]
mod tests {
    use geo::{Geometry, MultiPolygon, polygon};

    use super::*;

    fn two() -> MultiPolygon {
        MultiPolygon(vec![
            polygon!(exterior: [(x: 0.0, y: 0.0), (x: 4.0, y: 0.0), (x: 4.0, y: 4.0)], interiors: [[(x: 2.0, y: 1.0), (x: 3.0, y: 1.0), (x: 3.0, y: 2.0)]]),
            polygon![(x: 9.0, y: 9.0), (x: 10.0, y: 9.0), (x: 10.0, y: 10.5)],
        ])
    }

    #[test]
    fn polygons_come_back_as_they_went() {
        assert_eq!(read_polygons(&write_polygons(&two())), Some(two()));
        let one = write(&Geometry::Polygon(two().0[0].clone())).unwrap();
        assert_eq!(read_polygons(&one), Some(MultiPolygon(vec![two().0[0].clone()])));
    }

    #[test]
    fn bytes_are_those_of_the_standard() {
        let point = write(&Geometry::Point(geo::Point::new(1.0, 2.0))).unwrap();
        assert_eq!(point.len(), 21);
        assert_eq!(&point[..5], [1, 1, 0, 0, 0]);
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_nothing() {
        let whole = write_polygons(&two());
        for length in 0..whole.len() {
            assert_eq!(read_polygons(&whole[..length]), None, "{length} bytes");
        }
        let longer = [whole, vec![0]].concat();
        assert_eq!(read_polygons(&longer), None);
        assert_eq!(read_polygons(&write(&Geometry::Point(geo::Point::new(1.0, 2.0))).unwrap()), None);
        // A count that promises more than there is must not make room for it.
        assert_eq!(read_polygons(&[1, 6, 0, 0, 0, 255, 255, 255, 255]), None);
    }
}
