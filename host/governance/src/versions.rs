//! The change process: every rule about who may do what to a version, and when.

use std::sync::Arc;

use serde_json::json;
use zhongtai_authz::PolicyTexts;
use zhongtai_kernel::{Clock, Digest};
use zhongtai_store::{Store, WriteTransaction};

use crate::{
    Act, Event, GovernanceError, InForce, Proof, SigningSeed, State, Version,
    chain::Chain,
    rows::{self, VersionRow},
};

/// The versions of this platform. Cheap to clone.
#[derive(Clone)]
pub struct Versions {
    store: Store,
    clock: Arc<dyn Clock>,
    chain: Arc<Chain>,
}

/// A change that somebody puts forward. Its texts have been compiled and their cases passed before it comes here.
pub struct Proposal<'a> {
    /// The whole set, not a difference.
    pub texts: &'a PolicyTexts,
    /// Why, in the proposer's words.
    pub reason: &'a str,
    /// The proposer's account.
    pub actor: &'a str,
}

/// The chain, checked, with what it says.
struct History {
    rows: Vec<VersionRow>,
    events: Vec<Event>,
}

// === impl History ===

impl History {
    fn last_signature(&self) -> &str {
        self.events.last().map_or("", |event| &event.signature)
    }

    /// The versions that were put in force, in order.
    fn activations(&self) -> impl DoubleEndedIterator<Item = i64> {
        let puts = |event: &&Event| matches!(event.act, Act::Activate | Act::RollBack);
        self.events.iter().filter(puts).map(|event| event.version)
    }

    fn in_force(&self) -> Option<i64> {
        self.activations().next_back()
    }

    fn shadow(&self) -> Option<i64> {
        let about = |event: &&Event| matches!(event.act, Act::Shadow | Act::EndShadow);
        let last = self.events.iter().rev().find(about)?;
        (last.act == Act::Shadow && self.in_force() != Some(last.version)).then_some(last.version)
    }

    fn version(&self, number: i64) -> Result<Version, GovernanceError> {
        let row = self.rows.iter().find(|row| row.number == number);
        row.ok_or(GovernanceError::NoSuchVersion(number)).and_then(|row| self.describe(row))
    }

    fn describe(&self, row: &VersionRow) -> Result<Version, GovernanceError> {
        let number = row.number;
        let events: Vec<_> = self.events.iter().filter(|event| event.version == number).cloned().collect();
        let signed = events.iter().find(|event| event.act == Act::Propose).map(|event| event.detail.as_str());
        if signed != Some(&proposed(row.base, &row.hash)) {
            return Err(GovernanceError::Tampered(format!("version {number} is not the one that was proposed")));
        }
        let hash: Digest = row.hash.parse().map_err(|_| GovernanceError::Tampered("a hash is none".to_owned()))?;
        let proof = events.iter().rev().find(|event| event.act == Act::Analyse);
        Ok(Version {
            number,
            base: row.base,
            hash,
            state: self.state(number, &events),
            proof: proof.and_then(|event| Proof::parse(&event.reason)),
            events,
        })
    }

    fn state(&self, number: i64, events: &[Event]) -> State {
        let has = |act| events.iter().any(|event| event.act == act);
        if self.in_force() == Some(number) {
            State::InForce
        } else if self.activations().any(|once| once == number) {
            State::Replaced
        } else if has(Act::Reject) {
            State::Rejected
        } else if has(Act::Approve) {
            State::Approved
        } else {
            State::Proposed
        }
    }
}

// === impl Versions ===

impl Versions {
    /// The versions in `store`, signed by `seed`.
    pub fn new(store: Store, clock: Arc<dyn Clock>, seed: &SigningSeed) -> Self {
        Self { store, clock, chain: Arc::new(Chain::new(seed)) }
    }

    /// Makes version 1 of `texts` and puts it in force, when there is no version yet. Returns true if it did.
    pub async fn begin(&self, texts: &PolicyTexts, actor: &str) -> Result<bool, GovernanceError> {
        let (mut write, history) = self.begin_write().await?;
        if !history.rows.is_empty() {
            return Ok(false);
        }
        let row = VersionRow { number: 1, base: 0, hash: texts.hash().to_string() };
        rows::insert_version(&mut write, &row, texts).await?;
        let reason = "the policies that the host was started with";
        let first = self.event(&history, 1, Act::Propose, actor, reason, proposed(0, &row.hash));
        rows::insert_event(&mut write, &first).await?;
        let history = History { rows: vec![row], events: vec![first] };
        let second = self.event(&history, 1, Act::Activate, actor, reason, String::new());
        rows::insert_event(&mut write, &second).await?;
        write.commit().await?;
        Ok(true)
    }

    /// Puts a change of the version in force forward, and returns its number.
    pub async fn propose(&self, proposal: &Proposal<'_>) -> Result<i64, GovernanceError> {
        need_reason(proposal.reason)?;
        let (mut write, history) = self.begin_write().await?;
        let base = history.in_force().unwrap_or(0);
        let hash = proposal.texts.hash();
        if history.version(base).is_ok_and(|version| version.hash == hash) {
            return Err(GovernanceError::NothingChanges(base));
        }
        let number = history.rows.last().map_or(0, |row| row.number) + 1;
        let row = VersionRow { number, base, hash: hash.to_string() };
        rows::insert_version(&mut write, &row, proposal.texts).await?;
        let detail = proposed(base, &row.hash);
        self.append(write, &history, (number, Act::Propose), proposal.actor, proposal.reason, detail).await?;
        Ok(number)
    }

    /// Keeps what the analysis of a proposed version found; `report` is for people.
    pub async fn analysed(&self, number: i64, proof: Proof, report: String) -> Result<(), GovernanceError> {
        let (write, history) = self.begin_write().await?;
        history.version(number)?;
        self.append(write, &history, (number, Act::Analyse), "the host", proof.as_str(), report).await
    }

    /// A second person agrees. `reason` may be empty only for what is proved to grant nothing new.
    pub async fn approve(&self, number: i64, actor: &str, reason: &str) -> Result<(), GovernanceError> {
        let (write, history) = self.begin_write().await?;
        let version = history.version(number)?;
        if version.state != State::Proposed {
            return Err(GovernanceError::state(number, version.state, "approved"));
        }
        if version.event(Act::Propose).is_some_and(|event| event.actor == actor) {
            return Err(GovernanceError::SelfApproval(number));
        }
        match version.proof {
            None => return Err(GovernanceError::NotAnalysed(number)),
            Some(proof) if proof != Proof::Proved && reason.trim().is_empty() => {
                return Err(GovernanceError::ReasonNeeded { number, proof: proof.as_str() });
            }
            Some(_) => {}
        }
        self.append(write, &history, (number, Act::Approve), actor, reason, String::new()).await
    }

    /// Refuses a version, or takes an own one back.
    pub async fn reject(&self, number: i64, actor: &str, reason: &str) -> Result<(), GovernanceError> {
        need_reason(reason)?;
        let (write, history) = self.begin_write().await?;
        let version = history.version(number)?;
        if !matches!(version.state, State::Proposed | State::Approved) {
            return Err(GovernanceError::state(number, version.state, "rejected"));
        }
        self.append(write, &history, (number, Act::Reject), actor, reason, String::new()).await
    }

    /// Puts an approved version in force.
    pub async fn activate(&self, number: i64, actor: &str) -> Result<(), GovernanceError> {
        let (write, history) = self.begin_write().await?;
        let version = history.version(number)?;
        if version.state != State::Approved {
            return Err(GovernanceError::state(number, version.state, "activated"));
        }
        let in_force = history.in_force().unwrap_or(0);
        if version.base != in_force {
            return Err(GovernanceError::Stale { number, base: version.base, in_force });
        }
        self.append(write, &history, (number, Act::Activate), actor, "", String::new()).await
    }

    /// Puts an earlier version in force again, at once: `to`, or the one before. Returns its number.
    pub async fn roll_back(&self, to: Option<i64>, actor: &str, reason: &str) -> Result<i64, GovernanceError> {
        need_reason(reason)?;
        let (write, history) = self.begin_write().await?;
        let now = history.in_force().unwrap_or(0);
        let number = match to {
            Some(number) => number,
            None => history.version(now)?.base,
        };
        if number == 0 {
            return Err(GovernanceError::NothingEarlier(now));
        }
        let version = history.version(number)?;
        if version.state != State::Replaced {
            return Err(GovernanceError::state(number, version.state, "brought back"));
        }
        self.append(write, &history, (number, Act::RollBack), actor, reason, String::new()).await?;
        Ok(number)
    }

    /// Has a version evaluated beside the one in force, or ends that.
    pub async fn shadow(&self, number: Option<i64>, actor: &str) -> Result<(), GovernanceError> {
        let (write, history) = self.begin_write().await?;
        let (number, act) = match number {
            Some(number) => (number, Act::Shadow),
            None => (history.in_force().unwrap_or(0), Act::EndShadow),
        };
        let version = history.version(number)?;
        if act == Act::Shadow && matches!(version.state, State::InForce | State::Rejected) {
            return Err(GovernanceError::state(number, version.state, "put in shadow"));
        }
        self.append(write, &history, (number, act), actor, "", String::new()).await
    }

    /// Every version, newest first.
    pub async fn history(&self) -> Result<Vec<Version>, GovernanceError> {
        let history = self.read().await?;
        history.rows.iter().rev().map(|row| history.describe(row)).collect()
    }

    /// One version.
    pub async fn get(&self, number: i64) -> Result<Version, GovernanceError> {
        self.read().await?.version(number)
    }

    /// One version's texts, as they were proposed.
    pub async fn texts(&self, number: i64) -> Result<PolicyTexts, GovernanceError> {
        let version = self.get(number).await?;
        rows::texts(self.store.pool(), number, &version.hash.to_string()).await
    }

    /// The chain's last step: something happened when it grew.
    pub async fn step(&self) -> Result<i64, GovernanceError> {
        rows::last_step(self.store.pool()).await
    }

    /// What decides now, with the whole chain checked. `None` before [`Self::begin`].
    pub async fn in_force(&self) -> Result<Option<InForce>, GovernanceError> {
        let history = self.read().await?;
        let Some(number) = history.in_force() else { return Ok(None) };
        let texts = self.checked_texts(&history, number).await?;
        let shadow = match history.shadow() {
            Some(shadow) => Some((shadow, self.checked_texts(&history, shadow).await?)),
            None => None,
        };
        let step = history.events.last().map_or(0, |event| event.step);
        Ok(Some(InForce { step, number, texts, shadow }))
    }

    async fn checked_texts(&self, history: &History, number: i64) -> Result<PolicyTexts, GovernanceError> {
        let hash = history.version(number)?.hash.to_string();
        rows::texts(self.store.pool(), number, &hash).await
    }

    async fn read(&self) -> Result<History, GovernanceError> {
        // Versions after events: a version that comes between is not described yet, one whose event is missing would be.
        let events = rows::events(self.store.pool()).await?;
        let mut rows = rows::versions(self.store.pool()).await?;
        self.chain.verify(&events)?;
        let proposed = |row: &VersionRow| events.iter().any(|event| event.version == row.number);
        rows.retain(proposed);
        Ok(History { rows, events })
    }

    async fn begin_write(&self) -> Result<(WriteTransaction, History), GovernanceError> {
        let mut write = self.store.begin_write().await?;
        let rows = rows::versions(&mut *write).await?;
        let events = rows::events(&mut *write).await?;
        self.chain.verify(&events)?;
        Ok((write, History { rows, events }))
    }

    /// Two hosts that append at once both want the same step: its primary key lets one through.
    async fn append(
        &self,
        mut write: WriteTransaction,
        history: &History,
        (version, act): (i64, Act),
        actor: &str,
        reason: &str,
        detail: String,
    ) -> Result<(), GovernanceError> {
        let event = self.event(history, version, act, actor, reason, detail);
        rows::insert_event(&mut write, &event).await?;
        write.commit().await?;
        Ok(())
    }

    fn event(&self, history: &History, version: i64, act: Act, actor: &str, reason: &str, detail: String) -> Event {
        let event = Event {
            step: history.events.last().map_or(0, |event| event.step) + 1,
            version,
            act,
            actor: actor.to_owned(),
            at: self.clock.now(),
            reason: reason.to_owned(),
            detail,
            signature: String::new(),
        };
        self.chain.sign(event, history.last_signature())
    }
}

/// What a proposal's event says of its texts.
fn proposed(base: i64, hash: &str) -> String {
    json!({ "base": base, "hash": hash }).to_string()
}

fn need_reason(reason: &str) -> Result<(), GovernanceError> {
    if reason.trim().is_empty() { Err(GovernanceError::EmptyReason) } else { Ok(()) }
}
