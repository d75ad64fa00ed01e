use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AccountId, DepartmentId, Digest, Release, ScenarioId};

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The highest data level that an officer is cleared for: 1 to 4. Everybody else has 1.
    pub clearance: u8,
    /// Who acts for a legal person, when it is not the legal person's own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Agent>,
}

/// A person who acts for a legal person by a mandate (委托), and how far it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// The person's account.
    pub account: AccountId,
    /// The mandate's id.
    pub mandate: String,
    /// The scenarios that it is for, sorted; `None` is all of them.
    pub scenarios: Option<Vec<ScenarioId>>,
    /// What it is for, sorted: `apply`, `pay`, `sign`.
    pub actions: Vec<String>,
}

/// How a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// A person's browser (网上).
    Web,
    /// A program with a bearer token (接口).
    Api,
    /// The host itself: a timer, a callback, a case's step (系统).
    Internal,
}

// === impl Channel ===

impl Channel {
    /// The word used in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Api => "api",
            Self::Internal => "internal",
        }
    }
}

/// The Cedar principal of a request: the plugin, its department and the subject, seen together.
#[derive(Debug, Clone)]
pub struct Caller {
    release: Arc<Release>,
    subject: Option<Arc<Subject>>,
    channel: Channel,
    key: Arc<[u8]>,
}

/// Every fact about a caller that policy sees: recorded in the audit log, and asked again in a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerFacts {
    /// What runs, for which department.
    pub scenario: ScenarioId,
    /// The digest of what runs.
    pub component: Digest,
    /// The purposes that its manifest declares.
    pub purposes: Vec<String>,
    /// How the request came in.
    pub channel: Channel,
    /// Who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
}

// === impl Caller ===

impl Caller {
    /// The caller of one request: `release` runs on behalf of `subject`.
    pub fn new(release: Arc<Release>, subject: Option<Arc<Subject>>, channel: Channel) -> Self {
        let key = caller_key(&release, subject.as_deref(), channel);
        Self { release, subject, channel, key }
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
    pub fn key(&self) -> &Arc<[u8]> {
        &self.key
    }

    /// The same facts for people and records.
    pub fn facts(&self) -> CallerFacts {
        CallerFacts {
            scenario: self.release.scenario().clone(),
            component: *self.release.digest(),
            purposes: self.release.manifest().plugin.purposes.clone(),
            channel: self.channel,
            subject: self.subject.as_deref().cloned(),
        }
    }
}

/// Lists each fact with its length, so that no two different callers share a key.
fn caller_key(release: &Release, subject: Option<&Subject>, channel: Channel) -> Arc<[u8]> {
    let mut key = Vec::with_capacity(160);
    let mut push = |part: &[u8]| {
        key.extend_from_slice(&(part.len() as u32).to_le_bytes());
        key.extend_from_slice(part);
    };
    push(release.digest().to_string().as_bytes());
    push(release.manifest_digest().to_string().as_bytes());
    push(channel.as_str().as_bytes());
    if let Some(subject) = subject {
        push(&subject.account.to_bytes());
        push(subject.kind.as_str().as_bytes());
        push(&[subject.assurance as u8, subject.clearance]);
        push(subject.department.as_ref().map_or("", DepartmentId::as_str).as_bytes());
        push(&(subject.roles.len() as u32).to_le_bytes());
        subject.roles.iter().for_each(|role| push(role.as_bytes()));
        if let Some(agent) = &subject.agent {
            push(&agent.account.to_bytes());
            push(agent.mandate.as_bytes());
            // All scenarios is not the same as none.
            push(&[u8::from(agent.scenarios.is_some())]);
            push(&(agent.actions.len() as u32).to_le_bytes());
            agent.actions.iter().for_each(|action| push(action.as_bytes()));
            agent.scenarios.iter().flatten().for_each(|scenario| push(scenario.as_str().as_bytes()));
        }
    }
    key.into()
}
