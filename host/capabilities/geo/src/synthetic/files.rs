//! The city as files that `zt geo import` takes.

use std::io::{self, Write};

use serde_json::json;

use super::City;
use crate::Level;

// === impl City ===

impl City {
    /// Its addresses as CSV, UTF-8, with a header: a column for each level.
    pub fn write_addresses(&self, to: impl Write) -> io::Result<()> {
        let mut rows = csv::Writer::from_writer(to);
        let columns = ["id"].into_iter().chain(Level::ALL.map(Level::as_str)).chain(["lon", "lat"]);
        rows.write_record(columns)?;
        for address in self.every_address() {
            let (id, at) = (Self::address_id(address.number), address.at.map(|degrees| format!("{degrees:.7}")));
            rows.write_record([id].into_iter().chain(address.by_level()).chain(at))?;
        }
        rows.flush()
    }

    /// Its grids as a GeoJSON feature collection (RFC 7946).
    pub fn write_grids(&self, mut to: impl Write) -> io::Result<()> {
        to.write_all(br#"{"type":"FeatureCollection","features":["#)?;
        for grid in self.every_grid() {
            let feature = json!({
                "type": "Feature",
                "id": format!("G{:05}", grid.number),
                "properties": { "name": grid.name },
                "geometry": { "type": "Polygon", "coordinates": [grid.ring] },
            });
            write!(to, "{}{feature}", if grid.number == 0 { "" } else { "," })?;
        }
        to.write_all(b"]}")?;
        to.flush()
    }

    /// Its spellings as CSV: what is unusual, the text, the id that is meant.
    pub fn write_spellings(&self, each: usize, to: impl Write) -> io::Result<()> {
        let mut rows = csv::Writer::from_writer(to);
        rows.write_record(["mess", "text", "id"])?;
        for spelling in self.spellings(each) {
            let id = spelling.meant.map(Self::address_id).unwrap_or_default();
            rows.write_record([spelling.mess.name(), &spelling.text, &id])?;
        }
        rows.flush()
    }
}
