//! Maps of a real host, the same host over PostGIS, and whatever nobody should send to its geography.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::Read as _;

use reqwest::{Method, RequestBuilder, header};
use serde_json::{Value, json};
use support::{Place, Reply};
use zhongtai_e2e::{Host, repository};
use zhongtai_store::testing;
use zhongtai_test_tools::{python, said};

const ADDRESSES: &str = "id,city,district,street,community,road,lane,number,estate,building,unit,room,lon,lat\n\
    a1,清远市,清城区,凤城街道,,北江一路,,12号,,,,,113.05,23.68\n\
    a3,清远市,清城区,东城街道,,,,,碧桂园小区,3栋,2单元,501室,113.0502,23.6802\n";

const GRIDS: &str = r#"{"type":"FeatureCollection","features":[
    {"type":"Feature","id":"g1","properties":{"name":"凤城一号网格"},
     "geometry":{"type":"Polygon","coordinates":[[[113.04,23.67],[113.055,23.67],[113.055,23.7],[113.04,23.7],[113.04,23.67]]]}}]}"#;

const HALLS: &str = "id,name,address,lon,lat,services,hours\n\
    h1,清城区政务服务中心,北江一路12号,113.05,23.68,社保;不动产,1-7 00:00-23:59\n";

/// The tiles that 113.05, 23.68 is in.
const FAR: &str = "12/3334/1770.mvt";
const NEAR: &str = "16/53348/28328.mvt";

struct Maps {
    place: Place,
}

impl Maps {
    fn open(config: &str) -> Self {
        let maps = Self { place: Place::start_with(|setup, _| setup.config = config.to_owned()) };
        maps.place.add_user("wang", &["--kind", "natural-person", "--assurance", "substantial"]);
        let token = maps.place.token("wang", &[]);
        std::fs::write(maps.place.host.data().join("wang.token"), token).unwrap();
        maps.import("addresses", "addresses.csv", ADDRESSES);
        maps.import("grids", "grids.geojson", GRIDS);
        maps.import("halls", "halls.csv", HALLS);
        maps
    }

    fn import(&self, layer: &str, name: &str, content: &str) {
        let path = self.place.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        self.place.zt(&["geo", "import", layer, path.to_str().unwrap()]);
    }

    fn tile(&self, tile: &str) -> RequestBuilder {
        self.place.http.get(self.place.public(&format!("/api/v1/geo/tiles/{tile}")))
    }

    fn token(&self) -> String {
        self.place.data("wang.token").trim().to_owned()
    }

    /// The names that another decoder finds in each layer.
    async fn shown(&self, request: RequestBuilder) -> Value {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/vnd.mapbox-vector-tile");
        names(&answer.bytes().await.unwrap(), &self.place)
    }

    async fn post(&self, path: &str, body: &str) -> Reply {
        let request = self.place.http.request(Method::POST, self.place.public(&format!("/api/v1/geo/{path}")));
        let request = request.header(header::CONTENT_TYPE, "application/json").bearer_auth(self.token());
        Reply::of(request.body(body.to_owned())).await
    }
}

fn names(tile: &[u8], place: &Place) -> Value {
    let file = place.dir.path().join("tile.mvt");
    std::fs::write(&file, tile).unwrap();
    let script = repository().join("host/capabilities/geo/tests/tiles.py");
    let (ok, text) = said(python().arg(script).arg("read").arg(file));
    assert!(ok, "{text}");
    let layers: Value = serde_json::from_str(&text).unwrap();
    let names = |layer: &Value| -> Vec<String> {
        let features = layer["features"].as_array().unwrap();
        features.iter().map(|feature| feature["properties"]["name"].as_str().unwrap().to_owned()).collect()
    };
    layers.as_object().unwrap().iter().map(|(name, layer)| (name.clone(), json!(names(layer)))).collect()
}

#[tokio::test]
async fn a_map_shows_to_everybody_what_policy_lets_them_see() {
    let maps = Maps::open("");
    let public = json!({ "grids": ["凤城一号网格"], "halls": ["清城区政务服务中心"] });
    assert_eq!(maps.shown(maps.tile(FAR)).await, public);
    assert_eq!(maps.shown(maps.tile(NEAR)).await, public, "addresses are for those who signed in");
    let mine = maps.shown(maps.tile(NEAR).bearer_auth(maps.token())).await;
    assert_eq!(mine["addresses"], json!(["12号"]), "and never a room: {mine}");
    assert_eq!(maps.shown(maps.tile(FAR).bearer_auth(maps.token())).await, public, "nor from afar");
}

#[tokio::test]
async fn a_tile_that_one_has_is_not_sent_again_until_it_changes() {
    let maps = Maps::open("");
    let first = Reply::of(maps.tile(FAR)).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && first.header("cache-control") == "private, no-cache", "{first:?}");
    let again = Reply::of(maps.tile(FAR).header(header::IF_NONE_MATCH, &tag)).await;
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", tag.as_str()));
    // The same tag is another's once that one may see more.
    let near = Reply::of(maps.tile(NEAR)).await.header("etag").to_owned();
    let mine = Reply::of(maps.tile(NEAR).bearer_auth(maps.token()).header(header::IF_NONE_MATCH, near)).await;
    assert_eq!(mine.status, 200);
    maps.import("grids", "grids.geojson", &GRIDS.replace("一号", "二号"));
    let changed = Reply::of(maps.tile(FAR).header(header::IF_NONE_MATCH, &tag)).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

#[tokio::test]
async fn a_tile_is_compressed_for_who_takes_it() {
    let maps = Maps::open("");
    // More than is worth compressing.
    let many: String =
        (0..60).map(|n| format!("n{n},某某便民服务站{n},,113.05{n:02},23.68{n:02},社保,1-5 09:00-17:00\n")).collect();
    maps.import("halls", "more.csv", &format!("id,name,address,lon,lat,services,hours\n{many}"));
    let plain = maps.tile(FAR).send().await.unwrap();
    assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
    let plain = plain.bytes().await.unwrap();
    let packed = maps.tile(FAR).header(header::ACCEPT_ENCODING, "br, gzip").send().await.unwrap();
    assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
    assert!(packed.headers()[header::VARY].to_str().unwrap().contains("accept-encoding"));
    let packed = packed.bytes().await.unwrap();
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
    assert!(packed.len() < plain.len() && unpacked == plain);
}

#[tokio::test]
async fn a_tile_that_there_is_not_is_refused_by_the_number() {
    let maps = Maps::open("");
    let cases = [
        ("23/0/0.mvt", "z is beyond 22, the last at this zoom"),
        ("3/8/0.mvt", "x is beyond 7, the last at this zoom"),
        ("3/0/4294967296.mvt", "y is beyond 7, the last at this zoom"),
        ("3/-1/0.mvt", "x is not a whole number"),
        ("3/1.5/0.mvt", "x is not a whole number"),
        ("a/0/0.mvt", "z is not a whole number"),
        ("3/0/99999999999999999999.mvt", "y is not a whole number"),
        ("3/0/%00.mvt", "y is not a whole number"),
    ];
    for (tile, detail) in cases {
        let problem = Reply::of(maps.tile(tile)).await.problem(400, "tile");
        assert_eq!(problem["detail"], detail, "{tile}");
    }
    for other in ["3/0/0", "3/0/0.png", "3/0", "3/0/0/0.mvt"] {
        assert_eq!(Reply::of(maps.tile(other)).await.status, 404, "{other}");
    }
    assert_eq!(Reply::of(maps.tile("3/0/0.mvt?purpose=")).await.status, 400);
    assert_eq!(Reply::of(maps.tile("3/0/0.mvt?size=9")).await.status, 400);
    let empty = maps.tile("0/0/0.mvt").send().await.unwrap();
    assert_eq!((empty.status().as_u16(), empty.bytes().await.unwrap().len()), (200, 0), "nothing is shown from so far");
}

#[tokio::test]
async fn wrong_types_are_refused_at_every_route_and_name_the_field() {
    let maps = Maps::open("");
    let cases = [
        ("search", r#"{"text": 12, "purpose": "lookup"}"#, "text"),
        ("search", r#"{"text": "x", "limit": -1, "purpose": "lookup"}"#, "limit"),
        ("search", r#"{"text": "x", "limit": 1.5, "purpose": "lookup"}"#, "limit"),
        ("search", r#"{"text": "x", "limit": 4294967296, "purpose": "lookup"}"#, "limit"),
        ("search", r#"{"text": "x", "rooms": "yes", "purpose": "lookup"}"#, "rooms"),
        ("search", r#"{"text": "x", "purpose": null}"#, "purpose"),
        ("search", r#"{"text": "x", "purpose": "lookup", "sql": "1"}"#, "sql"),
        ("search", r#"{"purpose": "lookup"}"#, "text"),
        ("reverse", r#"{"lon": "113", "lat": 23, "purpose": "lookup"}"#, "lon"),
        ("reverse", r#"{"lon": 113, "lat": null, "purpose": "lookup"}"#, "lat"),
        ("reverse", r#"{"lon": 113, "lat": 91, "purpose": "lookup"}"#, "lat"),
        ("grid", r#"{"lon": 113, "purpose": "lookup"}"#, "lat"),
        ("grid", r#"{"lon": 1e999, "lat": 23, "purpose": "lookup"}"#, "not JSON"),
        ("grid", r#"{"lon": NaN, "lat": 23, "purpose": "lookup"}"#, "not JSON"),
        ("grid", r#"{"lon": 113, "lat": 23, "crs": 4490, "purpose": "lookup"}"#, "crs"),
        ("grid", r#"{"lon": 113, "lat": 23, "crs": "EPSG:3857", "purpose": "lookup"}"#, "crs"),
        ("halls", r#"{"lon": 113, "lat": 23, "when": "yesterday", "purpose": "lookup"}"#, "when"),
        ("halls", r#"{"lon": 113, "lat": 23, "service": 7, "purpose": "lookup"}"#, "service"),
        ("convert", r#"{"x": "1", "y": 2, "source": "CGCS2000", "target": "GCJ-02"}"#, "x"),
        ("convert", r#"{"x": 1, "y": 2, "source": "MARS", "target": "GCJ-02"}"#, "source"),
        ("convert", r#"{"x": 1, "y": 2, "source": "CGCS2000"}"#, "target"),
        ("search", "[]", "expected fields"),
        ("search", "", "not JSON"),
        ("search", r#"{"text": "x"#, "not JSON"),
    ];
    for (path, body, named) in cases {
        let reply = maps.post(path, body).await;
        let status = reply.status;
        assert!((400..500).contains(&status) && status != 404 && status != 403, "{path} {body}: {reply:?}");
        let problem: Value = reply.json();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(named), "{path} {body} names `{named}`: {detail}");
    }
    let long = json!({ "text": "路".repeat(201), "purpose": "lookup" }).to_string();
    assert_eq!(maps.post("search", &long).await.status, 413);
    let huge = json!({ "text": "路".repeat(100_000), "purpose": "lookup" }).to_string();
    assert_eq!(maps.post("search", &huge).await.status, 413);
    // It still answers.
    assert_eq!(maps.post("search", r#"{"text": "北江一路12号", "purpose": "lookup"}"#).await.json()[0]["id"], "a1");
}

#[tokio::test]
async fn the_same_is_answered_over_postgis() {
    let database = testing::postgres(&[]).await;
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), format!("{}\n", database.url)).unwrap();
    let config = format!("[geo]\nquestions_a_minute = 500\n\n[geo.postgis]\nurl = {{ file = {:?} }}\n", secret.path());
    let maps = Maps::open(&config);
    let found = maps.post("search", r#"{"text": "凤城 北江1路十二号", "purpose": "lookup"}"#).await;
    assert_eq!(found.json()[0]["id"], "a1", "{found:?}");
    let at = r#"{"lon": 113.05, "lat": 23.68, "purpose": "lookup"}"#;
    assert_eq!(maps.post("grid", at).await.json()["id"], "g1");
    assert_eq!(maps.post("halls", at).await.json()[0]["id"], "h1");
    assert_eq!(maps.post("reverse", at).await.json()[0]["id"], "a1");
    let mine = maps.shown(maps.tile(NEAR).bearer_auth(maps.token())).await;
    let all = json!({ "addresses": ["12号"], "grids": ["凤城一号网格"], "halls": ["清城区政务服务中心"] });
    assert_eq!(mine, all);
    let pool = sqlx::PgPool::connect(&database.url).await.unwrap();
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM zhongtai_geo.addresses").fetch_one(&pool).await.unwrap();
    assert_eq!(count, 2, "it is really there");
    assert!(!maps.place.host.log().contains(&database.url), "the URL is a secret");
}

#[test]
fn keys_that_can_not_be_keep_the_host_from_starting_by_name() {
    let cases = [
        ("[geo]\ntile = 1", "unknown field `tile`"),
        ("[geo.tiles]\nfrom = 1", "unknown field `from`"),
        ("[geo.tiles]\naddresses_from = 3", "geo.tiles.addresses_from: has to be 12 to 22"),
        ("[geo.postgis]\nurl = 'postgres://gis:hunter2@127.0.0.1/gis'", "url"),
        ("[geo.postgis]\nurl = { env = 'ZT_NO_SUCH_URL' }", "geo.postgis.url: the environment has no ZT_NO_SUCH_URL"),
    ];
    for (config, named) in cases {
        let dir = tempfile::tempdir().unwrap();
        let mut setup = Place::setup(&dir);
        setup.config = config.to_owned();
        let told = Host::start(&setup).unwrap_err().to_string();
        assert!(told.contains(named), "{config}: {told}");
        assert!(!named.starts_with("geo.postgis") || !told.contains("hunter2"), "{told}");
    }
}
