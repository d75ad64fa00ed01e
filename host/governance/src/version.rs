use serde::{Deserialize, Serialize};
use zhongtai_authz::PolicyTexts;
use zhongtai_kernel::{Digest, Timestamp};

/// What somebody, or the host, did to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Put it forward.
    Propose,
    /// Had the solver compare it with its base.
    Analyse,
    /// Agreed, as a second person.
    Approve,
    /// Refused it, or took it back.
    Reject,
    /// Put it in force.
    Activate,
    /// Put it in force again, in place of a later one.
    RollBack,
    /// Had it evaluated beside the version in force.
    Shadow,
    /// Ended that.
    EndShadow,
}

// === impl Act ===

impl Act {
    const EVERY: [Self; 8] = [
        Self::Propose,
        Self::Analyse,
        Self::Approve,
        Self::Reject,
        Self::Activate,
        Self::RollBack,
        Self::Shadow,
        Self::EndShadow,
    ];

    /// The word used in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Propose => "propose",
            Self::Analyse => "analyse",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Activate => "activate",
            Self::RollBack => "roll-back",
            Self::Shadow => "shadow",
            Self::EndShadow => "end-shadow",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|act| act.as_str() == text)
    }
}

/// What the analysis of a change found, at worst over all kinds of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// Nothing new can be granted.
    Proved,
    /// Something new can be granted: there is a request that shows it.
    Counterexample,
    /// The solver could not say.
    Unknown,
    /// The change is beyond what the solver understands.
    Unsupported,
}

// === impl Proof ===

impl Proof {
    /// The word used in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Counterexample => "counterexample",
            Self::Unknown => "unknown",
            Self::Unsupported => "unsupported",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Proved, Self::Counterexample, Self::Unknown, Self::Unsupported]
            .into_iter()
            .find(|proof| proof.as_str() == text)
    }
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// From 1, without gaps.
    pub step: i64,
    /// Which version.
    pub version: i64,
    /// What was done.
    pub act: Act,
    /// By whom: an account's id, or the host.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// Why, in the actor's words; for an analysis its [`Proof`].
    pub reason: String,
    /// What belongs to the act: for a proposal the base and the hash of the texts, for an analysis its report.
    pub detail: String,
    /// Ed25519 over the event and the signature before it, base64.
    pub signature: String,
}

/// How far a version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waits for a second person.
    Proposed,
    /// May be activated.
    Approved,
    /// Will never be in force.
    Rejected,
    /// Decides now.
    InForce,
    /// Decided once; may come back.
    Replaced,
}

/// A version with what happened to it, without its texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// From 1.
    pub number: i64,
    /// The version it was made from; 0 for the first.
    pub base: i64,
    /// Of its texts: what decisions carry.
    pub hash: Digest,
    /// How far it has come.
    pub state: State,
    /// What the analysis found, once it is done.
    pub proof: Option<Proof>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
}

// === impl Version ===

impl Version {
    /// The event of an act, the last one of its kind.
    pub fn event(&self, act: Act) -> Option<&Event> {
        self.events.iter().rev().find(|event| event.act == act)
    }
}

/// What decides now, and what is watched beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The chain's last step: grows with every event.
    pub step: i64,
    /// The version in force.
    pub number: i64,
    /// Its texts, with their hash checked against the chain.
    pub texts: PolicyTexts,
    /// The version in shadow.
    pub shadow: Option<(i64, PolicyTexts)>,
}
