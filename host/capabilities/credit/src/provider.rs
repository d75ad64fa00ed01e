use std::sync::Arc;

use async_trait::async_trait;
use zhongtai_kernel::Timestamp;

use crate::{CreditError, CreditRecord, CreditSubject};

/// Where credit records come from.
#[async_trait]
pub trait CreditProvider: Send + Sync + 'static {
    /// What is known about `whom`, if it is at hand without waiting.
    fn at_hand(&self, _whom: &CreditSubject) -> Option<Known> {
        None
    }

    /// All records about `whom`, in force or not, ordered by source and id; none for somebody unknown, which is no
    /// error. A source that can't be asked may answer with what it said last, and then says so ([`Known::stale`]).
    async fn records(&self, whom: &CreditSubject) -> Result<Known, CreditError>;
}

/// What a provider knows about somebody, and how old that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// All records.
    pub records: Arc<[CreditRecord]>,
    /// When the source said so.
    pub as_of: Timestamp,
    /// True when the source could not be asked since, though it should have been: its records may have changed.
    pub stale: bool,
}

// === impl Known ===

impl Known {
    /// What a source said just now.
    pub fn fresh(records: Vec<CreditRecord>, as_of: Timestamp) -> Self {
        Self { records: records.into(), as_of, stale: false }
    }
}

/// Several sources asked as one, such as the district's own records and those of an upper-level platform.
///
/// Their records are taken together, as old as the oldest answer; one stale answer makes the whole stale. A source that
/// fails fails the whole: what it knows might bar somebody.
pub struct Together(pub Vec<Arc<dyn CreditProvider>>);

#[async_trait]
impl CreditProvider for Together {
    fn at_hand(&self, whom: &CreditSubject) -> Option<Known> {
        self.0.iter().map(|source| source.at_hand(whom)).collect::<Option<Vec<_>>>().and_then(merged)
    }

    async fn records(&self, whom: &CreditSubject) -> Result<Known, CreditError> {
        let mut answers = Vec::with_capacity(self.0.len());
        for source in &self.0 {
            answers.push(match source.at_hand(whom) {
                Some(known) => known,
                None => source.records(whom).await?,
            });
        }
        merged(answers).ok_or_else(|| CreditError::Fault("there is no source of credit records".to_owned()))
    }
}

/// None of none. The only answer is handed on as it is: no copy in the usual case.
fn merged(mut answers: Vec<Known>) -> Option<Known> {
    if answers.len() <= 1 {
        return answers.pop();
    }
    let as_of = answers.iter().map(|known| known.as_of).min()?;
    let stale = answers.iter().any(|known| known.stale);
    let mut records: Vec<CreditRecord> = answers.iter().flat_map(|known| known.records.iter().cloned()).collect();
    records.sort_by(|a, b| (&a.source, &a.id).cmp(&(&b.source, &b.id)));
    // What two platforms tell of one decision counts once.
    records.dedup_by(|a, b| (&a.source, &a.id) == (&b.source, &b.id));
    Some(Known { records: records.into(), as_of, stale })
}
