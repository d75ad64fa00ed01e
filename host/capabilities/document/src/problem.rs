use jsonschema::{ValidationError, error::ValidationErrorKind as Kind};
use serde::{Deserialize, Serialize};
use zhongtai_kernel::Words;

/// An input that does not fit the schema. Names the field and the rule, never the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputProblem {
    /// The field, or where in it: `area_m2`, `places/0`. Empty for the whole.
    pub field: String,
    /// What is wrong.
    #[serde(flatten)]
    pub problem: Words,
}

// === impl InputProblem ===

impl InputProblem {
    /// What a finding of the schema says, at the fields that a person has to look at.
    pub(crate) fn all_of(error: &ValidationError<'_>) -> Vec<Self> {
        let at = error.instance_path().to_string();
        let one = |name: &str, problem| Self { field: format!("{at}/{name}").trim_matches('/').to_owned(), problem };
        match error.kind() {
            Kind::Required { property } => {
                vec![one(property.as_str().unwrap_or_default(), Words::new("必须填写", "it is required"))]
            }
            Kind::AdditionalProperties { unexpected } => {
                let unknown = || Words::new("模板没有这个字段", "the template has no such field");
                unexpected.iter().map(|name| one(name, unknown())).collect()
            }
            // With the value left out.
            rule => vec![one("", Words::new(chinese(rule), error.masked_with("it").to_string()))],
        }
    }

    pub(crate) fn list(problems: &[Self]) -> String {
        let one = |Self { field, problem }: &Self| match field.as_str() {
            "" => problem.en.clone(),
            field => format!("`{field}`: {}", problem.en),
        };
        problems.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

fn chinese(rule: &Kind) -> String {
    match rule {
        Kind::Type { .. } => "类型不对".to_owned(),
        Kind::Enum { .. } | Kind::Constant { .. } => "不是允许的取值".to_owned(),
        Kind::Minimum { limit } => format!("不得小于 {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("必须大于 {limit}"),
        Kind::Maximum { limit } => format!("不得大于 {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("必须小于 {limit}"),
        Kind::MinLength { limit } => format!("至少 {limit} 个字符"),
        Kind::MaxLength { limit } => format!("最多 {limit} 个字符"),
        Kind::MinItems { limit } => format!("至少 {limit} 项"),
        Kind::MaxItems { limit } => format!("最多 {limit} 项"),
        Kind::Format { format } if format == "date" => "应为日期，格式 YYYY-MM-DD".to_owned(),
        Kind::Format { format } => format!("应符合格式 {format}"),
        Kind::Pattern { pattern } => format!("应符合写法 {pattern}"),
        other => format!("不符合规则 {}", other.keyword()),
    }
}
