//! A small platform of one domain: fields to be read, scenarios to be called.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::sync::Arc;

use zhongtai_authz::{ActiveSet, Case, Compiled, PolicyTexts};
use zhongtai_kernel::{
    AccountId, Assurance, Attribute, CallerFacts, Channel, Digest, Question, Subject, SubjectKind, Timestamp,
};

pub const SCHEMA: &str = r#"
entity Department = { area: String };
entity Role;
entity Plugin in [Department];
entity Scenario = { owner: Department, access: String };
type Subject = {
  account: String, kind: String, assurance: Long, clearance: Long, roles: Set<String>,
  department?: Department, area?: String,
};
entity Caller in [Plugin, Department, Role] = {
  plugin: Plugin, department: Department, area: String, scenario: Scenario, component: String,
  purposes: Set<String>, subject?: Subject,
};
type Facts = {
  purpose?: String, basis?: String, consent?: String, case?: String, channel: String, now: datetime,
};
type DataFacts = {
  purpose: String, basis?: String, consent?: String, case?: String, channel: String, now: datetime,
};
entity Dataset = { level: Long };
entity Field in [Dataset] = { level: Long };
action "data:read";
action "credit:check", "credit:read-detail" in [Action::"data:read"] appliesTo {
  principal: [Caller], resource: [Field], context: DataFacts,
};
action "scenario:invoke" appliesTo { principal: [Caller], resource: [Scenario], context: Facts };
"#;

pub const ENTITIES: &str = r#"[
  { "uid": { "type": "Dataset", "id": "credit" }, "attrs": { "level": 3 }, "parents": [] },
  { "uid": { "type": "Field", "id": "credit.standing" }, "attrs": { "level": 2 }, "parents": [{ "type": "Dataset", "id": "credit" }] },
  { "uid": { "type": "Field", "id": "credit.detail" }, "attrs": { "level": 3 }, "parents": [{ "type": "Dataset", "id": "credit" }] }
]"#;

/// The texts of one `credit/credit.cedar`, with more files beside it.
pub fn texts_with(policies: &str, more: &[(&str, &str)]) -> PolicyTexts {
    let files =
        [("platform.cedarschema", SCHEMA), ("credit/entities.json", ENTITIES), ("credit/credit.cedar", policies)];
    let files = files.iter().chain(more).map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    PolicyTexts::new(files).unwrap()
}

pub fn texts(policies: &str) -> PolicyTexts {
    texts_with(policies, &[])
}

pub fn compiled(policies: &str) -> Compiled {
    Compiled::new(&texts(policies)).unwrap()
}

pub fn active(policies: &str) -> ActiveSet {
    ActiveSet::new(Arc::new(compiled(policies)))
}

pub fn now() -> Timestamp {
    "2026-01-05T01:00:00Z".parse().unwrap()
}

/// A citizen or officer of the scenario `pothole`, which declares the purpose `road-repair`.
pub fn caller(subject: Option<Subject>) -> CallerFacts {
    CallerFacts {
        scenario: "441802-chengguan/pothole".parse().unwrap(),
        component: Digest::of(b"pothole"),
        purposes: vec!["road-repair".to_owned()],
        channel: Channel::Web,
        subject,
    }
}

pub fn subject(kind: SubjectKind, assurance: Assurance, clearance: u8) -> Subject {
    let account = AccountId::from_bytes([1; 16]);
    Subject { account, kind, assurance, department: None, roles: Vec::new(), clearance, agent: None }
}

pub fn officer() -> CallerFacts {
    caller(Some(subject(SubjectKind::Officer, Assurance::Substantial, 3)))
}

pub fn read(action: &str, field: &str) -> Question {
    Question {
        action: action.to_owned(),
        kind: "Field".to_owned(),
        id: field.to_owned(),
        attributes: Vec::new(),
        purpose: Some("road-repair".to_owned()),
        basis: None,
        consent: None,
        case: None,
    }
}

pub fn invoke(access: &str) -> Question {
    let attributes = vec![
        ("owner".to_owned(), Attribute::Entity("Department".into(), "441802-chengguan".into())),
        ("access".to_owned(), Attribute::Text(access.to_owned().into())),
    ];
    Question {
        kind: "Scenario".to_owned(),
        id: "441802-chengguan/pothole".to_owned(),
        attributes,
        purpose: None,
        ..read("scenario:invoke", "")
    }
}

/// A case file: a caller without a subject, or one with the attributes of `subject`.
pub fn case_json(action: &str, resource: &str, purpose: &str, subject: Option<(&str, i64, i64)>) -> String {
    let mut attrs = serde_json::json!({
        "plugin": { "type": "Plugin", "id": "p" },
        "department": { "type": "Department", "id": "441802-chengguan" },
        "area": "441802",
        "scenario": { "type": "Scenario", "id": "s" },
        "component": "sha256:00",
        "purposes": ["road-repair"],
    });
    if let Some((kind, assurance, clearance)) = subject {
        attrs["subject"] = serde_json::json!({
            "account": "a", "kind": kind, "assurance": assurance, "clearance": clearance, "roles": [],
        });
    }
    serde_json::json!({
        "title": format!("{action} on {resource} for {purpose}"),
        "principal": "Caller::\"c\"",
        "action": action,
        "resource": format!("Field::\"{resource}\""),
        "context": { "purpose": purpose },
        "entities": [{ "uid": { "type": "Caller", "id": "c" }, "attrs": attrs, "parents": [] }],
    })
    .to_string()
}

pub fn case(action: &str, resource: &str, purpose: &str, subject: Option<(&str, i64, i64)>) -> Case {
    Case::parse(&case_json(action, resource, purpose, subject)).unwrap()
}
