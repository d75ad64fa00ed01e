//! What is asked of policy, and what it answers.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Serialize};

use crate::{Caller, Mask, Timestamp};

/// A question to policy: may the caller do `action` on `resource`?
#[derive(Debug, Clone)]
pub struct Access<'a> {
    /// The Cedar action, `capability:verb`, such as `credit:check`.
    pub action: &'static str,
    /// What the action is on.
    pub resource: Resource<'a>,
    /// Why, where the action needs a purpose (目的).
    pub purpose: Option<&'a str>,
    /// On what legal ground (依据), such as `statutory-duty`: PIPL art. 13.
    pub basis: Option<&'a str>,
    /// With whose consent (授权书): the consent's id.
    pub consent: Option<&'a str>,
    /// For which case (办件): its id.
    pub case: Option<&'a str>,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Attribute<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// A reference to an entity: type and id.
    Entity(Cow<'a, str>, Cow<'a, str>),
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
        Self { action, resource, purpose: None, basis: None, consent: None, case: None }
    }

    /// The same access for a purpose.
    #[must_use]
    pub fn for_purpose(mut self, purpose: &'a str) -> Self {
        self.purpose = Some(purpose);
        self
    }
}

/// What was asked, in full: every fact about the access that policy saw, but the caller and the time, which a record
/// of the audit log holds beside it. What was recorded can be asked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The Cedar action.
    pub action: String,
    /// The resource's Cedar entity type.
    pub kind: String,
    /// The resource's id.
    pub id: String,
    /// The resource's attributes, when it was not looked up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<(String, Attribute<'static>)>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// On what legal ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// With which consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// For which case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
}

// === impl Question ===

impl Question {
    /// The resource as Cedar writes it: `Field::"credit.detail"`.
    pub fn resource(&self) -> String {
        format!("{}::\"{}\"", self.kind, self.id)
    }
}

impl From<&Access<'_>> for Question {
    fn from(access: &Access<'_>) -> Self {
        let attributes =
            access.resource.attributes.iter().map(|(name, value)| ((*name).to_owned(), value.to_static())).collect();
        Self {
            action: access.action.to_owned(),
            kind: access.resource.kind.to_owned(),
            id: access.resource.id.clone().into_owned(),
            attributes,
            purpose: access.purpose.map(str::to_owned),
            basis: access.basis.map(str::to_owned),
            consent: access.consent.map(str::to_owned),
            case: access.case.map(str::to_owned),
        }
    }
}

// === impl Attribute ===

impl Attribute<'_> {
    fn to_static(&self) -> Attribute<'static> {
        let own = |text: &Cow<'_, str>| Cow::Owned(text.clone().into_owned());
        match self {
            Self::Text(text) => Attribute::Text(own(text)),
            Self::Number(number) => Attribute::Number(*number),
            Self::Flag(flag) => Attribute::Flag(*flag),
            Self::Entity(kind, id) => Attribute::Entity(own(kind), own(id)),
        }
    }
}

/// Allowed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// What was asked.
    #[serde(flatten)]
    pub question: Question,
    /// Allowed or not.
    pub effect: Effect,
    /// How the value must be hidden before anybody sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
    /// The policies that decided, by id, sorted.
    pub reasons: Vec<Arc<str>>,
    /// What went wrong while deciding. Not empty means denied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// The hash of the policy set that was asked.
    pub policy: Arc<str>,
    /// What [`Self::as_json`] returns, once somebody asked.
    #[serde(skip)]
    json: OnceLock<Box<str>>,
}

// === impl Decision ===

impl Decision {
    /// A decision of the policy set `policy`, with no mask, reasons or errors yet.
    pub fn new(question: Question, effect: Effect, policy: Arc<str>) -> Self {
        let json = OnceLock::new();
        Self { question, effect, mask: None, reasons: Vec::new(), errors: Vec::new(), policy, json }
    }

    /// The decision as a JSON object, made once: a remembered decision is recorded many times.
    pub fn as_json(&self) -> &str {
        self.json.get_or_init(|| serde_json::to_string(self).unwrap_or_default().into())
    }

    /// True when the access is allowed.
    pub fn is_allow(&self) -> bool {
        self.effect == Effect::Allow
    }
}

/// Something that decides. There is one in production, over Cedar; never one that always says yes.
///
/// It never fails: what goes wrong is a denial with errors. Policy sees `now` to the minute.
pub trait Guard: Send + Sync + 'static {
    /// The decision, when it was made before under the same facts.
    fn remembered(&self, caller: &Caller, access: &Access<'_>, now: Timestamp) -> Option<Arc<Decision>>;

    /// Decides one access anew, and remembers it. To be called on a thread's own stack.
    fn evaluate(&self, caller: &Caller, question: Question, now: Timestamp) -> Arc<Decision>;

    /// Decides one access.
    fn decide(&self, caller: &Caller, access: &Access<'_>, now: Timestamp) -> Arc<Decision> {
        self.remembered(caller, access, now).unwrap_or_else(|| self.evaluate(caller, access.into(), now))
    }
}
