//! The only way from a caller to a provider: check, authorise, act.

use std::sync::Arc;

use zhongtai_impression::Drawing;
use zhongtai_kernel::{
    Access, AccountId, Attribute, Caller, Channel, DepartmentId, Digest, Release, RequestId, ScenarioId,
};
use zhongtai_pki::Trust;
use zhongtai_runtime::{Asker, Services};

use crate::{
    Act, ActKey, Cases, Cause, Facts, NewSeal, Order, People, Place, Report, Seal, SealError, SealEvent, SealName,
    SealProvider, SealUse, Sealed, SigningKey, Status, document::checked_text, examine,
};

/// Characters of the reason for a change.
const LONGEST_REASON: usize = 200;

/// Seals as callers get them: policy is asked, and the answer recorded, before anything is told or done.
pub struct Seals {
    provider: Arc<dyn SealProvider>,
    cases: Arc<dyn Cases>,
    people: Arc<dyn People>,
    outside: Trust,
    most_bytes: u64,
}

/// A paper that is to be sealed: certificates have one as PDF and one as OFD.
#[derive(Clone)]
pub struct Paper {
    /// The document.
    pub document: Vec<u8>,
    /// Where the seal goes.
    pub place: Place,
}

/// A seal with what happened to it.
#[derive(Debug, Clone)]
pub struct SealRecord {
    /// The seal.
    pub seal: Seal,
    /// What happened to it, the oldest first.
    pub events: Vec<SealEvent>,
    /// Its latest uses, the newest first.
    pub uses: Vec<SealUse>,
}

/// The host itself, at work for a scenario: a case's step, a certificate that is issued.
///
/// # Errors
/// Never for a scenario's id; a manifest has a failing form.
pub fn the_host(scenario: &ScenarioId) -> Result<Caller, SealError> {
    let (name, department) = (scenario.name(), scenario.department());
    let manifest = format!(
        "[plugin]\nname = \"{name}\"\nversion = \"1\"\ndepartment = \"{department}\"\ntitle = \"系统\"\n\
         access = \"signed-in\"\n"
    );
    let release = Release::parse(Digest::of(b"the host"), &manifest);
    let release = release.map_err(|error| SealError::Fault(error.to_string()))?;
    Ok(Caller::new(Arc::new(release), None, Channel::Internal))
}

/// The same, ready to ask: [`the_host`] in a request of its own.
///
/// # Errors
/// As [`the_host`].
pub fn by_the_host(scenario: &ScenarioId, services: Arc<Services>) -> Result<Asker, SealError> {
    Ok(Asker::new(RequestId::generate(), Arc::new(the_host(scenario)?), services))
}

// === impl Seals ===

impl Seals {
    /// `outside` is trusted when documents are verified, beside the platform's own authorities. Documents of more than
    /// `most_bytes` are refused.
    pub fn new(
        provider: Arc<dyn SealProvider>,
        cases: Arc<dyn Cases>,
        people: Arc<dyn People>,
        outside: Trust,
        most_bytes: u64,
    ) -> Self {
        Self { provider, cases, people, outside, most_bytes }
    }

    /// What keeps the seals: for the host's own use, such as publishing lists. It asks nobody.
    pub fn provider(&self) -> &Arc<dyn SealProvider> {
        &self.provider
    }

    /// The largest document that is taken, bytes.
    pub fn most_bytes(&self) -> u64 {
        self.most_bytes
    }

    /// Makes a seal (`seal:create`).
    pub async fn create(&self, asker: &mut Asker, new: NewSeal) -> Result<Seal, SealError> {
        authorise(asker, "seal:create", (&new.name, "new", None), &Facts::default()).await?;
        asker.committed().await?;
        self.provider.create(new, &actor(asker)).await
    }

    /// A department's seals (`seal:read`).
    pub async fn list(&self, asker: &mut Asker, department: &DepartmentId) -> Result<Vec<Seal>, SealError> {
        let attributes = attributes(department, "any", None);
        asker.authorise(&Access::described("seal:read", "Seal", department.as_str(), &attributes)).await?;
        self.provider.list(department).await
    }

    /// A seal, what happened to it and its latest uses (`seal:read`).
    pub async fn show(&self, asker: &mut Asker, name: &SealName) -> Result<SealRecord, SealError> {
        let seal = self.find(asker, "seal:read", name, &Facts::default()).await?;
        Ok(SealRecord { seal, events: self.provider.events(name).await?, uses: self.provider.uses(name).await? })
    }

    /// A seal's face (`seal:read`).
    pub async fn face(&self, asker: &mut Asker, name: &SealName) -> Result<Drawing, SealError> {
        self.find(asker, "seal:read", name, &Facts::default()).await?;
        self.provider.face(name).await
    }

    /// Takes a seal out of use for a while (`seal:suspend`).
    pub async fn suspend(&self, asker: &mut Asker, name: &SealName, reason: &str) -> Result<Seal, SealError> {
        checked_text("reason", reason, LONGEST_REASON)?;
        self.find(asker, "seal:suspend", name, &Facts::default()).await?;
        self.provider.suspend(name, &actor(asker), reason).await
    }

    /// Lets a suspended seal be used again (`seal:resume`).
    pub async fn resume(&self, asker: &mut Asker, name: &SealName, reason: &str) -> Result<Seal, SealError> {
        checked_text("reason", reason, LONGEST_REASON)?;
        self.find(asker, "seal:resume", name, &Facts::default()).await?;
        asker.committed().await?;
        self.provider.resume(name, &actor(asker), reason).await
    }

    /// Takes a seal out of use for good (`seal:revoke`).
    pub async fn revoke(
        &self,
        asker: &mut Asker,
        name: &SealName,
        (cause, reason): (Cause, &str),
    ) -> Result<Seal, SealError> {
        checked_text("reason", reason, LONGEST_REASON)?;
        self.find(asker, "seal:revoke", name, &Facts::default()).await?;
        asker.committed().await?;
        self.provider.revoke(name, &actor(asker), (cause, reason)).await
    }

    /// Seals a document for a case (`seal:apply`): once for a key. The record is on disk before the key is used.
    pub async fn apply(
        &self,
        asker: &mut Asker,
        name: &SealName,
        order: Order,
        key: ActKey,
    ) -> Result<Sealed, SealError> {
        self.sized(&order.document)?;
        let order = self.may_apply(asker, name, order).await?;
        self.provider.apply(&Act::of(asker.scenario().clone(), key), name, order).await
    }

    /// Seals the papers of one act, such as the PDF and the OFD of a certificate (`seal:apply`, asked once). Each paper
    /// is sealed once for the key and its position; what was sealed before a failure is the same the next time.
    pub async fn apply_papers(
        &self,
        asker: &mut Asker,
        name: &SealName,
        (papers, facts): (Vec<Paper>, Facts),
        key: ActKey,
    ) -> Result<Vec<Sealed>, SealError> {
        let (document, place) = (Vec::new(), Place { page: 1, x_mm: 0.0, y_mm: 0.0 });
        let facts = self.may_apply(asker, name, Order { document, place, facts }).await?.facts;
        let mut sealed = Vec::with_capacity(papers.len());
        for (number, Paper { document, place }) in papers.into_iter().enumerate() {
            self.sized(&document)?;
            let act = Act::of(asker.scenario().clone(), key.of_part(&number.to_string()));
            sealed.push(self.provider.apply(&act, name, Order { document, place, facts: facts.clone() }).await?);
        }
        Ok(sealed)
    }

    /// Asks policy with where the case is, as the host knows it or else as the asker says.
    async fn may_apply(&self, asker: &mut Asker, name: &SealName, order: Order) -> Result<Order, SealError> {
        let mut order = order;
        order.facts.check()?;
        if let Some(case) = &order.facts.case
            && let Some(stage) = self.cases.stage(asker.scenario(), case).await?
        {
            order.facts.stage = Some(stage);
        }
        let seal = self.find(asker, "seal:apply", name, &order.facts).await?;
        if order.facts.stage.as_deref() != Some(seal.stage.as_str()) {
            return Err(SealError::Stage { needed: seal.stage });
        }
        asker.committed().await?;
        Ok(order)
    }

    /// Checks a document for a declared purpose (`seal:verify`).
    pub async fn verify(&self, asker: &mut Asker, purpose: &str, document: Vec<u8>) -> Result<Report, SealError> {
        self.may_verify(asker, purpose).await?;
        self.examine(document, asker.now()).await
    }

    pub(crate) async fn may_verify(&self, asker: &mut Asker, purpose: &str) -> Result<(), SealError> {
        if !asker.declares(purpose) {
            return Err(SealError::UndeclaredPurpose(purpose.chars().take(64).collect()));
        }
        let department = asker.scenario().department().clone();
        let attributes = attributes(&department, "any", None);
        let access = Access::described("seal:verify", "Seal", "any", &attributes).for_purpose(purpose);
        Ok(asker.authorise(&access).await?)
    }

    /// Checks a document that somebody brought: nothing of the platform's is told but whether its seals are real.
    pub async fn examine(&self, document: Vec<u8>, now: zhongtai_kernel::Timestamp) -> Result<Report, SealError> {
        self.sized(&document)?;
        let trust = self.trust().await?;
        Ok(tokio::task::spawn_blocking(move || examine(&document, &trust, now)).await?)
    }

    /// The platform's own authorities and those of the configuration.
    pub async fn trust(&self) -> Result<Arc<Trust>, SealError> {
        let own = self.provider.trust().await?;
        if self.outside.roots.is_empty() && self.outside.revocations.is_empty() {
            return Ok(own);
        }
        let mut all = (*own).clone();
        all.roots.extend(self.outside.roots.iter().cloned());
        all.revocations.extend(self.outside.revocations.iter().cloned());
        Ok(Arc::new(all))
    }

    /// The asker's own signing key (`seal:read-key`).
    pub async fn signing_key(&self, asker: &mut Asker) -> Result<SigningKey, SealError> {
        let account = asker.account().ok_or(SealError::Anonymous)?;
        self.own_key(asker, "seal:read-key", account, &Facts::default()).await
    }

    /// Makes the asker a signing key, in the name that was verified (`seal:enrol`).
    pub async fn enrol(&self, asker: &mut Asker) -> Result<SigningKey, SealError> {
        let account = asker.account().ok_or(SealError::Anonymous)?;
        may_with_key(asker, "seal:enrol", ("new", account, "new"), &Facts::default()).await?;
        let name = self.people.name_of(account).await?;
        let name = name.ok_or_else(|| SealError::invalid("name", "a verified name of the account"))?;
        asker.committed().await?;
        self.provider.enrol(account, &name, &account.to_string()).await
    }

    /// Takes the asker's own signing key back for good (`seal:retire`).
    pub async fn retire(&self, asker: &mut Asker, (cause, reason): (Cause, &str)) -> Result<SigningKey, SealError> {
        checked_text("reason", reason, LONGEST_REASON)?;
        let account = asker.account().ok_or(SealError::Anonymous)?;
        self.own_key(asker, "seal:retire", account, &Facts::default()).await?;
        asker.committed().await?;
        self.provider.retire(account, &account.to_string(), (cause, reason)).await
    }

    /// Signs a document with the asker's own key (`seal:sign`): once for a key.
    pub async fn sign(&self, asker: &mut Asker, order: Order, key: ActKey) -> Result<Sealed, SealError> {
        self.sized(&order.document)?;
        order.facts.check()?;
        let account = asker.account().ok_or(SealError::Anonymous)?;
        self.own_key(asker, "seal:sign", account, &order.facts).await?;
        asker.committed().await?;
        let act = Act::by(asker.scenario().clone(), &account.to_string(), key);
        self.provider.sign(&act, account, order).await
    }

    /// The account's key, if policy lets the asker do `action` with it. That there is none is not told before.
    async fn own_key(
        &self,
        asker: &mut Asker,
        action: &'static str,
        account: AccountId,
        facts: &Facts,
    ) -> Result<SigningKey, SealError> {
        let found = self.provider.signing_key(account).await?;
        let (id, status) = match &found {
            Some(key) => (key.id.as_str(), key.status(asker.now()).as_str()),
            None => ("unknown", "unknown"),
        };
        let allowed = may_with_key(asker, action, (id, account, status), facts).await;
        plainer(allowed, "signing key", found.as_ref().map(|key| key.status(asker.now())))?;
        found.ok_or(SealError::NotFound("signing key"))
    }

    /// A seal, if policy lets the asker do `action` with it. That there is none is not told before.
    async fn find(
        &self,
        asker: &mut Asker,
        action: &'static str,
        name: &SealName,
        facts: &Facts,
    ) -> Result<Seal, SealError> {
        let found = self.provider.find(name).await?;
        let status = found.as_ref().map(|seal| seal.status(asker.now()));
        let word = status.map_or("unknown", Status::as_str);
        let allowed = authorise(asker, action, (name, word, facts.stage.as_deref()), facts).await;
        let is_own = asker.scenario().department() == name.department();
        plainer(allowed, "seal", status.filter(|_| is_own))?;
        found.ok_or(SealError::NotFound("seal"))
    }

    fn sized(&self, document: &[u8]) -> Result<(), SealError> {
        if document.len() as u64 > self.most_bytes { Err(SealError::TooLarge(self.most_bytes)) } else { Ok(()) }
    }
}

/// A refusal of what can't be used says so to whoever it belongs to; policy has refused, and that is on record.
fn plainer(allowed: Result<(), SealError>, what: &'static str, status: Option<Status>) -> Result<(), SealError> {
    match (allowed, status) {
        (Err(SealError::Denied(_)), Some(status)) if status != Status::Valid => {
            Err(SealError::Standing { what, status })
        }
        (other, _) => other,
    }
}

/// Who acts, for what is remembered of it.
fn actor(asker: &Asker) -> String {
    asker.account().map_or_else(|| asker.scenario().to_string(), |account| account.to_string())
}

async fn authorise(
    asker: &mut Asker,
    action: &'static str,
    (name, status, stage): (&SealName, &str, Option<&str>),
    facts: &Facts,
) -> Result<(), SealError> {
    let attributes = attributes(name.department(), status, stage);
    let mut access = Access::described(action, "Seal", name.as_str(), &attributes);
    access.case = facts.case.as_deref();
    Ok(asker.authorise(&access).await?)
}

async fn may_with_key(
    asker: &mut Asker,
    action: &'static str,
    (id, account, status): (&str, AccountId, &str),
    facts: &Facts,
) -> Result<(), SealError> {
    let attributes =
        [("holder", Attribute::Text(account.to_string().into())), ("status", Attribute::Text(status.into()))];
    let mut access = Access::described(action, "SigningKey", id, &attributes);
    access.case = facts.case.as_deref();
    Ok(asker.authorise(&access).await?)
}

/// What policy sees of a seal: whose it is, how it stands, and the stage of the case that it is used for.
fn attributes<'a>(
    department: &'a DepartmentId,
    status: &'a str,
    stage: Option<&'a str>,
) -> Vec<(&'static str, Attribute<'a>)> {
    let mut attributes = vec![
        ("owner", Attribute::Entity("Department".into(), department.as_str().into())),
        ("status", Attribute::Text(status.into())),
    ];
    attributes.extend(stage.map(|stage| ("stage", Attribute::Text(stage.into()))));
    attributes
}
