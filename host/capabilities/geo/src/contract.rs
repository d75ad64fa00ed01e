//! What every provider of geography must do. Each is a fresh one, with nothing in it.
#![expect(clippy::expect_used, clippy::panic, reason = "a contract that does not hold must stop the test")]

use zhongtai_geodesy::{Bounds, Cgcs2000, Figure, Surface};

use crate::{Address, GeoError, GeoProvider, Grid, Hall, Level, Place, parse_hours};

/// All of it, on an empty provider.
pub async fn holds(provider: &dyn GeoProvider) {
    nothing_is_there_at_first(provider).await;
    addresses_are_found_by_text_and_by_place(provider).await;
    an_address_with_the_same_id_is_replaced(provider).await;
    a_place_is_in_one_grid_at_most(provider).await;
    overlapping_grids_are_refused_and_nothing_is_stored(provider).await;
    halls_are_found_the_nearest_first(provider).await;
    layers_are_seen_through_a_box(provider).await;
    figures_are_computed(provider).await;
}

/// A place in the district.
pub fn place(lon: f64, lat: f64) -> Place {
    Place::new(Cgcs2000, lon, lat).expect("a place")
}

/// An address of parts, from the city on; the district is 清城区 in 清远市.
pub fn address(id: &str, parts: &[(Level, &str)], at: (f64, f64)) -> Address {
    let mut all: [String; Level::COUNT] = Default::default();
    for (level, text) in [(Level::City, "清远市"), (Level::District, "清城区")].iter().chain(parts) {
        all.iter_mut().skip(level.index()).take(1).for_each(|part| (*text).clone_into(part));
    }
    Address { id: id.to_owned(), parts: all, at: place(at.0, at.1) }
}

/// A grid from well-known text.
pub fn grid(id: &str, wkt: &str) -> Grid {
    let shape = surface(wkt);
    Grid {
        id: id.to_owned(),
        name: format!("{id}网格"),
        role: "grid-officer".to_owned(),
        desk: "duty".to_owned(),
        shape,
    }
}

fn surface(wkt: &str) -> Surface<Cgcs2000> {
    figure(wkt).surface().expect("a polygon")
}

fn figure(wkt: &str) -> Figure<Cgcs2000> {
    Figure::from_wkt(wkt).expect("a figure")
}

fn addresses() -> Vec<Address> {
    use Level::{Building, Estate, Number, Road, Room, Street, Unit};
    vec![
        address("a1", &[(Street, "凤城街道"), (Road, "北江一路"), (Number, "12号")], (113.0500, 23.6800)),
        address("a2", &[(Street, "凤城街道"), (Road, "北江一路"), (Number, "14号")], (113.0510, 23.6800)),
        address("a3", &[(Street, "东城街道"), (Road, "人民路"), (Number, "12号")], (113.0600, 23.6900)),
        address("a4", &[(Street, "东城街道"), (Estate, "碧桂园小区"), (Building, "3栋")], (113.0700, 23.7000)),
        address(
            "a5",
            &[(Street, "东城街道"), (Estate, "碧桂园小区"), (Building, "3栋"), (Unit, "2单元"), (Room, "501室")],
            (113.0700, 23.7000),
        ),
    ]
}

async fn nothing_is_there_at_first(provider: &dyn GeoProvider) {
    let at = place(113.05, 23.68);
    assert!(provider.geocode("北江一路12号", 5, Level::Room).await.expect("an answer").is_empty());
    assert!(provider.reverse(&at, 1000.0, 5, Level::Room).await.expect("an answer").is_empty());
    assert!(provider.grid_of(&at).await.expect("an answer").is_none());
    assert!(provider.halls_near(&at, None, 5).await.expect("an answer").is_empty());
}

async fn addresses_are_found_by_text_and_by_place(provider: &dyn GeoProvider) {
    let before = provider.revision().await.expect("a revision");
    provider.put_addresses(&addresses()).await.expect("they are stored");
    assert_ne!(provider.revision().await.expect("a revision"), before, "a change has another revision");
    let first = async |text: &str, deepest| {
        let found = provider.geocode(text, 5, deepest).await.expect("an answer");
        found.first().map(|best| (best.address.id.clone(), best.level))
    };
    assert_eq!(first("清远市清城区凤城街道北江一路12号", Level::Building).await, Some(("a1".into(), Level::Number)));
    assert_eq!(first("人民路十二号", Level::Building).await, Some(("a3".into(), Level::Number)));
    assert_eq!(first("碧桂园3栋2单元501", Level::Room).await, Some(("a5".into(), Level::Room)));
    assert_eq!(first("碧桂园3栋2单元501", Level::Building).await, Some(("a4".into(), Level::Building)), "no rooms");
    assert_eq!(first("完全不知道的地方", Level::Room).await, None);
    let best = provider.geocode("北江一路12号", 5, Level::Building).await.expect("an answer");
    let best = best.first().expect("there is one");
    assert!((best.score - 1.0).abs() < 1e-9, "it says the same: {}", best.score);
    assert_eq!(best.address, addresses().remove(0), "as it was stored");
    let near = provider.reverse(&place(113.0502, 23.68), 1000.0, 2, Level::Building).await.expect("an answer");
    let near: Vec<_> = near.iter().map(|near| (near.address.id.as_str(), near.distance.round())).collect();
    assert_eq!(near, [("a1", 20.0), ("a2", 82.0)]);
    let far = provider.reverse(&place(113.2, 23.8), 1000.0, 2, Level::Room).await.expect("an answer");
    assert!(far.is_empty(), "nothing within reach");
    let at_home =
        async |deepest| provider.reverse(&place(113.07, 23.70), 10.0, 5, deepest).await.expect("an answer").len();
    assert_eq!(
        (at_home(Level::Building).await, at_home(Level::Room).await),
        (1, 2),
        "rooms only where they are asked for"
    );
}

async fn an_address_with_the_same_id_is_replaced(provider: &dyn GeoProvider) {
    let moved = address(
        "a2",
        &[(Level::Street, "凤城街道"), (Level::Road, "北江一路"), (Level::Number, "16号")],
        (113.0520, 23.6800),
    );
    provider.put_addresses(std::slice::from_ref(&moved)).await.expect("it is stored");
    let found = provider.geocode("北江一路16号", 1, Level::Building).await.expect("an answer");
    assert_eq!(found.first().map(|best| &best.address), Some(&moved));
    let gone = provider.geocode("北江一路14号", 5, Level::Building).await.expect("an answer");
    assert!(gone.iter().all(|other| other.score < 0.9), "nothing says 14 any more");
    provider.put_addresses(&addresses()).await.expect("they are stored");
}

const WEST: &str = "POLYGON((113.04 23.67,113.05 23.67,113.05 23.69,113.04 23.69,113.04 23.67))";
const EAST: &str = "POLYGON((113.05 23.67,113.06 23.67,113.06 23.69,113.05 23.69,113.05 23.67),\
                    (113.052 23.672,113.052 23.674,113.054 23.674,113.054 23.672,113.052 23.672))";

async fn a_place_is_in_one_grid_at_most(provider: &dyn GeoProvider) {
    provider.put_grids(&[grid("west", WEST), grid("east", EAST)]).await.expect("they are stored");
    let at = async |lon, lat| provider.grid_of(&place(lon, lat)).await.expect("an answer").map(|grid| grid.id.clone());
    assert_eq!(at(113.045, 23.68).await.as_deref(), Some("west"));
    assert_eq!(at(113.055, 23.68).await.as_deref(), Some("east"));
    assert_eq!(at(113.053, 23.673).await, None, "in the hole");
    assert_eq!(at(113.2, 23.68).await, None, "nowhere");
    assert!(at(113.05, 23.68).await.is_some(), "on the border, in one of the two");
    let found = provider.grid_of(&place(113.045, 23.68)).await.expect("an answer").expect("a grid");
    assert_eq!(*found, grid("west", WEST), "as it was stored");
}

async fn overlapping_grids_are_refused_and_nothing_is_stored(provider: &dyn GeoProvider) {
    let apart = grid("apart", "POLYGON((113.2 23.67,113.21 23.67,113.21 23.68,113.2 23.68,113.2 23.67))");
    let across = grid("across", "POLYGON((113.045 23.675,113.055 23.675,113.055 23.68,113.045 23.68,113.045 23.675))");
    match provider.put_grids(&[apart, across]).await {
        Err(GeoError::Overlap(a, b)) => assert!([&a, &b].iter().any(|id| *id == "across"), "{a} and {b}"),
        other => panic!("expected an overlap, not {other:?}"),
    }
    assert!(provider.grid_of(&place(113.205, 23.675)).await.expect("an answer").is_none(), "all or none");
}

fn hall(id: &str, at: (f64, f64), services: &[&str]) -> Hall {
    let hours = parse_hours("1-5 09:00-12:00 13:00-17:00; 2026-02-17 closed").expect("hours");
    let services = services.iter().map(|one| (*one).to_owned()).collect();
    Hall {
        id: id.to_owned(),
        name: format!("{id}大厅"),
        address: String::new(),
        at: place(at.0, at.1),
        services,
        hours,
    }
}

async fn halls_are_found_the_nearest_first(provider: &dyn GeoProvider) {
    let halls = [hall("h1", (113.05, 23.68), &["社保"]), hall("h2", (113.06, 23.68), &["社保", "不动产"])];
    provider.put_halls(&halls).await.expect("they are stored");
    let near = provider.halls_near(&place(113.051, 23.68), None, 5).await.expect("an answer");
    let ids: Vec<_> = near.iter().map(|(hall, distance)| (hall.id.as_str(), distance.round())).collect();
    assert_eq!(ids, [("h1", 102.0), ("h2", 918.0)]);
    let near = provider.halls_near(&place(113.051, 23.68), Some("不动产"), 5).await.expect("an answer");
    let (found, _) = near.first().expect("one offers it");
    assert_eq!((near.len(), &**found), (1, &halls[1]), "as it was stored");
}

async fn layers_are_seen_through_a_box(provider: &dyn GeoProvider) {
    let all = Bounds { min_lon: 113.0, min_lat: 23.6, max_lon: 113.1, max_lat: 23.8 };
    let ids = async |limit, deepest| {
        let found = provider.addresses_in(&all, deepest, limit).await.expect("an answer");
        found.into_iter().map(|address| address.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(9, Level::Building).await, ["a1", "a2", "a3", "a4"]);
    assert_eq!(ids(9, Level::Room).await, ["a1", "a2", "a3", "a4", "a5"]);
    assert_eq!(ids(2, Level::Room).await, ["a1", "a2"]);
    let grids = provider.grids_in(&all, 9).await.expect("an answer");
    assert_eq!(grids.iter().map(|grid| grid.id.as_str()).collect::<Vec<_>>(), ["east", "west"]);
    let halls = provider.halls_in(&all, 1).await.expect("an answer");
    assert_eq!(halls.iter().map(|hall| hall.id.as_str()).collect::<Vec<_>>(), ["h1"]);
    let elsewhere = Bounds { min_lon: 100.0, min_lat: 23.6, max_lon: 100.1, max_lat: 23.8 };
    assert!(provider.addresses_in(&elsewhere, Level::Room, 9).await.expect("an answer").is_empty());
    assert!(provider.grids_in(&elsewhere, 9).await.expect("an answer").is_empty());
}

async fn figures_are_computed(provider: &dyn GeoProvider) {
    let circle = provider.buffer(&figure("POINT(113.05 23.68)"), 500.0).await.expect("a buffer");
    let area = provider.area(&circle).await.expect("an area");
    let expected = std::f64::consts::PI * 500.0 * 500.0;
    assert!((area / expected - 1.0).abs() < 0.01, "{area} m2, not {expected} m2");
    let (west, east) = (surface(WEST), surface(EAST));
    assert!(provider.intersects(&west.clone().into(), &east.clone().into()).await.expect("an answer"), "they touch");
    assert_eq!(provider.intersection(&west, &east).await.expect("an answer"), None, "and share no area");
    let half = surface("POLYGON((113.04 23.67,113.045 23.67,113.045 23.69,113.04 23.69,113.04 23.67))");
    let common = provider.intersection(&west, &half).await.expect("an answer").expect("half of it");
    let (common, whole) =
        (provider.area(&common).await.expect("an area"), provider.area(&west).await.expect("an area"));
    assert!((common / whole - 0.5).abs() < 1e-6, "{common} of {whole}");
    assert!(!provider.intersects(&west.into(), &figure("POINT(114 24)")).await.expect("an answer"));
}
