use std::{ops::RangeInclusive, sync::Arc};

use zhongtai_kernel::{Assurance, DepartmentId, Subject, SubjectKind, Timestamp};

use crate::{Attributes, InvalidValue, LoginName, Password};

/// The data levels that an officer can be cleared for (分级分类).
pub(crate) const CLEARANCES: RangeInclusive<u8> = 1..=4;

/// An account as the platform's operators see it. Its attributes are read separately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id, kind, assurance, and an officer's department, roles and clearance.
    pub subject: Arc<Subject>,
    /// What the subject signs in with.
    pub login: LoginName,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it must not be used.
    pub disabled_at: Option<Timestamp>,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What the subject will sign in with.
    pub login: LoginName,
    /// And with which password.
    pub password: Password,
    /// What the subject is.
    pub kind: SubjectKind,
    /// How sure that is.
    pub assurance: Assurance,
    /// An officer's department.
    pub department: Option<DepartmentId>,
    /// An officer's roles, in any order.
    pub roles: Vec<String>,
    /// The highest data level that an officer is cleared for, 1 to 4; 1 when not given.
    pub clearance: Option<u8>,
    /// What is known about the subject.
    pub attributes: Attributes,
}

// === impl NewAccount ===

impl NewAccount {
    /// Departments, roles and clearances are an officer's; roles become sorted, as [`Subject`] wants them.
    pub(crate) fn checked(mut self) -> Result<Self, InvalidValue> {
        if self.kind != SubjectKind::Officer && !(self.department.is_none() && self.roles.is_empty()) {
            return Err(InvalidValue::new("department and roles", "none: only officers have them"));
        }
        if self.kind != SubjectKind::Officer && self.clearance.is_some() {
            return Err(InvalidValue::new("clearance", "none: only officers have one"));
        }
        if self.clearance.is_some_and(|level| !CLEARANCES.contains(&level)) {
            return Err(InvalidValue::new("clearance", "a data level, 1 to 4"));
        }
        if self.roles.len() > 32 || !self.roles.iter().all(|role| is_word(role)) {
            return Err(InvalidValue::new("roles", "at most 32, each 1 to 64 of a-z, 0-9, `-`, `_`, `.` and `:`"));
        }
        self.roles.sort();
        self.roles.dedup();
        Ok(self)
    }
}

/// A role or a scope: 1 to 64 of `a-z`, `0-9`, `-`, `_`, `.` and `:`.
pub(crate) fn is_word(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.:".contains(&b);
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}
