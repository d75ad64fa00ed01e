//! The tables of versions: reading and appending, nothing else.

use sqlx::Executor;
use zhongtai_authz::PolicyTexts;
use zhongtai_kernel::Timestamp;
use zhongtai_store::{StoreError, WriteTransaction};

use crate::{Act, Event, GovernanceError};

/// A row of `policy_versions`, as it is.
pub(crate) struct VersionRow {
    pub(crate) number: i64,
    pub(crate) base: i64,
    pub(crate) hash: String,
}

/// Every event, oldest first.
pub(crate) async fn events<'e>(
    executor: impl Executor<'e, Database = sqlx::Any>,
) -> Result<Vec<Event>, GovernanceError> {
    type Row = (i64, i64, String, String, i64, String, String, String);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT step, version, act, actor, at, reason, detail, signature FROM policy_events ORDER BY step",
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|(step, version, act, actor, at, reason, detail, signature)| {
            let act =
                Act::parse(&act).ok_or_else(|| GovernanceError::Tampered(format!("step {step} has no such act")))?;
            let at = Timestamp::from_millisecond(at).map_err(|error| StoreError::corrupt("policy_events.at", error))?;
            Ok(Event { step, version, act, actor, at, reason, detail, signature })
        })
        .collect()
}

/// Every version, oldest first, without its texts.
pub(crate) async fn versions<'e>(
    executor: impl Executor<'e, Database = sqlx::Any>,
) -> Result<Vec<VersionRow>, GovernanceError> {
    let rows: Vec<(i64, i64, String)> =
        sqlx::query_as("SELECT number, base, hash FROM policy_versions ORDER BY number").fetch_all(executor).await?;
    Ok(rows.into_iter().map(|(number, base, hash)| VersionRow { number, base, hash }).collect())
}

/// A version's texts, whose hash must be `hash`.
pub(crate) async fn texts<'e>(
    executor: impl Executor<'e, Database = sqlx::Any>,
    number: i64,
    hash: &str,
) -> Result<PolicyTexts, GovernanceError> {
    let json: Option<String> = sqlx::query_scalar("SELECT texts FROM policy_versions WHERE number = $1")
        .bind(number)
        .fetch_optional(executor)
        .await?;
    let json = json.ok_or(GovernanceError::NoSuchVersion(number))?;
    let texts: Option<PolicyTexts> = serde_json::from_str(&json).ok();
    texts
        .filter(|texts| texts.hash().to_string() == hash)
        .ok_or_else(|| GovernanceError::Tampered(format!("the texts of version {number} do not have the signed hash")))
}

/// The last step, 0 before the first: what a host polls.
pub(crate) async fn last_step<'e>(executor: impl Executor<'e, Database = sqlx::Any>) -> Result<i64, GovernanceError> {
    Ok(sqlx::query_scalar("SELECT COALESCE(MAX(step), 0) FROM policy_events").fetch_one(executor).await?)
}

pub(crate) async fn insert_version(
    write: &mut WriteTransaction,
    row: &VersionRow,
    texts: &PolicyTexts,
) -> Result<(), GovernanceError> {
    let json = serde_json::to_string(texts).map_err(|error| StoreError::corrupt("policy_versions.texts", error))?;
    sqlx::query("INSERT INTO policy_versions (number, base, hash, texts) VALUES ($1, $2, $3, $4)")
        .bind(row.number)
        .bind(row.base)
        .bind(&row.hash)
        .bind(json)
        .execute(&mut **write)
        .await?;
    Ok(())
}

pub(crate) async fn insert_event(write: &mut WriteTransaction, event: &Event) -> Result<(), GovernanceError> {
    sqlx::query(
        "INSERT INTO policy_events (step, version, act, actor, at, reason, detail, signature) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(event.step)
    .bind(event.version)
    .bind(event.act.as_str())
    .bind(&event.actor)
    .bind(event.at.as_millisecond())
    .bind(&event.reason)
    .bind(&event.detail)
    .bind(&event.signature)
    .execute(&mut **write)
    .await?;
    Ok(())
}
