//! What is asked of policy, and what it answers.

use std::{borrow::Cow, sync::Arc};

use serde::Serialize;

use crate::Caller;

/// A question to policy: may the caller do `action` on `resource`?
#[derive(Debug, Clone)]
pub struct Access<'a> {
    /// The Cedar action, `capability:verb`, such as `credit:check`.
    pub action: &'static str,
    /// What the action is on.
    pub resource: Resource<'a>,
    /// Why, where the action needs a purpose.
    pub purpose: Option<&'a str>,
}

/// A Cedar resource. One without attributes is looked up among the entities that `policies/` declares.
#[derive(Debug, Clone)]
pub struct Resource<'a> {
    /// The Cedar entity type, such as `Field`.
    pub kind: &'static str,
    /// The entity's id, such as `credit.detail`.
    pub id: Cow<'a, str>,
    /// Facts that the caller of policy knows and `policies/` can't.
    pub attributes: &'a [(&'static str, Attribute<'a>)],
}

/// A value of a resource's attribute.
#[derive(Debug, Clone)]
pub enum Attribute<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number.
    Number(i64),
    /// A reference to an entity: type and id.
    Entity(&'static str, Cow<'a, str>),
}

impl<'a> Access<'a> {
    /// `action` on an entity that `policies/` declares.
    pub fn declared(action: &'static str, kind: &'static str, id: impl Into<Cow<'a, str>>) -> Self {
        Self::described(action, kind, id, &[])
    }

    /// `action` on an entity with attributes known here.
    pub fn described(
        action: &'static str,
        kind: &'static str,
        id: impl Into<Cow<'a, str>>,
        attributes: &'a [(&'static str, Attribute<'a>)],
    ) -> Self {
        let resource = Resource { kind, id: id.into(), attributes };
        Self { action, resource, purpose: None }
    }

    /// The same access for a purpose.
    #[must_use]
    pub fn for_purpose(mut self, purpose: &'a str) -> Self {
        self.purpose = Some(purpose);
        self
    }
}

/// Allowed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// At least one permit, no forbid, no error.
    Allow,
    /// Anything else.
    Deny,
}

/// Policy's answer with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Allowed or not.
    pub effect: Effect,
    /// The policies that decided, by id.
    pub reasons: Vec<Arc<str>>,
    /// What went wrong while deciding. Not empty means denied.
    pub errors: Vec<String>,
    /// The hash of the policy set that was asked.
    pub policy: Arc<str>,
}

impl Decision {
    /// True when the access is allowed.
    pub fn is_allow(&self) -> bool {
        self.effect == Effect::Allow
    }
}

/// Something that decides. There is one in production, over Cedar; never one that always says yes.
pub trait Guard: Send + Sync + 'static {
    /// Decides one access. Never fails: what goes wrong is a denial with errors.
    fn decide(&self, caller: &Caller, access: &Access<'_>) -> Arc<Decision>;
}
