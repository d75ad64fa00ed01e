//! Places in a case's JSON: what may be dropped, what may be replaced, where an entity is named.

use serde_json::{Map, Value};

/// Pointers to members and elements so many levels below.
pub(crate) fn removable(value: &Value, place: &str, levels: usize, places: &mut Vec<String>) {
    if levels == 0 {
        // An entity without these is none.
        if !["/uid", "/attrs", "/parents"].iter().any(|part| place.ends_with(part) && place.matches('/').count() == 3) {
            places.push(place.to_owned());
        }
        return;
    }
    match value {
        Value::Object(members) if !is_escape(members) => {
            for (name, inner) in members {
                removable(inner, &format!("{place}/{}", escaped(name)), levels - 1, places);
            }
        }
        Value::Array(elements) => {
            for (at, inner) in elements.iter().enumerate() {
                removable(inner, &format!("{place}/{at}"), levels - 1, places);
            }
        }
        _ => {}
    }
}

/// Pointers to texts and numbers that are no part of an entity's name or of an extension value.
pub(crate) fn leaves(value: &Value, place: &str, places: &mut Vec<String>) {
    match value {
        Value::Object(members) if !is_escape(members) => {
            for (name, inner) in members {
                leaves(inner, &format!("{place}/{}", escaped(name)), places);
            }
        }
        Value::Array(elements) => {
            for (at, inner) in elements.iter().enumerate() {
                leaves(inner, &format!("{place}/{at}"), places);
            }
        }
        Value::String(_) | Value::Number(_) => places.push(place.to_owned()),
        _ => {}
    }
}

/// `{"__entity": ...}`, `{"__extn": ...}`, or an entity's name.
pub(crate) fn is_escape(members: &Map<String, Value>) -> bool {
    members.contains_key("__entity") || members.contains_key("__extn") || uid_of(members).is_some()
}

pub(crate) fn uid_of(members: &Map<String, Value>) -> Option<(&str, &str)> {
    if members.len() != 2 {
        return None;
    }
    Some((members.get("type")?.as_str()?, members.get("id")?.as_str()?))
}

/// As a JSON pointer (RFC 6901) writes a name.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

pub(crate) fn remove(case: &mut Value, place: &str) -> bool {
    let Some((outer, last)) = place.rsplit_once('/') else { return false };
    let last = last.replace("~1", "/").replace("~0", "~");
    match case.pointer_mut(outer) {
        Some(Value::Object(members)) => members.remove(&last).is_some(),
        Some(Value::Array(elements)) => match last.parse::<usize>() {
            Ok(at) if at < elements.len() => {
                elements.remove(at);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

pub(crate) fn put(case: &mut Value, place: &str, value: Value) {
    if let Some(old) = case.pointer_mut(place) {
        *old = value;
    }
}

/// Every text that equals `old`, but for names of entities and extension values.
pub(crate) fn replace(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::Object(members) if !is_escape(members) => {
            members.values_mut().for_each(|inner| replace(inner, old, new));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|inner| replace(inner, old, new)),
        Value::String(text) if text == old => new.clone_into(text),
        _ => {}
    }
}

pub(crate) fn collect_uids(value: &Value, uids: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            if let Some((kind, id)) = uid_of(members) {
                uids.push((kind.to_owned(), id.to_owned()));
            }
            members.values().for_each(|inner| collect_uids(inner, uids));
        }
        Value::Array(elements) => elements.iter().for_each(|inner| collect_uids(inner, uids)),
        _ => {}
    }
}

pub(crate) fn rename(case: &mut Value, kind: &str, old: &str, new: &str) {
    for part in ["principal", "resource"] {
        let Some(Value::String(text)) = case.get_mut(part) else { continue };
        if parse(text).is_some_and(|(its, id)| its == kind && id == old) {
            *text = format!("{kind}::{new:?}");
        }
    }
    rename_uids(case, kind, old, new);
}

pub(crate) fn rename_uids(value: &mut Value, kind: &str, old: &str, new: &str) {
    match value {
        Value::Object(members) => {
            if uid_of(members) == Some((kind, old)) {
                members.insert("id".to_owned(), Value::from(new));
            }
            members.values_mut().for_each(|inner| rename_uids(inner, kind, old, new));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|inner| rename_uids(inner, kind, old, new)),
        _ => {}
    }
}

pub(crate) fn parse(uid: &str) -> Option<(String, String)> {
    let uid: cedar_policy::EntityUid = uid.parse().ok()?;
    Some((uid.type_name().to_string(), uid.id().unescaped().to_owned()))
}
