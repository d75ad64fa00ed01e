//! The protocol buffer of a vector tile, MVT 2.1. Four messages with a dozen fields: written here, so that how large a
//! tile becomes is known before it is made.

use std::collections::HashMap;

/// One layer, under way.
pub(super) struct Layer {
    name: &'static str,
    features: Vec<u8>,
    keys: Vec<&'static str>,
    values: Vec<String>,
    known: HashMap<String, u32>,
    count: usize,
}

/// A feature's geometry in units of the tile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Point([i32; 2]),
    /// Polygons, each an outer ring and its holes; open rings, outer ones anticlockwise in a system whose y goes up.
    Polygons(Vec<Vec<Vec<[i32; 2]>>>),
}

// === impl Layer ===

impl Layer {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, features: vec![], keys: vec![], values: vec![], known: HashMap::new(), count: 0 }
    }

    pub(super) fn add(&mut self, shape: &Shape, attributes: &[(&'static str, &str)]) {
        let tags: Vec<u32> = attributes.iter().flat_map(|(key, value)| [self.key(key), self.value(value)]).collect();
        let (kind, commands) = match shape {
            Shape::Point(at) => (1, point(*at)),
            Shape::Polygons(polygons) => (3, rings(polygons)),
        };
        let mut feature = Vec::with_capacity(commands.len() * 2 + 16);
        packed(&mut feature, 2, &tags);
        tag(&mut feature, 3, VARINT);
        varint(&mut feature, kind);
        packed(&mut feature, 4, &commands);
        bytes(&mut self.features, 2, &feature);
        self.count += 1;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds it to a tile. A layer without features is none, §4.1.
    pub(super) fn write(&self, tile: &mut Vec<u8>) {
        if self.is_empty() {
            return;
        }
        let mut layer = Vec::with_capacity(self.features.len() + 64);
        tag(&mut layer, 15, VARINT);
        varint(&mut layer, 2);
        bytes(&mut layer, 1, self.name.as_bytes());
        layer.extend_from_slice(&self.features);
        for key in &self.keys {
            bytes(&mut layer, 3, key.as_bytes());
        }
        for value in &self.values {
            let mut message = Vec::with_capacity(value.len() + 4);
            bytes(&mut message, 1, value.as_bytes());
            bytes(&mut layer, 4, &message);
        }
        tag(&mut layer, 5, VARINT);
        varint(&mut layer, u64::from(super::EXTENT));
        bytes(tile, 3, &layer);
    }

    fn key(&mut self, key: &'static str) -> u32 {
        let known = self.keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.keys.len() - 1
        });
        index(known)
    }

    fn value(&mut self, value: &str) -> u32 {
        if let Some(known) = self.known.get(value) {
            return *known;
        }
        let next = index(self.values.len());
        self.values.push(value.to_owned());
        self.known.insert(value.to_owned(), next);
        next
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

// === geometry, §4.3 ===

const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;

fn command(id: u32, count: usize) -> u32 {
    id | (index(count) << 3)
}

fn zigzag(number: i32) -> u32 {
    ((number << 1) ^ (number >> 31)).cast_unsigned()
}

fn point([x, y]: [i32; 2]) -> Vec<u32> {
    vec![command(MOVE_TO, 1), zigzag(x), zigzag(y)]
}

fn rings(polygons: &[Vec<Vec<[i32; 2]>>]) -> Vec<u32> {
    let (mut commands, mut cursor) = (Vec::new(), [0_i32, 0]);
    let go = |to: [i32; 2], cursor: &mut [i32; 2]| {
        let by = [zigzag(to[0].wrapping_sub(cursor[0])), zigzag(to[1].wrapping_sub(cursor[1]))];
        *cursor = to;
        by
    };
    for ring in polygons.iter().flatten() {
        let Some((first, others)) = ring.split_first() else { continue };
        commands.push(command(MOVE_TO, 1));
        commands.extend(go(*first, &mut cursor));
        commands.push(command(LINE_TO, others.len()));
        for to in others {
            commands.extend(go(*to, &mut cursor));
        }
        commands.push(command(CLOSE_PATH, 1));
    }
    commands
}

// === protocol buffers ===

const VARINT: u64 = 0;
const LENGTH: u64 = 2;

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn tag(out: &mut Vec<u8>, field: u64, wire: u64) {
    varint(out, (field << 3) | wire);
}

fn bytes(out: &mut Vec<u8>, field: u64, content: &[u8]) {
    tag(out, field, LENGTH);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

fn packed(out: &mut Vec<u8>, field: u64, numbers: &[u32]) {
    let mut content = Vec::with_capacity(numbers.len() * 2);
    for number in numbers {
        varint(&mut content, u64::from(*number));
    }
    bytes(out, field, &content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometry_is_as_in_the_examples_of_the_specification() {
        // §4.3.5.1 and 4.3.5.5.
        assert_eq!(point([25, 17]), [9, 50, 34]);
        let triangle = vec![vec![vec![[3, 6], [8, 12], [20, 34]]]];
        assert_eq!(rings(&triangle), [9, 6, 12, 18, 10, 12, 24, 44, 15]);
        let squares = vec![
            vec![vec![[0, 0], [10, 0], [10, 10], [0, 10]]],
            vec![vec![[11, 11], [20, 11], [20, 20], [11, 20]], vec![[13, 13], [13, 17], [17, 17], [17, 13]]],
        ];
        // §4.3.5.6.
        let expected = [
            9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15, 9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15, 9, 4, 13, 26, 0, 8, 8, 0, 0,
            7, 15,
        ];
        assert_eq!(rings(&squares), expected);
    }

    #[test]
    fn a_value_that_comes_again_is_written_once() {
        let mut layer = Layer::new("halls");
        layer.add(&Shape::Point([1, 2]), &[("name", "凤城"), ("open", "凤城")]);
        layer.add(&Shape::Point([3, 4]), &[("name", "凤城")]);
        assert_eq!((layer.keys.len(), layer.values.len(), layer.count), (2, 1, 2));
        let mut tile = Vec::new();
        layer.write(&mut tile);
        assert_eq!(tile.windows(6).filter(|part| *part == "凤城".as_bytes()).count(), 1);
        let before = tile.len();
        Layer::new("empty").write(&mut tile);
        assert_eq!(tile.len(), before);
    }
}
