//! One test: its files are compiled as ours are, its requests answered by the index.

use std::collections::BTreeSet;

use cedar_policy::{
    AuthorizationError, Authorizer, Entities, PolicySet, Request, Response, Schema, ValidationMode, Validator,
};
use zhongtai_authz::{Compiled, Index, Party, PolicyTexts};

use crate::{
    files::Files,
    test::{Asked, Test},
};

/// Where the policies of a test are put; their ids begin with it.
const POLICIES: &str = "test.cedar";

/// What came out of a test.
pub(crate) struct Outcome {
    pub(crate) file: String,
    /// How many requests were made.
    pub(crate) requests: usize,
    /// What came out other than the test says.
    pub(crate) deviation: Option<String>,
}

/// What a test decides with.
struct Set {
    schema: Schema,
    policies: PolicySet,
    entities: Entities,
    index: Index,
}

/// What can be told about a decision: the policies by the ids that the tests give them.
#[derive(Debug, PartialEq)]
struct Seen {
    decision: cedar_policy::Decision,
    reason: BTreeSet<String>,
    errors: BTreeSet<String>,
}

/// Runs the test in a file.
pub(crate) fn run(path: &str, files: &Files) -> Outcome {
    let mut outcome = Outcome { file: path.to_owned(), requests: 0, deviation: None };
    if let Err(what) = try_run(files, &mut outcome) {
        outcome.deviation = Some(what);
    }
    outcome
}

fn try_run(files: &Files, outcome: &mut Outcome) -> Result<(), String> {
    let test: Test = serde_json::from_str(files.get(&outcome.file)?).map_err(|error| error.to_string())?;
    let set = set(&test, files, outcome)?;
    for asked in &test.requests {
        ask(asked, &set).map_err(|what| format!("\"{}\": {what}", asked.description))?;
        outcome.requests += 1;
    }
    Ok(())
}

fn set(test: &Test, files: &Files, outcome: &mut Outcome) -> Result<Set, String> {
    let parts = [
        ("test.cedarschema", files.get(&test.schema)?),
        (POLICIES, files.get(&test.policies)?),
        ("entities.json", files.get(&test.entities)?),
    ];
    let texts = PolicyTexts::new(parts.map(|(path, text)| (path.to_owned(), text.to_owned())));
    match texts.and_then(|texts| Compiled::new(&texts)) {
        Ok(compiled) => {
            if !test.should_validate {
                // Said, and the requests made all the same.
                outcome.deviation = Some(format!("validates, with {}", warnings(&compiled)));
            }
            Set::compiled(&compiled)
        }
        Err(error) if test.should_validate => Err(error.to_string()),
        Err(_) => Set::unvalidated(parts.map(|(_, text)| text)),
    }
}

fn warnings(compiled: &Compiled) -> String {
    let result = Validator::new(compiled.schema().clone()).validate(compiled.policies(), ValidationMode::Strict);
    let warnings: Vec<_> = result.validation_warnings().map(ToString::to_string).collect();
    if warnings.is_empty() { "no warning".to_owned() } else { warnings.join("; ") }
}

fn ask(asked: &Asked, set: &Set) -> Result<(), String> {
    let request = asked.request(&set.schema)?;
    let answer = set.index.answer(&request, &Party::new(Vec::new(), None)?, None, Some(&set.schema))?;
    let expected = Seen { decision: asked.decision, reason: asked.reason.clone(), errors: asked.errors.clone() };
    let seen = Seen::of(&answer);
    if seen != expected {
        return Err(format!("{seen:?} instead of {expected:?}"));
    }
    let stock = stock(&request, set);
    let texts = |response: &Response| -> BTreeSet<String> {
        response.diagnostics().errors().map(ToString::to_string).collect()
    };
    if texts(&answer) != texts(&stock) {
        return Err(format!("errs with {:?} where Cedar's authorizer says {:?}", texts(&answer), texts(&stock)));
    }
    Ok(())
}

fn stock(request: &Request, set: &Set) -> Response {
    Authorizer::new().is_authorized(request, &set.policies, &set.entities)
}

// === impl Set ===

impl Set {
    fn compiled(compiled: &Compiled) -> Result<Self, String> {
        Self::new(compiled.schema().clone(), compiled.policies().clone(), compiled.entities().clone())
    }

    /// What does not validate is never put in force; what it would decide is compared all the same.
    fn unvalidated([schema, policies, entities]: [&str; 3]) -> Result<Self, String> {
        let (schema, _) = Schema::from_cedarschema_str(schema).map_err(|error| error.to_string())?;
        let policies = policies.parse().map_err(|error: cedar_policy::ParseErrors| error.to_string())?;
        let entities = Entities::from_json_str(entities, Some(&schema)).map_err(|error| error.to_string())?;
        Self::new(schema, policies, entities)
    }

    fn new(schema: Schema, policies: PolicySet, entities: Entities) -> Result<Self, String> {
        let index = Index::new(&policies, &entities)?;
        Ok(Self { schema, policies, entities, index })
    }
}

// === impl Seen ===

impl Seen {
    fn of(response: &Response) -> Self {
        let plain = |id: String| match id.strip_prefix(POLICIES).and_then(|rest| rest.strip_prefix('#')) {
            Some(given) => given.to_owned(),
            None => id,
        };
        let erred = response.diagnostics().errors().map(|error| {
            let AuthorizationError::PolicyEvaluationError(error) = error;
            plain(error.policy_id().to_string())
        });
        Self {
            decision: response.decision(),
            reason: response.diagnostics().reason().map(|id| plain(id.to_string())).collect(),
            errors: erred.collect(),
        }
    }
}
