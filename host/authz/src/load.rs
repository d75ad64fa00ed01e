//! Reads policy folders and compiles them: schema fragments, policies, declared entities.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use cedar_policy::{
    Entities, ParseErrors, Policy, PolicyId, PolicySet, Schema, SchemaFragment, ValidationMode, Validator,
};
use zhongtai_kernel::Digest;

use crate::{PolicyError, active::ActiveSet};

/// A folder of policies: `*.cedarschema`, `*.cedar` and `entities.json`, here and one level down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFolder(pub PathBuf);

/// The texts of every file, by path.
pub(crate) type Texts = BTreeMap<PathBuf, String>;

pub(crate) fn load(folders: &[PolicyFolder]) -> Result<ActiveSet, PolicyError> {
    compile(&read(folders)?)
}

/// Reads every policy file of the folders.
pub(crate) fn read(folders: &[PolicyFolder]) -> Result<Texts, PolicyError> {
    let mut texts = Texts::new();
    for PolicyFolder(folder) in folders {
        for path in files(folder)? {
            if path.is_dir() {
                for path in files(&path)? {
                    read_file(path, &mut texts)?;
                }
            } else {
                read_file(path, &mut texts)?;
            }
        }
    }
    Ok(texts)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, PolicyError> {
    let fail = |source| PolicyError::Read { path: folder.to_owned(), source };
    std::fs::read_dir(folder).map_err(fail)?.map(|entry| entry.map(|entry| entry.path()).map_err(fail)).collect()
}

fn read_file(path: PathBuf, texts: &mut Texts) -> Result<(), PolicyError> {
    let is_policy = matches!(extension(&path), "cedar" | "cedarschema") || path.ends_with("entities.json");
    if is_policy && path.is_file() {
        let text = std::fs::read_to_string(&path).map_err(|source| PolicyError::Read { path: path.clone(), source })?;
        texts.insert(path, text);
    }
    Ok(())
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

/// The hash that decisions carry: over every file's name and text.
pub(crate) fn hash(texts: &Texts) -> Digest {
    let mut bytes = Vec::new();
    for (path, text) in texts {
        for part in [path.as_os_str().as_encoded_bytes(), text.as_bytes()] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
    }
    Digest::of(&bytes)
}

/// Parses and strictly validates the texts.
pub(crate) fn compile(texts: &Texts) -> Result<ActiveSet, PolicyError> {
    let schema = schema(texts)?;
    let (policies, sources) = policies(texts)?;
    validate(&schema, &policies, &sources)?;
    let entities = entities(texts, &schema)?;
    Ok(ActiveSet::new(schema, policies, entities, hash(texts)))
}

fn schema(texts: &Texts) -> Result<Schema, PolicyError> {
    let mut fragments = Vec::new();
    for (path, text) in texts.iter().filter(|(path, _)| extension(path) == "cedarschema") {
        let (fragment, _warnings) = SchemaFragment::from_cedarschema_str(text)
            .map_err(|error| PolicyError::at(path, text, first_label(&error), &error))?;
        fragments.push(fragment);
    }
    Schema::from_schema_fragments(fragments).map_err(|error| PolicyError::Schema(error.to_string()))
}

type Sources<'a> = HashMap<PolicyId, (&'a Path, &'a str)>;

/// Every policy, under its `@id` or `file#n`.
fn policies(texts: &Texts) -> Result<(PolicySet, Sources<'_>), PolicyError> {
    let mut all = PolicySet::new();
    let mut sources = Sources::new();
    for (path, text) in texts.iter().filter(|(path, _)| extension(path) == "cedar") {
        let parsed: PolicySet =
            text.parse().map_err(|error: ParseErrors| PolicyError::at(path, text, first_label(&error), &error))?;
        for (index, policy) in parsed.policies().enumerate() {
            let id = policy_id(path, index, policy);
            sources.insert(id.clone(), (path.as_path(), text.as_str()));
            all.add(policy.new_id(id)).map_err(|error| PolicyError::at(path, text, None, error))?;
        }
    }
    if all.is_empty() {
        let folders: Vec<_> = texts.keys().map(|path| path.display().to_string()).collect();
        return Err(PolicyError::Empty(folders.join(", ")));
    }
    Ok((all, sources))
}

fn policy_id(path: &Path, index: usize, policy: &Policy) -> PolicyId {
    match policy.annotation("id") {
        Some(id) => PolicyId::new(id),
        None => {
            let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            PolicyId::new(format!("{file}#{}", index + 1))
        }
    }
}

fn validate(schema: &Schema, policies: &PolicySet, sources: &Sources<'_>) -> Result<(), PolicyError> {
    let result = Validator::new(schema.clone()).validate(policies, ValidationMode::Strict);
    let Some(error) = result.validation_errors().next() else { return Ok(()) };
    match sources.get(error.policy_id()) {
        Some((path, text)) => Err(PolicyError::at(path, text, first_label(error), error)),
        None => Err(PolicyError::Schema(error.to_string())),
    }
}

fn entities(texts: &Texts, schema: &Schema) -> Result<Entities, PolicyError> {
    let mut all = Entities::empty();
    for (path, text) in texts.iter().filter(|(path, _)| extension(path) == "json") {
        all = all
            .add_entities_from_json_str(text, Some(schema))
            .map_err(|error| PolicyError::at(path, text, None, report(&error)))?;
    }
    Ok(all)
}

/// Where a parse or validation error points first.
fn first_label(error: &dyn miette::Diagnostic) -> Option<usize> {
    error.labels()?.next().map(|label| label.offset())
}

/// An error with its causes: cedar's top line alone often says little.
fn report(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
