//! A type of certificate (证照类型): what its file says, checked.

use std::{collections::BTreeMap, fmt, sync::Arc};

use jsonschema::Validator;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zhongtai_kernel::{CreditCode, DepartmentId};

use crate::{CertificateError, FieldProblem, TypeCode};

/// What a field holds; policy masks by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// A person's name.
    Name,
    /// A telephone number.
    Phone,
    /// A resident ID.
    ResidentId,
    /// An address.
    Address,
    /// Anything else.
    #[default]
    Other,
}

// === impl Content ===

impl Content {
    /// The word used in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "phone",
            Self::ResidentId => "resident-id",
            Self::Address => "address",
            Self::Other => "other",
        }
    }
}

/// A field of a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// What people call it.
    pub title: String,
    /// Data level (分级): 1 public, 2 internal, 3 sensitive, 4 most sensitive.
    pub level: u8,
    /// What it holds.
    #[serde(default)]
    pub content: Content,
}

/// What the sealed files (版式文件) of a type's certificates are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperPlan {
    /// The document template. Its inputs are the certificate's fields and [`PAPER_FACTS`].
    pub template: String,
    /// The seal of the type's department that goes on it, such as `441802-chengguan/permit`.
    pub seal: String,
    /// The issuer, as the paper names it.
    pub issuer: String,
}

/// What a paper is given beside the fields: number, issuer's name, days as `YYYY-MM-DD`. No field has such a name.
pub const PAPER_FACTS: [&str; 5] = ["number", "issuer", "issued_on", "valid_from", "valid_until"];

/// The file of a type, as an operator or a department writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    name: String,
    title: String,
    code: String,
    owner: DepartmentId,
    issuer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validity_days: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    papers: Option<PaperPlan>,
    fields: BTreeMap<String, Field>,
    schema: Value,
}

/// A type of certificate: who issues it, what it says, and how long it holds. Immutable: a change is a new version.
#[derive(Clone)]
pub struct CertificateType {
    definition: Definition,
    code: TypeCode,
    issuer: CreditCode,
    schema: Arc<Validator>,
    version: u32,
}

/// The fields of a certificate by name.
pub type Fields = Map<String, Value>;

/// Fields that a type may have: each one read is a decision and a line of the audit log.
const MOST_FIELDS: usize = 64;
/// Problems told at once.
const MOST_PROBLEMS: usize = 16;
/// A type's file, bytes.
const MOST_BYTES: usize = 64 << 10;

// === impl CertificateType ===

impl CertificateType {
    /// Reads a type's file: JSON with `name`, `title`, `code` (21 characters, GB/T 36904), `owner`, `issuer` (credit
    /// code), `fields` with their levels, `schema` (JSON Schema 2020-12), and where there are sealed files, `papers`.
    pub fn parse(json: &[u8]) -> Result<Self, CertificateError> {
        Self::parse_version(json, 0)
    }

    pub(crate) fn parse_version(json: &[u8], version: u32) -> Result<Self, CertificateError> {
        if json.len() > MOST_BYTES {
            return Err(invalid(format!("the file has {} bytes, at most {MOST_BYTES} are read", json.len())));
        }
        let definition: Definition = serde_json::from_slice(json).map_err(|error| invalid(error.to_string()))?;
        let code = definition.code.parse().map_err(|error| invalid(format!("code: {error}")))?;
        let issuer = definition.issuer.parse().map_err(|error| invalid(format!("issuer: {error}")))?;
        check_names(&definition)?;
        check_levels(&definition)?;
        check_papers(&definition)?;
        let schema = Arc::new(compile(&definition.schema)?);
        Ok(Self { definition, code, issuer, schema, version })
    }

    /// Its name, such as `business-licence`.
    pub fn name(&self) -> &str {
        &self.definition.name
    }

    /// What people call it.
    pub fn title(&self) -> &str {
        &self.definition.title
    }

    /// Its code in numbers.
    pub fn code(&self) -> &TypeCode {
        &self.code
    }

    /// The department whose type it is (谁主管谁发证).
    pub fn owner(&self) -> &DepartmentId {
        &self.definition.owner
    }

    /// The issuer in numbers.
    pub fn issuer(&self) -> &CreditCode {
        &self.issuer
    }

    /// For how many days a certificate is valid when nobody says otherwise; `None` is for ever.
    pub fn validity_days(&self) -> Option<u32> {
        self.definition.validity_days
    }

    /// What its sealed files are made of; none are made without.
    pub fn papers(&self) -> Option<&PaperPlan> {
        self.definition.papers.as_ref()
    }

    /// Every field by its name.
    pub fn fields(&self) -> &BTreeMap<String, Field> {
        &self.definition.fields
    }

    /// The highest level of its fields.
    pub fn level(&self) -> u8 {
        self.definition.fields.values().map(|field| field.level).max().unwrap_or(1)
    }

    /// From 1; 0 before it is registered.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The file, as it is stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.definition).unwrap_or_default()
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.definition == other.definition
    }

    /// Checks fields against the schema. The error names each field that does not fit, and never a value.
    pub fn check(&self, fields: &Fields) -> Result<(), CertificateError> {
        let problems: Vec<FieldProblem> = self
            .schema
            .iter_errors(&Value::Object(fields.clone()))
            .take(MOST_PROBLEMS)
            .flat_map(|error| FieldProblem::all_of(&error, self))
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(CertificateError::Fields(problems)) }
    }
}

impl fmt::Debug for CertificateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateType({} {})", self.name(), self.version)
    }
}

fn invalid(problem: impl Into<String>) -> CertificateError {
    CertificateError::InvalidType(problem.into())
}

/// Formats are checked, and nothing is fetched: a schema that refers to another document does not compile.
fn compile(schema: &Value) -> Result<Validator, CertificateError> {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| invalid(format!("schema: {error}")))
}

fn check_names(definition: &Definition) -> Result<(), CertificateError> {
    if !is_slug(&definition.name) {
        return Err(invalid("name: expected 1 to 64 of a-z, 0-9 and `-`"));
    }
    if definition.title.is_empty() || definition.title.chars().count() > 100 {
        return Err(invalid("title: expected 1 to 100 characters"));
    }
    if definition.validity_days == Some(0) {
        return Err(invalid("validity_days: expected 1 at least; leave it out for no end"));
    }
    Ok(())
}

/// Every property has a level, nothing else may be in a certificate: no field gets past the filter by being unknown.
fn check_levels(definition: &Definition) -> Result<(), CertificateError> {
    let schema = &definition.schema;
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        return Err(invalid("schema: expected \"additionalProperties\": false"));
    }
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let fields = &definition.fields;
    if fields.is_empty() || fields.len() > MOST_FIELDS {
        return Err(invalid(format!("fields: expected 1 to {MOST_FIELDS}")));
    }
    if let Some(name) = properties.keys().find(|name| !fields.contains_key(*name)) {
        return Err(invalid(format!("fields: `{name}` of the schema has no level")));
    }
    for (name, field) in fields {
        if !properties.contains_key(name) {
            return Err(invalid(format!("fields: `{name}` is not in the schema's properties")));
        }
        if !(1..=4).contains(&field.level) {
            return Err(invalid(format!("fields: `{name}` has level {}, expected 1 to 4", field.level)));
        }
    }
    Ok(())
}

/// A paper's own facts and the fields go into one set of inputs.
fn check_papers(definition: &Definition) -> Result<(), CertificateError> {
    let Some(papers) = &definition.papers else { return Ok(()) };
    if let Some(name) = PAPER_FACTS.iter().find(|name| definition.fields.contains_key(**name)) {
        return Err(invalid(format!("fields: `{name}` is what a paper is given by the platform, choose another name")));
    }
    let texts = [("template", &papers.template), ("seal", &papers.seal), ("issuer", &papers.issuer)];
    match texts.iter().find(|(_, text)| text.is_empty() || text.chars().count() > 100) {
        Some((name, _)) => Err(invalid(format!("papers.{name}: expected 1 to 100 characters"))),
        None => Ok(()),
    }
}

pub(crate) fn is_slug(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
