//! The registry's names, and where a text has one of them: as it is, without its ending, or with one slip.

use std::collections::{HashMap, HashSet};

use super::canon;
use crate::Level;

/// A name of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NameId(pub(crate) u32);

/// A name that a stretch of text may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Found {
    /// What it names.
    pub(crate) level: Level,
    /// Which one.
    pub(crate) name: NameId,
    /// 1 as it is written, less without its ending or with a slip.
    pub(crate) quality: f64,
}

/// Without its ending.
const SHORT: f64 = 0.95;
/// With a character that is another, or two that changed places.
const OTHER: f64 = 0.8;
/// With a character too many or too few.
const MORE_OR_LESS: f64 = 0.7;
/// What a character of a name with a slip counts, where stretches compete.
const UNSURE: f64 = 0.9;
/// Longer names are not looked for.
const LONGEST: usize = 16;
/// A name with a slip must have this many characters: of two, one is too little. Two of them are no digits.
const SHORTEST_WITH_SLIP: usize = 3;

/// Names, found by hash: the text itself, and itself less one character.
#[derive(Debug, Default)]
pub(crate) struct Names {
    texts: Vec<Box<[char]>>,
    levels: Vec<Vec<Level>>,
    exact: HashMap<u64, Vec<(NameId, bool)>>,
    less_one: HashMap<u64, Vec<NameId>>,
}

/// A candidate for a stretch of text.
struct Span {
    begin: usize,
    end: usize,
    weight: f64,
    means: Vec<Found>,
}

// === impl Names ===

impl Names {
    /// Adds a name at a level, in canonical form. Its id is where it stands in the order of first mention.
    pub(crate) fn add(&mut self, text: &str, level: Level, ids: &mut HashMap<Box<str>, NameId>) -> NameId {
        let id = match ids.get(text) {
            Some(id) => *id,
            None => {
                let id = NameId(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
                ids.insert(text.into(), id);
                self.texts.push(text.chars().collect());
                self.levels.push(Vec::new());
                self.learn(id, text);
                id
            }
        };
        if let Some(levels) = self.levels.get_mut(id.0 as usize).filter(|levels| !levels.contains(&level)) {
            levels.push(level);
        }
        id
    }

    fn learn(&mut self, id: NameId, text: &str) {
        let characters: Vec<char> = text.chars().collect();
        if characters.len() > LONGEST {
            return;
        }
        let hash = Self::hash(characters.iter());
        self.exact.entry(hash).or_default().push((id, false));
        if let Some(short) = canon::short(text) {
            let hash = Self::hash(short.chars().collect::<Vec<_>>().iter());
            self.exact.entry(hash).or_default().push((id, true));
        }
        let has_words = characters.iter().filter(|c| !c.is_ascii_digit()).count() >= 2;
        if characters.len() < SHORTEST_WITH_SLIP || !has_words {
            return;
        }
        let keys: HashSet<u64> =
            (0..characters.len()).map(|gap| Self::hash_without(&characters, gap)).chain([hash]).collect();
        for key in keys {
            self.less_one.entry(key).or_default().push(id);
        }
    }

    /// Whatever it says is compared with the text, so that it need not be a good one: it has to be fast.
    fn hash<'a>(characters: impl Iterator<Item = &'a char>) -> u64 {
        characters.fold(0, |hash: u64, c| (hash.rotate_left(5) ^ u64::from(*c)).wrapping_mul(0x517c_c1b7_2722_0a95))
    }

    fn hash_without(characters: &[char], gap: usize) -> u64 {
        Self::hash(characters.iter().enumerate().filter(|(at, _)| *at != gap).map(|(_, c)| c))
    }

    /// Stretches of the text that are names and don't overlap, the better ones first chosen: begin, end, meanings.
    pub(crate) fn spot(&self, text: &[char]) -> Vec<(usize, usize, Vec<Found>)> {
        let mut spans = self.exact_spans(text);
        let mut chosen = choose(&mut spans);
        let is_covered = |at: usize| {
            chosen.iter().any(|(begin, end, means)| {
                // A name without its ending may be the rest of a longer one with a slip.
                (*begin..*end).contains(&at) && means.iter().any(|found| found.quality >= 1.0)
            })
        };
        let free: Vec<bool> = (0..text.len()).map(|at| !is_covered(at)).collect();
        let slips = self.spans_with_slips(text, &free);
        if !slips.is_empty() {
            spans.extend(slips);
            chosen = choose(&mut spans);
        }
        chosen
    }

    fn exact_spans(&self, text: &[char]) -> Vec<Span> {
        let mut spans = Vec::new();
        for begin in 0..text.len() {
            for length in 2..=LONGEST.min(text.len() - begin) {
                let Some(stretch) = text.get(begin..begin + length) else { break };
                if splits_a_number(text, begin, begin + length) {
                    continue;
                }
                let Some(ids) = self.exact.get(&Self::hash(stretch.iter())) else { continue };
                let means: Vec<Found> =
                    ids.iter().flat_map(|(id, is_short)| self.exactly(*id, *is_short, stretch)).collect();
                if let Some(best) = means.iter().map(|found| found.quality).max_by(f64::total_cmp) {
                    spans.push(Span { begin, end: begin + length, weight: count(length) * best, means });
                }
            }
        }
        spans
    }

    fn exactly(&self, id: NameId, is_short: bool, stretch: &[char]) -> Vec<Found> {
        let Some(text) = self.texts.get(id.0 as usize) else { return Vec::new() };
        let fits = if is_short { text.starts_with(stretch) } else { **text == *stretch };
        let quality = if is_short { SHORT } else { 1.0 };
        if fits { self.found(id, quality) } else { Vec::new() }
    }

    fn found(&self, id: NameId, quality: f64) -> Vec<Found> {
        let levels = self.levels.get(id.0 as usize).map(Vec::as_slice).unwrap_or_default();
        levels.iter().map(|level| Found { level: *level, name: id, quality }).collect()
    }

    fn spans_with_slips(&self, text: &[char], free: &[bool]) -> Vec<Span> {
        let mut spans = Vec::new();
        for begin in 0..text.len() {
            let room = free.iter().skip(begin).take_while(|free| **free).count().min(LONGEST + 1);
            for length in SHORTEST_WITH_SLIP - 1..=room {
                let Some(stretch) = text.get(begin..begin + length) else { break };
                let means = self.with_slip(stretch);
                let Some(same) = means.iter().map(|found| self.same(found.name, length)).max() else { continue };
                spans.push(Span { begin, end: begin + length, weight: count(same) * UNSURE, means });
            }
        }
        spans
    }

    /// How many characters a name has in common with a stretch that differs by one slip.
    fn same(&self, id: NameId, length: usize) -> usize {
        let name = self.texts.get(id.0 as usize).map_or(0, |text| text.len());
        if name == length { length.saturating_sub(1) } else { name.min(length) }
    }

    fn with_slip(&self, stretch: &[char]) -> Vec<Found> {
        let mut ids: Vec<NameId> = Vec::new();
        let keys = (0..stretch.len()).map(|gap| Self::hash_without(stretch, gap)).chain([Self::hash(stretch.iter())]);
        for key in keys {
            ids.extend(self.less_one.get(&key).into_iter().flatten());
        }
        ids.sort_unstable();
        ids.dedup();
        let near =
            ids.into_iter().filter(|id| self.texts.get(id.0 as usize).is_some_and(|name| is_one_slip(name, stretch)));
        let quality = |id: NameId| {
            let length = self.texts.get(id.0 as usize).map_or(0, |text| text.len());
            if length == stretch.len() { OTHER } else { MORE_OR_LESS }
        };
        near.flat_map(|id| self.found(id, quality(id))).collect()
    }

    /// Bytes that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        let texts: usize = self.texts.iter().map(|text| text.len() * 4 + 40).sum();
        texts + (self.exact.len() + self.less_one.len()) * 48
    }
}

/// Spans that don't overlap, the weightiest first; in the order of the text when they weigh the same.
fn choose(spans: &mut [Span]) -> Vec<(usize, usize, Vec<Found>)> {
    spans.sort_by(|a, b| {
        b.weight.total_cmp(&a.weight).then((a.end - a.begin).cmp(&(b.end - b.begin))).then(a.begin.cmp(&b.begin))
    });
    let mut chosen: Vec<(usize, usize, Vec<Found>)> = Vec::new();
    for span in spans.iter() {
        if chosen.iter().all(|(begin, end, _)| span.end <= *begin || *end <= span.begin) {
            chosen.push((span.begin, span.end, span.means.clone()));
        }
    }
    chosen
}

/// Whether a stretch begins or ends in the middle of a number: `3巷` is not in `13巷`.
fn splits_a_number(text: &[char], begin: usize, end: usize) -> bool {
    let is_digit = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(char::is_ascii_digit);
    (is_digit(begin.checked_sub(1)) && is_digit(Some(begin))) || (is_digit(end.checked_sub(1)) && is_digit(Some(end)))
}

/// Whether two texts differ by one character that is another, missing, added or changed places with its neighbour. Digits
/// are no slips: road 1 is not road 2.
pub(crate) fn is_one_slip(name: &[char], stretch: &[char]) -> bool {
    let digits = |text: &[char]| text.iter().filter(|c| c.is_ascii_digit()).copied().collect::<Vec<_>>();
    if name == stretch || digits(name) != digits(stretch) {
        return false;
    }
    let same = name.iter().zip(stretch).take_while(|(a, b)| a == b).count();
    let (name, stretch) = (name.get(same..).unwrap_or_default(), stretch.get(same..).unwrap_or_default());
    match (name, stretch) {
        ([a, rest @ ..], [b, other @ ..]) if name.len() == stretch.len() => {
            rest == other || matches!((rest, other), ([c, x @ ..], [d, y @ ..]) if a == d && b == c && x == y)
        }
        ([_, rest @ ..], _) if name.len() == stretch.len() + 1 => rest == stretch,
        (_, [_, other @ ..]) if stretch.len() == name.len() + 1 => name == other,
        _ => false,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few characters")]
fn count(length: usize) -> f64 {
    length as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[(&str, Level)]) -> Names {
        let (mut names, mut ids) = (Names::default(), HashMap::new());
        for (text, level) in all {
            names.add(&canon::canonical(text), *level, &mut ids);
        }
        names
    }

    fn spotted(names: &Names, text: &str) -> Vec<String> {
        let text: Vec<char> = canon::canonical(text).chars().collect();
        let mut found = names.spot(&text);
        found.sort_by_key(|(begin, ..)| *begin);
        let name = |found: &Found| names.texts[found.name.0 as usize].iter().collect::<String>();
        found.iter().map(|(.., means)| means.iter().map(name).collect::<Vec<_>>().join("|")).collect()
    }

    #[test]
    fn names_are_found_whole_short_and_with_a_slip() {
        let names = names(&[
            ("凤城街道", Level::Street),
            ("北江一路", Level::Road),
            ("北江二路", Level::Road),
            ("人民路", Level::Road),
            ("碧桂园小区", Level::Estate),
            ("三巷", Level::Lane),
        ]);
        assert_eq!(spotted(&names, "凤城街道北江一路12号"), ["凤城街道", "北江1路"]);
        assert_eq!(spotted(&names, "凤城北江二路"), ["凤城街道", "北江2路"]);
        assert_eq!(spotted(&names, "北疆一路"), ["北江1路"]);
        assert_eq!(spotted(&names, "人名路5号"), ["人民路"]);
        assert_eq!(spotted(&names, "江北一路"), ["北江1路"], "changed places");
        assert_eq!(spotted(&names, "碧桂园3栋"), ["碧桂园小区"]);
        assert_eq!(spotted(&names, "碧桂圆小区3栋"), ["碧桂园小区"]);
        assert_eq!(spotted(&names, "13巷"), [""; 0]);
        assert_eq!(spotted(&names, "北江三路"), [""; 0], "a digit is no slip");
    }

    #[test]
    fn one_slip_is_one_and_not_two() {
        let slip = |a: &str, b: &str| is_one_slip(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert!(
            slip("人民路", "人名路") && slip("人民路", "人民") && slip("人民", "人民路") && slip("人民路", "民人路")
        );
        assert!(
            !slip("人民路", "人民路")
                && !slip("人民路", "新名路")
                && !slip("人民路", "路民人")
                && !slip("1路口", "2路口")
        );
    }
}
