//! Where an excavation is: the grid (网格) that the place lies in, and whose officer looks after it.

use zhongtai::{
    geo::{self, Error, Level},
    prelude::*,
};

use crate::form::Form;

/// The grid as an application remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    pub id: String,
    pub name: String,
    /// The standard address (标准地址) that the place was understood as.
    pub address: String,
}

/// The grid of the place that an applicant wrote down. A place that can't be found, or is no more than a road that may
/// cross several grids, does not keep an application out: an officer at the window will find it.
pub fn grid_of(form: &Form) -> Option<Grid> {
    let found = geo::locate(form.place.as_str()).and_then(|place| {
        if place.level < Level::Number {
            return Err(Error::Unknown);
        }
        let grid = place.grid()?;
        Ok(Grid { id: grid.id, name: grid.name, address: place.text })
    });
    match found {
        Ok(grid) => Some(grid),
        Err(Error::Unknown | Error::NoGrid) => None,
        Err(error) => {
            warn!(%error, "the place was not looked up");
            None
        }
    }
}
