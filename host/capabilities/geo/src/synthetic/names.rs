//! Names of places that do not exist: made of syllables that place names have, with the endings that they have.

use std::collections::BTreeSet;

use super::{characters::SYLLABLES, dice::Dice};

/// Makes names and never the same twice within one scope.
#[derive(Debug)]
pub(super) struct Names {
    dice: Dice,
    syllables: Vec<char>,
    used: BTreeSet<(usize, String)>,
}

/// What every second town has.
const COMMON_ROADS: &[&str] =
    &["人民路", "建设路", "文化路", "解放路", "环城路", "新城大道", "学前路", "市场街", "车站路", "工业大道"];

const ROADS: &[&str] =
    &["路", "路", "路", "路", "路", "街", "街", "大道", "东路", "西路", "南路", "北路", "一路", "二路", "三路"];

const ESTATES: &[&str] = &[
    "花园", "花园", "花园", "苑", "豪庭", "新村", "小区", "小区", "雅苑", "公馆", "名城", "湾", "华府", "雅居", "广场",
];

// === impl Names ===

impl Names {
    pub(super) fn new(seed: u64) -> Self {
        Self { dice: Dice::of(seed, 5), syllables: SYLLABLES.chars().collect(), used: BTreeSet::new() }
    }

    pub(super) fn town(&mut self, number: usize) -> String {
        let ending = if number < 4 { "街道" } else { "镇" };
        self.unused(0, |names| format!("{}{ending}", names.stem(2)))
    }

    pub(super) fn community(&mut self, is_village: bool) -> String {
        let ending = if is_village { "村" } else { "社区" };
        self.unused(0, |names| format!("{}{ending}", names.stem(2)))
    }

    /// Unique in its town; another town may have a road of the same name.
    pub(super) fn road(&mut self, town: usize, number: usize) -> String {
        if let Some(common) = COMMON_ROADS.get(number).filter(|_| (number + town).is_multiple_of(2)) {
            self.used.insert((town + 1, (*common).to_owned()));
            return (*common).to_owned();
        }
        self.unused(town + 1, |names| {
            let syllables = if names.dice.percent(70) { 2 } else { 3 };
            let stem = names.stem(syllables);
            format!("{stem}{}", names.dice.pick(ROADS).unwrap_or("路"))
        })
    }

    pub(super) fn estate(&mut self) -> String {
        self.unused(0, |names| {
            let syllables = if names.dice.percent(60) { 2 } else { 3 };
            let stem = names.stem(syllables);
            format!("{stem}{}", names.dice.pick(ESTATES).unwrap_or("花园"))
        })
    }

    pub(super) fn tower(&mut self) -> String {
        self.unused(0, |names| format!("{}大厦", names.stem(2)))
    }

    fn stem(&mut self, syllables: usize) -> String {
        let mut stem = String::new();
        while stem.chars().count() < syllables {
            let next = self.syllables.get(self.dice.below(self.syllables.len())).copied().unwrap_or('新');
            if !stem.contains(next) {
                stem.push(next);
            }
        }
        stem
    }

    fn unused(&mut self, scope: usize, mut make: impl FnMut(&mut Self) -> String) -> String {
        loop {
            let name = make(self);
            if self.used.insert((scope, name.clone())) {
                return name;
            }
        }
    }
}
