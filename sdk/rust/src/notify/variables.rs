//! From a struct to a template's variables.

use serde::Serialize;
use serde_json::Value;

use super::Error;

/// The plain values of a struct or a map as texts, by name. A field that is `None` is left out.
pub(super) fn flatten(values: &impl Serialize) -> Result<Vec<(String, String)>, Error> {
    let mut variables = in_any_order(values)?;
    // serde_json keeps its own order or the struct's, as another crate's features have it.
    variables.sort();
    Ok(variables)
}

fn in_any_order(values: &impl Serialize) -> Result<Vec<(String, String)>, Error> {
    let value = serde_json::to_value(values).map_err(|error| Error::InvalidVariable(error.to_string()))?;
    match value {
        Value::Object(fields) => fields.into_iter().filter_map(|(name, value)| plain(name, value)).collect(),
        Value::Null => Ok(Vec::new()),
        _ => Err(Error::InvalidVariable("variables must be a struct or a map".into())),
    }
}

fn plain(name: String, value: Value) -> Option<Result<(String, String), Error>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Ok((name, text))),
        Value::Bool(value) => Some(Ok((name, value.to_string()))),
        Value::Number(value) => Some(Ok((name, value.to_string()))),
        Value::Array(_) | Value::Object(_) => Some(Err(Error::InvalidVariable(name))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Error, flatten};

    #[test]
    fn plain_values_become_texts_and_nothing_is_left_out() {
        let flat = flatten(&json!({ "number": "7K", "days": 3, "late": false, "note": null })).unwrap();
        let flat: Vec<_> = flat.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(flat, [("days", "3"), ("late", "false"), ("number", "7K")]);
    }

    #[test]
    fn a_nested_value_is_refused_by_name() {
        assert_eq!(flatten(&json!({ "place": { "x": 1 } })), Err(Error::InvalidVariable("place".into())));
        assert!(flatten(&"text").is_err());
        assert_eq!(flatten(&()), Ok(vec![]));
    }
}
