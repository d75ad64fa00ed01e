//! The policies of a set as the analysis compares and slices them.

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::OnceLock,
};

use cedar_policy::{
    ActionConstraint, Effect, EntityTypeName, EntityUid, Policy, PolicyId, PrincipalConstraint, ResourceConstraint,
};
use zhongtai_authz::Compiled;
use zhongtai_kernel::Mask;

use crate::{Words, kinds::Kind, solver::Trouble};

/// A static policy or a link of a template.
pub(crate) struct Rule<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) mask: Option<Mask>,
    scope: Scope,
    /// As a policy without slots, once somebody asked.
    fixed: OnceLock<Policy>,
}

/// What of a scope can be told without entities.
struct Scope {
    principal: Option<EntityTypeName>,
    /// Actions and groups of actions; `None` for every action.
    actions: Option<Vec<EntityUid>>,
    resource: Option<EntityTypeName>,
}

// === impl Rule ===

impl<'a> Rule<'a> {
    pub(crate) fn all(compiled: &'a Compiled) -> Vec<Self> {
        let policies = compiled.policies().policies();
        let mut all: Vec<Self> = policies
            .map(|policy| {
                let mask = compiled.mask(policy.id());
                Self { policy, mask, scope: Scope::of(policy), fixed: OnceLock::new() }
            })
            .collect();
        all.sort_by(|a, b| a.id().cmp(b.id()));
        all
    }

    pub(crate) fn id(&self) -> &'a PolicyId {
        self.policy.id()
    }

    pub(crate) fn is_permit(&self) -> bool {
        self.policy.effect() == Effect::Permit
    }

    /// False when the scope alone keeps the policy from requests of this kind.
    pub(crate) fn applies(&self, kind: &Kind) -> bool {
        self.scope.principal.as_ref().is_none_or(|name| name == kind.env.principal())
            && self.scope.resource.as_ref().is_none_or(|name| name == kind.env.resource())
            && self.scope.actions.as_ref().is_none_or(|actions| actions.iter().any(|uid| kind.groups.contains(uid)))
    }

    /// Both match the same requests and do the same to them: ids, places, comments and layout aside.
    fn is_same(&self, other: &Self) -> bool {
        let (a, b): (&cedar_policy_core::ast::Policy, _) = (self.policy.as_ref(), other.policy.as_ref());
        self.policy.effect() == other.policy.effect()
            && self.mask == other.mask
            && a.principal_constraint() == b.principal_constraint()
            && a.action_constraint() == b.action_constraint()
            && a.resource_constraint() == b.resource_constraint()
            && a.non_scope_constraints() == b.non_scope_constraints()
    }

    /// Alike for policies that are the same.
    fn content(&self) -> u64 {
        let policy: &cedar_policy_core::ast::Policy = self.policy.as_ref();
        let mut hasher = DefaultHasher::new();
        policy.principal_constraint().hash(&mut hasher);
        policy.action_constraint().hash(&mut hasher);
        policy.resource_constraint().hash(&mut hasher);
        policy.non_scope_constraints().hash(&mut hasher);
        hasher.finish()
    }

    /// The policy with a template's slots filled: the solver's language knows no links.
    pub(crate) fn fixed(&self) -> Result<&Policy, Trouble> {
        if self.policy.is_static() {
            return Ok(self.policy);
        }
        if let Some(fixed) = self.fixed.get() {
            return Ok(fixed);
        }
        let json = self.policy.to_json().map_err(|error| self.unlinkable(&error))?;
        let fixed = Policy::from_json(Some(self.id().clone()), json).map_err(|error| self.unlinkable(&error))?;
        Ok(self.fixed.get_or_init(|| fixed))
    }

    fn unlinkable(&self, error: &dyn std::error::Error) -> Trouble {
        let id = self.id();
        Trouble::Unsupported(Words::new(
            format!("模板策略 {id} 无法展开：{error}"),
            format!("the template link {id} can't be written out: {error}"),
        ))
    }
}

// === impl Scope ===

impl Scope {
    fn of(policy: &Policy) -> Self {
        let principal = match policy.principal_constraint() {
            PrincipalConstraint::Eq(uid) => Some(uid.type_name().clone()),
            PrincipalConstraint::Is(name) | PrincipalConstraint::IsIn(name, _) => Some(name),
            PrincipalConstraint::Any | PrincipalConstraint::In(_) => None,
        };
        let actions = match policy.action_constraint() {
            ActionConstraint::Any => None,
            ActionConstraint::Eq(uid) => Some(vec![uid]),
            ActionConstraint::In(uids) => Some(uids),
        };
        let resource = match policy.resource_constraint() {
            ResourceConstraint::Eq(uid) => Some(uid.type_name().clone()),
            ResourceConstraint::Is(name) | ResourceConstraint::IsIn(name, _) => Some(name),
            ResourceConstraint::Any | ResourceConstraint::In(_) => None,
        };
        Self { principal, actions, resource }
    }
}

/// Two sets side by side.
pub(crate) struct Diff<'a> {
    pub(crate) old: Vec<Rule<'a>>,
    pub(crate) new: Vec<Rule<'a>>,
    /// Indices of policies that are the same in both.
    pub(crate) same: Vec<(usize, usize)>,
    /// Indices of the old policies that are gone or differ.
    pub(crate) old_only: Vec<usize>,
    /// Indices of the draft's policies that are new or differ.
    pub(crate) new_only: Vec<usize>,
}

// === impl Diff ===

impl<'a> Diff<'a> {
    pub(crate) fn new(old: &'a Compiled, new: &'a Compiled) -> Self {
        let (old, new) = (Rule::all(old), Rule::all(new));
        let by_id: HashMap<&PolicyId, usize> = old.iter().enumerate().map(|(at, rule)| (rule.id(), at)).collect();
        let mut same = Vec::new();
        let mut taken = vec![false; old.len()];
        let mut left = Vec::new();
        for (at, rule) in new.iter().enumerate() {
            let before = by_id.get(rule.id()).filter(|before| old.get(**before).is_some_and(|old| old.is_same(rule)));
            match before {
                Some(before) => {
                    same.push((*before, at));
                    taken.iter_mut().skip(*before).take(1).for_each(|taken| *taken = true);
                }
                None => left.push(at),
            }
        }
        let old_only = (0..old.len()).filter(|at| taken.get(*at) == Some(&false)).collect();
        let mut diff = Self { old, new, same, old_only, new_only: left };
        diff.pair_renamed();
        diff
    }

    /// A policy under another id is the same policy.
    fn pair_renamed(&mut self) {
        let mut by_content: HashMap<u64, Vec<usize>> = HashMap::new();
        for at in &self.old_only {
            if let Some(rule) = self.old.get(*at) {
                by_content.entry(rule.content()).or_default().push(*at);
            }
        }
        let mut renamed = Vec::new();
        self.new_only.retain(|at| {
            let Some(rule) = self.new.get(*at) else { return false };
            let alike = by_content.get_mut(&rule.content());
            let before = alike.and_then(|alike| {
                let place = alike.iter().position(|at| self.old.get(*at).is_some_and(|old| old.is_same(rule)))?;
                Some(alike.swap_remove(place))
            });
            renamed.extend(before.map(|before| (before, *at)));
            before.is_none()
        });
        self.old_only.retain(|at| !renamed.iter().any(|(before, _)| before == at));
        self.same.extend(renamed);
    }

    /// The old policies among `indices` that can match requests of a kind.
    pub(crate) fn old_for(&self, indices: &[usize], kind: &Kind) -> Vec<&Rule<'a>> {
        indices.iter().filter_map(|at| self.old.get(*at)).filter(|rule| rule.applies(kind)).collect()
    }

    /// The draft's policies among `indices` that can match requests of a kind.
    pub(crate) fn new_for(&self, indices: &[usize], kind: &Kind) -> Vec<&Rule<'a>> {
        indices.iter().filter_map(|at| self.new.get(*at)).filter(|rule| rule.applies(kind)).collect()
    }

    /// Pairs of policies that are the same and can match requests of a kind.
    pub(crate) fn same_for(&self, kind: &Kind) -> Vec<(&Rule<'a>, &Rule<'a>)> {
        let pairs = self.same.iter().filter_map(|(old, new)| Some((self.old.get(*old)?, self.new.get(*new)?)));
        pairs.filter(|(rule, _)| rule.applies(kind)).collect()
    }
}
