//! A policy's scope: what it asks of principal, action and resource before any condition.

use crate::{Words, condition::holds, sentence};
use cedar_policy::{Entities, Expression, Request, pst};
use pst::{EntityOrSlot, EntityType, EntityUID};

/// A part of the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Who asks.
    Principal,
    /// What for.
    Action,
    /// On what.
    Resource,
}

/// What is asked of principal or resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bound {
    Any,
    Eq(EntityUID),
    In(EntityUID),
    Is(EntityType),
    IsIn(EntityType, EntityUID),
}

/// A constraint that can be asked about a request.
pub(crate) struct Constraint {
    /// As Cedar writes it.
    pub(crate) cedar: String,
    /// In plain words.
    pub(crate) words: Words,
    expression: Expression,
}

/// The constraints that a scope has.
pub(crate) struct Scope {
    pub(crate) principal: Bound,
    pub(crate) resource: Bound,
    pub(crate) constraints: Vec<Constraint>,
}

// === impl Part ===

impl Part {
    /// The word in policies.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Action => "action",
            Self::Resource => "resource",
        }
    }
}

// === impl Bound ===

impl Bound {
    /// The entity it names.
    pub(crate) fn entity(&self) -> Option<&EntityUID> {
        match self {
            Self::Eq(uid) | Self::In(uid) | Self::IsIn(_, uid) => Some(uid),
            Self::Any | Self::Is(_) => None,
        }
    }

    /// The only entity type that it lets through, where it says.
    pub(crate) fn kind(&self) -> Option<&EntityType> {
        match self {
            Self::Is(kind) | Self::IsIn(kind, _) => Some(kind),
            Self::Eq(uid) => Some(&uid.ty),
            Self::Any | Self::In(_) => None,
        }
    }

    /// As Cedar writes it after `principal` or `resource`; nothing for any.
    fn cedar(&self) -> Option<String> {
        match self {
            Self::Any => None,
            Self::Eq(uid) => Some(format!("== {}", readable(uid))),
            Self::In(uid) => Some(format!("in {}", readable(uid))),
            Self::Is(kind) => Some(format!("is {kind}")),
            Self::IsIn(kind, uid) => Some(format!("is {kind} in {}", readable(uid))),
        }
    }
}

impl From<&pst::PrincipalConstraint> for Bound {
    fn from(constraint: &pst::PrincipalConstraint) -> Self {
        use pst::PrincipalConstraint::{Any, Eq, In, Is, IsIn};
        match constraint {
            Eq(EntityOrSlot::Entity(uid)) => Self::Eq(uid.clone()),
            In(EntityOrSlot::Entity(uid)) => Self::In(uid.clone()),
            Is(kind) | IsIn(kind, EntityOrSlot::Slot(_)) => Self::Is(kind.clone()),
            IsIn(kind, EntityOrSlot::Entity(uid)) => Self::IsIn(kind.clone(), uid.clone()),
            // A slot that is not filled yet.
            Any | Eq(EntityOrSlot::Slot(_)) | In(EntityOrSlot::Slot(_)) => Self::Any,
        }
    }
}

impl From<&pst::ResourceConstraint> for Bound {
    fn from(constraint: &pst::ResourceConstraint) -> Self {
        use pst::ResourceConstraint::{Any, Eq, In, Is, IsIn};
        match constraint {
            Eq(EntityOrSlot::Entity(uid)) => Self::Eq(uid.clone()),
            In(EntityOrSlot::Entity(uid)) => Self::In(uid.clone()),
            Is(kind) | IsIn(kind, EntityOrSlot::Slot(_)) => Self::Is(kind.clone()),
            IsIn(kind, EntityOrSlot::Entity(uid)) => Self::IsIn(kind.clone(), uid.clone()),
            Any | Eq(EntityOrSlot::Slot(_)) | In(EntityOrSlot::Slot(_)) => Self::Any,
        }
    }
}

// === impl Scope ===

impl Scope {
    /// The scope of a policy whose slots are filled.
    pub(crate) fn of(body: &pst::Template) -> Result<Self, String> {
        let principal = Bound::from(&body.principal);
        let resource = Bound::from(&body.resource);
        let asked = [
            (Part::Principal, principal.cedar(), sentence::of_bound(Part::Principal, &principal)),
            (Part::Action, action_cedar(&body.action), action_words(&body.action)),
            (Part::Resource, resource.cedar(), sentence::of_bound(Part::Resource, &resource)),
        ];
        let mut constraints = Vec::new();
        for (part, text, words) in asked {
            let Some(text) = text else { continue };
            let cedar = format!("{} {text}", part.as_str());
            let expression = cedar.parse().map_err(|error| format!("{cedar}: {error}"))?;
            constraints.push(Constraint { cedar, words, expression });
        }
        Ok(Self { principal, resource, constraints })
    }

    /// Whether the policy's conditions are looked at for this request.
    pub(crate) fn matches(&self, request: &Request, entities: &Entities) -> bool {
        self.constraints.iter().all(|constraint| constraint.holds(request, entities))
    }
}

// === impl Constraint ===

impl Constraint {
    pub(crate) fn holds(&self, request: &Request, entities: &Entities) -> bool {
        holds(&self.expression, request, entities) == Ok(true)
    }
}

fn action_cedar(constraint: &pst::ActionConstraint) -> Option<String> {
    match constraint {
        pst::ActionConstraint::Any => None,
        pst::ActionConstraint::Eq(uid) => Some(format!("== {}", readable(uid))),
        pst::ActionConstraint::In(uids) => {
            let names: Vec<_> = uids.iter().map(readable).collect();
            Some(match names.as_slice() {
                [only] => format!("in {only}"),
                _ => format!("in [{}]", names.join(", ")),
            })
        }
    }
}

fn action_words(constraint: &pst::ActionConstraint) -> Words {
    let ids: Vec<&str> = match constraint {
        pst::ActionConstraint::Any => Vec::new(),
        pst::ActionConstraint::Eq(uid) => vec![&uid.eid],
        pst::ActionConstraint::In(uids) => uids.iter().map(|uid| uid.eid.as_str()).collect(),
    };
    sentence::of_actions(&ids)
}

/// `Field::"信用"`, where Cedar's own `Display` would escape every Chinese character.
pub(crate) fn readable(uid: &EntityUID) -> String {
    format!("{}::\"{}\"", uid.ty, uid.eid.escape_debug())
}
