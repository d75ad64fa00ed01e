//! `/api/v1/geo/tiles/{z}/{x}/{y}.mvt`: maps. Anybody may ask; policy says which layers are shown to whom.

use std::{io::Write as _, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use flate2::{Compression, write::GzEncoder};
use serde::Deserialize;
use zhongtai_cap_geo::tiles::{MapError, MapTile, TileId};

use super::{api::on_shared, subject};
use crate::{
    app::App,
    desk,
    params::{Path, Query},
    problem::Problem,
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/v1/geo/tiles/{z}/{x}/{y}", get(tile))
}

/// Why the map is looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    #[serde(default = "map")]
    purpose: String,
}

fn map() -> String {
    "map".to_owned()
}

/// A shorter tile goes as it is: the header would cost more.
const WORTH_COMPRESSING: usize = 512;

/// A map is looked at by whoever may, and asked about again each time: what policy said yesterday is not kept.
const CACHE: (HeaderName, &str) = (header::CACHE_CONTROL, "private, no-cache");
const VARY: (HeaderName, &str) = (header::VARY, "accept-encoding, authorization, cookie");

/// `GET /api/v1/geo/tiles/{z}/{x}/{y}.mvt?purpose=`
async fn tile(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path((z, x, y)): Path<(String, String, String)>,
    Query(reason): Query<Reason>,
) -> Result<Response, Problem> {
    let row = y.strip_suffix(".mvt").ok_or_else(|| Problem::not_found("page"))?;
    let tile = TileId::parse(&z, &x, row).map_err(MapError::Tile)?;
    let mut desk = desk::anybody(&app, subject::of(&app, &headers).await?, &reason.purpose)?;
    let compress = accepts_gzip(&headers);
    let known = header(&headers, header::IF_NONE_MATCH).to_owned();
    let host = app.clone();
    let made = async move {
        let known = |tag: &str| is_known(&known, &quoted(tag, compress));
        Ok(host
            .mapping
            .geography
            .tile(&mut desk, (tile, &host.mapping.config.tiles), Some(&reason.purpose), known)
            .await?)
    };
    Ok(answer(on_shared(&app, made).await?, compress))
}

fn answer(tile: MapTile, compress: bool) -> Response {
    let tag = (header::ETAG, quoted(&tile.tag, compress));
    let Some(bytes) = tile.bytes else {
        return (StatusCode::NOT_MODIFIED, [CACHE, VARY], [tag]).into_response();
    };
    let kind =
        [(header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    let short = (compress && bytes.len() >= WORTH_COMPRESSING).then(|| compressed(&bytes)).flatten();
    match short {
        Some(short) => ([CACHE, VARY], kind, [tag], [(header::CONTENT_ENCODING, "gzip")], short).into_response(),
        None => ([CACHE, VARY], kind, [tag], bytes).into_response(),
    }
}

fn compressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
    gzip.write_all(bytes).ok()?;
    gzip.finish().ok()
}

/// A strong tag: each encoding has its own (RFC 9110, 8.8.3.3).
fn quoted(tag: &str, compress: bool) -> String {
    format!("\"{tag}{}\"", if compress { "-gzip" } else { "" })
}

fn header(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// RFC 9110, 13.1.2: weak comparison with each tag of the list.
fn is_known(list: &str, tag: &str) -> bool {
    list.split(',').map(str::trim).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// RFC 9110, 12.5.3: named, and not with weight 0.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    header(headers, header::ACCEPT_ENCODING).split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_by_any_form_of_the_list() {
        for list in ["\"1-7\"", "W/\"1-7\"", "\"0\", \"1-7\"", "*"] {
            assert!(is_known(list, "\"1-7\""), "{list}");
        }
        for list in ["", "\"1-8\"", "1-7", "\"1-7-gzip\""] {
            assert!(!is_known(list, "\"1-7\""), "{list}");
        }
    }

    #[test]
    fn gzip_is_used_for_who_takes_it() {
        let accepts = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            accepts_gzip(&headers)
        };
        for value in ["gzip", "br, gzip", "gzip;q=0.5", "GZIP; q=1"] {
            assert!(accepts(value), "{value}");
        }
        for value in ["", "br", "gzip;q=0", "gzipped", "gzip;x=1"] {
            assert!(!accepts(value), "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_small_tile_is_not_compressed_and_says_so() {
        let tile = |length| MapTile { tag: "1".to_owned(), bytes: Some(vec![7; length]) };
        let encoding = |length| answer(tile(length), true).headers().get(header::CONTENT_ENCODING).cloned();
        assert_eq!(encoding(10), None);
        assert_eq!(encoding(10_000).unwrap(), "gzip");
        let unchanged = answer(MapTile { tag: "1".to_owned(), bytes: None }, false);
        assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(unchanged.headers()[header::ETAG], "\"1\"");
    }
}
