//! A test as the Cedar project writes it; see the README of its integration tests.

use std::collections::BTreeSet;

use cedar_policy::{Context, Decision, EntityUid, Request, Schema};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Test {
    /// Paths.
    pub(crate) policies: String,
    pub(crate) entities: String,
    pub(crate) schema: String,
    /// Whether the policies pass strict validation.
    pub(crate) should_validate: bool,
    pub(crate) requests: Vec<Asked>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Asked {
    pub(crate) description: String,
    principal: Value,
    action: Value,
    resource: Value,
    context: Value,
    #[serde(default = "yes")]
    validate_request: bool,
    pub(crate) decision: Decision,
    /// The ids of the policies that decided, and of those that erred.
    pub(crate) reason: BTreeSet<String>,
    pub(crate) errors: BTreeSet<String>,
}

fn yes() -> bool {
    true
}

// === impl Asked ===

impl Asked {
    pub(crate) fn request(&self, schema: &Schema) -> Result<Request, String> {
        let [principal, action, resource] = [&self.principal, &self.action, &self.resource]
            .map(|uid| EntityUid::from_json(uid.clone()).map_err(|error| error.to_string()));
        let action = action?;
        let context = Context::from_json_value(self.context.clone(), Some((schema, &action)))
            .map_err(|error| format!("the context: {error}"))?;
        Request::new(principal?, action, resource?, context, self.validate_request.then_some(schema))
            .map_err(|error| error.to_string())
    }
}
