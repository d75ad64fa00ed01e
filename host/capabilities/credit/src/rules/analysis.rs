//! What can be said about a table without a single record: rows that never decide, overlaps, gaps.
//!
//! Two records that the same rows ask for are the same to the table, so there are few classes of records. Every set of
//! them up to the size that matters is tried, the small ones first: a row that decides for none of them never does.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Category, Gravity};

use super::{
    Checked, RuleProblem,
    table::{Row, Table},
};

/// Sets of records that are tried at most, each for each purpose; about a second's work.
const MOST_SETS: usize = 300_000;
/// Sorts of records that a table may tell apart: categories, gravities, sources and spans of age.
const MOST_SORTS: usize = 100_000;
/// Overlaps and gaps that are told at most.
const MOST_TOLD: usize = 50;

/// One sort of record: who asks for it, as one bit a row, and an example.
struct Class {
    rows: u64,
    example: String,
}

/// Walks over sets of records.
struct Walk<'a> {
    table: &'a Table,
    purposes: Vec<&'a str>,
    classes: Vec<Class>,
    left: usize,
    decided: u64,
    overlaps: BTreeMap<(usize, usize), String>,
    gaps: Vec<String>,
}

/// What was found, and what makes the table unusable.
pub(super) fn analyse(table: &Table) -> (Checked, Vec<RuleProblem>) {
    let sorts = Category::EVERY.len() * Gravity::EVERY.len() * sources(table).len() * ages(table).len();
    if sorts > MOST_SORTS {
        let problem =
            format!("{sorts} sorts of records are told apart by source and age: expected at most {MOST_SORTS}");
        return (Checked::default(), vec![RuleProblem::table(problem)]);
    }
    let (classes, gaps) = classes(table);
    let purposes = purposes(table);
    let all = (0..table.rows.len()).fold(0_u64, |all, row| all | 1 << row);
    let mut walk = Walk { table, purposes, classes, left: MOST_SETS, decided: 0, overlaps: BTreeMap::new(), gaps };
    let mut size = 0;
    // Two records show every overlap of two rows that ask for one record each.
    while size <= 2 || (walk.decided != all && size <= largest(&table.rows)) {
        walk.sets(0, size, &mut Vec::new());
        if walk.left == 0 {
            break;
        }
        size += 1;
    }
    let silent = |row: &(usize, &Row)| walk.decided & 1 << row.0 == 0;
    let silent: Vec<_> = table.rows.iter().enumerate().filter(silent).map(|(_, row)| row.id.clone()).collect();
    let (unproven, never) = if walk.left == 0 { (silent, Vec::new()) } else { (Vec::new(), silent) };
    let problems = never.iter().map(|row| {
        RuleProblem::at(row, "the row can never decide: the rows above it fit whatever it fits, or nothing fits it")
    });
    let problems = problems.collect();
    let overlaps = walk.overlaps.into_values().take(MOST_TOLD).collect();
    let gaps = walk.gaps.into_iter().take(MOST_TOLD).collect();
    (Checked { rows: table.rows.len(), tests: 0, overlaps, gaps, unproven }, problems)
}

// === impl Walk ===

impl Walk<'_> {
    /// Tries every set of `size` more records of the classes from `from` on.
    fn sets(&mut self, from: usize, size: usize, counts: &mut Vec<(usize, usize)>) {
        if self.left == 0 {
            return;
        }
        if size == 0 {
            self.left = self.left.saturating_sub(self.purposes.len());
            self.judge(counts);
            return;
        }
        for class in from..self.classes.len() {
            for number in 1..=size {
                counts.push((class, number));
                self.sets(class + 1, size - number, counts);
                counts.pop();
            }
        }
    }

    /// Which rows fit, and which one decides, for each purpose.
    fn judge(&mut self, counts: &[(usize, usize)]) {
        let count = |row: usize| -> usize {
            let asked =
                counts.iter().filter(|(class, _)| self.classes.get(*class).is_some_and(|c| c.rows & 1 << row != 0));
            asked.map(|(_, number)| number).sum()
        };
        let fitting: Vec<usize> = (0..self.table.rows.len())
            .filter(|row| self.row(*row).is_some_and(|r| r.count.holds(count(*row))))
            .collect();
        for purpose in 0..self.purposes.len() {
            let is_asked = |row: &usize| {
                let purpose = self.purposes.get(purpose).copied().unwrap_or_default();
                self.row(*row).is_some_and(|row| row.is_for(purpose))
            };
            let mut rows = fitting.iter().copied().filter(is_asked).collect::<Vec<_>>().into_iter();
            let Some(first) = rows.next() else {
                self.gap(purpose, counts);
                continue;
            };
            self.decided |= 1 << first;
            for other in rows {
                self.overlap(first, other, counts);
            }
        }
    }

    fn overlap(&mut self, first: usize, other: usize, counts: &[(usize, usize)]) {
        let (Some(upper), Some(lower)) = (self.row(first), self.row(other)) else { return };
        if upper.outcome == lower.outcome || self.overlaps.contains_key(&(first, other)) {
            return;
        }
        let example = |(class, number): &(usize, usize)| {
            self.classes.get(*class).map(|class| format!("{number} of {}", class.example))
        };
        let example = counts.iter().filter_map(example).collect::<Vec<_>>().join(" and ");
        let text = format!("`{}` and `{}` both fit {example}: `{}` decides", upper.id, lower.id, upper.id);
        self.overlaps.insert((first, other), text);
    }

    /// One record that no row fits for a purpose.
    fn gap(&mut self, purpose: usize, counts: &[(usize, usize)]) {
        let [(class, 1)] = counts else { return };
        let Some(class) = self.classes.get(*class) else { return };
        let purpose = match self.purposes.get(purpose) {
            Some(named) if !named.is_empty() => format!(" for {named}"),
            _ if self.purposes.len() > 1 => " for any other purpose".to_owned(),
            _ => String::new(),
        };
        self.gaps.push(format!("{}{purpose}", class.example));
    }

    fn row(&self, row: usize) -> Option<&Row> {
        self.table.rows.get(row)
    }
}

/// The size of the largest set that can make a row decide which no smaller one does: as many records as it asks for at
/// least, and for each row above that fits few records only, one more than those.
fn largest(rows: &[Row]) -> usize {
    let above = |row: usize| -> usize {
        let most = rows.iter().take(row).filter_map(|row| row.count.most);
        most.map(|most| most as usize + 1).sum()
    };
    rows.iter().enumerate().map(|(number, row)| row.count.least as usize + above(number)).max().unwrap_or_default()
}

/// Every purpose that a row names, and one that none does.
fn purposes(table: &Table) -> Vec<&str> {
    let named: BTreeSet<_> =
        table.rows.iter().filter_map(|row| row.purposes.as_ref()).flatten().map(String::as_str).collect();
    std::iter::once("").chain(named).collect()
}

/// The classes of records that some row asks for, and those that none does.
fn classes(table: &Table) -> (Vec<Class>, Vec<String>) {
    let (sources, ages) = (sources(table), ages(table));
    let mut found: BTreeMap<u64, String> = BTreeMap::new();
    let mut gaps = BTreeMap::new();
    for category in Category::EVERY {
        for gravity in Gravity::EVERY {
            for source in &sources {
                for age in &ages {
                    let asks = |row: &(usize, &Row)| row.1.wants.fit_facts(*category, *gravity, source, *age);
                    let rows =
                        table.rows.iter().enumerate().filter(asks).fold(0, |rows, (number, _)| rows | 1 << number);
                    let example = example(*category, *gravity, source, *age);
                    if rows == 0 {
                        // One of each category: the other gravities and sources say the same.
                        gaps.entry(*category).or_insert(example);
                    } else {
                        found.entry(rows).or_insert(example);
                    }
                }
            }
        }
    }
    let classes = found.into_iter().map(|(rows, example)| Class { rows, example }).collect();
    (classes, gaps.into_values().collect())
}

fn example(category: Category, gravity: Gravity, source: &str, age: u32) -> String {
    let source = if source.is_empty() { "any other source" } else { source };
    format!("{}/{} of {source}, {age} days old", category.as_str(), gravity.as_str())
}

/// Every source that a row names, and one that none does.
fn sources(table: &Table) -> Vec<&str> {
    let named: BTreeSet<_> =
        table.rows.iter().filter_map(|row| row.wants.sources.as_ref()).flatten().map(String::as_str).collect();
    std::iter::once("").chain(named).collect()
}

/// One age of each span that no row tells apart.
fn ages(table: &Table) -> BTreeSet<u32> {
    let bounds = table.rows.iter().flat_map(|row| {
        let range = row.wants.age_days;
        [Some(range.least), range.most.map(|most| most.saturating_add(1))]
    });
    std::iter::once(0).chain(bounds.flatten()).collect()
}
