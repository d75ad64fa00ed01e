//! Geography in a native test.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on must stop")]

use zhongtai::{
    geo::{self, Crs, Error, Figure, Hall, HallsNear, Point},
    prelude::*,
};

#[get("/grid/{address}")]
fn grid(Path(address): Path<String>) -> Result<String> {
    Ok(geo::locate(&address)?.grid()?.name)
}

#[get("/halls")]
fn halls() -> Result<Json<Vec<Hall>>> {
    Ok(Json(HallsNear::new(Point::new(113.05, 23.68)).offering("社保").limit(1).find()?))
}

zhongtai::plugin!(grid, halls);

fn hall(name: &str, lon: f64) -> Hall {
    Hall {
        id: name.into(),
        name: name.into(),
        address: String::new(),
        at: Point::new(lon, 23.68),
        distance: 0.0,
        services: vec!["社保".into()],
        hours: Vec::new(),
        open: true,
        opens_next: None,
    }
}

fn host() -> MockHost {
    MockHost::new()
        .address("清远市清城区北江一路12号", 113.05, 23.68)
        .address("清远市清城区人民路5号", 114.05, 23.68)
        .grid("凤城一号网格", "POLYGON((113 23.6,113.1 23.6,113.1 23.7,113 23.7,113 23.6))")
        .hall(hall("远", 113.2))
        .hall(hall("近", 113.06))
}

#[test]
fn an_address_leads_to_its_grid() {
    assert_eq!(host().get("/grid/北江一路12号").text(), "凤城一号网格");
    let unknown = host().get("/grid/不知道");
    assert_eq!((unknown.status(), unknown.json()["code"].as_str()), (422, Some("unknown-address")));
    let nowhere = host().get("/grid/人民路5号");
    assert_eq!((nowhere.status(), nowhere.json()["code"].as_str()), (422, Some("no-grid")));
    assert_eq!(host().deny("geo:query").get("/grid/北江一路12号").json()["code"], "access-denied");
    let unsaid = host().purposes(&["a", "b"]).get("/grid/北江一路12号");
    assert_eq!(unsaid.status(), 500, "with several purposes one has to be named");
}

#[test]
fn the_nearest_hall_comes_first() {
    let halls = host().get("/halls").json();
    assert_eq!(halls[0]["name"], "近");
    assert!((halls[0]["distance"].as_f64().unwrap() - 1_020.0).abs() < 5.0, "{halls}");
}

#[test]
fn the_mock_computes_as_the_host_does() {
    host().run(|| {
        let (x, y) = geo::convert((113.0511, 23.6817), Crs::Cgcs2000, Crs::GaussKruger(4547)).unwrap();
        assert_eq!((x.round(), y.round()), (403_209.0, 2_620_357.0));
        let circle = Point::new(113.05, 23.68).figure().buffer(100.0).unwrap();
        let area = circle.area().unwrap();
        assert!((area / 31_415.9 - 1.0).abs() < 0.003, "{area}");
        let crossed = Figure::Wkt("POLYGON((0 0,1 1,1 0,0 1,0 0))".into());
        match crossed.area() {
            Err(Error::Invalid { field, code, .. }) => assert_eq!((field.as_str(), code), ("shape", "self-crossing")),
            other => panic!("expected a refusal, not {other:?}"),
        }
    });
}
