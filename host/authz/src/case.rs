//! Test cases: one request in a file, in `tests/allow` or `tests/deny` beside the policies it is about.

use cedar_policy::{Context, Entities, EntityUid, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zhongtai_kernel::{Effect, Mask, chain};

use crate::{Compiled, FileKind, PolicyError, PolicyTexts};

/// When a case does not say what time it is: a Monday morning in Qingyuan.
const NOW: &str = "2026-01-05T01:00:00Z";

/// A request, written down. Which entities there are: those that `entities.json` files declare, then those of every
/// `tests/entities.json` (ready-made callers), then the case's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, as a sentence.
    pub title: String,
    /// `Caller::"window-officer"`
    pub principal: String,
    /// `credit:check`
    pub action: String,
    /// `Field::"credit.detail"`
    pub resource: String,
    /// Facts in Cedar's JSON; `channel` and `now` are filled in where they are missing.
    #[serde(default)]
    pub context: Map<String, Value>,
    /// Entities of this case alone, in Cedar's JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<Value>,
    /// How the value must be hidden when it is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
}

/// A case with where it is written and what it expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenCase {
    /// `credit/tests/deny/no-purpose.json`
    pub path: String,
    /// By its folder.
    pub expected: Effect,
    /// The case.
    pub case: Case,
}

/// The entities that every case of a policy set is asked with, beside its own. Made once for many cases.
pub struct CaseWorld(Entities);

// === impl WrittenCase ===

impl WrittenCase {
    /// Every case of the texts, by path.
    pub fn all(texts: &PolicyTexts) -> Result<Vec<Self>, PolicyError> {
        let mut cases = Vec::new();
        for (kind, expected) in [(FileKind::AllowCase, Effect::Allow), (FileKind::DenyCase, Effect::Deny)] {
            for (path, text) in texts.of_kind(kind) {
                let case = serde_json::from_str(text).map_err(|error| PolicyError::Invalid {
                    path: path.to_owned(),
                    line: Some(error.line()),
                    problem: error.to_string(),
                })?;
                cases.push(Self { path: path.to_owned(), expected, case });
            }
        }
        cases.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(cases)
    }
}

// === impl Case ===

impl Case {
    /// Reads a case; unknown members are refused.
    pub fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    /// The request, valid by the schema of `compiled`, and the entities behind it.
    pub fn request(&self, compiled: &Compiled, texts: &PolicyTexts) -> Result<(Request, Entities), String> {
        let world = CaseWorld::new(compiled, texts).map_err(|error| error.to_string())?;
        self.request_in(compiled, &world)
    }

    /// The same, where many cases are asked in one world.
    pub fn request_in(&self, compiled: &Compiled, world: &CaseWorld) -> Result<(Request, Entities), String> {
        let action: EntityUid = format!("Action::{:?}", self.action).parse().map_err(|error| chain(&error))?;
        let mut facts = self.context.clone();
        facts.entry("channel").or_insert_with(|| "web".into());
        facts.entry("now").or_insert_with(|| serde_json::json!({ "__extn": { "fn": "datetime", "arg": NOW } }));
        let context = Context::from_json_value(Value::Object(facts), Some((compiled.schema(), &action)))
            .map_err(|error| format!("context: {}", chain(&error)))?;
        let request =
            Request::new(uid(&self.principal)?, action, uid(&self.resource)?, context, Some(compiled.schema()))
                .map_err(|error| chain(&error))?;
        Ok((request, self.all_entities(compiled, world)?))
    }

    fn all_entities(&self, compiled: &Compiled, world: &CaseWorld) -> Result<Entities, String> {
        if self.entities.is_empty() {
            return Ok(world.0.clone());
        }
        let own = Entities::from_json_value(Value::from(self.entities.clone()), Some(compiled.schema()))
            .map_err(|error| format!("entities: {}", chain(&error)))?;
        upsert(world.0.clone(), own, compiled)
    }
}

// === impl CaseWorld ===

impl CaseWorld {
    /// What `entities.json` files declare, then what `tests/entities.json` files add.
    pub fn new(compiled: &Compiled, texts: &PolicyTexts) -> Result<Self, PolicyError> {
        let mut all = compiled.entities().clone();
        for (path, text) in texts.of_kind(FileKind::CaseEntities) {
            let fail = |problem| PolicyError::Invalid { path: path.to_owned(), line: None, problem };
            let more = Entities::from_json_str(text, Some(compiled.schema())).map_err(|error| fail(chain(&error)))?;
            all = upsert(all, more, compiled).map_err(fail)?;
        }
        Ok(Self(all))
    }
}

/// Later files win. Action entities, which every parsed set holds, are in the first already.
fn upsert(all: Entities, more: Entities, compiled: &Compiled) -> Result<Entities, String> {
    let more = more.into_iter().filter(|entity| !is_action(&entity.uid()));
    all.upsert_entities(more, Some(compiled.schema())).map_err(|error| chain(&error))
}

fn is_action(uid: &EntityUid) -> bool {
    uid.type_name().basename() == "Action"
}

fn uid(text: &str) -> Result<EntityUid, String> {
    text.parse().map_err(|error| format!("{text} is not an entity: {}", chain(&error)))
}
