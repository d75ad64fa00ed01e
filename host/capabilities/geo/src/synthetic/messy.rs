//! Addresses as people write them, each with the address that is meant: what a geocoder's accuracy is measured on.

use super::{
    City,
    characters::{full_width, mistaken, traditional},
    dice::Dice,
    places::{CityAddress, Parts},
    writing::{Numerals, Pieces, Writing},
};

/// What is unusual about a spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mess {
    /// Nothing: the standard text.
    Standard,
    /// Parts in another order.
    Order,
    /// Parts are left out that are not needed to know which address is meant.
    Missing,
    /// Nothing finer than a house number, an estate or a building is named: that is what is meant.
    Coarser,
    /// Without the words that say what a part is: 凤城 for 凤城街道.
    Abbreviated,
    /// Traditional characters.
    Traditional,
    /// Digits and marks in full width.
    FullWidth,
    /// Chinese numerals.
    Numerals,
    /// A wrong, missing, doubled or moved character in a name.
    Typo,
    /// Two of these in one text: in the name, and in the town's or community's.
    TwoTypos,
    /// The name of an estate or road without its ending, such as 翠湖 for 翠湖花园.
    ShortName,
    /// Another town or community than the right one: borders move, people don't follow.
    WrongArea,
    /// Words around it that are no address.
    Noise,
    /// Spaces and marks between the parts.
    Separators,
    /// Other words for building, unit and room, or only marks.
    BuildingWords,
    /// Two or three of these at once.
    Mixed,
    /// There is no such address.
    Absent,
}

/// A text and the address that it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    /// What is unusual about it.
    pub mess: Mess,
    /// What somebody wrote.
    pub text: String,
    /// The number of the address in the city; nothing when there is none.
    pub meant: Option<usize>,
}

// === impl Mess ===

impl Mess {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Standard,
        Self::Order,
        Self::Missing,
        Self::Coarser,
        Self::Abbreviated,
        Self::Traditional,
        Self::FullWidth,
        Self::Numerals,
        Self::Typo,
        Self::TwoTypos,
        Self::ShortName,
        Self::WrongArea,
        Self::Noise,
        Self::Separators,
        Self::BuildingWords,
        Self::Mixed,
        Self::Absent,
    ];

    /// In words, for reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Order => "order",
            Self::Missing => "missing parts",
            Self::Coarser => "coarser",
            Self::Abbreviated => "abbreviated",
            Self::Traditional => "traditional characters",
            Self::FullWidth => "full width",
            Self::Numerals => "Chinese numerals",
            Self::Typo => "typos",
            Self::TwoTypos => "two typos",
            Self::ShortName => "short names",
            Self::WrongArea => "wrong area",
            Self::Noise => "noise words",
            Self::Separators => "separators",
            Self::BuildingWords => "other building words",
            Self::Mixed => "mixed",
            Self::Absent => "no such address",
        }
    }
}

/// Of this many throws one surely fits; only a city that is far too small has none.
const TRIES: usize = 10_000;

/// `each` spellings of every kind. The same for the same city.
pub(super) fn spellings(city: &City, each: usize) -> Vec<Spelling> {
    let mut all = Vec::with_capacity(each * Mess::ALL.len());
    for (kind, mess) in (0_u64..).zip(Mess::ALL) {
        let mut dice = Dice::of(city.seed, 100 + kind);
        let thrown = (0..TRIES.max(each * 100)).filter_map(|_| spelling(city, mess, &mut dice));
        all.extend(thrown.take(each));
    }
    all
}

fn spelling(city: &City, mess: Mess, dice: &mut Dice) -> Option<Spelling> {
    let address = city.address(dice.below(city.addresses()))?;
    let meant = Some(address.number);
    let text = match mess {
        Mess::Standard => address.parts.text(),
        Mess::Order => reordered(&address.parts, dice)?,
        Mess::Missing => shortened(city, &address.parts, dice)?.text(),
        Mess::Coarser => return coarser(city, &address, dice),
        Mess::Abbreviated => abbreviated(Writing::STANDARD.pieces(&address.parts)).text(),
        Mess::Traditional => in_traditional(&address.parts.text())?,
        Mess::FullWidth => full_width(&some_separators(&address.parts, dice)),
        Mess::Numerals => in_chinese_numerals(&address.parts)?,
        Mess::Typo => with_typo(city, &address.parts, dice)?.text(),
        Mess::TwoTypos => with_two_typos(city, &address.parts, dice)?,
        Mess::ShortName => short_name(city, &address.parts, dice)?,
        Mess::WrongArea => in_another_area(city, &address.parts, dice)?,
        Mess::Noise => with_noise(&address.parts.text(), dice),
        Mess::Separators => some_separators(&address.parts, dice),
        Mess::BuildingWords => with_other_words(&address.parts, dice)?,
        Mess::Mixed => mixed(city, &address.parts, dice)?,
        Mess::Absent => return absent(&address, dice),
    };
    Some(Spelling { mess, text, meant })
}

/// By blocks, or all parts from the smallest to the largest.
fn reordered(parts: &Parts, dice: &mut Dice) -> Option<String> {
    let Pieces { area, street, estate } = Writing::STANDARD.pieces(parts);
    let space = dice.pick(&["", " ", "，"])?;
    if estate.is_empty() || dice.percent(25) {
        return match dice.below(2) {
            0 => Some([street.concat() + &estate.concat(), area.concat()].join(space)),
            // Without a mark between them, numbers of two parts would run together.
            _ => Some(area.iter().chain(&street).chain(&estate).rev().cloned().collect::<Vec<_>>().join("，")),
        };
    }
    let (area, street, estate) = (area.concat(), street.concat(), estate.concat());
    let order = match dice.below(4) {
        0 => [estate, street, area],
        1 => [estate, area, street],
        2 => [area, estate, street],
        _ => [street, estate, area],
    };
    Some(order.join(space))
}

/// Leaves out what is not needed: city and district, town and community when the road's or estate's name is the only
/// one in the city, road and number when there is an estate.
fn shortened(city: &City, parts: &Parts, dice: &mut Dice) -> Option<Pieces> {
    let mut parts = parts.clone();
    parts.city.clear();
    if dice.percent(60) {
        parts.district.clear();
    }
    let alone = match (&parts.estate, &parts.road) {
        (Some(_), _) => true,
        (None, Some(road)) => city.places.roads_named(road) == 1,
        // A lane is found by its village.
        (None, None) => {
            parts.town.clear();
            return Some(Writing::STANDARD.pieces(&parts));
        }
    };
    match dice.below(if alone { 3 } else { 1 }) {
        0 => parts.community.clear(),
        1 => parts.town.clear(),
        _ => {
            parts.town.clear();
            parts.community.clear();
        }
    }
    if parts.estate.is_some() && dice.percent(60) {
        parts.road = None;
        parts.number = None;
    }
    Some(Writing::STANDARD.pieces(&parts))
}

/// Stops at the building or at the estate.
fn coarser(city: &City, address: &CityAddress, dice: &mut Dice) -> Option<Spelling> {
    let (own, _) = city.places.estate_of(address.number)?;
    let meant = match city.places.building_of(address.number) {
        Some(building) if dice.percent(60) => building,
        _ => own,
    };
    let pieces = shortened(city, &city.address(meant)?.parts, dice)?;
    Some(Spelling { mess: Mess::Coarser, text: pieces.text(), meant: Some(meant) })
}

/// Without 市, 区, 街道, 镇, 社区 and 村.
fn abbreviated(mut pieces: Pieces) -> Pieces {
    for part in &mut pieces.area {
        let endings = ["街道", "社区", "市", "区", "镇", "村"];
        if let Some(stem) = endings.into_iter().find_map(|ending| part.strip_suffix(ending)) {
            *part = stem.to_owned();
        }
    }
    pieces
}

fn in_traditional(text: &str) -> Option<String> {
    let other: String = text.chars().map(|character| traditional(character).unwrap_or(character)).collect();
    (other != text).then_some(other)
}

/// Numbers in Chinese, and the other way round where the standard has them so: 一路, 三巷.
fn in_chinese_numerals(parts: &Parts) -> Option<String> {
    if parts.lane.is_some() {
        let digits = Writing { room: Some("房"), ..Writing::STANDARD };
        return Some(digits.pieces(parts).text());
    }
    let mut parts = parts.clone();
    parts.road = parts.road.map(|road| road.replace("一路", "1路").replace("二路", "2路").replace("三路", "3路"));
    let chinese = Writing { numerals: Numerals::Chinese, ..Writing::STANDARD };
    Some(chinese.pieces(&parts).text())
}

/// A slip in the name of the road, the estate or the community, such that no other name is as near to what is written.
fn with_typo(city: &City, parts: &Parts, dice: &mut Dice) -> Option<Pieces> {
    let mut parts = parts.clone();
    parts.city.clear();
    if dice.percent(50) {
        parts.district.clear();
        parts.community = if parts.lane.is_some() { parts.community } else { String::new() };
    }
    let slot = match (&mut parts.estate, &mut parts.road) {
        (Some(estate), _) => estate,
        (None, Some(road)) => road,
        (None, None) => &mut parts.community,
    };
    let wrong = slipped(slot, dice)?;
    let others = city.names().filter(|name| name != slot);
    if others.into_iter().any(|other| is_as_near(&other, &wrong)) {
        return None;
    }
    *slot = wrong;
    // With the road right as well, the estate's name would hardly matter.
    if parts.estate.is_some() {
        parts.road = None;
        parts.number = None;
    }
    Some(Writing::STANDARD.pieces(&parts))
}

/// The name has a slip that no other name is as near to, and the town or the community has one too.
fn with_two_typos(city: &City, parts: &Parts, dice: &mut Dice) -> Option<String> {
    let pieces = with_typo(city, parts, dice)?;
    let area = if dice.percent(50) { &parts.town } else { &parts.community };
    let wrong = slipped(area, dice)?;
    let text = pieces.text();
    // A village is found by its name alone, which has its slip already.
    (parts.lane.is_none() && text.contains(area.as_str())).then(|| text.replace(area.as_str(), &wrong))
}

/// Only when no other name begins like this.
fn short_name(city: &City, parts: &Parts, dice: &mut Dice) -> Option<String> {
    let mut parts = parts.clone();
    parts.city.clear();
    parts.district.clear();
    parts.community.clear();
    let slot = match (&mut parts.estate, &mut parts.road) {
        (Some(estate), _) => estate,
        (None, Some(road)) => road,
        (None, None) => return None,
    };
    let endings = [
        "花园", "豪庭", "新村", "小区", "雅苑", "公馆", "名城", "华府", "雅居", "广场", "大厦", "大道", "苑", "路",
        "街",
    ];
    let stem = endings.into_iter().find_map(|ending| slot.strip_suffix(ending))?.to_owned();
    let others = city.names().filter(|name| name.starts_with(&stem)).count();
    if others != 1 || stem.chars().count() < 2 {
        return None;
    }
    *slot = stem;
    if parts.estate.is_some() && dice.percent(50) {
        parts.road = None;
        parts.number = None;
    }
    Some(Writing::STANDARD.pieces(&parts).text())
}

/// Only when road or estate are found without town and community.
fn in_another_area(city: &City, parts: &Parts, dice: &mut Dice) -> Option<String> {
    let mut parts = parts.clone();
    let is_alone = match (&parts.estate, &parts.road) {
        (Some(_), _) => true,
        (None, Some(road)) => city.places.roads_named(road) == 1,
        (None, None) => false,
    };
    let other = city.places.communities.get(dice.below(city.places.communities.len()))?;
    if !is_alone || other.name == parts.community {
        return None;
    }
    parts.community = other.name.clone();
    if dice.percent(50) {
        parts.town = city.places.towns.get(other.town)?.name.clone();
    }
    Some(Writing::STANDARD.pieces(&parts).text())
}

fn slipped(name: &str, dice: &mut Dice) -> Option<String> {
    let mut characters: Vec<char> = name.chars().collect();
    // The ending says what it is; slips are in the name proper.
    let at = dice.below(characters.len().saturating_sub(2).max(1));
    let there = *characters.get(at)?;
    match dice.below(10) {
        0 if characters.len() > 4 => drop(characters.remove(at)),
        1 => characters.insert(at, there),
        2 => {
            let next = (at + 1).min(characters.len() - 1);
            characters.swap(at, next);
        }
        kind => {
            let others: Vec<char> = mistaken(there, kind < 5).collect();
            *characters.get_mut(at)? = *others.get(dice.below(others.len()))?;
        }
    }
    let wrong: String = characters.into_iter().collect();
    (wrong != name).then_some(wrong)
}

/// Whether `other` may be meant by `written` as well as the right name: at most one slip away.
fn is_as_near(other: &str, written: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (other.chars().collect(), written.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(long.iter()).take_while(|(one, other)| one == other).count();
    let (short, long) = (short.get(same..).unwrap_or_default(), long.get(same..).unwrap_or_default());
    match (short, long) {
        ([first, second, rest @ ..], [other, another, others @ ..])
            if short.len() == long.len() && first == another && second == other =>
        {
            rest == others
        }
        _ if short.len() == long.len() => short.get(1..).unwrap_or_default() == long.get(1..).unwrap_or_default(),
        _ => long.get(1..).unwrap_or_default() == short,
    }
}

fn with_noise(text: &str, dice: &mut Dice) -> String {
    let before =
        dice.pick(&["", "地址：", "收货地址:", "我住在", "请送到", "广东省", "广东省 ", "【新】"]).unwrap_or("");
    let after = dice
        .pick(&["附近", "旁边", "对面", "（驿站）", "门口，谢谢", "(请放门卫)", " 靠近公交站", "快点来"])
        .unwrap_or("");
    format!("{before}{text}{after}")
}

fn some_separators(parts: &Parts, dice: &mut Dice) -> String {
    let mark = dice.pick(&[" ", "，", ",", "、", "  ", "/", "　"]).unwrap_or(" ");
    let Pieces { area, street, estate } = Writing::STANDARD.pieces(parts);
    let blocks = [area.join(mark), street.concat(), estate.join(if dice.percent(50) { mark } else { "" })];
    blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join(mark)
}

/// Other words, `3#501`, or `3-2-501`.
fn with_other_words(parts: &Parts, dice: &mut Dice) -> Option<String> {
    parts.room.or(parts.building)?;
    let other = Writing {
        building: Some(dice.pick(&["栋", "幢", "座", "号楼", "#", "#楼"])?),
        unit: dice.pick(&["单元", "梯", "门"])?,
        room: Some(dice.pick(&["房", "室", "号房", "户", ""])?),
        ..Writing::STANDARD
    };
    let mut pieces = other.pieces(parts);
    if parts.room.is_some() && dice.percent(25) {
        let name = parts.estate.clone()?;
        let number = |part: Option<u32>| part.map(|number| number.to_string());
        let numbers = [
            number(parts.building.map(|(number, _)| number)),
            number(parts.unit),
            number(parts.room.map(|(room, _)| room)),
        ];
        pieces.estate = vec![name, numbers.into_iter().flatten().collect::<Vec<_>>().join("-")];
    }
    let text = pieces.text();
    (text != parts.text()).then_some(text)
}

fn mixed(city: &City, parts: &Parts, dice: &mut Dice) -> Option<String> {
    let mut pieces = match dice.below(3) {
        0 => with_typo(city, parts, dice)?,
        1 => shortened(city, parts, dice)?,
        _ => {
            let writing = Writing { building: Some("幢"), room: Some("室"), ..Writing::STANDARD };
            writing.pieces(parts)
        }
    };
    if dice.percent(30) {
        pieces = abbreviated(pieces);
    }
    let mut text = if dice.percent(40) { pieces.in_order().join(" ") } else { pieces.text() };
    if dice.percent(40) {
        text = in_traditional(&text).unwrap_or(text);
    }
    if dice.percent(40) {
        text = full_width(&text);
    }
    Some(if dice.percent(40) { with_noise(&text, dice) } else { text })
}

/// A house number or room far beyond the last one.
fn absent(address: &CityAddress, dice: &mut Dice) -> Option<Spelling> {
    let mut parts = address.parts.clone();
    match (&mut parts.room, &mut parts.estate, &mut parts.number) {
        (Some((room, _)), ..) => *room = 9_000 + dice.between(1, 99),
        (None, None, Some(number)) => *number += 2_000,
        _ => return None,
    }
    Some(Spelling { mess: Mess::Absent, text: parts.text(), meant: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_away_is_as_near_and_two_are_not() {
        for near in ["翠湖路", "翠河路", "湖路", "翠翠湖路", "湖翠路", "翠湖街"] {
            assert!(is_as_near(near, "翠湖路"), "{near}");
        }
        for far in ["翠江街", "路", "青河路", "翠湖大道"] {
            assert!(!is_as_near(far, "翠湖路"), "{far}");
        }
    }
}
