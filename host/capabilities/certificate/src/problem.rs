//! What is wrong with a field, in words for whoever fills it in. A rule of the schema may be named, a value never.

use jsonschema::{
    JsonType, JsonTypeSet, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zhongtai_kernel::Words;

use crate::CertificateType;

/// A field that does not fit its type's schema. Names the field and the rule, never the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The field, or where in it: `area_m2`, `places/0`. Empty for the whole.
    pub field: String,
    /// What people call the field; empty when the type has no such field.
    pub title: String,
    /// What is wrong.
    #[serde(flatten)]
    pub problem: Words,
}

// === impl FieldProblem ===

impl FieldProblem {
    /// What a finding of the schema says, at the fields that a person has to look at.
    pub(crate) fn all_of(error: &ValidationError<'_>, kind: &CertificateType) -> Vec<Self> {
        let at = error.instance_path().to_string();
        let one = |name: &str, problem: Words| Self::new(format!("{at}/{name}").trim_matches('/'), problem, kind);
        match error.kind() {
            Kind::Required { property } => {
                vec![one(property.as_str().unwrap_or_default(), Words::new("必须填写", "it is required"))]
            }
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                let unknown = || Words::new("此类证照没有这个字段", "the type has no such field");
                unexpected.iter().map(|name| one(name, unknown())).collect()
            }
            broken => vec![one("", words(broken))],
        }
    }

    fn new(field: &str, problem: Words, kind: &CertificateType) -> Self {
        let name = field.split('/').next().unwrap_or_default();
        let title = kind.fields().get(name).map(|field| field.title.clone()).unwrap_or_default();
        Self { field: field.to_owned(), title, problem }
    }
}

/// What the rule asks for.
fn words(rule: &Kind) -> Words {
    match rule {
        Kind::Type { kind } => {
            let types = match kind {
                TypeKind::Single(one) => JsonTypeSet::from(*one),
                TypeKind::Multiple(several) => *several,
            };
            let all =
                |name: fn(JsonType) -> &'static str, or: &str| types.iter().map(name).collect::<Vec<_>>().join(or);
            Words::new(format!("应为{}", all(type_zh, "或")), format!("it must be {}", all(type_en, " or ")))
        }
        Kind::Enum { options } => one_of(options.as_array().map(Vec::as_slice).unwrap_or_default()),
        Kind::Constant { expected_value } => one_of(std::slice::from_ref(&**expected_value)),
        Kind::Minimum { limit } => limited("不得小于", "it must be at least", limit, ""),
        Kind::ExclusiveMinimum { limit } => limited("必须大于", "it must be more than", limit, ""),
        Kind::Maximum { limit } => limited("不得大于", "it must be at most", limit, ""),
        Kind::ExclusiveMaximum { limit } => limited("必须小于", "it must be less than", limit, ""),
        Kind::MultipleOf { multiple_of } => {
            Words::new(format!("必须是 {multiple_of} 的倍数"), format!("it must be a multiple of {multiple_of}"))
        }
        Kind::MinLength { limit } => limited("至少", "characters, at least", limit, " 个字符"),
        Kind::MaxLength { limit } => limited("最多", "characters, at most", limit, " 个字符"),
        Kind::MinItems { limit } => limited("至少", "items, at least", limit, " 项"),
        Kind::MaxItems { limit } => limited("最多", "items, at most", limit, " 项"),
        Kind::UniqueItems => Words::new("各项不得重复", "no item may be there twice"),
        Kind::Format { format } if format == "date" => {
            Words::new("应为日期，格式 YYYY-MM-DD", "it must be a day, YYYY-MM-DD")
        }
        Kind::Format { format } => {
            Words::new(format!("应符合格式 {format}"), format!("it must have the format `{format}`"))
        }
        Kind::Pattern { pattern } => {
            Words::new(format!("应符合写法 {pattern}"), format!("it must be written as `{pattern}`"))
        }
        other => {
            let rule = other.keyword();
            Words::new(format!("不符合规则 {rule}"), format!("it does not fit the rule `{rule}`"))
        }
    }
}

fn limited(zh: &str, en: &str, limit: impl std::fmt::Display, unit_zh: &str) -> Words {
    Words::new(format!("{zh} {limit}{unit_zh}"), format!("{en} {limit}"))
}

/// The choices are the schema's: they may be told.
fn one_of(options: &[Value]) -> Words {
    let text = |option: &Value| option.as_str().map_or_else(|| option.to_string(), str::to_owned);
    let all = |between: &str| options.iter().map(text).collect::<Vec<_>>().join(between);
    Words::new(format!("只能是：{}", all("、")), format!("it must be one of: {}", all(", ")))
}

fn type_zh(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "列表",
        JsonType::Boolean => "是或否",
        JsonType::Integer => "整数",
        JsonType::Null => "空",
        JsonType::Number => "数字",
        JsonType::Object => "一组字段",
        JsonType::String => "文字",
    }
}

fn type_en(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "yes or no",
        JsonType::Integer => "a whole number",
        JsonType::Null => "nothing",
        JsonType::Number => "a number",
        JsonType::Object => "a group of fields",
        JsonType::String => "a text",
    }
}
