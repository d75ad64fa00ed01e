//! Filing petitions.

use jiff::{ToSpan, civil::Date};
use zhongtai_store::{StoreError, WriteTransaction};

use super::{
    EmbeddedCredit, Entry,
    act::{Act, claim},
    find,
    history::{Line, remember},
    publish,
};
use crate::{Category, CreditError, NewPetition, OnObjection, Petition, PetitionId, PetitionKind, State, day_of};

pub(super) async fn file(host: &EmbeddedCredit, new: NewPetition) -> Result<Petition, CreditError> {
    let id = PetitionId::generate();
    let act = Act {
        scope: format!("account:{}", new.by),
        key: &new.key,
        request: host.vault().digest(&["petition", new.kind.as_str(), &new.about.to_string(), &new.text]),
    };
    let mut write = host.store().begin_write().await?;
    if let Some(earlier) = claim(&mut write, &act, &id.to_string(), host.now()).await? {
        write.rollback().await?;
        return must(host, earlier.parse()?).await;
    }
    lock(&mut write, &new).await?;
    let entry = find::must(host, new.about).await?;
    check(host, &entry, new.kind)?;
    let holds = holds(host, &mut write, &new).await?;
    insert(host, &mut write, (id, &new), holds).await?;
    if holds {
        let sql = "UPDATE credit_entries SET held = 1 WHERE id = $1";
        sqlx::query(sql).bind(new.about.to_string()).execute(&mut *write).await?;
    }
    let (what, by) = (format!("{}-filed", new.kind.as_str()), new.by.to_string());
    remember(host, &mut write, new.about, Line { what: &what, by: &by, reason: Some(&new.text) }).await?;
    write.commit().await?;
    publish::changed(host, new.about).await?;
    must(host, id).await
}

pub(super) async fn must(host: &EmbeddedCredit, id: PetitionId) -> Result<Petition, CreditError> {
    find::petition(host, id).await?.ok_or(CreditError::NotFound("petition"))
}

/// Nobody changes the record until this is done: PostgreSQL locks the row, SQLite has one writer.
async fn lock(write: &mut WriteTransaction, new: &NewPetition) -> Result<(), CreditError> {
    let sql = "UPDATE credit_entries SET held = held WHERE id = $1";
    sqlx::query(sql).bind(new.about.to_string()).execute(&mut **write).await?;
    Ok(())
}

/// May such a petition be filed about the record as it is?
fn check(host: &EmbeddedCredit, entry: &Entry, kind: PetitionKind) -> Result<(), CreditError> {
    let record = &entry.record;
    if record.department.is_none() {
        return Err(CreditError::NoAuthority);
    }
    match (kind, record.state) {
        (PetitionKind::Objection, State::Unpublished | State::Published) => Ok(()),
        (PetitionKind::Repair, State::Published) => {
            if matches!(record.category, Category::Licence | Category::RedList) {
                return Err(CreditError::NothingToRepair);
            }
            let earliest = earliest_repair(host, entry)?;
            if host.today() < earliest { Err(CreditError::TooEarly(earliest)) } else { Ok(()) }
        }
        (_, state) => Err(CreditError::State(state)),
    }
}

/// From the day on which people could first read of it.
fn earliest_repair(host: &EmbeddedCredit, entry: &Entry) -> Result<Date, CreditError> {
    let days = host.config().repair_after_days.of(entry.record.gravity);
    let from = entry.published_on.map_or(entry.record.since, |published| published.max(entry.record.since));
    from.checked_add(i64::from(days).days()).map_err(|error| CreditError::Fault(error.to_string()))
}

/// Only the first objection holds a record, and only where it is configured so.
async fn holds(host: &EmbeddedCredit, write: &mut WriteTransaction, new: &NewPetition) -> Result<bool, CreditError> {
    if new.kind != PetitionKind::Objection || host.config().objection == OnObjection::Keep {
        return Ok(false);
    }
    let sql = "SELECT COUNT(*) FROM credit_petitions WHERE entry = $1 AND kind = 'objection'";
    let earlier: i64 = sqlx::query_scalar(sql).bind(new.about.to_string()).fetch_one(&mut **write).await?;
    Ok(earlier == 0)
}

async fn insert(
    host: &EmbeddedCredit,
    write: &mut WriteTransaction,
    (id, new): (PetitionId, &NewPetition),
    holds: bool,
) -> Result<(), CreditError> {
    let now = host.now();
    let days = match new.kind {
        PetitionKind::Objection => host.config().objection_days,
        PetitionKind::Repair => host.config().repair_days,
    };
    let due_on = host.config().calendar().end_of_term(day_of(now), days)?;
    let sql = "INSERT INTO credit_petitions \
               (id, entry, kind, state, holds, filed_by, filed_at, due_on, text_sealed) \
               VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $8)";
    let done = sqlx::query(sql)
        .bind(id.to_string())
        .bind(new.about.to_string())
        .bind(new.kind.as_str())
        .bind(i64::from(holds))
        .bind(new.by.to_string())
        .bind(now.as_millisecond())
        .bind(due_on.to_string())
        .bind(host.vault().seal(&["petition", &id.to_string()], &new.text)?)
        .execute(&mut **write)
        .await
        .map_err(StoreError::from);
    match done {
        // One of the same sort is open.
        Err(error) if error.is_duplicate() => Err(CreditError::StillOpen),
        other => Ok(other.map(drop)?),
    }
}
