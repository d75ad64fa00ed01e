//! Geography on a real host: files come in, a guest in the sandbox asks, people ask at the platform's own API.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Place, Plugin, Reply};

const ADDRESSES: &str = "编号,市,区,街道,社区,路,巷,号,小区,栋,单元,室,经度,纬度\n\
    a1,清远市,清城区,凤城街道,,北江一路,,12号,,,,,113.05,23.68\n\
    a2,清远市,清城区,东城街道,,,,,碧桂园小区,3栋,,,113.06,23.69\n\
    a3,清远市,清城区,东城街道,,,,,碧桂园小区,3栋,2单元,501室,113.06,23.69\n";

const GRIDS: &str = r#"{"type":"FeatureCollection","features":[
    {"type":"Feature","id":"g1","properties":{"name":"凤城一号网格","desk":"duty"},
     "geometry":{"type":"Polygon","coordinates":[[[113.04,23.67],[113.055,23.67],[113.055,23.7],[113.04,23.7],[113.04,23.67]]]}}]}"#;

const HALLS: &str = "id,name,address,lon,lat,services,hours,keeps-holidays\n\
    h1,清城区政务服务中心,北江一路12号,113.05,23.68,社保;不动产,1-7 00:00-23:59,false\n\
    h2,东城便民服务中心,,113.06,23.69,社保,1-5 09:00-17:00,\n";

struct Town {
    place: Place,
    plugin: Plugin,
}

impl Town {
    fn open() -> Self {
        let place = Place::start();
        let plugin = Plugin::fixture("places");
        place.install(&plugin);
        let town = Self { place, plugin };
        let officer = ["--kind", "officer", "--department", "441802-test", "--assurance", "substantial"];
        town.person("wang", &["--kind", "natural-person", "--assurance", "substantial"]);
        town.person("li", &[&officer[..], &["--clearance", "3"]].concat());
        town.import("addresses", "addresses.csv", ADDRESSES);
        town.import("grids", "grids.geojson", GRIDS);
        town.import("halls", "halls.csv", HALLS);
        town
    }

    fn person(&self, login: &str, more: &[&str]) {
        self.place.add_user(login, more);
        let token = self.place.token(login, &[]);
        std::fs::write(self.place.host.data().join(format!("{login}.token")), token).unwrap();
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.place.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn import(&self, layer: &str, name: &str, content: impl AsRef<[u8]>) -> String {
        self.place.zt(&["geo", "import", layer, self.file(name, content).to_str().unwrap()])
    }

    fn refused_import(&self, layer: &str, name: &str, content: impl AsRef<[u8]>) -> String {
        self.place.refused(&["geo", "import", layer, self.file(name, content).to_str().unwrap()])
    }

    async fn post(&self, who: &str, url: String, body: &Value) -> Reply {
        let request = self.place.http.request(Method::POST, url).json(body);
        let token = || self.place.data(&format!("{who}.token")).trim().to_owned();
        Reply::of(if who.is_empty() { request } else { request.bearer_auth(token()) }).await
    }

    /// What the host told the guest: `ok` or `error`.
    async fn guest(&self, who: &str, path: &str, body: &Value) -> Value {
        let reply = self.post(who, self.place.public(&self.plugin.path(path)), body).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.json()
    }

    async fn api(&self, who: &str, path: &str, body: &Value) -> Reply {
        self.post(who, self.place.public(&format!("/api/v1/geo/{path}")), body).await
    }
}

#[tokio::test]
async fn a_guest_finds_an_address_its_grid_and_an_open_hall() {
    let town = Town::open();
    let found = town.guest("wang", "/search", &json!({ "text": "凤城街道 北江1路十二號旁边" })).await;
    assert_eq!((found["ok"][0]["id"].as_str(), found["ok"][0]["score"].as_f64()), (Some("a1"), Some(1.0)), "{found}");
    let path = town.place.public(&town.plugin.path("/grid-of-address"));
    let grid = town.post("wang", path.clone(), &json!({ "text": "北江一路12号" })).await;
    assert_eq!((grid.status, grid.json()["name"].as_str()), (200, Some("凤城一号网格")), "{grid:?}");
    let nowhere = town.post("wang", path.clone(), &json!({ "text": "碧桂园3栋" })).await;
    assert_eq!((nowhere.status, nowhere.json()["code"].as_str()), (422, Some("no-grid")));
    let unknown = town.post("wang", path, &json!({ "text": "月球背面" })).await;
    assert_eq!((unknown.status, unknown.json()["code"].as_str()), (422, Some("unknown-address")));
    let halls = town.guest("", "/halls", &json!({ "lon": 113.051, "lat": 23.68 })).await;
    assert_eq!((halls["ok"][0]["id"].as_str(), halls["ok"][0]["open"].as_bool()), (Some("h1"), Some(true)), "{halls}");
    let near = town.guest("wang", "/addresses", &json!({ "lon": 113.06, "lat": 23.69 })).await;
    assert_eq!(near["ok"].as_array().map(Vec::len), Some(1), "the building, and none of its rooms: {near}");
}

#[tokio::test]
async fn policy_decides_by_layer_and_the_record_has_no_address() {
    let town = Town::open();
    let anonymous = town.guest("", "/search", &json!({ "text": "碧桂园3栋2单元501室" })).await;
    assert!(anonymous["error"].as_str().is_some_and(|error| error.starts_with("Denied")), "{anonymous}");
    let rooms = json!({ "text": "碧桂园3栋2单元501室", "rooms": true });
    let citizen = town.guest("wang", "/search", &rooms).await;
    assert!(citizen["error"].as_str().is_some_and(|error| error.starts_with("Denied")), "{citizen}");
    assert_eq!(town.guest("li", "/search", &rooms).await["ok"][0]["id"], "a3");
    let undeclared = town.guest("li", "/search", &json!({ "text": "x", "purpose": "gossip" })).await;
    assert_eq!(undeclared["error"], "UndeclaredPurpose(\"gossip\")");
    let reference = citizen["error"].as_str().unwrap().split('"').nth(1).unwrap().to_owned();
    let record = town.place.audit(&reference).await.to_string();
    assert!(record.contains("housing") && !record.contains("碧桂园"), "{record}");
    assert!(!town.place.host.log().contains("碧桂园"), "not in the log either");
}

#[tokio::test]
async fn wrong_figures_come_back_as_typed_errors_that_name_the_argument() {
    let town = Town::open();
    let cases = [
        ("/area", json!({ "shape": "POLYGON((0 0,1 0,1 1,0 1))" }), "unclosed"),
        ("/area", json!({ "shape": "POLYGON((0 0,1 1,1 0,0 1,0 0))" }), "self-crossing"),
        ("/area", json!({ "shape": "POINT(1 1)" }), "not-a-polygon"),
        ("/area", json!({ "shape": "" }), "empty"),
        ("/area", json!({ "shape": format!("POLYGON(({}))", vec!["0 0"; 10_001].join(",")) }), "too-many-vertices"),
        ("/area", json!({ "shape": "SRID=4547;POLYGON((403209 2620357,1 1,2 2,403209 2620357))" }), "wrong-crs"),
        ("/buffer", json!({ "shape": "POINT(113 23)", "metres": "nan" }), "not-a-number"),
        ("/buffer", json!({ "shape": "POINT(113 23)", "metres": "-5" }), "out-of-range"),
        ("/grid", json!({ "lon": 23.68, "lat": 113.05 }), "out-of-range"),
        ("/grid", json!({ "lon": 38_403_209.0, "lat": 2_620_357.0 }), "wrong-crs"),
        ("/convert", json!({ "x": 113.0, "y": 23.0, "from": 4490, "to": 3857 }), "unknown-crs"),
    ];
    for (path, body, code) in cases {
        let told = town.guest("", path, &body).await;
        let error = told["error"].as_str().unwrap_or_else(|| panic!("{path} {body}: {told}"));
        assert!(error.starts_with("Invalid") && error.contains(&format!("code: {code:?}")), "{path}: {error}");
    }
    let zone = town.guest("", "/convert", &json!({ "x": 113.0511, "y": 23.6817, "from": 4490, "to": 4547 })).await;
    assert_eq!(
        zone["ok"].as_array().unwrap().iter().map(|one| one.as_f64().unwrap().round()).collect::<Vec<_>>(),
        [403_209.0, 2_620_357.0]
    );
    let square = r#"{"type":"Polygon","coordinates":[[[0.5,0],[2,0],[2,1],[0.5,1],[0.5,0]]]}"#;
    let common = town.guest("", "/common", &json!({ "a": "POLYGON((0 0,1 0,1 1,0 1,0 0))", "b": square })).await;
    assert!((common["ok"][1].as_f64().unwrap() / 6_154_389_180.0 - 1.0).abs() < 0.001, "{common}");
}

#[tokio::test]
async fn people_ask_at_the_platforms_own_api_and_are_told_what_is_wrong() {
    let town = Town::open();
    let text = json!({ "text": "北江一路12号", "purpose": "lookup" });
    assert_eq!(town.api("wang", "search", &text).await.json()[0]["id"], "a1");
    town.api("", "search", &text).await.problem(403, "access-denied");
    let mars = json!({ "lon": 113.0553, "lat": 23.6775, "crs": "GCJ-02", "purpose": "lookup" });
    assert_eq!(town.api("", "grid", &mars).await.json()["id"], "g1");
    let beyond = json!({ "lon": 200, "lat": 23, "purpose": "lookup" });
    let problem = town.api("", "grid", &beyond).await.problem(400, "geo");
    assert!(problem["detail"].as_str().unwrap().starts_with("lon, lat is out of range"), "{problem}");
    let empty = town.api("wang", "search", &json!({ "text": " ", "purpose": "lookup" })).await.problem(400, "geo");
    assert_eq!(empty["detail"], "text is empty");
    town.api("wang", "search", &json!({ "text": "x", "limit": 21, "purpose": "lookup" })).await.problem(400, "geo");
    let zone = json!({ "x": 113.0511, "y": 23.6817, "source": "CGCS2000", "target": "EPSG:4547" });
    assert_eq!(town.api("", "convert", &zone).await.json()["x"].as_f64().map(f64::round), Some(403_209.0));
    let wanted = json!({ "lon": 113.05, "lat": 23.68, "service": "不动产", "purpose": "lookup" });
    assert_eq!(town.api("", "halls", &wanted).await.json().as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_file_with_a_bad_row_stores_nothing_and_says_why() {
    let town = Town::open();
    let bad = "id,road,number,lon,lat\nb1,桥北路,1号,113.05,23.68\nb2,桥北路,2号,23.68,113.05\n";
    let said = town.refused_import("addresses", "bad.csv", bad);
    assert!(said.contains("row 2: lon is out of range") && said.contains("nothing was stored"), "{said}");
    town.place.refused(&["geo", "find", "桥北路1号"]);
    let path = town.file("bad.csv", bad);
    let said = town.place.zt(&["geo", "import", "addresses", path.to_str().unwrap(), "--skip-bad"]);
    assert!(said.contains("1 stored, 1 rejected"), "{said}");
    let found = town.place.zt(&["geo", "find", "桥北路1号"]);
    assert!(found.contains("b1"), "{found}");
    let overlapping = GRIDS.replace("g1", "g2").replace("113.04", "113.03");
    let said = town.refused_import("grids", "more.geojson", overlapping);
    assert!(said.contains("the grids g1 and g2 overlap"), "{said}");
    let said = town.place.zt(&["geo", "grid", "113.05", "23.68"]);
    assert!(said.contains("凤城一号网格"), "{said}");
    let said = town.place.refused(&["geo", "grid", "113.2", "23.68"]);
    assert!(said.contains("in no grid"), "{said}");
    assert!(town.import("addresses", "again.csv", ADDRESSES).contains("3 stored"), "once more is the same");
    let said = town.refused_import("grids", "grids.csv", "id\n");
    assert!(said.contains("grids are GeoJSON"), "{said}");
}
