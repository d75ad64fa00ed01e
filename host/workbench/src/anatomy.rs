//! Policies taken apart: what is written once, the policies in force that come of it, scopes and conditions.

use cedar_policy::{Policy, PolicyId, PolicySet, Template, pst};
use serde::Serialize;
use zhongtai_authz::{Compiled, PolicyError, PolicyTexts};
use zhongtai_kernel::Mask;

use crate::{condition::Condition, scope::Scope};

/// Where something is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// `credit/credit.cedar`
    pub path: String,
    /// From 1.
    pub line: usize,
}

/// A policy or template as written.
pub(crate) struct Anatomy {
    pub(crate) id: String,
    pub(crate) place: Place,
    pub(crate) effect: pst::Effect,
    pub(crate) conditions: Vec<Condition>,
    /// The policies in force: itself, or one for each grant of a template.
    pub(crate) instances: Vec<Instance>,
    pub(crate) body: pst::Template,
}

/// A policy in force.
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) place: Place,
    pub(crate) scope: Scope,
    pub(crate) mask: Option<Mask>,
    /// With every slot filled.
    pub(crate) body: pst::Template,
}

// === impl Place ===

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}

impl Place {
    /// Where a policy or grant is written.
    pub(crate) fn of(compiled: &Compiled, id: &PolicyId) -> Self {
        match compiled.source(id) {
            Some(source) => Self { path: source.path.clone(), line: source.line },
            None => Self { path: String::new(), line: 0 },
        }
    }
}

// === impl Anatomy ===

impl Anatomy {
    /// Every policy and template, by place.
    pub(crate) fn all(compiled: &Compiled) -> Result<Vec<Self>, PolicyError> {
        let policies = compiled.policies();
        let mut all = Vec::new();
        for policy in policies.policies().filter(|policy| policy.is_static()) {
            all.push(Self::of_policy(compiled, policy).map_err(|problem| invalid(compiled, policy.id(), problem))?);
        }
        for template in policies.templates() {
            let links = policies.policies().filter(|policy| policy.template_id() == Some(template.id()));
            let taken = Self::of_template(compiled, template, links);
            all.push(taken.map_err(|problem| invalid(compiled, template.id(), problem))?);
        }
        all.sort_by(|a, b| (&a.place, &a.id).cmp(&(&b.place, &b.id)));
        Ok(all)
    }

    /// A policy that is no template's.
    pub(crate) fn of_policy(compiled: &Compiled, policy: &Policy) -> Result<Self, String> {
        let instance = Instance::new(compiled, policy)?;
        Self::new(policy.id(), compiled, instance.body.clone(), vec![instance])
    }

    /// A template with its grants.
    pub(crate) fn of_template<'a>(
        compiled: &Compiled,
        template: &Template,
        links: impl Iterator<Item = &'a Policy>,
    ) -> Result<Self, String> {
        let instances = links.map(|link| Instance::new(compiled, link)).collect::<Result<_, _>>()?;
        let body = template.to_pst().map_err(|error| error.to_string())?;
        Self::new(template.id(), compiled, body, instances)
    }

    fn new(id: &PolicyId, compiled: &Compiled, body: pst::Template, instances: Vec<Instance>) -> Result<Self, String> {
        Ok(Self {
            id: name(id),
            place: Place::of(compiled, id),
            effect: body.effect,
            conditions: Condition::all(body.clauses())?,
            instances,
            body,
        })
    }

    /// Where a condition begins; the policy's own place when that can't be told.
    pub(crate) fn place_of(&self, condition: &Condition, compiled: &Compiled, texts: &PolicyTexts) -> Place {
        let offset = offset(compiled.policies(), &PolicyId::new(&self.id), &condition.canonical());
        let line = offset.and_then(|offset| texts.get(&self.place.path)?.get(..offset)).map(lines);
        Place { path: self.place.path.clone(), line: line.unwrap_or(self.place.line) }
    }

    /// Its annotation.
    pub(crate) fn annotation(&self, name: &str) -> Option<&str> {
        self.body.annotations.get(name).map(|text| text.as_str())
    }
}

// === impl Instance ===

impl Instance {
    fn new(compiled: &Compiled, policy: &Policy) -> Result<Self, String> {
        let body = policy.to_pst().map_err(|error| error.to_string())?.body().clone();
        Ok(Self {
            id: name(policy.id()),
            place: Place::of(compiled, policy.id()),
            scope: Scope::of(&body)?,
            mask: compiled.mask(policy.id()),
            body,
        })
    }
}

/// Where in its file the part of a policy's or template's conditions begins that Cedar prints like `printed`.
fn offset(policies: &PolicySet, id: &PolicyId, printed: &str) -> Option<usize> {
    let conditions = match policies.policy(id) {
        Some(policy) => policy.as_ref().non_scope_constraints(),
        None => policies.template(id)?.as_ref().non_scope_constraints(),
    }?;
    let mut places = conditions.subexpressions().filter_map(|part| Some((part, part.source_loc()?.start())));
    Some(places.find(|(part, _)| part.to_string() == printed)?.1)
}

/// A policy's id, not escaped as its `Display` is.
pub(crate) fn name(id: &PolicyId) -> String {
    AsRef::<str>::as_ref(id).to_owned()
}

/// The line on which a text ends, from 1.
fn lines(before: &str) -> usize {
    before.matches('\n').count() + 1
}

fn invalid(compiled: &Compiled, id: &PolicyId, problem: String) -> PolicyError {
    let Place { path, line } = Place::of(compiled, id);
    PolicyError::Invalid {
        path,
        line: Some(line),
        problem: format!("the policy `{id}` can't be taken apart: {problem}"),
    }
}
