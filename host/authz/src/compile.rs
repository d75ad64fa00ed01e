//! From texts to what decides: schema, policies, templates with their grants, declared entities. All or nothing.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Entities, EntityId, EntityTypeName, EntityUid, ParseErrors, PolicyId, PolicySet, Schema, SchemaFragment, SlotId,
    ValidationMode, Validator,
};
use serde::Deserialize;
use zhongtai_kernel::{Digest, Mask, chain};

use crate::{FileKind, Index, PolicyError, PolicyTexts, entities};

/// Texts that parsed and strictly validated.
pub struct Compiled {
    pub(crate) schema: Schema,
    pub(crate) policies: PolicySet,
    pub(crate) entities: Entities,
    pub(crate) sources: HashMap<PolicyId, Source>,
    pub(crate) hash: Digest,
    pub(crate) index: Index,
    /// The schema's entity types by name: to parse one takes longer than to decide.
    kinds: HashMap<String, EntityTypeName>,
    /// The actions that change nothing.
    reads: HashSet<String>,
}

/// Groups of actions that change nothing.
const READS: [&str; 2] = ["data:read", "read-only"];

/// Groups of actions that change something, whatever else they are in.
const CHANGES: [&str; 3] = ["data:write", "decide", "irreversible"];

/// Where a policy, template or grant is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its file's path within its folder: `credit/credit.cedar`.
    pub path: String,
    /// From 1.
    pub line: usize,
}

/// One entry of a `grants.json`: a template with its slots filled. A department's right, given by an officer and not
/// by a program that glues texts together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    /// The linked policy's id.
    id: String,
    /// The template's id.
    template: String,
    /// For `?principal`: `Department::"441802-chengguan"`.
    #[serde(default)]
    principal: Option<String>,
    /// For `?resource`: `Dataset::"credit"`.
    #[serde(default)]
    resource: Option<String>,
    /// Why it was given; people read it.
    reason: String,
}

// === impl Compiled ===

impl Compiled {
    /// Parses and strictly validates the texts.
    pub fn new(texts: &PolicyTexts) -> Result<Self, PolicyError> {
        let schema = schema(texts)?;
        let mut written = Written::default();
        for (path, text) in texts.of_kind(FileKind::Policies) {
            written.add_file(path, text)?;
        }
        for (path, text) in texts.of_kind(FileKind::Grants) {
            written.add_grants(path, text)?;
        }
        if written.policies.is_empty() {
            return Err(PolicyError::Empty);
        }
        written.validate(&schema)?;
        let entities = entities::declared(texts, &schema)?;
        let Written { policies, sources, .. } = written;
        let index = Index::new(&policies, &entities).map_err(PolicyError::Index)?;
        let (kinds, reads) = (kinds(&schema), reads(&schema)?);
        Ok(Self { schema, policies, entities, sources, hash: texts.hash(), index, kinds, reads })
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Every policy and template, and every template's links.
    pub fn policies(&self) -> &PolicySet {
        &self.policies
    }

    /// What the `entities.json` files declare.
    pub fn entities(&self) -> &Entities {
        &self.entities
    }

    /// Decides as Cedar's authorizer would over all policies and entities, but looks only at those that matter.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Where a policy is written.
    pub fn source(&self, id: &PolicyId) -> Option<&Source> {
        self.sources.get(id)
    }

    /// How what a permit shows must be hidden: its `@mask`, or its template's.
    pub fn mask(&self, id: &PolicyId) -> Option<Mask> {
        self.policies.policy(id)?.annotation("mask")?.parse().ok()
    }

    /// True when the action changes nothing, as the schema's groups say. What is in no such group changes something.
    pub fn is_read(&self, action: &str) -> bool {
        self.reads.contains(action)
    }

    /// An entity's name, from the name of its type.
    pub(crate) fn uid(&self, kind: &str, id: &str) -> Result<EntityUid, String> {
        let kind = match self.kinds.get(kind) {
            Some(kind) => kind.clone(),
            None => kind.parse().map_err(|error| format!("{kind}: {error}"))?,
        };
        Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
    }

    /// The hash of the texts.
    pub fn hash(&self) -> Digest {
        self.hash
    }
}

fn kinds(schema: &Schema) -> HashMap<String, EntityTypeName> {
    let actions = schema.actions().map(EntityUid::type_name);
    schema.entity_types().chain(actions).map(|kind| (kind.to_string(), kind.clone())).collect()
}

fn reads(schema: &Schema) -> Result<HashSet<String>, PolicyError> {
    let entities = schema.action_entities().map_err(|error| PolicyError::Schema(chain(&error)))?;
    let is_read = |action: &&EntityUid| {
        let groups = || entities.ancestors(action).into_iter().flatten().map(|group| group.id().unescaped());
        groups().any(|group| READS.contains(&group)) && !groups().any(|group| CHANGES.contains(&group))
    };
    Ok(schema.actions().filter(is_read).map(|action| action.id().unescaped().to_owned()).collect())
}

fn schema(texts: &PolicyTexts) -> Result<Schema, PolicyError> {
    let mut fragments = Vec::new();
    for (path, text) in texts.of_kind(FileKind::Schema) {
        let (fragment, _warnings) = SchemaFragment::from_cedarschema_str(text)
            .map_err(|error| PolicyError::at(path, text, first_label(&error), chain(&error)))?;
        fragments.push(fragment);
    }
    Schema::from_schema_fragments(fragments).map_err(|error| PolicyError::Schema(chain(&error)))
}

/// What the `*.cedar` and `grants.json` files say.
#[derive(Default)]
struct Written {
    policies: PolicySet,
    sources: HashMap<PolicyId, Source>,
    /// For lines of errors.
    texts: HashMap<String, String>,
}

// === impl Written ===

impl Written {
    /// Adds every policy and template of a file, under its `@id` or `file#n`.
    fn add_file(&mut self, path: &str, text: &str) -> Result<(), PolicyError> {
        let parsed: PolicySet = text
            .parse()
            .map_err(|error: ParseErrors| PolicyError::at(path, text, first_label(&error), chain(&error)))?;
        self.texts.insert(path.to_owned(), text.to_owned());
        let lines = Lines::of(text);
        for policy in parsed.policies() {
            let line = policy.as_ref().loc().map_or(1, |place| lines.at(place.start()));
            let id = policy_id(path, policy.id(), policy.annotation("id"));
            let fail = |problem: String| PolicyError::Invalid { path: path.to_owned(), line: Some(line), problem };
            check_mask(policy.annotation("mask"), policy.effect()).map_err(fail)?;
            self.policies.add(policy.new_id(id.clone())).map_err(|error| fail(chain(&error)))?;
            self.sources.insert(id, Source { path: path.to_owned(), line });
        }
        for template in parsed.templates() {
            let line = template.as_ref().loc().map_or(1, |place| lines.at(place.start()));
            let id = policy_id(path, template.id(), template.annotation("id"));
            let fail = |problem: String| PolicyError::Invalid { path: path.to_owned(), line: Some(line), problem };
            check_mask(template.annotation("mask"), template.effect()).map_err(fail)?;
            self.policies.add_template(template.new_id(id.clone())).map_err(|error| fail(chain(&error)))?;
            self.sources.insert(id, Source { path: path.to_owned(), line });
        }
        Ok(())
    }

    /// Links templates as a `grants.json` says.
    fn add_grants(&mut self, path: &str, text: &str) -> Result<(), PolicyError> {
        let grants: Vec<Grant> = serde_json::from_str(text).map_err(|error| PolicyError::Invalid {
            path: path.to_owned(),
            line: Some(error.line()),
            problem: error.to_string(),
        })?;
        // Each is looked for behind the one before it: of two with the same id, the second is at fault.
        let lines = Lines::of(text);
        let mut begin = 0;
        for grant in grants {
            let quoted = format!("\"{}\"", grant.id);
            begin += text.get(begin..).and_then(|rest| Some(rest.find(&quoted)? + quoted.len())).unwrap_or_default();
            let line = lines.at(begin);
            let fail = |problem: String| PolicyError::Invalid { path: path.to_owned(), line: Some(line), problem };
            self.link(&grant).map_err(fail)?;
            self.sources.insert(PolicyId::new(&grant.id), Source { path: path.to_owned(), line });
        }
        Ok(())
    }

    fn link(&mut self, grant: &Grant) -> Result<(), String> {
        if grant.reason.trim().is_empty() {
            return Err(format!("the grant `{}` gives no reason", grant.id));
        }
        let template = PolicyId::new(&grant.template);
        if self.policies.template(&template).is_none() {
            return Err(format!(
                "the grant `{}` links the template `{}`, which there is not",
                grant.id, grant.template
            ));
        }
        let mut slots = HashMap::new();
        let parts = [(SlotId::principal(), &grant.principal), (SlotId::resource(), &grant.resource)];
        for (slot, uid) in parts.into_iter().filter_map(|(slot, uid)| Some((slot, uid.as_ref()?))) {
            let uid: EntityUid = uid.parse().map_err(|error| format!("{uid}: {}", chain(&error)))?;
            slots.insert(slot, uid);
        }
        self.policies.link(template, PolicyId::new(&grant.id), slots).map_err(|error| chain(&error))
    }

    fn validate(&self, schema: &Schema) -> Result<(), PolicyError> {
        let result = Validator::new(schema.clone()).validate(&self.policies, ValidationMode::Strict);
        let Some(error) = result.validation_errors().next() else { return Ok(()) };
        let Some(source) = self.sources.get(error.policy_id()) else {
            return Err(PolicyError::Schema(chain(error)));
        };
        let text = self.texts.get(&source.path).map_or("", String::as_str);
        Err(match first_label(error) {
            Some(offset) if !text.is_empty() => PolicyError::at(&source.path, text, Some(offset), chain(error)),
            _ => PolicyError::Invalid { path: source.path.clone(), line: Some(source.line), problem: chain(error) },
        })
    }
}

/// The `@id`, or else the file and Cedar's own `policy0`, `policy1`, ...
fn policy_id(path: &str, given: &PolicyId, id: Option<&str>) -> PolicyId {
    match id {
        Some(id) => PolicyId::new(id),
        None => PolicyId::new(format!("{path}#{given}")),
    }
}

/// A mask that nobody knows would hide nothing, and one on a forbid means nothing.
fn check_mask(mask: Option<&str>, effect: cedar_policy::Effect) -> Result<(), String> {
    let Some(mask) = mask else { return Ok(()) };
    mask.parse::<Mask>().map_err(|error| error.to_string())?;
    match effect {
        cedar_policy::Effect::Permit => Ok(()),
        cedar_policy::Effect::Forbid => Err("a forbid lets nothing through, so it can't mask it".to_owned()),
    }
}

/// Where a parse or validation error points first.
fn first_label(error: &dyn miette::Diagnostic) -> Option<usize> {
    error.labels()?.next().map(|label| label.offset())
}

/// Where the lines of a text end: for thousands of policies, to count from the top each time takes seconds.
struct Lines(Vec<usize>);

// === impl Lines ===

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(offset, _)| offset).collect())
    }

    /// From 1.
    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}

/// From 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or(text).matches('\n').count() + 1
}
