use std::collections::{HashMap, HashSet};

use super::*;

const SMALL: Plan = Plan { seed: 7, addresses: 20_000, grids: 600 };

/// Twice the signed area, square degrees.
fn doubled_area(ring: &Ring) -> f64 {
    let [x0, y0] = ring.first().copied().unwrap_or_default();
    ring.windows(2)
        .map(|side| match side {
            [[ax, ay], [bx, by]] => (ax - x0) * (by - y0) - (bx - x0) * (ay - y0),
            _ => 0.0,
        })
        .sum()
}

fn is_inside([x, y]: [f64; 2], ring: &Ring) -> bool {
    let crossings = ring.windows(2).filter(|side| match side {
        [[ax, ay], [bx, by]] => (ay > &y) != (by > &y) && x < (bx - ax) * (y - ay) / (by - ay) + ax,
        _ => false,
    });
    crossings.count() % 2 == 1
}

#[test]
fn the_same_seed_is_the_same_city_and_another_is_not() {
    let texts = |seed| -> Vec<String> {
        let city = City::new(&Plan { seed, ..SMALL });
        (0..200).filter_map(|number| city.address(number * 90)).map(|address| address.parts.text()).collect()
    };
    assert_eq!(texts(7), texts(7));
    assert_ne!(texts(7), texts(8));
}

#[test]
fn there_are_as_many_addresses_as_asked_for_and_no_two_are_the_same() {
    let city = City::new(&SMALL);
    let texts: HashSet<String> = city.every_address().map(|address| address.parts.text()).collect();
    assert_eq!(texts.len(), SMALL.addresses);
    assert_eq!(city.address(SMALL.addresses), None);
}

#[test]
fn grids_cover_the_outline_without_gaps_or_overlaps() {
    let city = City::new(&SMALL);
    assert_eq!(city.grids(), SMALL.grids);
    let outline = city.outline();
    assert_eq!(outline.len(), 1, "the city is in one piece");
    let whole: f64 = outline.iter().map(doubled_area).sum();
    let parts: f64 = city.every_grid().map(|grid| doubled_area(&grid.ring)).sum();
    assert!(city.every_grid().all(|grid| doubled_area(&grid.ring) > 0.0), "every ring is anticlockwise");
    assert!((whole - parts).abs() < whole * 1e-9, "{whole} is not {parts}");
    let grids: Vec<CityGrid> = city.every_grid().collect();
    for number in 0..2_000 {
        let place = city.somewhere(number);
        let holding = grids.iter().filter(|grid| is_inside(place, &grid.ring)).count();
        let within = outline.iter().any(|ring| is_inside(place, ring));
        assert_eq!(holding, usize::from(within), "{place:?}");
    }
}

#[test]
fn every_address_and_hall_is_within_the_city() {
    let city = City::new(&SMALL);
    let outline = city.outline();
    let places =
        city.every_address().step_by(7).map(|address| address.at).chain(city.halls().into_iter().map(|hall| hall.at));
    for place in places {
        assert!(outline.iter().any(|ring| is_inside(place, ring)), "{place:?}");
    }
}

#[test]
fn spellings_are_of_every_kind_and_only_the_standard_one_is_standard() {
    let city = City::new(&SMALL);
    let spellings = city.spellings(80);
    assert_eq!(spellings, city.spellings(80), "the same every time");
    let mut of_kind: HashMap<Mess, usize> = HashMap::new();
    for spelling in &spellings {
        *of_kind.entry(spelling.mess).or_default() += 1;
        let standard = spelling.meant.and_then(|number| city.address(number)).map(|address| address.parts.text());
        match spelling.mess {
            Mess::Standard => assert_eq!(Some(&spelling.text), standard.as_ref()),
            Mess::Absent => assert_eq!(spelling.meant, None),
            // By chance, nothing may have been changed.
            Mess::Mixed | Mess::Abbreviated => assert!(standard.is_some()),
            _ => assert_ne!(Some(&spelling.text), standard.as_ref(), "{spelling:?}"),
        }
    }
    assert!(Mess::ALL.iter().all(|mess| of_kind.get(mess) == Some(&80)), "{of_kind:?}");
}

#[test]
fn what_is_meant_is_the_only_address_that_a_shortened_text_fits() {
    let city = City::new(&SMALL);
    let names: Vec<String> = city.names().collect();
    for spelling in city.spellings(80).iter().filter(|spelling| spelling.mess == Mess::Missing) {
        let Some(meant) = spelling.meant.and_then(|number| city.address(number)) else { continue };
        let parts = meant.parts;
        let named = parts.estate.or(parts.road).unwrap_or(parts.community);
        assert!(spelling.text.contains(&named), "{spelling:?}");
        let with_town = spelling.text.contains(&parts.town);
        assert!(with_town || names.iter().filter(|name| **name == named).count() == 1, "{spelling:?}");
    }
}

#[test]
fn files_have_a_line_for_each() {
    let city = City::new(&Plan { addresses: 500, grids: 300, ..SMALL });
    let mut addresses = Vec::new();
    city.write_addresses(&mut addresses).unwrap();
    assert_eq!(String::from_utf8(addresses).unwrap().lines().count(), 501);
    let mut grids = Vec::new();
    city.write_grids(&mut grids).unwrap();
    let grids: serde_json::Value = serde_json::from_slice(&grids).unwrap();
    assert_eq!(grids["features"].as_array().map(Vec::len), Some(300));
    let mut spellings = Vec::new();
    city.write_spellings(3, &mut spellings).unwrap();
    assert_eq!(String::from_utf8(spellings).unwrap().lines().count(), 1 + 3 * Mess::ALL.len());
}
