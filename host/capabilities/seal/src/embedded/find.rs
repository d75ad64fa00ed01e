//! Reading seals back.

use zhongtai_impression::Drawing;
use zhongtai_kernel::DepartmentId;
use zhongtai_ofd::ESeal;
use zhongtai_store::StoreError;

use super::{EmbeddedSeals, authority::time, credential};
use crate::{Seal, SealError, SealEvent, SealName, SealUse};

/// Uses in one answer.
const MOST: i64 = 100;

/// `id`, `name`, `title`, `kind`, `design`, `stage`, `state`, `valid_from`, `valid_until`, `uses`, `last_used_at`.
type Row = (String, String, String, String, String, String, String, i64, i64, i64, Option<i64>);

pub(super) async fn by_name(host: &EmbeddedSeals, name: &SealName) -> Result<Option<Seal>, SealError> {
    Ok(with_id(host, name).await?.map(|(_, seal)| seal))
}

/// The seal with its id.
pub(super) async fn with_id(host: &EmbeddedSeals, name: &SealName) -> Result<Option<(String, Seal)>, SealError> {
    let sql = "SELECT id, name, title, kind, design, stage, state, valid_from, valid_until, uses, last_used_at \
               FROM seals WHERE name = $1";
    let row: Option<Row> = sqlx::query_as(sql).bind(name.as_str()).fetch_optional(host.store().pool()).await?;
    match row {
        Some(row) => Ok(Some((row.0.clone(), seal(host, row).await?))),
        None => Ok(None),
    }
}

/// A seal that must be there.
pub(super) async fn must(host: &EmbeddedSeals, name: &SealName) -> Result<Seal, SealError> {
    by_name(host, name).await?.ok_or(SealError::NotFound("seal"))
}

pub(super) async fn of_department(host: &EmbeddedSeals, department: &DepartmentId) -> Result<Vec<Seal>, SealError> {
    let sql = "SELECT id, name, title, kind, design, stage, state, valid_from, valid_until, uses, last_used_at \
               FROM seals WHERE department = $1 ORDER BY name";
    let rows: Vec<Row> = sqlx::query_as(sql).bind(department.as_str()).fetch_all(host.store().pool()).await?;
    let mut seals = Vec::with_capacity(rows.len());
    for row in rows {
        seals.push(seal(host, row).await?);
    }
    Ok(seals)
}

async fn seal(host: &EmbeddedSeals, row: Row) -> Result<Seal, SealError> {
    let (id, name, title, kind, design, stage, state, from, until, uses, last) = row;
    let (serials, token_key) = credential::serials(host, &id).await?;
    Ok(Seal {
        name: name.parse()?,
        title,
        kind: kind.parse()?,
        design: serde_json::from_str(&design).map_err(|error| StoreError::corrupt("seals.design", error))?,
        stage,
        state: state.parse()?,
        valid_from: time(from)?,
        valid_until: time(until)?,
        uses: u64::try_from(uses).unwrap_or_default(),
        last_used_at: last.map(time).transpose()?,
        serials,
        token_key,
    })
}

pub(super) async fn face(host: &EmbeddedSeals, name: &SealName) -> Result<Drawing, SealError> {
    let (id, _) = with_id(host, name).await?.ok_or(SealError::NotFound("seal"))?;
    face_of(host, &id).await
}

pub(super) async fn face_of(host: &EmbeddedSeals, id: &str) -> Result<Drawing, SealError> {
    let sql = "SELECT face FROM seals WHERE id = $1";
    let face: String = sqlx::query_scalar(sql).bind(id).fetch_one(host.store().pool()).await?;
    Ok(serde_json::from_str(&face).map_err(|error| StoreError::corrupt("seals.face", error))?)
}

pub(super) async fn eseal(host: &EmbeddedSeals, id: &str) -> Result<ESeal, SealError> {
    let sql = "SELECT eseal FROM seals WHERE id = $1";
    let eseal: Vec<u8> = sqlx::query_scalar(sql).bind(id).fetch_one(host.store().pool()).await?;
    Ok(ESeal::from_der(&eseal)?)
}

pub(super) async fn events(host: &EmbeddedSeals, name: &SealName) -> Result<Vec<SealEvent>, SealError> {
    let (id, _) = with_id(host, name).await?.ok_or(SealError::NotFound("seal"))?;
    let sql = "SELECT at, what, actor, reason FROM seal_events WHERE holder = $1 ORDER BY at, id";
    let rows: Vec<(i64, String, String, Option<String>)> =
        sqlx::query_as(sql).bind(id).fetch_all(host.store().pool()).await?;
    let event = |(at, what, by, reason)| Ok(SealEvent { at: time(at)?, what, by, reason });
    rows.into_iter().map(event).collect()
}

pub(super) async fn uses(host: &EmbeddedSeals, name: &SealName) -> Result<Vec<SealUse>, SealError> {
    let (id, _) = with_id(host, name).await?.ok_or(SealError::NotFound("seal"))?;
    let sql = "SELECT at, scenario, case_id, format, document, sealed FROM seal_uses WHERE holder = $1 \
               ORDER BY at DESC, id DESC LIMIT $2";
    let rows: Vec<(i64, String, String, String, String, String)> =
        sqlx::query_as(sql).bind(id).bind(MOST).fetch_all(host.store().pool()).await?;
    let one =
        |(at, by, case, format, document, sealed)| Ok(SealUse { at: time(at)?, by, case, format, document, sealed });
    rows.into_iter().map(one).collect()
}
