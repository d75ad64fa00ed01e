//! What is said of fields that do not fit: the field, what people call it, the rule in both languages; never a value.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

use serde_json::{Value, json};
use zhongtai_cap_certificate::{CertificateError, CertificateType, EXAMPLES, FieldProblem, contract};

/// What is said of the excavation permit's `conditions`, held to `rule`, when it holds `value`.
fn said(rule: &Value, value: &Value) -> FieldProblem {
    let mut kind: Value = serde_json::from_str(EXAMPLES[1]).unwrap();
    kind["schema"]["properties"]["conditions"] = rule.clone();
    let kind = CertificateType::parse(kind.to_string().as_bytes()).unwrap();
    let mut fields = contract::fields();
    fields.insert("conditions".to_owned(), value.clone());
    let problems = match kind.check(&fields) {
        Err(CertificateError::Fields(problems)) => problems,
        other => panic!("{rule}: {other:?}"),
    };
    assert_eq!(problems.len(), 1, "{rule}: {problems:?}");
    problems[0].clone()
}

#[test]
fn every_rule_is_said_in_chinese_and_in_english_with_the_fields_name() {
    let rules = [
        (json!({ "type": "string" }), json!(7), "应为文字", "it must be a text"),
        (json!({ "type": ["integer", "null"] }), json!("x"), "应为空或整数", "it must be nothing or a whole number"),
        (json!({ "enum": ["白天", "夜间"] }), json!("x"), "只能是：白天、夜间", "it must be one of: 白天, 夜间"),
        (json!({ "const": 3 }), json!(7), "只能是：3", "it must be one of: 3"),
        (json!({ "minimum": 10 }), json!(7), "不得小于 10", "it must be at least 10"),
        (json!({ "exclusiveMinimum": 7 }), json!(7), "必须大于 7", "it must be more than 7"),
        (json!({ "maximum": 6 }), json!(7), "不得大于 6", "it must be at most 6"),
        (json!({ "exclusiveMaximum": 7 }), json!(7), "必须小于 7", "it must be less than 7"),
        (json!({ "multipleOf": 2 }), json!(7), "必须是 2 的倍数", "it must be a multiple of 2"),
        (json!({ "minLength": 3 }), json!("ab"), "至少 3 个字符", "characters, at least 3"),
        (json!({ "maxLength": 1 }), json!("ab"), "最多 1 个字符", "characters, at most 1"),
        (json!({ "minItems": 2 }), json!([1]), "至少 2 项", "items, at least 2"),
        (json!({ "maxItems": 1 }), json!([1, 2]), "最多 1 项", "items, at most 1"),
        (json!({ "uniqueItems": true }), json!([1, 1]), "各项不得重复", "no item may be there twice"),
        (json!({ "format": "date" }), json!("soon"), "应为日期，格式 YYYY-MM-DD", "it must be a day, YYYY-MM-DD"),
        (json!({ "format": "email" }), json!("x"), "应符合格式 email", "it must have the format `email`"),
        (json!({ "pattern": "^[0-9]+$" }), json!("x"), "应符合写法 ^[0-9]+$", "it must be written as `^[0-9]+$`"),
        (json!({ "not": { "type": "string" } }), json!("x"), "不符合规则 not", "it does not fit the rule `not`"),
    ];
    for (rule, value, zh, en) in rules {
        let problem = said(&rule, &value);
        assert_eq!((&*problem.problem.zh, &*problem.problem.en), (zh, en), "{rule}");
        assert_eq!((&*problem.field, &*problem.title), ("conditions", "许可条件"), "{rule}");
    }
}

#[test]
fn a_field_that_lacks_and_one_that_nobody_asked_for_are_named() {
    let kind = CertificateType::parse(EXAMPLES[1].as_bytes()).unwrap();
    let mut fields = contract::fields();
    fields.remove("place");
    fields.insert("colour".to_owned(), json!("red"));
    let Err(CertificateError::Fields(mut problems)) = kind.check(&fields) else { panic!("they do not fit") };
    problems.sort_by(|one, other| one.field.cmp(&other.field));
    let told: Vec<_> =
        problems.iter().map(|one| (&*one.field, &*one.title, &*one.problem.zh, &*one.problem.en)).collect();
    let expected = [
        ("colour", "", "此类证照没有这个字段", "the type has no such field"),
        ("place", "挖掘地点", "必须填写", "it is required"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_problem_inside_a_field_says_where_and_no_value_is_repeated() {
    let value = json!(["13812345678", 4_321, "11010519491231002X"]);
    let rule = json!({ "items": { "type": "string" } });
    let problem = said(&rule, &value);
    assert_eq!((&*problem.field, &*problem.title), ("conditions/1", "许可条件"));
    for rule in [json!({ "maxItems": 1 }), json!({ "contains": { "const": 1 } }), json!({ "type": "string" }), rule] {
        let told = format!("{:?} {}", said(&rule, &value), serde_json::to_string(&said(&rule, &value)).unwrap());
        for secret in ["13812345678", "4321", "11010519491231002X"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}
