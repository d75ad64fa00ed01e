use serde::{Deserialize, Serialize};

/// How much the certificates of a type are used by a department (用证率).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The type's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who issued, was to be shown, or used them: a department, or an enterprise as verifier.
    pub department: String,
    /// Certificates issued by the department.
    pub issued: u64,
    /// Presentations made for the department.
    pub presented: u64,
    /// Times that the department read or redeemed one instead of asking for paper.
    pub used: u64,
}

/// Of a type's certificates, how many were used at least once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRate {
    /// The type's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Certificates issued, whatever became of them.
    pub issued: u64,
    /// Those of them that were used by somebody.
    pub used: u64,
}

// === impl UsageRate ===

impl UsageRate {
    /// 用证率 in percent, rounded down; `None` when none was issued.
    pub fn percent(&self) -> Option<u64> {
        (self.used * 100).checked_div(self.issued)
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    Issued,
    Presented,
    Used,
}
