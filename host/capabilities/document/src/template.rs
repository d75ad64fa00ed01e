use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use jsonschema::Validator;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use zhongtai_kernel::DepartmentId;
use zhongtai_typeset::Template;

use crate::{DocumentError, InputProblem, TemplateFile};

/// What is filled in.
pub type Inputs = Map<String, Value>;

/// Problems told at once.
const MOST_PROBLEMS: usize = 16;
/// What is filled in, bytes of JSON: a document of a hundred pages has less.
const MOST_INPUT: usize = 256 << 10;

/// A template (文书模板) of a department. A version never changes: a change is a new version.
#[derive(Clone)]
pub struct DocumentTemplate {
    file: TemplateFile,
    layout: Template,
    schema: Arc<Validator>,
    version: u32,
}

// === impl DocumentTemplate ===

impl DocumentTemplate {
    /// Reads what `zt template put` sends: the JSON of a [`TemplateFile`].
    ///
    /// # Errors
    /// When it is none, or its schema or parts are not right.
    pub fn parse(json: &[u8]) -> Result<Self, DocumentError> {
        let file = serde_json::from_slice(json).map_err(|error| invalid(error.to_string()))?;
        Self::new(file, 0)
    }

    pub(crate) fn new(file: TemplateFile, version: u32) -> Result<Self, DocumentError> {
        let definition = &file.definition;
        if !is_slug(&definition.name) {
            return Err(invalid("name: expected 1 to 64 of a-z, 0-9 and `-`"));
        }
        if definition.title.is_empty() || definition.title.chars().count() > 100 {
            return Err(invalid("title: expected 1 to 100 characters"));
        }
        if definition.schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err(invalid("schema: expected \"type\": \"object\""));
        }
        let schema = compile(&definition.schema)?;
        let template = Self { layout: layout(&file)?, schema: Arc::new(schema), file, version };
        match template.check(&template.file.sample) {
            Err(DocumentError::Inputs(problems)) => {
                Err(invalid(format!("sample.json: {}", InputProblem::list(&problems))))
            }
            other => other.map(|()| template),
        }
    }

    /// Its name, such as `excavation-permit`.
    pub fn name(&self) -> &str {
        &self.file.definition.name
    }

    /// What people call the document.
    pub fn title(&self) -> &str {
        &self.file.definition.title
    }

    /// The department whose template it is.
    pub fn owner(&self) -> &DepartmentId {
        &self.file.definition.owner
    }

    /// From 1; 0 before it is registered.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The JSON Schema of its inputs.
    pub fn schema(&self) -> &Value {
        &self.file.definition.schema
    }

    /// Inputs to try it with.
    pub fn sample(&self) -> &Inputs {
        &self.file.sample
    }

    /// What is laid out.
    pub fn layout(&self) -> &Template {
        &self.layout
    }

    /// SHA-256 over all that it is, in hexadecimal digits: the same digest is the same template.
    pub fn digest(&self) -> String {
        let head = serde_json::to_vec(&(&self.file.definition, &self.file.sample)).unwrap_or_default();
        let mut digest = Sha256::new();
        digest.update((head.len() as u64).to_be_bytes());
        digest.update(head);
        digest.update(self.layout.digest());
        hex::encode(digest.finalize())
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(&self.file).unwrap_or_default()
    }

    /// Checks inputs against the schema. The error names each field that does not fit, and never a value.
    ///
    /// # Errors
    /// When they don't fit, or are too many.
    pub fn check(&self, inputs: &Inputs) -> Result<(), DocumentError> {
        if serde_json::to_vec(inputs).is_ok_and(|json| json.len() > MOST_INPUT) {
            return Err(DocumentError::invalid("inputs", format!("at most {} KiB of JSON", MOST_INPUT >> 10)));
        }
        let inputs = Value::Object(inputs.clone());
        let found = self.schema.iter_errors(&inputs).take(MOST_PROBLEMS);
        let problems: Vec<_> = found.flat_map(|error| InputProblem::all_of(&error)).collect();
        if problems.is_empty() { Ok(()) } else { Err(DocumentError::Inputs(problems)) }
    }
}

impl fmt::Debug for DocumentTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentTemplate({} {})", self.name(), self.version)
    }
}

fn layout(file: &TemplateFile) -> Result<Template, DocumentError> {
    let unpacked = |(name, text): (&String, &String)| match STANDARD.decode(text) {
        Ok(data) => Ok((name.clone(), data)),
        Err(_) => Err(invalid(format!("the part {name} is not base64"))),
    };
    let parts = file.parts.iter().map(unpacked).collect::<Result<Vec<_>, _>>()?;
    Ok(Template::new(parts)?)
}

fn invalid(problem: impl Into<String>) -> DocumentError {
    DocumentError::InvalidTemplate(problem.into())
}

/// Formats are checked, and nothing is fetched: a schema that refers to another document does not compile.
fn compile(schema: &Value) -> Result<Validator, DocumentError> {
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    options.build(schema).map_err(|error| invalid(format!("schema: {error}")))
}

fn is_slug(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
