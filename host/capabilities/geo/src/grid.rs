//! Grids (网格): the areas that officers look after.

use zhongtai_geodesy::{Cgcs2000, Surface};

/// The area of one officer or team.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Its id, 1 to 64 characters.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The role of the officers who look after it.
    pub role: String,
    /// The desk that messages for it go to, as `notify` names it; may be empty.
    pub desk: String,
    /// Where it is. Grids may touch; they never overlap.
    pub shape: Surface<Cgcs2000>,
}
