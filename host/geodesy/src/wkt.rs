//! Well-known text, two numbers a vertex.

use std::fmt::Write as _;

use crate::{
    MOST_VERTICES, Problem,
    figure::{Raw, Ring},
};

/// Reads one figure; vertices are counted as they come, so that a gigantic one is refused early.
pub(crate) fn parse(text: &str) -> Result<Raw, Problem> {
    let mut reader = Reader { rest: text.trim(), whole: text.trim().len(), vertices: 0 };
    reader.srid()?;
    let kind = reader.word().to_ascii_uppercase();
    let raw = match kind.as_str() {
        "POINT" => Raw::Point(reader.between(Reader::vertex)?),
        "LINESTRING" => Raw::Line(reader.ring()?),
        "POLYGON" => Raw::Polygon(reader.list(Reader::ring)?),
        "MULTIPOLYGON" => Raw::Polygons(reader.list(|reader| reader.list(Reader::ring))?),
        _ => return Err(reader.unreadable("POINT, LINESTRING, POLYGON or MULTIPOLYGON")),
    };
    if reader.rest.is_empty() { Ok(raw) } else { Err(reader.unreadable("nothing more")) }
}

struct Reader<'a> {
    rest: &'a str,
    whole: usize,
    vertices: u32,
}

// === impl Reader ===

impl<'a> Reader<'a> {
    fn srid(&mut self) -> Result<(), Problem> {
        let Some((srid, rest)) = self.rest.split_once(';') else { return Ok(()) };
        let Some(code) = srid.trim().to_ascii_uppercase().strip_prefix("SRID=").map(str::to_owned) else {
            return Err(self.unreadable("SRID=4490; or nothing before the figure"));
        };
        if !matches!(code.as_str(), "4490" | "4326") {
            return Err(Problem::WrongCrs("SRID has to be 4490".to_owned()));
        }
        self.rest = rest.trim_start();
        Ok(())
    }

    fn word(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        word
    }

    fn eat(&mut self, expected: char) -> Result<(), Problem> {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest.trim_start();
                Ok(())
            }
            None => Err(self.unreadable(&format!("`{expected}`"))),
        }
    }

    fn between<T>(&mut self, one: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        self.eat('(')?;
        let value = one(self)?;
        self.eat(')')?;
        Ok(value)
    }

    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, Problem>) -> Result<Vec<T>, Problem> {
        self.between(|reader| {
            let mut all = vec![one(reader)?];
            while reader.rest.starts_with(',') {
                reader.eat(',')?;
                all.push(one(reader)?);
            }
            Ok(all)
        })
    }

    fn ring(&mut self) -> Result<Ring, Problem> {
        self.list(Self::vertex)
    }

    fn vertex(&mut self) -> Result<geo::Coord, Problem> {
        self.vertices += 1;
        if self.vertices > MOST_VERTICES {
            return Err(Problem::TooManyVertices(MOST_VERTICES));
        }
        Ok(geo::Coord { x: self.number()?, y: self.number()? })
    }

    fn number(&mut self) -> Result<f64, Problem> {
        let end = self.rest.find(|c: char| c.is_whitespace() || "(),".contains(c)).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        let number = number.parse().map_err(|_| self.unreadable("a number"))?;
        self.rest = rest.trim_start();
        Ok(number)
    }

    fn unreadable(&self, expected: &str) -> Problem {
        Problem::Unreadable(format!("expected {expected} at byte {}", self.whole.saturating_sub(self.rest.len())))
    }
}

pub(crate) fn write(geometry: &geo::Geometry) -> String {
    match geometry {
        geo::Geometry::Point(point) => format!("POINT({} {})", point.x(), point.y()),
        geo::Geometry::LineString(line) => format!("LINESTRING{}", ring(line)),
        geo::Geometry::Polygon(one) => format!("POLYGON{}", polygon(one)),
        geo::Geometry::MultiPolygon(all) => write_polygons(all),
        // No figure is anything else.
        _ => String::new(),
    }
}

pub(crate) fn write_polygons(all: &geo::MultiPolygon) -> String {
    if all.0.is_empty() {
        return "MULTIPOLYGON EMPTY".to_owned();
    }
    format!("MULTIPOLYGON({})", all.iter().map(polygon).collect::<Vec<_>>().join(","))
}

fn polygon(one: &geo::Polygon) -> String {
    let rings = std::iter::once(one.exterior()).chain(one.interiors());
    format!("({})", rings.map(ring).collect::<Vec<_>>().join(","))
}

fn ring(line: &geo::LineString) -> String {
    let mut text = String::from("(");
    for (index, at) in line.coords().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        // Writing to a string does not fail.
        let _ = write!(text, "{separator}{} {}", at.x, at.y);
    }
    text.push(')');
    text
}
