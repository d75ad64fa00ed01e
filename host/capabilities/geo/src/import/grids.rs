use zhongtai_geodesy::Figure;

use super::{
    Refused, Rows,
    file::{Column, Feature, features},
    needed, short, sort,
};
use crate::{GeoError, Grid};

const COLUMNS: &[Column] = &[
    ("id", &["编号", "网格编码", "网格编号"]),
    ("name", &["名称", "网格名称"]),
    ("role", &["角色", "岗位"]),
    ("desk", &["窗口", "席位"]),
];

/// Who looks after a grid that does not say so.
const ROLE: &str = "grid-officer";

/// Reads grids: GeoJSON polygons in CGCS2000 with the properties `id` and `name`, `role` (`grid-officer` where there is
/// none) and `desk`.
///
/// # Errors
/// When the file as a whole can't be read; what is wrong with a feature is in the rows.
pub fn read_grids(bytes: &[u8]) -> Result<Rows<Grid>, GeoError> {
    let features = features(bytes, COLUMNS)?;
    sort(features.into_iter().map(|feature| feature.and_then(|feature| grid(&feature))), |grid| &grid.id)
}

fn grid(feature: &Feature) -> Result<Grid, Refused> {
    let row = &feature.row;
    let refused = |problem: zhongtai_geodesy::Problem| ("geometry", problem.to_string());
    let figure = Figure::from_geojson(&feature.geometry.to_string()).map_err(refused)?;
    let role = short("role", row.get("role"), 64)?;
    Ok(Grid {
        id: needed("id", row.get("id"), 64)?,
        name: needed("name", row.get("name"), 64)?,
        role: if role.is_empty() { ROLE.to_owned() } else { role },
        desk: short("desk", row.get("desk"), 64)?,
        shape: figure.surface().map_err(refused)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polygon_that_is_none_is_told_by_its_feature() {
        let feature = |id: &str, ring: &str| {
            format!(
                r#"{{"type":"Feature","properties":{{"id":"{id}","name":"一号网格"}},
                    "geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}"#
            )
        };
        let features = [
            feature("a", "[[113,23],[113.1,23],[113.1,23.1],[113,23]]"),
            feature("b", "[[113,23],[113.1,23],[113.1,23.1]]"),
            feature("c", "[[113,23],[113.1,23.1],[113.1,23],[113,23.1],[113,23]]"),
            feature("d", "[[38400000,2600000],[38400010,2600000],[38400010,2600010],[38400000,2600000]]"),
        ];
        let json = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
        let rows = read_grids(json.as_bytes()).unwrap();
        assert_eq!((rows.good.len(), rows.good[0].role.as_str()), (1, "grid-officer"));
        let told: Vec<_> = rows.rejected.iter().map(|row| row.problem.as_str()).collect();
        assert_eq!(
            told,
            [
                "has a ring that is not closed",
                "has a ring that crosses itself or another",
                "is in another reference system: these are metres of a plane system, not degrees",
            ]
        );
    }
}
