//! Credit records in the platform's own database.

mod act;
mod adopt;
mod decide;
mod file;
mod find;
mod history;
mod moved;
mod publish;
mod report;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::civil::Date;
use quick_cache::{Weighter, sync::Cache};
use zhongtai_kernel::{Clock, DepartmentId, ScenarioId, Timestamp};
use zhongtai_store::Store;

use crate::{
    ActKey, CreditConfig, CreditError, CreditProvider, CreditRecord, CreditSubject, Gravity, Known, NewPetition,
    Petition, PetitionId, RecordId, day_of, vault::Vault,
};

pub use adopt::Imported;
pub(crate) use adopt::{BATCH, Import};
pub use history::HistoryEntry;
pub(crate) use history::next_id;

/// Records in the platform's own database, with their lives: published, objected to, repaired.
pub struct EmbeddedCredit {
    store: Store,
    clock: Arc<dyn Clock>,
    vault: Vault,
    config: CreditConfig,
    kept: Cache<CreditSubject, Known, Bytes>,
}

/// A record with all that the platform knows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The platform's id.
    pub id: RecordId,
    /// Whom it is about.
    pub whom: CreditSubject,
    /// What it says.
    pub record: CreditRecord,
    /// The day it was published here; none for what its source published.
    pub published_on: Option<Date>,
    /// Who published it: an account.
    pub published_by: Option<String>,
    /// When it came in.
    pub recorded_at: Timestamp,
    /// Through whom: an import's id, or a scenario.
    pub recorded_by: String,
}

/// A broken promise on its way in.
pub(crate) struct Report {
    pub(crate) scenario: ScenarioId,
    pub(crate) key: ActKey,
    pub(crate) whom: CreditSubject,
    pub(crate) case: String,
    pub(crate) gravity: Gravity,
    pub(crate) found_on: Date,
    pub(crate) detail: String,
}

/// What an officer says about a petition.
pub(crate) struct Decision<'a> {
    pub(crate) petition: PetitionId,
    pub(crate) is_upheld: bool,
    pub(crate) by: &'a str,
    pub(crate) reason: &'a str,
}

/// How much memory a subject's records take, bytes, about.
#[derive(Debug, Clone, Copy)]
struct Bytes;

impl Weighter<CreditSubject, Known> for Bytes {
    fn weight(&self, _: &CreditSubject, known: &Known) -> u64 {
        // The key twice, the entry of the cache, and what each record holds beside itself.
        let record = |record: &CreditRecord| {
            size_of::<CreditRecord>() + record.id.len() + record.source.len() + record.detail.len()
        };
        (160 + known.records.iter().map(record).sum::<usize>()) as u64
    }
}

// === impl EmbeddedCredit ===

impl EmbeddedCredit {
    /// The records of a store that has [`crate::MIGRATIONS`]. Every host of it needs the same key.
    pub fn new(store: Store, clock: Arc<dyn Clock>, key: &[u8; 32], config: CreditConfig) -> Self {
        let bytes = u64::from(config.memory_mib) << 20;
        // About three hundred bytes a subject.
        let subjects = usize::try_from(bytes / 300).unwrap_or(usize::MAX);
        let kept = Cache::with_weighter(subjects, bytes, Bytes);
        Self { store, clock, vault: Vault::new(key), config, kept }
    }

    /// The day in the district.
    pub fn today(&self) -> Date {
        day_of(self.clock.now())
    }

    /// A record by the platform's id.
    pub async fn entry(&self, id: RecordId) -> Result<Option<Entry>, CreditError> {
        find::entry(self, id).await
    }

    /// All records about somebody, the newest first; at most 200.
    pub async fn entries_of(&self, whom: &CreditSubject) -> Result<Vec<Entry>, CreditError> {
        find::entries_of(self, whom).await
    }

    /// What waits for a department: records that are not published, at most 200, the oldest first.
    pub async fn unpublished(&self, department: &DepartmentId) -> Result<Vec<Entry>, CreditError> {
        find::unpublished(self, department).await
    }

    /// A petition.
    pub async fn petition(&self, id: PetitionId) -> Result<Option<Petition>, CreditError> {
        find::petition(self, id).await
    }

    /// The petitions of an account, the newest first; at most 200.
    pub async fn petitions_by(&self, account: zhongtai_kernel::AccountId) -> Result<Vec<Petition>, CreditError> {
        find::petitions_by(self, account).await
    }

    /// The open petitions about records of a department, the most urgent first; at most 200.
    pub async fn open_petitions(&self, department: &DepartmentId) -> Result<Vec<Petition>, CreditError> {
        find::open_petitions(self, department).await
    }

    /// What happened to a record, the oldest first.
    pub async fn history(&self, id: RecordId) -> Result<Vec<HistoryEntry>, CreditError> {
        history::of(self, id).await
    }

    /// Moves records of before they were sealed; to be called when a host starts. Returns how many.
    pub async fn take_over(&self) -> Result<u64, CreditError> {
        moved::take_over(self).await
    }

    /// Publishes a record that was reported.
    pub(crate) async fn publish(&self, id: RecordId, by: &str, reason: &str) -> Result<Entry, CreditError> {
        publish::publish(self, id, by, reason).await
    }

    /// Takes a record back for good.
    pub(crate) async fn withdraw(&self, id: RecordId, by: &str, reason: &str) -> Result<Entry, CreditError> {
        publish::withdraw(self, id, by, reason).await
    }

    /// Files a petition: once for its key.
    pub(crate) async fn file(&self, new: NewPetition) -> Result<Petition, CreditError> {
        file::file(self, new).await
    }

    /// Decides a petition: once.
    pub(crate) async fn decide(&self, decision: Decision<'_>) -> Result<Petition, CreditError> {
        decide::decide(self, decision).await
    }

    /// Records a broken promise, not published yet: once for its key.
    pub(crate) async fn report(&self, report: Report) -> Result<RecordId, CreditError> {
        report::report(self, report).await
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    pub(crate) fn config(&self) -> &CreditConfig {
        &self.config
    }

    /// What this host keeps of somebody is not true any more.
    fn forget(&self, whom: &CreditSubject) {
        self.kept.remove(whom);
    }
}

#[async_trait]
impl CreditProvider for EmbeddedCredit {
    fn at_hand(&self, whom: &CreditSubject) -> Option<Known> {
        let known = self.kept.get(whom)?;
        // A clock that was set back makes nothing fresh.
        let age = self.clock.now().as_millisecond() - known.as_of.as_millisecond();
        (0..=i64::from(self.config.fresh_ms)).contains(&age).then_some(known)
    }

    async fn records(&self, whom: &CreditSubject) -> Result<Known, CreditError> {
        // Before the question: what was changed while it was answered is not older than it seems.
        let as_of = self.clock.now();
        let known = Known::fresh(find::records(self, whom).await?, as_of);
        self.kept.insert(whom.clone(), known.clone());
        Ok(known)
    }
}
