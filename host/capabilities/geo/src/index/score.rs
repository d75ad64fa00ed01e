//! How well an address fits a question.

use std::{cmp::Ordering, collections::HashMap};

use super::{Record, question::Question};
use crate::Level;

/// What a level counts: how much it tells one address from another.
fn weight(level: Level) -> f64 {
    match level {
        Level::City => 0.02,
        Level::District => 0.04,
        Level::Street => 0.06,
        Level::Community => 0.10,
        Level::Road | Level::Estate => 0.30,
        Level::Lane => 0.15,
        Level::Number => 0.25,
        Level::Building => 0.15,
        Level::Unit => 0.05,
        Level::Room => 0.08,
    }
}

/// What contradicts costs this much beside what it does not gain.
const CONTRADICTION: f64 = 0.5;
/// What unknown text takes away at most.
const UNKNOWN: f64 = 0.3;
/// A part that was not asked for takes this away.
const FINER: f64 = 0.01;
/// A number that means something else than it most likely does.
const UNLIKELY: f64 = 0.97;
/// Below, it does not fit.
const LEAST: f64 = 0.25;

/// A question in the numbers of the index.
pub(crate) struct Asked {
    names: Vec<Part>,
    numbers: Vec<Part>,
    unknown: f64,
}

/// Something that the question says, and what it may be.
struct Part {
    weight: f64,
    means: Vec<(Level, u32, f64)>,
    /// It may be finer than what is told: an address without it is no worse for that.
    may_be_hidden: bool,
}

/// How well an address fits; the better the greater.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    score: f64,
    /// The finest level that was named.
    pub(crate) level: Level,
}

// === impl Asked ===

impl Asked {
    pub(crate) fn new(question: &Question, values: &HashMap<Box<str>, u32>, deepest: Level) -> Self {
        let names = question.names.iter().map(|mention| {
            let means: Vec<_> =
                mention.means.iter().map(|found| (found.level, found.name.0 + 1, found.quality)).collect();
            Part { weight: heaviest(&means), means, may_be_hidden: false }
        });
        let numbers = question.numbers.iter().map(|number| {
            // A value that the registry does not have is still something that was said.
            let key = values.get(number.value.as_str()).copied().unwrap_or(u32::MAX);
            let quality = |rank: usize| if rank == 0 { 1.0 } else { UNLIKELY };
            let means: Vec<_> =
                number.of.iter().enumerate().map(|(rank, level)| (*level, key, quality(rank))).collect();
            let weight = number.of.first().map_or(0.0, |level| weight(*level));
            Part { weight, means, may_be_hidden: number.of.first().is_some_and(|level| *level > deepest) }
        });
        #[expect(clippy::cast_precision_loss, reason = "a few characters")]
        let unknown = question.unknown as f64 / question.length.max(1) as f64;
        Self { names: names.collect(), numbers: numbers.collect(), unknown }
    }

    /// The keys that were asked for at a level.
    pub(crate) fn keys_at(&self, level: Level) -> impl Iterator<Item = u32> + '_ {
        let means = self.numbers.iter().flat_map(|part| &part.means);
        means.filter(move |(of, key, _)| *of == level && *key != u32::MAX).map(|(_, key, _)| *key)
    }

    pub(crate) fn score(&self, record: &Record) -> Option<Fit> {
        let (mut gained, mut total, mut finest) = (0.0, 0.0, None);
        for part in self.names.iter().chain(&self.numbers) {
            let fit = part.fit(record);
            finest = finest.max(fit.map(|(level, _)| level));
            match fit {
                Some((_, quality)) => gained += part.weight * quality,
                None if part.may_be_hidden => continue,
                None if part.contradicts(record) => gained -= part.weight * CONTRADICTION,
                None => {}
            }
            total += part.weight;
        }
        let level = finest?;
        let mut score = gained / total * UNKNOWN.mul_add(-self.unknown, 1.0);
        let finer = Level::ALL.into_iter().filter(|other| *other > level && record.key(*other) > 0);
        finer.for_each(|_| score *= 1.0 - FINER);
        (score >= LEAST).then_some(Fit { score: score.min(1.0), level })
    }
}

fn heaviest(means: &[(Level, u32, f64)]) -> f64 {
    means.iter().map(|(level, ..)| weight(*level)).fold(0.0, f64::max)
}

// === impl Part ===

impl Part {
    /// What of it the address has.
    fn fit(&self, record: &Record) -> Option<(Level, f64)> {
        let fits = self.means.iter().filter(|(level, key, _)| record.key(*level) == *key);
        fits.map(|(level, _, quality)| (*level, *quality)).max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The address has something else where it would be.
    fn contradicts(&self, record: &Record) -> bool {
        self.means.iter().any(|(level, ..)| record.key(*level) > 0)
    }
}

// === impl Fit ===

impl Fit {
    pub(crate) fn score(self) -> f64 {
        self.score
    }
}

impl PartialEq for Fit {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Fit {}

impl PartialOrd for Fit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fit {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score)
    }
}
