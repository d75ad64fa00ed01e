//! A registry of records, its policies, and who asks.
#![allow(dead_code, reason = "each test uses its own part")]

pub mod dice;
pub mod notes;
pub mod policies;
pub mod rows;

use sqlx::AnyPool;
use zhongtai_authz::{Compiled, PolicyError, PolicyTexts};
use zhongtai_kernel::{
    AccountId, Assurance, Attribute, CallerFacts, Channel, Digest, Question, Subject, SubjectKind, Timestamp,
};
use zhongtai_rowfilter::{Bind, Dialect, RowFilter};
use zhongtai_store::Backend;

pub const SCHEMA: &str = include_str!("registry.cedarschema");
pub const ENTITIES: &str = include_str!("entities.json");

pub fn now() -> Timestamp {
    "2026-01-05T01:00:30Z".parse().unwrap()
}

pub fn compiled(policies: &str) -> Result<Compiled, PolicyError> {
    let files = [("r/r.cedarschema", SCHEMA), ("r/entities.json", ENTITIES), ("r/r.cedar", policies)];
    Compiled::new(&PolicyTexts::new(files.map(|(path, text)| (path.to_owned(), text.to_owned())))?)
}

/// A clerk, cleared for level 2.
pub fn clerk() -> CallerFacts {
    let subject = Subject {
        account: AccountId::from_bytes([1; 16]),
        kind: SubjectKind::Officer,
        assurance: Assurance::Substantial,
        department: Some("441802-chengguan".parse().unwrap()),
        roles: vec!["clerk".to_owned()],
        clearance: 2,
        agent: None,
    };
    CallerFacts { subject: Some(subject), ..nobody() }
}

/// A plugin that runs for nobody.
pub fn nobody() -> CallerFacts {
    CallerFacts {
        scenario: "441802-chengguan/pothole".parse().unwrap(),
        component: Digest::of(b"pothole"),
        purposes: vec!["a".to_owned(), "中台".to_owned()],
        channel: Channel::Web,
        subject: None,
    }
}

/// The question about a row of which nothing is known yet.
pub fn listing() -> Question {
    Question {
        action: "record:list".to_owned(),
        kind: "Record".to_owned(),
        id: String::new(),
        attributes: vec![("title".to_owned(), Attribute::Text("".into()))],
        purpose: None,
        basis: None,
        consent: None,
        case: None,
    }
}

pub fn dialect(backend: Backend) -> Dialect {
    match backend {
        Backend::Sqlite => Dialect::Sqlite,
        Backend::Postgres => Dialect::Postgres,
    }
}

/// The ids that the filter selects, in order.
pub async fn selected(pool: &AnyPool, table: &str, filter: &RowFilter) -> Result<Vec<String>, sqlx::Error> {
    let sql = format!("SELECT id FROM {table} WHERE {}", filter.clause(1));
    let mut query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
    for bind in filter.binds() {
        query = match bind {
            Bind::Text(text) => query.bind(text.clone()),
            Bind::Number(number) => query.bind(*number),
        };
    }
    let mut ids: Vec<String> = query.fetch_all(pool).await?;
    ids.sort();
    Ok(ids)
}
