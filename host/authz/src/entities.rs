//! What the `entities.json` files declare.

use cedar_policy::{Entities, Entity, Schema};
use serde_json::Value;
use zhongtai_kernel::chain;

use crate::{FileKind, PolicyError, PolicyTexts, compile::line_of};

/// Every declared entity, and the groups of actions, which the schema declares.
pub(crate) fn declared(texts: &PolicyTexts, schema: &Schema) -> Result<Entities, PolicyError> {
    let mut all = schema.action_entities().map_err(|error| PolicyError::Schema(chain(&error)))?;
    for (path, text) in texts.of_kind(FileKind::Entities) {
        all = all.add_entities_from_json_str(text, Some(schema)).map_err(|error| {
            let problem = chain(&error);
            PolicyError::Invalid { path: path.to_owned(), line: line_at_fault(text, &problem, schema), problem }
        })?;
    }
    Ok(all)
}

/// Cedar says which entity is at fault, and not where it is written.
fn line_at_fault(text: &str, problem: &str, schema: &Schema) -> Option<usize> {
    let entities: Vec<Value> = match serde_json::from_str(text) {
        Ok(entities) => entities,
        Err(error) => return Some(error.line()),
    };
    // One that is wrong by itself, or the last of those that are wrong together: a cycle, a name that is given twice.
    let alone = entities.iter().position(|entity| Entity::from_json_value(entity.clone(), Some(schema)).is_err());
    let number = alone.or_else(|| {
        entities.iter().rposition(|entity| {
            let entity = Entity::from_json_value(entity.clone(), Some(schema));
            entity.is_ok_and(|entity| problem.contains(&entity.uid().to_string()))
        })
    })?;
    text.match_indices("\"uid\"").nth(number).map(|(offset, _)| line_of(text, offset))
}
