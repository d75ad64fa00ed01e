//! What everybody may know of all reports together: never of fewer than five.

use zhongtai::prelude::*;

use crate::{category::Category, number::Month, store};

/// A group smaller than this could point at somebody (k-threshold).
const K: u32 = 5;

/// The reports of a month.
#[derive(Serialize)]
pub struct Statistics {
    month: String,
    categories: Vec<Row>,
}

/// One category. What is `null` is of fewer than five reports, or would give away such a number by subtraction; for the
/// same reason there is no total over the categories.
#[derive(Serialize)]
struct Row {
    category: Category,
    title: &'static str,
    reports: Option<u32>,
    closed: Option<u32>,
    /// The mean of the grades, 1 to 5, to a tenth.
    satisfaction: Option<f64>,
}

#[derive(Default)]
struct Count {
    reports: u32,
    closed: u32,
    ratings: u32,
    grades: u32,
}

impl Statistics {
    /// Counts the reports that were filed in a month.
    pub fn of(month: &Month) -> Result<Self> {
        let rows = Category::ALL.into_iter().map(|category| Ok(Count::of(category, month)?.publish(category)));
        Ok(Self { month: month.to_string(), categories: rows.collect::<Result<_>>()? })
    }
}

impl Count {
    fn of(category: Category, month: &Month) -> Result<Self> {
        let mut count = Self::default();
        for entry in store::index(category, &month.numbers(), None) {
            count.add(&entry?.1);
        }
        Ok(count)
    }

    fn add(&mut self, progress: &str) {
        self.reports += 1;
        self.closed += u32::from(progress.starts_with("closed"));
        if let Some(grade) = progress.strip_prefix("closed-").and_then(|grade| grade.parse::<u32>().ok()) {
            self.ratings += 1;
            self.grades += grade;
        }
    }

    fn publish(&self, category: Category) -> Row {
        let open = self.reports - self.closed;
        let tenths = |ratings| f64::from((self.grades * 10 + ratings / 2) / ratings) / 10.0;
        Row {
            category,
            title: category.title(),
            reports: at_least_k(self.reports),
            closed: at_least_k(self.closed).filter(|_| open == 0 || open >= K),
            satisfaction: at_least_k(self.ratings).map(tenths),
        }
    }
}

fn at_least_k(count: u32) -> Option<u32> {
    Some(count).filter(|count| *count >= K)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(progress: &[&str]) -> Row {
        let mut count = Count::default();
        progress.iter().for_each(|progress| count.add(progress));
        count.publish(Category::Noise)
    }

    #[test]
    fn fewer_than_five_are_not_told() {
        assert_eq!(row(&["received"; 4]).reports, None);
        assert_eq!(row(&["received"; 5]).reports, Some(5));
    }

    #[test]
    fn what_subtraction_would_tell_is_not_told() {
        let progress = [["closed"; 5].as_slice(), &["received"; 2]].concat();
        assert_eq!((row(&progress).reports, row(&progress).closed), (Some(7), None));
        assert_eq!(row(&["closed"; 5]).closed, Some(5));
    }

    #[test]
    fn satisfaction_is_the_mean_to_a_tenth() {
        assert_eq!(row(&["closed-5", "closed-5", "closed-5", "closed-5", "closed-4"]).satisfaction, Some(4.8));
        assert_eq!(row(&["closed-5", "closed-5", "closed-5", "closed-5", "closed"]).satisfaction, None);
    }
}
