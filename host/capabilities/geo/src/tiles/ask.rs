//! The way of a tile from a caller to a provider: each layer is asked for, and what policy does not let this caller see
//! is left out.

use zhongtai_kernel::ErrorKind;
use zhongtai_runtime::{Asker, slow_lane};

use super::{Layers, TileConfig, TileError, TileId, contents, render};
use crate::{
    GeoError, Geography,
    geography::{ADDRESSES, GRIDS, HALLS, authorise},
};

/// Raised when the same contents give other bytes than before: what clients keep is then fetched again.
const FORMAT: u32 = 1;

/// A tile as one caller may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapTile {
    /// Another one when its bytes may be others (an entity tag, RFC 9110, 8.8.3, without its quotes).
    pub tag: String,
    /// MVT 2.1; nothing when the caller has it already.
    pub bytes: Option<Vec<u8>>,
}

/// A tile can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// There is no such tile, or it can't be made small enough.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// Policy refuses every layer, or the provider failed.
    #[error(transparent)]
    Geo(#[from] GeoError),
}

// === impl Geography ===

impl Geography {
    /// A tile of the layers that policy lets the caller see (`geo:query` on each); refused when it is none of those that
    /// there are at this zoom. `known` says whether the caller has the tile of a tag already.
    ///
    /// # Errors
    /// When every layer is refused, the provider can't be asked, or the tile does not fit.
    pub async fn tile(
        &self,
        asker: &mut Asker,
        (tile, config): (TileId, &TileConfig),
        purpose: Option<&str>,
        known: impl Fn(&str) -> bool,
    ) -> Result<MapTile, MapError> {
        let layers = shown(asker, Layers::at(tile, config), purpose).await?;
        slow_lane().await;
        let provider = self.provider().clone();
        let tag = tag(provider.revision().await?, tile, config, layers);
        if known(&tag) {
            return Ok(MapTile { tag, bytes: None });
        }
        let (contents, config) = (contents(&*provider, tile, layers).await?, config.clone());
        // A tile of thousands of figures takes milliseconds: not where others wait for their answers.
        let rendered = tokio::task::spawn_blocking(move || render(tile, &contents, &config)).await;
        let bytes = rendered.map_err(|_| GeoError::System("the tile was lost".to_owned()))??;
        Ok(MapTile { tag, bytes: Some(bytes) })
    }
}

async fn shown(asker: &mut Asker, mut layers: Layers, purpose: Option<&str>) -> Result<Layers, GeoError> {
    let mut refusal = None;
    for (layer, wanted) in [(GRIDS, &mut layers.grids), (HALLS, &mut layers.halls), (ADDRESSES, &mut layers.addresses)]
    {
        if !*wanted {
            continue;
        }
        match authorise(asker, layer, purpose).await {
            Ok(()) => {}
            Err(GeoError::Denied(reference)) => {
                *wanted = false;
                refusal = Some(GeoError::Denied(reference));
            }
            Err(other) => return Err(other),
        }
    }
    match refusal {
        Some(refusal) if !(layers.grids || layers.halls || layers.addresses) => Err(refusal),
        _ => Ok(layers),
    }
}

fn tag(revision: i64, tile: TileId, config: &TileConfig, layers: Layers) -> String {
    let (x, y) = tile.column_and_row();
    let seen: String = [(layers.grids, 'g'), (layers.halls, 'h'), (layers.addresses, 'a')]
        .into_iter()
        .filter_map(|(is_shown, letter)| is_shown.then_some(letter))
        .collect();
    format!("{FORMAT}-{revision}-{}-{x}-{y}-{}-{seen}", tile.zoom(), config.max_kib)
}

// === impl MapError ===

impl MapError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Tile(error) => error.kind(),
            Self::Geo(error) => error.kind(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_tells_apart_whatever_makes_other_bytes() {
        let all = Layers { grids: true, halls: true, addresses: true };
        let (tile, config) = (TileId::new(12, 3_334, 1_770).unwrap(), TileConfig::default());
        let tags = [
            tag(1, tile, &config, all),
            tag(2, tile, &config, all),
            tag(1, TileId::new(12, 3_334, 1_771).unwrap(), &config, all),
            tag(1, tile, &TileConfig { max_kib: 64, ..config.clone() }, all),
            tag(1, tile, &config, Layers { addresses: false, ..all }),
            tag(1, tile, &config, Layers { grids: false, ..all }),
        ];
        let different: std::collections::BTreeSet<&String> = tags.iter().collect();
        assert_eq!(different.len(), tags.len(), "{tags:?}");
    }
}
