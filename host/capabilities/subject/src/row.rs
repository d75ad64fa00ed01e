//! What columns mean.

use std::str::FromStr;

use zhongtai_kernel::{AccountId, Assurance, DepartmentId, Subject, SubjectKind, Timestamp};
use zhongtai_store::StoreError;

use crate::account::CLEARANCES;

/// `kind`, `assurance`, `department`, `roles`, `clearance` of `subject_accounts`.
pub(crate) type SubjectColumns = (String, i64, Option<String>, String, i64);

/// The subject that an account's columns describe.
pub(crate) fn subject(account: AccountId, columns: SubjectColumns) -> Result<Subject, StoreError> {
    let (kind, assurance, department, roles, clearance) = columns;
    Ok(Subject {
        account,
        kind: subject_kind(&kind)?,
        assurance: self::assurance("subject_accounts.assurance", assurance)?,
        department: department.map(|id| parse::<DepartmentId>("subject_accounts.department", &id)).transpose()?,
        roles: texts("subject_accounts.roles", &roles)?,
        clearance: clearance_of(clearance)?,
        agent: None,
    })
}

/// A column that is a text form of `T`. The problem is not quoted: it could hold the value.
pub(crate) fn parse<T: FromStr>(what: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::corrupt(what, "it can't be parsed"))
}

/// Milliseconds since 1970.
pub(crate) fn time(what: &'static str, millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|error| StoreError::corrupt(what, error))
}

/// A JSON array of texts.
pub(crate) fn texts(what: &'static str, json: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(json).map_err(|_| StoreError::corrupt(what, "it is not a JSON array of texts"))
}

/// What [`texts`] reads back.
pub(crate) fn json(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

fn subject_kind(text: &str) -> Result<SubjectKind, StoreError> {
    [SubjectKind::NaturalPerson, SubjectKind::LegalPerson, SubjectKind::Officer]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| StoreError::corrupt("subject_accounts.kind", "there is no such kind"))
}

/// How sure the host is of who somebody is.
pub(crate) fn assurance(what: &'static str, level: i64) -> Result<Assurance, StoreError> {
    [Assurance::Low, Assurance::Substantial, Assurance::High]
        .into_iter()
        .find(|assurance| *assurance as i64 == level)
        .ok_or_else(|| StoreError::corrupt(what, "expected 1, 2 or 3"))
}

fn clearance_of(level: i64) -> Result<u8, StoreError> {
    u8::try_from(level)
        .ok()
        .filter(|level| CLEARANCES.contains(level))
        .ok_or_else(|| StoreError::corrupt("subject_accounts.clearance", "expected 1, 2, 3 or 4"))
}
