use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AccountId, DepartmentId, Release};

/// What a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// 自然人
    NaturalPerson,
    /// 法人
    LegalPerson,
    /// 政务人员
    Officer,
}

impl SubjectKind {
    /// The word used in policies, the CLI and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NaturalPerson => "natural-person",
            Self::LegalPerson => "legal-person",
            Self::Officer => "officer",
        }
    }
}

/// How sure the host is of who a subject is. Ordered: higher is surer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assurance {
    /// A password.
    Low = 1,
    /// A password and a second factor.
    Substantial = 2,
    /// Identity proven in person or by an electronic certificate.
    High = 3,
}

/// A person, enterprise or officer who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The account.
    pub account: AccountId,
    /// What the subject is.
    pub kind: SubjectKind,
    /// How sure that is.
    pub assurance: Assurance,
    /// An officer's department.
    pub department: Option<DepartmentId>,
    /// An officer's roles, sorted.
    pub roles: Vec<String>,
}

/// The Cedar principal of a request: the plugin, its department and the subject, seen together.
#[derive(Debug, Clone)]
pub struct Caller {
    release: Arc<Release>,
    subject: Option<Arc<Subject>>,
    key: Arc<[u8]>,
}

// === impl Caller ===

impl Caller {
    /// The caller of one request: `release` runs on behalf of `subject`.
    pub fn new(release: Arc<Release>, subject: Option<Arc<Subject>>) -> Self {
        let key = caller_key(&release, subject.as_deref());
        Self { release, subject, key }
    }

    /// What runs.
    pub fn release(&self) -> &Arc<Release> {
        &self.release
    }

    /// Who asks, when somebody signed in.
    pub fn subject(&self) -> Option<&Arc<Subject>> {
        self.subject.as_ref()
    }

    /// Every fact about the caller that a policy can see, in one canonical text: two callers with the same key
    /// get the same decisions.
    pub fn key(&self) -> &[u8] {
        &self.key
    }
}

/// Lists each fact with its length, so that no two different callers share a key.
fn caller_key(release: &Release, subject: Option<&Subject>) -> Arc<[u8]> {
    let mut key = Vec::with_capacity(160);
    let mut push = |part: &[u8]| {
        key.extend_from_slice(&(part.len() as u32).to_le_bytes());
        key.extend_from_slice(part);
    };
    push(release.digest().to_string().as_bytes());
    push(release.manifest_digest().to_string().as_bytes());
    if let Some(subject) = subject {
        push(&subject.account.to_bytes());
        push(subject.kind.as_str().as_bytes());
        push(&[subject.assurance as u8]);
        push(subject.department.as_ref().map_or("", DepartmentId::as_str).as_bytes());
        subject.roles.iter().for_each(|role| push(role.as_bytes()));
    }
    key.into()
}
