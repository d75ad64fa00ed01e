//! How often the right address is found by what people write, by kind of mess, in a city of 40,000 addresses. The bench
//! `geocode` measures the same among a million.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that can't go on must stop")]

use std::collections::BTreeMap;

use zhongtai_cap_geo::{
    AddressIndex, Level, Match,
    synthetic::{City, Mess, Plan},
};

const EACH: usize = 80;

/// Of 100 texts of a kind, at least so many are understood at once. The kinds that are not here: 98.
const LEAST: &[(Mess, usize)] =
    &[(Mess::Typo, 95), (Mess::TwoTypos, 80), (Mess::ShortName, 95), (Mess::WrongArea, 90), (Mess::Mixed, 90)];

/// The house number or the room is said to be there.
fn claims(best: &Match) -> bool {
    best.level == Level::Room || best.level == Level::Number && best.address.level() == Level::Number
}

#[test]
fn the_right_address_comes_first() {
    let city = City::new(&Plan { seed: 23, addresses: 40_000, grids: 600 });
    let index = AddressIndex::build(city.registry_addresses());
    let mut right: BTreeMap<Mess, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for spelling in city.spellings(EACH) {
        let best = index.find(&spelling.text, 1, Level::Room).into_iter().next();
        let meant = spelling.meant.and_then(|number| city.address(number)).map(|address| address.parts.text());
        let is_right = match (&meant, &best) {
            (Some(meant), Some(best)) => *meant == best.address.text(),
            (Some(_), None) => false,
            // What is not there is not to be claimed: the room or the house number is not said to fit.
            (None, best) => !best.as_ref().is_some_and(claims),
        };
        *right.entry(spelling.mess).or_default() += usize::from(is_right);
        if !is_right {
            let best = best.map(|best| format!("{:.2} {}", best.score, best.address.text()));
            wrong.push(format!("{}: {}\n  {meant:?}\n  {best:?}", spelling.mess.name(), spelling.text));
        }
    }
    println!("{}", wrong.join("\n"));
    for mess in Mess::ALL {
        let least = LEAST.iter().find(|(kind, _)| *kind == mess).map_or(98, |(_, least)| *least);
        let share = right.get(&mess).copied().unwrap_or_default() * 100 / EACH;
        assert!(share >= least, "{}: {share} %", mess.name());
    }
}
