use serde::Serialize;
use zhongtai_kernel::{ScenarioId, Timestamp};

/// An operator's approval: the scenario may use the capability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// To whom.
    pub scenario: ScenarioId,
    /// What.
    pub capability: String,
    /// The account that approved.
    pub granted_by: String,
    /// When.
    pub granted_at: Timestamp,
}
