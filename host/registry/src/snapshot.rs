use std::collections::BTreeMap;

use zhongtai_kernel::ScenarioId;

use crate::Deployed;

/// Every deployment at one generation.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Raised by every change.
    pub generation: i64,
    /// The releases that answer, heaviest first, by scenario.
    pub deployments: BTreeMap<ScenarioId, Vec<Deployed>>,
}
