use zhongtai_kernel::ErrorKind;
use zhongtai_store::StoreError;

use crate::State;

/// A step of the change process that can't be taken.
#[derive(Debug, thiserror::Error)]
pub enum GovernanceError {
    /// There is no such version.
    #[error("there is no policy version {0}; `zt policy history` lists them")]
    NoSuchVersion(i64),
    /// The act does not follow from the state.
    #[error("version {number} is {state}, so it can't be {wanted}")]
    State {
        /// Which version.
        number: i64,
        /// How far it is.
        state: &'static str,
        /// What was asked.
        wanted: &'static str,
    },
    /// The proposer approves.
    #[error("version {0} was proposed by this account: somebody else must approve it")]
    SelfApproval(i64),
    /// The analysis has no result yet.
    #[error("version {0} is still being analysed; try again in a moment")]
    NotAnalysed(i64),
    /// Not proved, and no reason given.
    #[error("version {number} is not proved to grant nothing new ({proof}): approve it with a reason")]
    ReasonNeeded {
        /// Which version.
        number: i64,
        /// What the analysis found.
        proof: &'static str,
    },
    /// A reason is asked for and was empty.
    #[error("say why: the reason is empty")]
    EmptyReason,
    /// Made from a version that is not in force any more.
    #[error(
        "version {number} was made from version {base}, but version {in_force} is in force: propose it again on top \
         of that"
    )]
    Stale {
        /// Which version.
        number: i64,
        /// What it was made from.
        base: i64,
        /// What decides now.
        in_force: i64,
    },
    /// The texts are those in force.
    #[error("the proposal is the same as version {0}, which is in force")]
    NothingChanges(i64),
    /// There is no earlier version.
    #[error("no version was in force before version {0}")]
    NothingEarlier(i64),
    /// The chain or the texts were changed behind the host's back.
    #[error(
        "the policy history is not what was signed: {0}; the version in force stays, restore the tables policy_versions \
         and policy_events from a backup"
    )]
    Tampered(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

// === impl GovernanceError ===

impl GovernanceError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoSuchVersion(_) => ErrorKind::NotFound,
            Self::SelfApproval(_) => ErrorKind::Denied,
            Self::ReasonNeeded { .. } | Self::EmptyReason => ErrorKind::Invalid,
            Self::State { .. }
            | Self::NotAnalysed(_)
            | Self::Stale { .. }
            | Self::NothingChanges(_)
            | Self::NothingEarlier(_) => ErrorKind::Conflict,
            Self::Tampered(_) => ErrorKind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }

    pub(crate) fn state(number: i64, state: State, wanted: &'static str) -> Self {
        let state = match state {
            State::Proposed => "proposed, not approved",
            State::Approved => "approved already",
            State::Rejected => "rejected",
            State::InForce => "in force",
            State::Replaced => "replaced by a later one",
        };
        Self::State { number, state, wanted }
    }
}

impl From<sqlx::Error> for GovernanceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
