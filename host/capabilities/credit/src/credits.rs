//! The only way from a caller to records and what becomes of them: check, authorise, act.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::civil::Date;
use zhongtai_kernel::{Access, Attribute, ScenarioId};
use zhongtai_runtime::{Asker, Refusal, Shown};

use crate::{
    ActKey, CreditError, CreditProvider, CreditSubject, EmbeddedCredit, Entry, Gravity, HistoryEntry, Known,
    NewPetition, People, Petition, PetitionId, PetitionKind, RecordId, RuleBook,
    embedded::{Decision, Report},
    petition::checked_text,
};

/// What somebody's own record says in detail is sensitive.
const RECORD_LEVEL: i64 = 3;
/// That there is something about a person is sensitive, too.
const PERSON_LEVEL: i64 = 3;
/// Who answers for what no department answers for: nobody.
const NOBODY: &str = "000000-platform";

/// Credit as callers get it: policy is asked, and the answer recorded, before anything is told or done.
pub struct Credits {
    provider: Arc<dyn CreditProvider>,
    own: Arc<EmbeddedCredit>,
    rules: Arc<RuleBook>,
    people: Arc<dyn People>,
    cases: Arc<dyn Cases>,
}

/// Knows whose cases are.
#[async_trait]
pub trait Cases: Send + Sync + 'static {
    /// The scenario of a case; none when the host does not keep it, and then the asker's word counts.
    async fn scenario_of(&self, case: &str) -> Result<Option<ScenarioId>, CreditError>;
}

/// Cases that scenarios keep themselves: whose one is, the scenario says, and the log has its word.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeptByScenarios;

#[async_trait]
impl Cases for KeptByScenarios {
    async fn scenario_of(&self, _: &str) -> Result<Option<ScenarioId>, CreditError> {
        Ok(None)
    }
}

/// Whose promise was broken.
#[derive(Debug, Clone)]
pub enum Promiser {
    /// A department's handle of somebody.
    Handle(String),
    /// An enterprise or a person by the code.
    Subject(CreditSubject),
}

/// A broken promise as a scenario reports it.
pub struct NewReport {
    /// Whose it was.
    pub who: Promiser,
    /// The scenario's case.
    pub case: String,
    /// How grave it is.
    pub gravity: Gravity,
    /// What was promised and what was found.
    pub detail: String,
    /// When it was found; today when nobody says.
    pub found_on: Option<Date>,
    /// The same key is the same report.
    pub key: ActKey,
}

/// What waits for a department's officers.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    /// Reported and not published.
    pub unpublished: Vec<Entry>,
    /// Petitions with the records that they are about.
    pub petitions: Vec<(Petition, Entry)>,
}

/// What policy lets a caller see of a verdict or a detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// All of it.
    Plain,
    /// Its texts hidden.
    Masked(Shown),
}

// === impl Seen ===

impl Seen {
    pub(crate) fn is_masked(self) -> bool {
        matches!(self, Self::Masked(_))
    }

    pub(crate) fn apply(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Masked(mask) => mask.apply(text.to_owned()),
        }
    }
}

// === impl Credits ===

impl Credits {
    /// `provider` tells of everybody, `own` are the platform's records: the same, where no other platform is asked.
    pub fn new(
        (provider, own): (Arc<dyn CreditProvider>, Arc<EmbeddedCredit>),
        rules: Arc<RuleBook>,
        people: Arc<dyn People>,
        cases: Arc<dyn Cases>,
    ) -> Self {
        Self { provider, own, rules, people, cases }
    }

    /// The platform's own records: for the host's own use, such as imports. They ask nobody.
    pub fn own(&self) -> &Arc<EmbeddedCredit> {
        &self.own
    }

    /// The decision table.
    pub fn rules(&self) -> &Arc<RuleBook> {
        &self.rules
    }

    /// What is known about somebody, if it is at hand without waiting. Policy was asked before.
    pub(crate) fn at_hand(&self, whom: &CreditSubject) -> Option<Known> {
        self.provider.at_hand(whom)
    }

    /// What is known about somebody. Policy was asked before.
    pub(crate) async fn known(&self, whom: &CreditSubject) -> Result<Known, CreditError> {
        self.provider.records(whom).await
    }

    /// How a verdict on an enterprise may be seen (`credit:check`).
    pub(crate) async fn may_check(asker: &mut Asker, purpose: &str) -> Result<Seen, CreditError> {
        seen(asker, &Access::declared("credit:check", "Field", "credit.standing").for_purpose(purpose)).await
    }

    /// How the detail of an enterprise's records may be seen (`credit:read-detail`).
    pub(crate) async fn may_read_detail(asker: &mut Asker, purpose: &str) -> Result<Seen, CreditError> {
        seen(asker, &Access::declared("credit:read-detail", "Field", "credit.detail").for_purpose(purpose)).await
    }

    /// How a verdict on a person may be seen (`credit:check-person`). Who the person is stays here.
    pub(crate) async fn may_check_person(
        &self,
        asker: &mut Asker,
        whom: &CreditSubject,
        purpose: &str,
    ) -> Result<Seen, CreditError> {
        let holder = if self.identities(asker).await?.contains(whom) { account(asker) } else { String::new() };
        let attributes = [("holder", Attribute::Text(holder.into())), ("level", Attribute::Number(PERSON_LEVEL))];
        seen(
            asker,
            &Access::described("credit:check-person", "CreditSubject", "person", &attributes).for_purpose(purpose),
        )
        .await
    }

    /// The records of whoever asks, the newest first (`credit:read-record` each).
    pub async fn mine(&self, asker: &mut Asker, purpose: &str) -> Result<Vec<Entry>, CreditError> {
        declared(asker, purpose)?;
        let identities = self.own_identities(asker).await?;
        let mut found = Vec::new();
        for whom in &identities {
            found.extend(self.own.entries_of(whom).await?);
        }
        found.sort_by_key(|entry| std::cmp::Reverse((entry.record.since, entry.id)));
        let mut shown = Vec::with_capacity(found.len());
        for entry in found {
            if self.is_shown(asker, &entry, &identities, purpose).await? {
                shown.push(entry);
            }
        }
        Ok(shown)
    }

    /// The petitions of whoever asks, the newest first (`credit:read-record` on what each is about).
    pub async fn petitions(&self, asker: &mut Asker, purpose: &str) -> Result<Vec<Petition>, CreditError> {
        declared(asker, purpose)?;
        let identities = self.own_identities(asker).await?;
        let account = asker.account().ok_or(CreditError::Anonymous)?;
        let mut shown = Vec::new();
        for petition in self.own.petitions_by(account).await? {
            let Some(entry) = self.own.entry(petition.about).await? else { continue };
            if self.is_shown(asker, &entry, &identities, purpose).await? {
                shown.push(petition);
            }
        }
        Ok(shown)
    }

    /// Files a petition about an own record (`credit:object`, `credit:apply-repair`).
    pub async fn file(
        &self,
        asker: &mut Asker,
        about: RecordId,
        (kind, text): (PetitionKind, String),
        key: ActKey,
    ) -> Result<Petition, CreditError> {
        let text = checked_text("text", text)?;
        let identities = self.own_identities(asker).await?;
        let by = asker.account().ok_or(CreditError::Anonymous)?;
        let action = match kind {
            PetitionKind::Objection => "credit:object",
            PetitionKind::Repair => "credit:apply-repair",
        };
        self.authorise(asker, action, about, (&identities, None, None)).await?;
        asker.committed().await?;
        self.own.file(NewPetition { about, kind, text, by, key }).await
    }

    /// What waits for the asker's department (`credit:read-record` each).
    pub async fn waiting(&self, asker: &mut Asker, purpose: &str) -> Result<Waiting, CreditError> {
        declared(asker, purpose)?;
        let mut waiting = Waiting::default();
        let Some(department) = asker.subject().and_then(|subject| subject.department.clone()) else {
            return Ok(waiting);
        };
        for entry in self.own.unpublished(&department).await? {
            if self.is_shown(asker, &entry, &[], purpose).await? {
                waiting.unpublished.push(entry);
            }
        }
        for petition in self.own.open_petitions(&department).await? {
            let Some(entry) = self.own.entry(petition.about).await? else { continue };
            if self.is_shown(asker, &entry, &[], purpose).await? {
                waiting.petitions.push((petition, entry));
            }
        }
        Ok(waiting)
    }

    /// Publishes a record (`credit:publish`).
    pub async fn publish(&self, asker: &mut Asker, id: RecordId, reason: String) -> Result<Entry, CreditError> {
        let reason = checked_text("reason", reason)?;
        self.authorise(asker, "credit:publish", id, (&[], None, None)).await?;
        asker.committed().await?;
        self.own.publish(id, &account(asker), &reason).await
    }

    /// Takes a record back (`credit:withdraw`).
    pub async fn withdraw(&self, asker: &mut Asker, id: RecordId, reason: String) -> Result<Entry, CreditError> {
        let reason = checked_text("reason", reason)?;
        self.authorise(asker, "credit:withdraw", id, (&[], None, None)).await?;
        asker.committed().await?;
        self.own.withdraw(id, &account(asker), &reason).await
    }

    /// Decides a petition: an objection (`credit:decide-objection`) or an application for repair (`credit:repair`).
    pub async fn decide(
        &self,
        asker: &mut Asker,
        id: PetitionId,
        (is_upheld, reason): (bool, String),
    ) -> Result<Petition, CreditError> {
        let reason = checked_text("reason", reason)?;
        let petition = self.own.petition(id).await?;
        let action = match petition.as_ref().map(|petition| petition.kind) {
            Some(PetitionKind::Repair) => "credit:repair",
            _ => "credit:decide-objection",
        };
        // Who asks about a petition that there is none of gets the answer that policy gives about somebody else's.
        let (about, case) = (petition.as_ref().map(|petition| petition.about), Some(id.to_string()));
        let applicant = petition.as_ref().map(|petition| petition.filed_by.to_string());
        match about {
            Some(about) => self.authorise(asker, action, about, (&[], applicant, case)).await?,
            None => {
                ask(asker, action, None, (&[], None, case)).await?;
                return Err(CreditError::NotFound("petition"));
            }
        }
        asker.committed().await?;
        let by = account(asker);
        self.own.decide(Decision { petition: id, is_upheld, by: &by, reason: &reason }).await
    }

    /// What happened to a record, the oldest first (`credit:read-record`).
    pub async fn history(
        &self,
        asker: &mut Asker,
        id: RecordId,
        purpose: &str,
    ) -> Result<(Entry, Vec<HistoryEntry>), CreditError> {
        declared(asker, purpose)?;
        let (identities, entry) = (self.identities(asker).await?, self.own.entry(id).await?);
        let attributes = attributes(entry.as_ref(), &identities, asker, None);
        let access = Access::described("credit:read-record", "CreditRecord", id.to_string(), &attributes);
        asker.authorise(&access.for_purpose(purpose)).await?;
        let entry = entry.ok_or(CreditError::NotFound("record"))?;
        Ok((entry, self.own.history(id).await?))
    }

    /// Reports a broken promise of the asking scenario's own case (`credit:report`).
    pub async fn report(&self, asker: &mut Asker, new: NewReport) -> Result<RecordId, CreditError> {
        let detail = checked_text("detail", new.detail)?;
        let case = checked_case(new.case)?;
        let today = self.own.today();
        let found_on = new.found_on.unwrap_or(today);
        if found_on > today {
            return Err(CreditError::invalid("found-on", "today or an earlier day"));
        }
        let scenario = asker.scenario().clone();
        let keeper = self.cases.scenario_of(&case).await?.unwrap_or_else(|| scenario.clone());
        may_report(asker, &keeper, &case).await?;
        if keeper != scenario {
            return Err(CreditError::NotOwnCase);
        }
        let whom = self.promiser(&scenario, new.who).await?;
        asker.committed().await?;
        let (gravity, key) = (new.gravity, new.key);
        self.own.report(Report { scenario, key, whom, case, gravity, found_on, detail }).await
    }

    /// An enterprise, where the account is one; otherwise the person.
    async fn promiser(&self, scenario: &ScenarioId, who: Promiser) -> Result<CreditSubject, CreditError> {
        let handle = match who {
            Promiser::Subject(whom) => return Ok(whom),
            Promiser::Handle(handle) => handle,
        };
        let unknown = || CreditError::invalid("who", "a handle of this department, of somebody whose code is known");
        let account = self.people.open(scenario.department(), &handle).ok_or_else(unknown)?;
        let mut identities = self.people.identities(account).await?;
        identities.sort_by_key(|whom| matches!(whom, CreditSubject::Person(_)));
        identities.into_iter().next().ok_or_else(unknown)
    }

    /// May the asker see the record? A list is not masked: whoever may only see it hidden does not see it.
    async fn is_shown(
        &self,
        asker: &mut Asker,
        entry: &Entry,
        own: &[CreditSubject],
        purpose: &str,
    ) -> Result<bool, CreditError> {
        let attributes = attributes(Some(entry), own, asker, None);
        let access = Access::described("credit:read-record", "CreditRecord", entry.id.to_string(), &attributes);
        match asker.authorise(&access.for_purpose(purpose)).await {
            Ok(()) => Ok(true),
            Err(Refusal::Denied(_)) => Ok(false),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Asks about a record, whether it is there or not: what exists is not told by two different refusals.
    async fn authorise(
        &self,
        asker: &mut Asker,
        action: &'static str,
        id: RecordId,
        facts: (&[CreditSubject], Option<String>, Option<String>),
    ) -> Result<(), CreditError> {
        let entry = self.own.entry(id).await?;
        ask(asker, action, entry.as_ref().map(|entry| (id, entry)), facts).await?;
        entry.map(drop).ok_or(CreditError::NotFound("record"))
    }

    /// The asker's own codes; an error when nobody signed in.
    async fn own_identities(&self, asker: &Asker) -> Result<Vec<CreditSubject>, CreditError> {
        let account = asker.account().ok_or(CreditError::Anonymous)?;
        self.people.identities(account).await
    }

    /// The same; nothing when nobody signed in.
    async fn identities(&self, asker: &Asker) -> Result<Vec<CreditSubject>, CreditError> {
        match asker.account() {
            Some(account) => self.people.identities(account).await,
            None => Ok(Vec::new()),
        }
    }
}

/// The field filter with the reference of a refusal.
async fn seen(asker: &mut Asker, access: &Access<'_>) -> Result<Seen, CreditError> {
    match asker.authorise(access).await {
        Ok(()) => Ok(Seen::Plain),
        // Refused, or to be masked: the second is known by asking for what may be shown.
        Err(Refusal::Denied(reference)) => {
            let shown = asker.show(access).await?;
            shown.map(Seen::Masked).ok_or(CreditError::Denied(reference))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

async fn ask(
    asker: &mut Asker,
    action: &'static str,
    entry: Option<(RecordId, &Entry)>,
    (own, applicant, case): (&[CreditSubject], Option<String>, Option<String>),
) -> Result<(), CreditError> {
    let attributes = attributes(entry.map(|(_, entry)| entry), own, asker, applicant);
    let id = entry.map_or_else(|| "unknown".to_owned(), |(id, _)| id.to_string());
    let mut access = Access::described(action, "CreditRecord", id, &attributes);
    access.case = case.as_deref();
    Ok(asker.authorise(&access).await?)
}

async fn may_report(asker: &mut Asker, keeper: &ScenarioId, case: &str) -> Result<(), CreditError> {
    let attributes = [
        ("owner", Attribute::Entity("Department".into(), keeper.department().as_str().into())),
        ("scenario", Attribute::Entity("Scenario".into(), keeper.as_str().into())),
    ];
    let mut access = Access::described("credit:report", "CreditReport", "report", &attributes);
    access.case = Some(case);
    Ok(asker.authorise(&access).await?)
}

/// What policy sees of a record: never whom it is about, but whether that is the asker.
fn attributes(
    entry: Option<&Entry>,
    own: &[CreditSubject],
    asker: &Asker,
    applicant: Option<String>,
) -> Vec<(&'static str, Attribute<'static>)> {
    let department = entry.and_then(|entry| entry.record.department.as_ref());
    let (owner, area) = department.map_or((NOBODY, ""), |department| (department.as_str(), department.area()));
    let is_own = entry.is_some_and(|entry| own.contains(&entry.whom));
    let holder = if is_own { account(asker) } else { String::new() };
    let text = |text: String| Attribute::Text(text.into());
    let mut attributes = vec![
        ("owner", Attribute::Entity("Department".into(), owner.to_owned().into())),
        ("area", text(area.to_owned())),
        ("holder", text(holder)),
        ("level", Attribute::Number(RECORD_LEVEL)),
    ];
    attributes.extend(applicant.map(|applicant| ("applicant", text(applicant))));
    let publisher = entry.and_then(|entry| entry.published_by.clone());
    attributes.extend(publisher.map(|publisher| ("publisher", text(publisher))));
    attributes
}

fn account(asker: &Asker) -> String {
    asker.account().map(|account| account.to_string()).unwrap_or_default()
}

fn declared(asker: &Asker, purpose: &str) -> Result<(), CreditError> {
    if asker.declares(purpose) {
        return Ok(());
    }
    Err(CreditError::UndeclaredPurpose(purpose.chars().take(64).collect()))
}

/// A case's id goes into the audit log, where nothing personal may be.
fn checked_case(case: String) -> Result<String, CreditError> {
    let fits =
        (1..=64).contains(&case.len()) && case.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/".contains(&b));
    if fits {
        Ok(case)
    } else {
        Err(CreditError::invalid("case", "1 to 64 of A-Z, a-z, 0-9, `-`, `_`, `.`, `:` and `/`"))
    }
}
