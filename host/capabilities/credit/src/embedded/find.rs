//! Reading records and petitions back.

use jiff::civil::Date;
use zhongtai_kernel::{AccountId, DepartmentId, Timestamp};
use zhongtai_store::StoreError;

use super::{EmbeddedCredit, Entry};
use crate::{CreditError, CreditRecord, CreditSubject, Petition, PetitionId, PetitionKind, PetitionState, RecordId};

/// In one answer.
const MOST: i64 = 200;
/// Records about one subject. Whoever has more can't be judged: to leave some out might clear somebody who is barred.
const MOST_OF_ONE: usize = 10_000;

/// `id`, `source`, `source_id`, `department`, `category`, `gravity`, `since`, `until`, `detail_sealed`, `state`, `held`.
type RecordRow = (String, String, String, Option<String>, String, String, String, Option<String>, Vec<u8>, String, i64);

/// The same of one text, and `subject_sealed`, `published_on`, `published_by`, `recorded_at`, `recorded_by`.
type EntryRow = (
    String,
    String,
    String,
    Option<String>,
    String,
    String,
    String,
    Option<String>,
    Vec<u8>,
    String,
    i64,
    Vec<u8>,
    Option<String>,
    Option<String>,
    i64,
    String,
);

/// `id`, `entry`, `kind`, `state`, `holds`, `filed_by`, `filed_at`, `due_on`, `text_sealed`, `decided_at`,
/// `reason_sealed`.
type PetitionRow = (String, String, String, String, i64, String, i64, String, Vec<u8>, Option<i64>, Option<Vec<u8>>);

pub(super) async fn records(host: &EmbeddedCredit, whom: &CreditSubject) -> Result<Vec<CreditRecord>, CreditError> {
    let sql = "SELECT id, source, source_id, department, category, gravity, since, until, detail_sealed, state, held \
               FROM credit_entries WHERE subject_index = $1 LIMIT $2";
    let rows: Vec<RecordRow> = sqlx::query_as(sql)
        .bind(host.vault().index(whom))
        .bind(MOST_OF_ONE as i64 + 1)
        .fetch_all(host.store().pool())
        .await?;
    if rows.len() > MOST_OF_ONE {
        return Err(CreditError::Fault(format!("there are more than {MOST_OF_ONE} records about one subject")));
    }
    let mut records = rows.into_iter().map(|row| record(host, row)).collect::<Result<Vec<_>, _>>()?;
    // Here and not in SQL: databases order texts by rules of their own.
    records.sort_by(|a, b| (&a.source, &a.id).cmp(&(&b.source, &b.id)));
    Ok(records)
}

pub(super) async fn entry(host: &EmbeddedCredit, id: RecordId) -> Result<Option<Entry>, CreditError> {
    let sql = "SELECT id, source, source_id, department, category, gravity, since, until, detail_sealed, state, held, \
               subject_sealed, published_on, published_by, recorded_at, recorded_by \
               FROM credit_entries WHERE id = $1";
    let row: Option<EntryRow> = sqlx::query_as(sql).bind(id.to_string()).fetch_optional(host.store().pool()).await?;
    row.map(|row| entry_of(host, row)).transpose()
}

/// A record that must be there.
pub(super) async fn must(host: &EmbeddedCredit, id: RecordId) -> Result<Entry, CreditError> {
    entry(host, id).await?.ok_or(CreditError::NotFound("record"))
}

pub(super) async fn entries_of(host: &EmbeddedCredit, whom: &CreditSubject) -> Result<Vec<Entry>, CreditError> {
    let sql = "SELECT id, source, source_id, department, category, gravity, since, until, detail_sealed, state, held, \
               subject_sealed, published_on, published_by, recorded_at, recorded_by \
               FROM credit_entries WHERE subject_index = $1 ORDER BY since DESC, id DESC LIMIT $2";
    let rows: Vec<EntryRow> =
        sqlx::query_as(sql).bind(host.vault().index(whom)).bind(MOST).fetch_all(host.store().pool()).await?;
    rows.into_iter().map(|row| entry_of(host, row)).collect()
}

pub(super) async fn unpublished(host: &EmbeddedCredit, department: &DepartmentId) -> Result<Vec<Entry>, CreditError> {
    let sql = "SELECT id, source, source_id, department, category, gravity, since, until, detail_sealed, state, held, \
               subject_sealed, published_on, published_by, recorded_at, recorded_by \
               FROM credit_entries WHERE department = $1 AND state = 'unpublished' ORDER BY id LIMIT $2";
    let rows: Vec<EntryRow> =
        sqlx::query_as(sql).bind(department.as_str()).bind(MOST).fetch_all(host.store().pool()).await?;
    rows.into_iter().map(|row| entry_of(host, row)).collect()
}

pub(super) async fn petition(host: &EmbeddedCredit, id: PetitionId) -> Result<Option<Petition>, CreditError> {
    let sql = "SELECT id, entry, kind, state, holds, filed_by, filed_at, due_on, text_sealed, decided_at, \
               reason_sealed FROM credit_petitions WHERE id = $1";
    let row: Option<PetitionRow> = sqlx::query_as(sql).bind(id.to_string()).fetch_optional(host.store().pool()).await?;
    row.map(|row| petition_of(host, row)).transpose()
}

pub(super) async fn petitions_by(host: &EmbeddedCredit, account: AccountId) -> Result<Vec<Petition>, CreditError> {
    let sql = "SELECT id, entry, kind, state, holds, filed_by, filed_at, due_on, text_sealed, decided_at, \
               reason_sealed FROM credit_petitions WHERE filed_by = $1 ORDER BY filed_at DESC, id DESC LIMIT $2";
    let rows: Vec<PetitionRow> =
        sqlx::query_as(sql).bind(account.to_string()).bind(MOST).fetch_all(host.store().pool()).await?;
    rows.into_iter().map(|row| petition_of(host, row)).collect()
}

pub(super) async fn open_petitions(
    host: &EmbeddedCredit,
    department: &DepartmentId,
) -> Result<Vec<Petition>, CreditError> {
    let sql = "SELECT p.id, p.entry, p.kind, p.state, p.holds, p.filed_by, p.filed_at, p.due_on, p.text_sealed, \
               p.decided_at, p.reason_sealed FROM credit_petitions p JOIN credit_entries e ON e.id = p.entry \
               WHERE e.department = $1 AND p.state = 'open' ORDER BY p.due_on, p.id LIMIT $2";
    let rows: Vec<PetitionRow> =
        sqlx::query_as(sql).bind(department.as_str()).bind(MOST).fetch_all(host.store().pool()).await?;
    rows.into_iter().map(|row| petition_of(host, row)).collect()
}

fn record(host: &EmbeddedCredit, row: RecordRow) -> Result<CreditRecord, CreditError> {
    let (key, source, id, department, category, gravity, since, until, detail, state, held) = row;
    let detail = host.vault().open(&["detail", &source, &id], &detail)?;
    Ok(CreditRecord {
        key: Some(key.parse().map_err(|_| corrupt("credit_entries.id"))?),
        department: department
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| corrupt("credit_entries.department"))?,
        category: category.parse().map_err(|_| corrupt("credit_entries.category"))?,
        gravity: gravity.parse().map_err(|_| corrupt("credit_entries.gravity"))?,
        since: day(&since)?,
        until: until.as_deref().map(day).transpose()?,
        state: state.parse().map_err(|_| corrupt("credit_entries.state"))?,
        held: held != 0,
        id,
        source,
        detail,
    })
}

fn entry_of(host: &EmbeddedCredit, row: EntryRow) -> Result<Entry, CreditError> {
    let (
        id,
        source,
        source_id,
        department,
        category,
        gravity,
        since,
        until,
        detail,
        state,
        held,
        whom,
        on,
        by,
        at,
        who,
    ) = row;
    let whom = host.vault().open(&["subject", &source, &source_id], &whom)?;
    let row = (id, source, source_id, department, category, gravity, since, until, detail, state, held);
    let record = record(host, row)?;
    Ok(Entry {
        id: record.key.ok_or_else(|| corrupt("credit_entries.id"))?,
        whom: CreditSubject::parse(&whom).ok_or_else(|| corrupt("credit_entries.subject_sealed"))?,
        record,
        published_on: on.as_deref().map(day).transpose()?,
        published_by: by,
        recorded_at: time(at)?,
        recorded_by: who,
    })
}

fn petition_of(host: &EmbeddedCredit, row: PetitionRow) -> Result<Petition, CreditError> {
    let (id, about, kind, state, holds, filed_by, filed_at, due_on, text, decided_at, reason) = row;
    let text = host.vault().open(&["petition", &id], &text)?;
    let reason = reason.map(|sealed| host.vault().open(&["decision", &id], &sealed)).transpose()?;
    Ok(Petition {
        id: id.parse().map_err(|_| corrupt("credit_petitions.id"))?,
        about: about.parse().map_err(|_| corrupt("credit_petitions.entry"))?,
        kind: PetitionKind::parse(&kind).ok_or_else(|| corrupt("credit_petitions.kind"))?,
        state: PetitionState::parse(&state).ok_or_else(|| corrupt("credit_petitions.state"))?,
        holds: holds != 0,
        filed_by: filed_by.parse().map_err(|_| corrupt("credit_petitions.filed_by"))?,
        filed_at: time(filed_at)?,
        due_on: day(&due_on)?,
        text,
        decided_at: decided_at.map(time).transpose()?,
        reason,
    })
}

fn corrupt(what: &'static str) -> StoreError {
    StoreError::corrupt(what, "it can't be parsed")
}

pub(super) fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|_| corrupt("credit time"))
}

pub(super) fn day(text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|_| corrupt("credit date"))
}
